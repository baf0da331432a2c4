//! What a client may do that it should not.

pub(super) mod connection_passthrough;
pub(super) mod proxy_pass_decoded_uri;
pub(super) mod proxy_ssl_verify_off;
pub(super) mod upgrade_any_protocol;
