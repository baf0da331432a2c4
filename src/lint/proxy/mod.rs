//! What requests become on the way to a backend.

pub(super) mod lost_proxy_headers;
pub(super) mod unreachable_location;
