//! What does nothing, or is written in an old way.

pub(super) mod no_effect_on_websocket;
