//! `websocket-behind-auth-basic`: scripts cannot send the password that a handshake needs.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "websocket-behind-auth-basic",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "a handshake needs a password, which a script of a page cannot send",
    docs: include_str!("../../../docs/rules/websocket-behind-auth-basic.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(line) = model.effective_one(proxied.scope, "auth_basic") else { continue };
        if line.arg(0).is_none_or(|realm| realm == "off") || !proxied.is_active(model) {
            continue;
        }
        let message = format!("handshakes need a password in `{}`", proxied.title(model));
        report.push(
            RULE.at(line.place(), message)
                .here("a script cannot add the Authorization header to a handshake")
                .also(proxied.pass.place(), "handshakes go out here")
                .help("browsers that have the password of the page mostly send it along, Safari does not: let the application check a token, with `auth_basic off;` here"),
        );
    }
}
