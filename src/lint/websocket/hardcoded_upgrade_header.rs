//! `hardcoded-upgrade-header`: `Upgrade: websocket` with every request.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule, variable};
use crate::model::{Model, Probe, Value, asks_for_upgrade, value_word};

use super::offers_websocket;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "hardcoded-upgrade-header",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "Upgrade is sent with every request, so backends take plain requests for broken handshakes",
    docs: include_str!("../../../docs/rules/hardcoded-upgrade-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let plain = proxied
            .sent(model, "Upgrade", &Probe::PLAIN)
            .into_iter()
            .find(|header| matches!(&header.value, Value::Known(value) if offers_websocket(value)));
        let Some(line) = plain.and_then(|header| header.from) else {
            continue;
        };
        let Some(word) = value_word(line) else {
            continue;
        };
        let asks = asks_for_upgrade(&proxied.sent(model, "Connection", &Probe::PLAIN));
        let severity = match asks {
            _ if proxied.is_dedicated() => Severity::Info,
            // Without a Connection that asks for it, backends may ignore the header.
            Some(false) => Severity::Warning,
            _ => Severity::Error,
        };
        let message = format!(
            "hard-coded Upgrade header {} in `{}`",
            line.source.slice(word.span),
            proxied.title(model)
        );
        let fix = variable::upgrade(model).map(|variable| {
            let edits = vec![replace(line, word, &variable.name)];
            variable.fix("let a map choose", edits)
        });
        report.push(
            RULE.with(severity, line.place(), message)
                .here("plain requests get it too, and backends take them for broken handshakes")
                .also(proxied.pass.place(), "they go out here")
                .evidence(proxied.evidence(model))
                .help(
                    "send it with handshakes only: `proxy_set_header Upgrade $ws_upgrade;` with `map $http_upgrade $ws_upgrade { default ''; websocket websocket; }` at http level",
                )
                .fix(fix),
        );
    }
}
