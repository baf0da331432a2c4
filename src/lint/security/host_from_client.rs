//! `host-from-client`: the backend gets the client's `Host` word for word.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "host-from-client",
    category: Category::Security,
    severity: Severity::Info,
    summary: "Host is the client's word, which may name another site than the one nginx chose",
    docs: include_str!("../../../docs/rules/host-from-client.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut known = HashSet::new();
    for proxied in model.proxied() {
        let mut lines = proxied.lines("Host");
        let (Some(line), None) = (lines.next(), lines.next()) else { continue };
        let is_it = line.arg(1).is_some_and(|value| {
            value.eq_ignore_ascii_case("$http_host") || value.eq_ignore_ascii_case("${http_host}")
        });
        // Sockets need the port that the browser wrote, where that is not the usual one.
        let Some(server) = model.server_of(proxied.scope).filter(|_| is_it) else { continue };
        let sockets = model.sockets(server);
        let is_usual = !sockets.is_empty()
            && sockets
                .iter()
                .all(|it| it.directive.is_some() && matches!(it.port(), Some(80 | 443)));
        if !is_usual || proxied.is_active(model) || !known.insert(line.place()) {
            continue;
        }
        let message = format!("`{}` passes the client's Host on unchecked", proxied.title(model));
        report.push(
            RULE.at(line.place(), message)
                .here("another site than the one that nginx chose, if the request names two")
                .help("write `$host`: the name that nginx chose the server by, in lower case and without a port"),
        );
    }
}
