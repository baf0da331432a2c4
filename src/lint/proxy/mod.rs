//! What requests become on the way to a backend.
