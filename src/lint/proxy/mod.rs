//! What requests become on the way to a backend.

pub(super) mod clobbered_captures;
pub(super) mod if_replaces_location;
pub(super) mod lost_proxy_headers;
pub(super) mod missing_resolver;
pub(super) mod proxy_pass_drops_uri;
pub(super) mod proxy_pass_not_inherited;
pub(super) mod proxy_pass_slash_mismatch;
pub(super) mod proxy_ssl_server_name_off;
pub(super) mod scheme_port_mismatch;
pub(super) mod unreachable_location;
