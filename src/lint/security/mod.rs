//! What a client may do that it should not.

pub(super) mod alias_traversal;
pub(super) mod connection_passthrough;
pub(super) mod forged_origin;
pub(super) mod host_from_client;
pub(super) mod lost_add_header;
pub(super) mod no_origin_check;
pub(super) mod proxy_pass_decoded_uri;
pub(super) mod proxy_ssl_verify_off;
pub(super) mod unanchored_origin_check;
pub(super) mod upgrade_any_protocol;
