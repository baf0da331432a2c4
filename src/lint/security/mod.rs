//! What a client may do that it should not.

pub(super) mod connection_passthrough;
pub(super) mod upgrade_any_protocol;
