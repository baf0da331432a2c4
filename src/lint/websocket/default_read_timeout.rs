//! `default-read-timeout`: idle sockets are cut after a minute.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::{replace, set_in_location};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "default-read-timeout",
    category: Category::Websocket,
    severity: Severity::Info,
    summary: "a socket on which nobody speaks for 60 seconds is cut",
    docs: include_str!("../../../docs/rules/default-read-timeout.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    const MINUTE: u64 = 60_000;
    for proxied in model.proxied() {
        let (Some(time @ 1..=MINUTE), set) = proxied.read_timeout(model) else {
            continue;
        };
        if !proxied.is_active(model) || proxied.is_uncertain(model) {
            continue;
        }
        let seconds = time.div_ceil(1000);
        let message =
            format!("idle sockets are cut after {seconds} s in `{}`", proxied.title(model));
        let own = model.scope(proxied.settings_scope(model)).last("proxy_read_timeout");
        let edit = match own.and_then(|own| own.args().first().map(|&word| (own, word))) {
            Some((own, word)) => replace(own, word, "1h"),
            None => set_in_location(model, proxied, "proxy_read_timeout 1h;"),
        };
        let finding = match (own, set) {
            (Some(own), _) => {
                RULE.at(own.place(), message).here("nginx closes the socket after this silence")
            }
            (None, Some(set)) => RULE
                .at(proxied.pass.place(), message)
                .here("proxy_read_timeout is inherited")
                .also(set.place(), "from here"),
            (None, None) => {
                RULE.at(proxied.pass.place(), message).here("proxy_read_timeout is not set: 60 s")
            }
        };
        report.push(
            finding
                .evidence(proxied.evidence(model)).help("set `proxy_read_timeout 1h;`, or let the client or the backend send pings more often than that")
                .fix(Fix::risky("allow an hour of silence", vec![edit])),
        );
    }
}
