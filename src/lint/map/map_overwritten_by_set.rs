//! `map-overwritten-by-set`: a `set` of the variable that a map defines.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Model, Probe, Proxied, Value, has_upgrade_token};
use crate::syntax::Directive;
use crate::syntax::value::{Part, template};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "map-overwritten-by-set",
    category: Category::Map,
    severity: Severity::Error,
    summary: "a set replaces the value of the map behind Connection or Upgrade",
    docs: include_str!("../../../docs/rules/map-overwritten-by-set.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        for line in proxied.lines("Connection").chain(proxied.lines("Upgrade")) {
            let value = line.arg(1).unwrap_or_default();
            let parts = template(&value).unwrap_or_default();
            let Some((map, set)) = parts.iter().find_map(|part| match part {
                Part::Variable(name) => model.overwritten_map(proxied.scope, name),
                _ => None,
            }) else {
                continue;
            };
            let Some(severity) = severity(model, proxied, line) else { continue };
            let (name, title) = (&map.variable, proxied.title(model));
            report.push(
                RULE.with(
                    severity,
                    set.place(),
                    format!("`set` replaces the map of ${name} in `{title}`"),
                )
                .here("from here on, this is the value")
                .also(map.directive.place(), "this map is without effect for such requests")
                .also(
                    line.place(),
                    format!("{} gets the new value here", line.arg(0).unwrap_or_default()),
                )
                .help("set a variable of another name"),
            );
        }
    }
}

/// An error where no handshake gets through; none if nobody knows.
fn severity(model: &Model<'_>, proxied: &Proxied<'_>, line: Directive<'_>) -> Option<Severity> {
    let text = line.arg(1)?;
    let value = |probe| match model.evaluate(&text, proxied.scope, probe) {
        Value::Known(value) => Some(value),
        Value::Unknown => None,
    };
    let (handshake, plain) = (value(&Probe::HANDSHAKE)?, value(&Probe::PLAIN)?);
    let is_connection = line.arg(0)?.eq_ignore_ascii_case("connection");
    let lets = |value: &str| {
        if is_connection {
            has_upgrade_token(value)
        } else {
            value.eq_ignore_ascii_case("websocket")
        }
    };
    match (lets(&handshake), lets(&plain)) {
        (false, _) => Some(Severity::Error),
        (true, true) => Some(Severity::Warning),
        (true, false) => None,
    }
}
