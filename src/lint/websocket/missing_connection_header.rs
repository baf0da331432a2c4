//! `missing-connection-header`: `Upgrade` is passed on, but nothing asks for it.

use crate::catalog::Version;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::edit::insert_after;
use crate::lint::{Category, Rule, variable};
use crate::model::{Model, Probe, Value};

use super::{in_own_file, never_set};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "missing-connection-header",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "the backend gets Upgrade, but no Connection header that asks for it",
    docs: include_str!("../../../docs/rules/missing-connection-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let upgrade = proxied.sent(model, "Upgrade", &Probe::HANDSHAKE);
        let known = upgrade.into_iter().find(|header| header.value != Value::Unknown);
        let Some(line) = known.and_then(|header| header.from) else { continue };
        if !never_set(model, proxied, "Connection") || proxied.is_uncertain(model) {
            continue;
        }
        let instead = if model.version < Version::KEEPALIVE_BY_DEFAULT {
            "the backend gets `Connection: close` here"
        } else {
            "the backend gets no Connection header here"
        };
        let title = proxied.title(model);
        let message = format!("no Connection header asks for the upgrade in `{title}`");
        let fix = variable::connection(model, variable::keeps_alive_with(model, proxied)).map(
            |variable| {
                let text = format!("proxy_set_header Connection {};", variable.name);
                let edits = vec![insert_after(line, &text)];
                let fix = variable.fix("send Connection: upgrade with handshakes", edits);
                in_own_file(model, proxied, line, fix)
            },
        );
        report.push(
            RULE.at(line.place(), message)
                .here("Upgrade is passed on, but a backend ignores it without Connection: upgrade")
                .also(proxied.pass.place(), instead)
                .evidence(proxied.evidence(model))
                .help(
                    "add `proxy_set_header Connection $connection_upgrade;`, with a map at http level: `map $http_upgrade $connection_upgrade { default upgrade; '' close; }`",
                )
                .fix(fix),
        );
    }
}
