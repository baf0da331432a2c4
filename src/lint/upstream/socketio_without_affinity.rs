//! `socketio-without-affinity`: the requests of one session go to several servers.

use crate::catalog::Version;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::insert_before;
use crate::lint::{Category, Rule};
use crate::model::{Balance, Model, Proxied, Upstream};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "socketio-without-affinity",
    category: Category::Upstream,
    severity: Severity::Error,
    summary: "Socket.IO goes to several servers, and nothing keeps a client at one of them",
    docs: include_str!("../../../docs/rules/socketio-without-affinity.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some((library, severity)) = library(proxied) else { continue };
        let Some(upstream) = proxied.upstream(model) else { continue };
        let Some(servers) = model.active_servers(upstream).filter(|all| all.len() > 1) else {
            continue;
        };
        let Some(Balance::Any(method)) = model.balance(upstream) else { continue };
        let message = format!(
            "`{}` spreads the sessions of {library} over {} servers",
            proxied.title(model),
            servers.len()
        );
        let culprit = method.unwrap_or(upstream.directive);
        let here = match method {
            Some(_) => "this says nothing of who the client is",
            None => "each request goes to the next server",
        };
        report.push(
            RULE.with(severity, culprit.place(), message)
                .here(here)
                .also(
                    proxied.pass.place(),
                    "a session begins with several requests, all for one server",
                )
                .help(help(model))
                .fix(fix(model, upstream, method)),
        );
    }
}

/// The library whose path the location has. The sessions of `SockJS` begin with a WebSocket,
/// and need one server only where that fails.
fn library(proxied: &Proxied<'_>) -> Option<(&'static str, Severity)> {
    let path = &proxied.location.as_ref()?.pattern.replace('\\', "").to_ascii_lowercase();
    let has = |word: &str| path.split('/').any(|part| part.contains(word));
    match () {
        () if has("socket.io") => Some(("Socket.IO", Severity::Error)),
        () if has("engine.io") => Some(("Engine.IO", Severity::Error)),
        () if has("sockjs") => Some(("SockJS", Severity::Warning)),
        () => None,
    }
}

fn help(model: &Model<'_>) -> &'static str {
    if model.version >= Version::STICKY {
        "add `hash $remote_addr consistent;` or a `sticky cookie` to the upstream, or let clients use WebSocket alone"
    } else {
        "add `hash $remote_addr consistent;` to the upstream, or let clients use WebSocket alone"
    }
}

/// A person decides: all clients change servers.
fn fix(model: &Model<'_>, upstream: &Upstream<'_>, method: Option<Directive<'_>>) -> Option<Fix> {
    const HASH: &str = "hash $remote_addr consistent;";
    let edit = match method {
        Some(method) => {
            let place = method.source.place(method.span());
            Edit { place, text: HASH.to_owned() }
        }
        None => insert_before(*model.scope(upstream.scope).all("server").first()?, HASH),
    };
    let title = "keep each client at one server";
    Some(Fix::risky(title, vec![edit]))
}
