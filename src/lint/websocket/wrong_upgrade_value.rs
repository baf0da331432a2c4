//! `wrong-upgrade-value`: `Upgrade` is sent, but does not say `websocket`.

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule, variable};
use crate::model::{
    Intent, Map, Model, Probe, Proxied, Value, asks_for_upgrade, has_upgrade_token, value_word,
};
use crate::syntax::Directive;

use super::offers_websocket;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "wrong-upgrade-value",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "the Upgrade or Connection header of a handshake gets the other one's value",
    docs: include_str!("../../../docs/rules/wrong-upgrade-value.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(line) = proxied.lines("Upgrade").last() else {
            continue;
        };
        let wrong_upgrade = is_wrong(model, proxied, line);
        let swapped = swapped_connection(model, proxied);
        let (culprit, what) = match (wrong_upgrade, swapped) {
            (Some(value), _) if value.is_empty() => {
                (line, "the backend gets no Upgrade".to_owned())
            }
            (Some(value), _) => (line, format!("the backend gets `Upgrade: {value}`")),
            (None, Some(line)) => (line, "the backend gets `Connection: websocket`".to_owned()),
            (None, None) => continue,
        };
        let message = format!(
            "{} has the wrong value for a handshake in `{}`",
            culprit.arg(0).unwrap_or_default(),
            proxied.title(model)
        );
        report.push(
            RULE.at(culprit.place(), message)
                .here(what)
                .evidence(proxied.evidence(model))
                .help("a handshake needs `Upgrade $http_upgrade` and `Connection $connection_upgrade`, each its own")
                .fix(fix(model, proxied, line, swapped)),
        );
    }
}

/// What the backend gets for `Upgrade`, if that is known and no offer of WebSocket.
fn is_wrong(model: &Model<'_>, proxied: &Proxied<'_>, line: Directive<'_>) -> Option<String> {
    let text = line.arg(1)?;
    let value = Probe::HANDSHAKES.iter().find_map(|(probe, _)| {
        match model.evaluate(&text, proxied.scope, probe) {
            Value::Known(value) if !offers_websocket(&value) => Some(value),
            _ => None,
        }
    })?;
    let is_token = ["upgrade", "ws", "wss"].iter().any(|token| value.eq_ignore_ascii_case(token));
    if text.contains('$') || is_token {
        return Some(value);
    }
    // Another protocol may be meant, and an empty value may be a reset.
    let connection = proxied.sent(model, "Connection", &Probe::HANDSHAKE);
    let wanted = match value.as_str() {
        "" => asks_for_upgrade(&connection) == Some(true),
        _ => proxied.intent != Intent::None,
    };
    wanted.then_some(value)
}

/// The `Connection` line, if it passes the client's Upgrade on.
fn swapped_connection<'p>(model: &Model<'p>, proxied: &Proxied<'p>) -> Option<Directive<'p>> {
    let line = proxied.lines("Connection").last()?;
    let asks = asks_for_upgrade(&proxied.sent(model, "Connection", &Probe::HANDSHAKE));
    let passes_upgrade = line.arg(1)?.eq_ignore_ascii_case("$http_upgrade");
    (passes_upgrade && asks == Some(false)).then_some(line)
}

fn fix(
    model: &Model<'_>,
    proxied: &Proxied<'_>,
    upgrade: Directive<'_>,
    swapped: Option<Directive<'_>>,
) -> Option<Fix> {
    let mut edits: Vec<Edit> = Vec::new();
    let value = upgrade.arg(1)?.to_ascii_lowercase();
    // A map that feeds Connection, not one that filters Upgrade with a mistake in it.
    let is_for_connection = |map: &Map<'_>| {
        model.map_value(map, "websocket").is_some_and(|value| has_upgrade_token(&value))
    };
    let map = value.strip_prefix('$').and_then(|name| model.map(name));
    let from_other_header = value == "$http_connection" || map.is_some_and(is_for_connection);
    if is_wrong(model, proxied, upgrade).is_some() {
        if !from_other_header {
            return None;
        }
        edits.push(replace(upgrade, value_word(upgrade)?, "$http_upgrade"));
    }
    if let Some(line) = swapped {
        let variable = variable::connection(model, variable::keeps_alive_with(model, proxied))?;
        edits.push(replace(line, value_word(line)?, &variable.name));
        return Some(variable.fix("give each header its own value", edits));
    }
    Some(Fix::safe("give each header its own value", edits))
}
