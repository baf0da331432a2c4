//! What works until there is load, a reload or a failure.

pub(super) mod localhost_is_two_addresses;
