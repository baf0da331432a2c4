//! `map-on-connection`: a map of the client's `Connection` that is wrong for some clients.

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Intent, Key, Map, Model, Probe, Proxied, Value, has_upgrade_token};
use crate::syntax::Directive;

use super::connection_maps;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "map-on-connection",
    category: Category::Map,
    severity: Severity::Error,
    summary: "the map behind Connection is wrong for Firefox, or for plain requests with keep-alive",
    docs: include_str!("../../../docs/rules/map-on-connection.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let upgrade = proxied.sent(model, "Upgrade", &Probe::HANDSHAKE);
        let wanted = !upgrade.is_empty() || matches!(proxied.intent, Intent::Strong(_));
        for (map, line) in connection_maps(model, proxied).filter(|_| wanted) {
            finding(model, proxied, map, line, report);
        }
    }
}

fn finding<'p>(
    model: &Model<'p>,
    proxied: &Proxied<'p>,
    map: &Map<'p>,
    line: Directive<'p>,
    report: &mut Vec<Diagnostic>,
) {
    let variable = format!("${}", map.variable);
    let asks = |probe| match model.evaluate(&variable, proxied.scope, probe) {
        Value::Known(value) => Some(has_upgrade_token(&value)),
        Value::Unknown => None,
    };
    // What fails for all clients, or asks for an upgrade with each request, is no matter of
    // what a map looks at.
    if asks(&Probe::HANDSHAKE) != Some(true) || asks(&Probe::PLAIN) != Some(false) {
        return;
    }
    let (severity, probe, message, here, sent) = if asks(&Probe::FIREFOX) == Some(false) {
        (
            Severity::Error,
            &Probe::FIREFOX,
            format!("{variable} is not upgrade for handshakes of Firefox"),
            "`Connection: keep-alive, Upgrade` comes to this",
            "so the backend gets no Connection: upgrade from Firefox here",
        )
    } else if asks(&Probe::KEEP_ALIVE) == Some(true) {
        (
            Severity::Warning,
            &Probe::KEEP_ALIVE,
            format!("{variable} is upgrade for plain requests with `Connection: keep-alive`"),
            "`Connection: keep-alive` comes to this",
            "so plain requests ask for an upgrade here",
        )
    } else {
        return;
    };
    let entry = match model.evaluate(&map.source, proxied.scope, probe) {
        Value::Known(text) => model.find_entry(map, &text).flatten(),
        Value::Unknown => None,
    };
    let culprit = entry.map_or(map.directive, |entry| entry.directive);
    report.push(
        RULE.with(severity, culprit.place(), message)
            .here(here)
            .also(line.place(), sent)
            .help("let the map look at `$http_upgrade`, with `default upgrade;` and an entry `''` for plain requests")
            .fix(fix(map)),
    );
}

/// Lets the map look at `$http_upgrade`, if its entries tell what they are meant for. A person
/// decides, because other settings may use the map too.
fn fix(map: &Map<'_>) -> Option<Fix> {
    if !map.source.eq_ignore_ascii_case("$http_connection") {
        return None;
    }
    let mut edits: Vec<Edit> =
        vec![replace(map.directive, *map.directive.args().first()?, "$http_upgrade")];
    let (mut default, mut empty, mut named) = (false, None, false);
    for entry in &map.entries {
        let asks = has_upgrade_token(&entry.value);
        match &entry.key {
            Key::Default => default = asks,
            Key::Exact(key) if key.is_empty() => empty = Some(asks),
            Key::Exact(key) if key == "upgrade" && asks => {
                edits.push(replace(entry.directive, entry.directive.words()[0], "websocket"));
                named = true;
            }
            _ => return None,
        }
    }
    let is_right = if default { empty == Some(false) } else { named && empty != Some(true) };
    is_right.then(|| Fix::risky("let the map look at $http_upgrade", edits))
}
