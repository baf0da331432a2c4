//! What does nothing, or is written in an old way.
