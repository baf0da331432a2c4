//! Writes `src/catalog/directives.tsv` from a `directives.json` of facts about nginx.
//!
//! ```sh
//! cargo run --example catalog -- path/to/directives.json > src/catalog/directives.tsv
//! ```
//!
//! One line for each directive, form and set of contexts: name, form (`;`, `{`, `map`
//! for blocks whose entries are data, `lua`), contexts, and the type of its one value
//! where the catalogue uses it.

use std::collections::BTreeSet;

use serde_json::Value;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: catalog path/to/directives.json")?;
    let facts: Vec<Value> = serde_json::from_slice(&std::fs::read(path)?)?;
    let lines: BTreeSet<String> = facts.iter().map(line).collect();
    for line in lines {
        println!("{line}");
    }
    Ok(())
}

fn line(fact: &Value) -> String {
    let form = match (fact["block"].as_bool(), fact["children"]["kind"].as_str()) {
        (Some(true), Some("free-form")) => "map",
        (Some(true), Some("lua")) => "lua",
        (Some(true), _) => "{",
        _ => ";",
    };
    let contexts: Vec<&str> =
        fact["contexts"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let one_value = fact["args"]["counts"].as_array().is_some_and(|counts| *counts == [1]);
    let value = match fact["type"].as_str() {
        Some(kind @ ("msec" | "sec" | "size" | "off" | "flag")) if one_value => kind,
        _ => "",
    };
    format!(
        "{}\t{form}\t{}\t{value}",
        fact["name"].as_str().unwrap_or_default(),
        contexts.join(",")
    )
}
