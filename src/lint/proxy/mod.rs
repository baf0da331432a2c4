//! What requests become on the way to a backend.

pub(super) mod duplicate_host_header;
pub(super) mod empty_host_header;
