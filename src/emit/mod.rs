//! Projects to text: canonical configuration, lossless JSON, the payload of crossplane, and the
//! runtime configuration.
//!
//! Nothing is dropped: what a target cannot hold is an error.

mod conf;
mod crossplane;
mod json;
mod range;
mod runtime;
mod style;
mod verify;

pub use conf::{EmitError, flat, format};
pub use crossplane::{CrossplaneOptions, Payload, PayloadError, is_payload, rebuild};
#[cfg(feature = "cli")]
pub use json::json_schema;
pub use json::{ReadError, read, write};
pub use range::format_lines;
pub use runtime::runtime;
#[cfg(feature = "cli")]
pub use runtime::runtime_schema;
pub use style::{Indent, Style};
