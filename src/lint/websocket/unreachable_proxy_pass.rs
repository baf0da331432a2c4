//! `unreachable-proxy-pass`: something answers before the backend is asked.

use std::collections::HashSet;

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Evidence, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Intent, Model, Proxied};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "unreachable-proxy-pass",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "a return, a redirect or an access rule answers every handshake before the backend",
    docs: include_str!("../../../docs/rules/unreachable-proxy-pass.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let answered = model.answered();
    let mut servers = HashSet::new();
    for proxied in model.proxied().iter().chain(&answered) {
        let Some((line, here)) = obstacle(model, proxied) else { continue };
        let in_server = model.ancestors(proxied.scope).any(|id| {
            let scope = model.scope(id);
            scope.context == Context::Server
                && scope.directives().any(|it| it.place() == line.place())
        });
        // What a whole server answers is said once, and may be meant: the rest is left over.
        if !servers.insert(line.place()) && in_server {
            continue;
        }
        let is_lost = !in_server && proxied.is_active(model);
        let severity = if is_lost { Severity::Error } else { Severity::Warning };
        let message = format!("no request reaches the proxy_pass of `{}`", proxied.title(model));
        report.push(
            RULE.with(severity, proxied.pass.place(), message)
                .here("never used")
                .also(line.place(), here)
                .evidence(Evidence::NoHandshake)
                .help("remove what answers first, or the proxy_pass"),
        );
    }
}

/// What stands in the way of every handshake, and what it does.
fn obstacle<'p>(model: &Model<'p>, proxied: &Proxied<'p>) -> Option<(Directive<'p>, &'static str)> {
    if let Some(line) = model.answered_before(proxied.scope) {
        return Some((line, "this answers every request first"));
    }
    if !matches!(proxied.intent, Intent::Strong(_)) || !proxied.is_active(model) {
        return None;
    }
    let refused = model.refused_method(proxied.scope, "GET")?;
    Some((refused, "handshakes are GET requests, and this refuses them"))
}
