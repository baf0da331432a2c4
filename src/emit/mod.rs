//! Projects to text: canonical configuration and lossless JSON.
//!
//! Nothing is dropped: what a target cannot hold is an error.

mod conf;
mod json;

pub use conf::{EmitError, flat, format};
pub use json::{ReadError, read, write};
