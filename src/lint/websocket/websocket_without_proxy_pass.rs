//! `websocket-without-proxy-pass`: a handler that cannot upgrade a connection.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Evidence, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Model, path_intent};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "websocket-without-proxy-pass",
    category: Category::Websocket,
    severity: Severity::Warning,
    summary: "a location that is meant for WebSocket has a handler that cannot upgrade (fastcgi_pass, grpc_pass)",
    docs: include_str!("../../../docs/rules/websocket-without-proxy-pass.md"),
    check,
};

/// What passes requests on and cannot make a tunnel; `uwsgi_pass` and `scgi_pass` can.
const HANDLERS: [&str; 3] = ["fastcgi_pass", "grpc_pass", "memcached_pass"];

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        let scope = model.scope(id);
        let (Some(location), Some(opener)) = (scope.location(), scope.opener) else { continue };
        let handlers = scope.all_of(&HANDLERS);
        let (Some(handler), Some(reason)) = (handlers.last(), path_intent(&location.pattern))
        else {
            continue;
        };
        if scope.context != Context::Location {
            continue;
        }
        let title = model.title(id);
        let message = format!("{} cannot open a WebSocket in `{title}`", handler.name());
        report.push(
            RULE.at(handler.place(), message)
                .here("no connection is upgraded here")
                .also(opener.place(), format!("it is for WebSocket: {reason}"))
                .evidence(Evidence::NoHandshake)
.help("pass handshakes on with proxy_pass (or uwsgi_pass, scgi_pass) to a server that speaks WebSocket"),
        );
    }
}
