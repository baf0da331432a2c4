//! What does nothing, or is written in an old way.

pub(super) mod duplicate_connection_header;
