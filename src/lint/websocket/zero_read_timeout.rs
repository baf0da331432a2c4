//! `zero-read-timeout`: 0 means at once, not never.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "zero-read-timeout",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "proxy_read_timeout 0 ends every handshake with 504",
    docs: include_str!("../../../docs/rules/zero-read-timeout.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let (Some(0), Some(set)) = proxied.read_timeout(model) else {
            continue;
        };
        let Some(&word) = set.args().first() else {
            continue;
        };
        if !proxied.is_active(model) {
            continue;
        }
        let message = format!(
            "proxy_read_timeout 0 ends every handshake with 504 in `{}`",
            proxied.title(model)
        );
        report.push(
            RULE.at(set.place(), message)
                .here("0 is no time at all, not no limit")
                .also(proxied.pass.place(), "it counts here")
                .evidence(proxied.evidence(model))
                .help("set the longest silence that a socket may have, as in `proxy_read_timeout 1h;`")
                .fix(Fix::risky("allow an hour of silence", vec![replace(set, word, "1h")])),
        );
    }
}
