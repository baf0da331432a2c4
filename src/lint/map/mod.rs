//! Maps and other variables that settings use.

pub(super) mod map_case_sensitive_regex;
pub(super) mod map_close_defeats_keepalive;
pub(super) mod map_connection_always_upgrade;
pub(super) mod map_connection_never_upgrade;
pub(super) mod map_defined_twice;
pub(super) mod map_empty_regex;
pub(super) mod map_on_connection;
pub(super) mod map_overwritten_by_set;
pub(super) mod variable_with_hyphen;

use crate::lint::spelling::{is_typographic, typographic};
use crate::model::{Key, Map, Model, Proxied};
use crate::syntax::Directive;

/// The `Connection` lines whose value is one variable that a map defines.
fn connection_maps<'m, 'p>(
    model: &'m Model<'p>,
    proxied: &'m Proxied<'p>,
) -> impl Iterator<Item = (&'m Map<'p>, Directive<'p>)> {
    proxied
        .lines("Connection")
        .filter_map(|line| named_map(model, &line.arg(1)?).map(|map| (map, line)))
}

/// The map of the variable that a value is, if it is one.
fn named_map<'m, 'p>(model: &'m Model<'p>, value: &str) -> Option<&'m Map<'p>> {
    let name = value.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    model.map(name)
}

/// True for an expression that only an empty text matches.
fn is_for_empty(key: &Key) -> bool {
    matches!(key, Key::Regex(regex) if matches!(regex.trim_start_matches('*'), "^$" | "^()$" | "^(|)$"))
}

/// True if an entry has a mistake in its key or value that is said by itself: quotes that
/// are none, or an expression for an empty value.
fn has_own_mistake(map: &Map<'_>) -> bool {
    map.entries.iter().any(|entry| {
        let word = entry.directive.words()[0];
        let is_quoted = typographic(entry.directive.source, word).is_some();
        is_quoted || is_typographic(entry.directive, 0) || is_for_empty(&entry.key)
    })
}
