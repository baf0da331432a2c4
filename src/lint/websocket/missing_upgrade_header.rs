//! `missing-upgrade-header`: `Connection: upgrade` without an `Upgrade` to go with it.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::insert_before;
use crate::lint::{Category, Rule};
use crate::model::{Model, Probe, asks_for_upgrade};

use super::{in_own_file, never_set};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "missing-upgrade-header",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "the Upgrade header of WebSocket handshakes does not reach the backend",
    docs: include_str!("../../../docs/rules/missing-upgrade-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let connection = proxied.sent(model, "Connection", &Probe::HANDSHAKE);
        if asks_for_upgrade(&connection) != Some(true)
            || !never_set(model, proxied, "Upgrade")
            || proxied.is_uncertain(model)
        {
            continue;
        }
        let Some(line) = connection.into_iter().find_map(|header| header.from) else {
            continue;
        };
        let message = format!("the Upgrade header is not passed on in `{}`", proxied.title(model));
        report.push(
            RULE.at(line.place(), message)
                .here("Connection asks for an upgrade, but nothing says to what")
                .also(proxied.pass.place(), "the backend gets no Upgrade header here")
                .evidence(proxied.evidence(model))
                .help("add `proxy_set_header Upgrade $http_upgrade;`: nginx drops the client's Upgrade unless it is set")
                .fix(in_own_file(
                    model,
                    proxied,
                    line,
                    Fix::safe(
                        "pass the Upgrade header on",
                        vec![insert_before(line, "proxy_set_header Upgrade $http_upgrade;")],
                    ),
                )),
        );
    }
}
