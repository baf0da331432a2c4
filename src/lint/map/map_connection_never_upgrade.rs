//! `map-connection-never-upgrade`: a map that does not give `upgrade` for a handshake.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::{insert_after, replace};
use crate::lint::{Category, Rule};
use crate::model::{Intent, Map, Model, Probe, Value, has_upgrade_token};

use super::{connection_maps, has_own_mistake};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "map-connection-never-upgrade",
    category: Category::Map,
    severity: Severity::Error,
    summary: "the map behind Connection does not give upgrade for WebSocket handshakes",
    docs: include_str!("../../../docs/rules/map-connection-never-upgrade.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let upgrade = proxied.sent(model, "Upgrade", &Probe::HANDSHAKE);
        let wanted = !upgrade.is_empty() || matches!(proxied.intent, Intent::Strong(_));
        for (map, line) in connection_maps(model, proxied).filter(|_| wanted) {
            let variable = format!("${}", map.variable);
            let value = match model.evaluate(&variable, proxied.scope, &Probe::HANDSHAKE) {
                Value::Known(value) if !has_upgrade_token(&value) => value,
                _ => continue,
            };
            if has_own_mistake(map) {
                continue;
            }
            let source = model.evaluate(&map.source, proxied.scope, &Probe::HANDSHAKE);
            let entry = match &source {
                Value::Known(text) => model.find_entry(map, text).flatten(),
                Value::Unknown => None,
            };
            let culprit = entry.map_or(map.directive, |entry| entry.directive);
            let here = match entry {
                Some(_) => "a handshake comes to this",
                None => "no entry matches a handshake, and there is no default",
            };
            let sent = match value.as_str() {
                "" => "no Connection header".to_owned(),
                value => format!("`Connection: {value}`"),
            };
            report.push(
                RULE.at(culprit.place(), format!("${} is not upgrade for handshakes", map.variable))
                    .here(here)
                    .also(line.place(), format!("the backend then gets {sent} here"))
                    .help(
                        "let the map look at `$http_upgrade`, with `default upgrade;` and an entry `''` for plain requests",
                    )
                    .fix(fix(map)),
            );
        }
    }
}

/// Swaps the values of a default and an empty key, or adds the default that is missing.
fn fix(map: &Map<'_>) -> Option<Fix> {
    let empty =
        map.entries.iter().find(|entry| entry.key == crate::model::Key::Exact(String::new()))?;
    if map.source != "$http_upgrade" {
        return None;
    }
    match map.default_entry() {
        None => {
            let edit = insert_after(empty.directive, "default upgrade;");
            Some(Fix::safe("add the default", vec![edit]))
        }
        Some(default) if has_upgrade_token(&empty.value) && map.entries.len() == 2 => {
            let text = |entry: &crate::model::Entry<'_>| {
                entry.directive.source.slice(entry.value_word().span).to_owned()
            };
            let edits = vec![
                replace(default.directive, default.value_word(), text(empty)),
                replace(empty.directive, empty.value_word(), text(default)),
            ];
            Some(Fix::safe("swap the values", edits))
        }
        Some(_) => None,
    }
}
