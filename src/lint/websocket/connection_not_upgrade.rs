//! `connection-not-upgrade`: a constant `Connection` that can never ask for an upgrade.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule, variable};
use crate::model::{Model, Probe, Value, asks_for_upgrade, value_word};

use super::offers_websocket;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "connection-not-upgrade",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "Upgrade is passed on next to a constant Connection without the token upgrade",
    docs: include_str!("../../../docs/rules/connection-not-upgrade.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let offers = proxied
            .sent(model, "Upgrade", &Probe::HANDSHAKE)
            .into_iter()
            .any(|header| matches!(header.value, Value::Known(value) if offers_websocket(&value)));
        let connection = proxied.sent(model, "Connection", &Probe::HANDSHAKE);
        if !offers || asks_for_upgrade(&connection) != Some(false) {
            continue;
        }
        let Some(line) = proxied.lines("Connection").last() else {
            continue;
        };
        let Some((word, value)) = value_word(line).zip(line.arg(1)) else {
            continue;
        };
        if value.contains('$') {
            continue;
        }
        let empty_suits =
            !value.eq_ignore_ascii_case("close") || variable::keeps_alive_with(model, proxied);
        let fix = variable::connection(model, empty_suits).map(|variable| {
            let edits = vec![replace(line, word, &variable.name)];
            variable.fix("let a map choose", edits)
        });
        let message = format!(
            "Connection {} never asks for the upgrade in `{}`",
            line.source.slice(word.span),
            proxied.title(model)
        );
        let mut finding =
            RULE.at(line.place(), message).here("a handshake needs the token `upgrade` here");
        if let Some(upgrade) = proxied.lines("Upgrade").next() {
            finding = finding.also(upgrade.place(), "without it, this header is ignored");
        }
        report.push(
            finding
                .evidence(proxied.evidence(model))
                .help(
                    "let a map choose: `proxy_set_header Connection $connection_upgrade;` with `map $http_upgrade $connection_upgrade { default upgrade; '' ''; }`",
                )
                .fix(fix),
        );
    }
}
