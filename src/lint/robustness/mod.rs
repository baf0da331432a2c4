//! What works until there is load, a reload or a failure.
