//! `excessive-timeout`: dead peers are kept for more than a day.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "excessive-timeout",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "a socket whose peer is gone is kept for more than a day",
    docs: include_str!("../../../docs/rules/excessive-timeout.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    const DAY: u64 = 24 * 60 * 60 * 1000;
    for proxied in model.proxied() {
        let (Some(time), Some(line)) = proxied.read_timeout(model) else { continue };
        if time <= DAY || !proxied.is_active(model) {
            continue;
        }
        let message = format!("a dead socket is kept for days in `{}`", proxied.title(model));
        report.push(
            RULE.at(line.place(), message)
                .here("so long both connections of a peer that went away stay open")
                .help("an hour and pings more often than that find dead peers; `proxy_socket_keepalive on;` and `so_keepalive=on` at `listen` find them too"),
        );
    }
}
