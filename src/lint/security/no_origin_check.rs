//! `no-origin-check`: nginx asks who a visitor is, and not which page opens the socket.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Model, ScopeId};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "no-origin-check",
    category: Category::Security,
    severity: Severity::Info,
    summary: "nginx logs visitors in, and lets pages of any site open sockets in their name",
    docs: include_str!("../../../docs/rules/no-origin-check.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut checks = None;
    for proxied in model.proxied() {
        let Some(guard) = guard(model, proxied.scope) else { continue };
        let is_internal = model.scope(proxied.scope).last("internal").is_some();
        if is_internal || !proxied.is_active(model) || proxied.is_uncertain(model) {
            continue;
        }
        let checks = checks.get_or_insert_with(|| model.deciding_by("http_origin"));
        if model.ancestors(proxied.scope).any(|id| checks.contains(&id)) {
            continue;
        }
        let message =
            format!("`{}` does not look at the Origin of handshakes", proxied.title(model));
        report.push(
            RULE.at(proxied.pass.place(), message)
                .here("a page of another site may open a socket here")
                .also(guard.place(), "browsers answer this by themselves, for pages of any site")
                .help("if the backend does not check Origin itself, refuse others: `map $http_origin $is_foreign { default 1; '' 0; https://app.example.com 0; }`, and `if ($is_foreign) { return 403; }` here"),
        );
    }
}

/// What nginx knows a visitor by that a browser sends without being asked by the page.
fn guard<'p>(model: &Model<'p>, scope: ScopeId) -> Option<Directive<'p>> {
    let is_on = |line: &Directive<'_>| line.arg(0).is_some_and(|arg| arg != "off");
    ["auth_basic", "auth_request", "ssl_verify_client"]
        .iter()
        .find_map(|name| model.effective_one(scope, name).filter(is_on))
}
