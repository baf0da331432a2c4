//! What works until there is load, a reload or a failure.

pub(super) mod missing_forwarded_proto;
