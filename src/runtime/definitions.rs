//! The variables that a configuration defines: what `set`, `map` and their like, and named
//! groups of expressions make.

use std::collections::HashMap;

use super::config::{
    Condition, Config, Handler, Instruction, LocationMatch, Locations, NameMatch, Pattern,
};

/// What defines a variable.
#[derive(Debug, Clone, Copy)]
pub(super) enum Definition {
    /// A `map`, by its index.
    Map(usize),
    /// A `geo`.
    Geo(usize),
    /// A `split_clients`.
    Split(usize),
    /// A `set`, or a named group of an expression: empty until then.
    Set,
    /// Its value comes from outside.
    Opaque,
}

/// By name, in lower case.
pub(super) type Definitions = HashMap<String, Definition>;

/// All variables that a configuration defines.
pub(super) fn definitions(config: &Config) -> Definitions {
    let mut definitions = HashMap::new();
    for listener in &config.listeners {
        for name in &listener.names {
            if let NameMatch::Regex(pattern) = &name.matches {
                define_groups(pattern, &mut definitions);
            }
        }
    }
    for server in &config.servers {
        define_program(&server.rewrite, &mut definitions);
        define_handler(&server.handler, &mut definitions);
        define_locations(&server.locations, &mut definitions);
    }
    for map in &config.maps {
        for entry in &map.entries {
            if let NameMatch::Regex(pattern) = &entry.matches {
                define_groups(pattern, &mut definitions);
            }
        }
    }
    for (index, map) in config.maps.iter().enumerate() {
        definitions.insert(map.variable.clone(), Definition::Map(index));
    }
    for (index, geo) in config.geos.iter().enumerate() {
        definitions.insert(geo.variable.clone(), Definition::Geo(index));
    }
    for (index, clients) in config.split_clients.iter().enumerate() {
        definitions.insert(clients.variable.clone(), Definition::Split(index));
    }
    definitions
}

fn define_groups(pattern: &Pattern, definitions: &mut Definitions) {
    for (name, _) in pattern.named_groups() {
        if !definitions.contains_key(name) {
            definitions.insert(name.to_owned(), Definition::Set);
        }
    }
}

fn define_locations(locations: &Locations, definitions: &mut Definitions) {
    for location in locations.all() {
        if let LocationMatch::Regex(pattern) = &location.matches {
            define_groups(pattern, definitions);
        }
        define_handler(&location.handler, definitions);
        define_locations(&location.locations, definitions);
    }
}

fn define_handler(handler: &Handler, definitions: &mut Definitions) {
    define_program(&handler.rewrite, definitions);
    if let Some(limit) = &handler.limit_except {
        define_handler(&limit.handler, definitions);
    }
    for set in handler.auth_request.iter().flat_map(|auth| &auth.set) {
        definitions.insert(set.variable.clone(), Definition::Opaque);
    }
}

fn define_program(program: &[Instruction], definitions: &mut Definitions) {
    for instruction in program {
        match instruction {
            Instruction::Set { variable, .. } if !is_of_nginx(variable) => {
                definitions.entry(variable.clone()).or_insert(Definition::Set);
            }
            Instruction::If { condition, then, handler, .. } => {
                if let Condition::Matches { pattern, .. } = condition {
                    define_groups(pattern, definitions);
                }
                define_program(then, definitions);
                if let Some(handler) = handler {
                    define_handler(handler, definitions);
                }
            }
            Instruction::Rewrite { pattern, .. } => define_groups(pattern, definitions),
            _ => {}
        }
    }
}

/// True for a variable that has a value before it is set: those with such beginnings are weak to
/// `set` (`ngx_http_variables_init_vars`).
fn is_of_nginx(variable: &str) -> bool {
    let starts = ["http_", "sent_http_", "sent_trailer_", "upstream_", "cookie_", "arg_"];
    matches!(variable, "args" | "limit_rate")
        || starts.iter().any(|start| variable.starts_with(start))
}
