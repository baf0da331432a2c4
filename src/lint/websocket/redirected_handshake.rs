//! `redirected-handshake`: a location for sockets that only redirects.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Evidence, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Model, path_intent};
use crate::syntax::Directive;
use crate::syntax::value::MatchKind;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "redirected-handshake",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "a location that is meant for WebSocket only redirects, and clients do not follow",
    docs: include_str!("../../../docs/rules/redirected-handshake.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        let scope = model.scope(id);
        let (Some(location), Some(opener)) = (scope.location(), scope.opener) else { continue };
        // An exact one is there for people who leave out the slash at the end.
        if scope.context != Context::Location
            || matches!(location.kind, MatchKind::Exact | MatchKind::Named)
            || scope.last("proxy_pass").is_some()
        {
            continue;
        }
        if is_about_sockets(&location.pattern) {
            continue;
        }
        let Some(reason) = path_intent(&location.pattern) else { continue };
        let Some(answer) = model.answered_before(id).filter(|line| redirects(*line)) else {
            continue;
        };
        let is_own = scope.directives().any(|line| line.place() == answer.place());
        if !is_own || model.has_unknown_settings(id) {
            continue;
        }
        let title = model.title(id);
        let message = format!("`{title}` redirects every handshake");
        // To redirect what comes without TLS is right for pages.
        let to = answer.arg(1).unwrap_or_default();
        let is_same_host = ["https://$host", "https://$http_host", "https://$server_name"];
        let severity = if is_same_host.iter().any(|start| to.starts_with(start)) {
            Severity::Info
        } else {
            Severity::Error
        };
        report.push(
            RULE.with(severity, answer.place(), message)
                .here("WebSocket clients do not follow a redirect")
                .also(opener.place(), format!("it is for WebSocket: {reason}"))
                .evidence(Evidence::NoHandshake)
.help("pass the requests on here too (proxy_pass), and give clients the address that answers"),
        );
    }
}

/// True for pages that explain sockets.
fn is_about_sockets(pattern: &str) -> bool {
    const PAGES: [&str; 10] = [
        "docs",
        "doc",
        "blog",
        "help",
        "wiki",
        "articles",
        "posts",
        "guide",
        "guides",
        "tutorials",
    ];
    pattern.contains(".htm") || pattern.split('/').any(|part| PAGES.contains(&part))
}

fn redirects(answer: Directive<'_>) -> bool {
    answer.is("rewrite")
        || answer.arg(0).is_some_and(|code| {
            matches!(&*code, "301" | "302" | "303" | "307" | "308") || code.contains("://")
        })
}
