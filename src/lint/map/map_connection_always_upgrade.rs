//! `map-connection-always-upgrade`: a map that forgets plain requests.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::insert_after;
use crate::lint::{Category, Rule, variable};
use crate::model::{Map, Model, Probe, Proxied, Value, has_upgrade_token};

use super::{connection_maps, has_own_mistake};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "map-connection-always-upgrade",
    category: Category::Map,
    severity: Severity::Warning,
    summary: "the map behind Connection gives upgrade for plain requests too",
    docs: include_str!("../../../docs/rules/map-connection-always-upgrade.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    for proxied in model.proxied() {
        for (map, line) in connection_maps(model, proxied) {
            let variable = format!("${}", map.variable);
            let asks = |probe| {
                let value = model.evaluate(&variable, proxied.scope, probe);
                matches!(value, Value::Known(value) if has_upgrade_token(&value))
            };
            // Where handshakes get no upgrade either, the values are swapped, not forgotten.
            let forgets = asks(&Probe::PLAIN) && asks(&Probe::HANDSHAKE);
            if !forgets || has_own_mistake(map) || !seen.insert(&map.variable) {
                continue;
            }
            let culprit =
                model.find_entry(map, "").flatten().map_or(map.directive, |entry| entry.directive);
            let message = format!("${} is upgrade for plain requests too", map.variable);
            let keeps_alive = variable::keeps_alive(model, users(model, map));
            report.push(
                RULE.at(culprit.place(), message)
                    .here("a request without an Upgrade header comes to this")
                    .also(line.place(), "so every request asks for an upgrade here")
                    .help("add `'' close;` to the map, or `'' '';` where the upstream keeps connections alive")
                    .fix(fix(model, map, keeps_alive).map(|edit| Fix::safe("add an entry for plain requests", vec![edit]))),
            );
        }
    }
}

/// The places that send the map's value as `Connection`.
fn users<'m, 'p>(model: &'m Model<'p>, map: &'m Map<'p>) -> impl Iterator<Item = &'m Proxied<'p>> {
    let uses = |proxied: &&Proxied<'p>| {
        connection_maps(model, proxied).any(|(other, _)| other.variable == map.variable)
    };
    model.proxied().iter().filter(uses)
}

/// Adds the entry for an empty value, if the map looks at `$http_upgrade` and has none.
fn fix<'p>(model: &Model<'p>, map: &Map<'p>, keeps_alive: bool) -> Option<Edit> {
    let last = map.entries.last()?;
    let is_default =
        model.find_entry(map, "")??.directive.place() == map.default_entry()?.directive.place();
    let text = if keeps_alive { "'' '';" } else { "'' close;" };
    (is_default && map.source == "$http_upgrade").then(|| insert_after(last.directive, text))
}
