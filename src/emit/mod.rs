//! Projects to text: canonical configuration, lossless JSON, the payload of crossplane, and the
//! runtime configuration.
//!
//! Nothing is dropped: what a target cannot hold is an error.

mod conf;
mod crossplane;
mod json;
mod runtime;

pub use conf::{EmitError, flat, format};
pub use crossplane::{CrossplaneOptions, Payload, PayloadError, is_payload, rebuild};
pub use json::{ReadError, read, write};
pub use runtime::runtime;
#[cfg(feature = "cli")]
pub use runtime::runtime_schema;
