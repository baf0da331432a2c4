//! The runtime configuration as JSON, and the schema of that JSON.

use crate::runtime::Config;
use crate::source::visible_json;

/// The JSON of a runtime configuration, indented, with a line end behind it.
pub fn runtime(config: &Config) -> String {
    let json = serde_json::to_string_pretty(config);
    visible_json(json.expect("a configuration has no keys but names of fields") + "\n")
}

/// The JSON Schema of what [`runtime`] writes.
#[cfg(feature = "cli")]
pub fn runtime_schema() -> String {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Config));
    schema.expect("a schema is JSON") + "\n"
}
