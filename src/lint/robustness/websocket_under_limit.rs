//! `websocket-under-limit`: open sockets count as connections.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;
use crate::syntax::value::number;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "websocket-under-limit",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "open sockets use up a limit of connections that is meant for requests",
    docs: include_str!("../../../docs/rules/websocket-under-limit.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    const ENOUGH: i64 = 20;
    for proxied in model.proxied() {
        let Some((_, lines)) = model.effective(proxied.scope, "limit_conn") else { continue };
        let is_low = |text: &str| number(text).is_some_and(|count| count < ENOUGH);
        let Some(line) = lines.iter().find(|line| line.arg(1).is_some_and(|it| is_low(&it))) else {
            continue;
        };
        if !proxied.is_active(model) {
            continue;
        }
        let message =
            format!("open sockets count against limit_conn in `{}`", proxied.title(model));
        report.push(
            RULE.at(line.place(), message)
                .here("a socket holds its place for as long as it is open")
                .also(proxied.pass.place(), "sockets are opened here")
                .help("give the location of the sockets a limit_conn of its own, with room for the tabs of one user"),
        );
    }
}
