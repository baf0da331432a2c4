//! `missing-websocket-headers`: a location for sockets that passes no handshake on.

use crate::catalog::Version;
use crate::diagnostic::{Applicability, Diagnostic, Fix, Severity};
use crate::lint::edit::set_all_in_location;
use crate::lint::{Category, Rule, variable};
use crate::model::{Intent, Model, Probe, Proxied, asks_for_upgrade};

use super::never_set;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "missing-websocket-headers",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "a location that is meant for WebSocket passes neither Upgrade nor Connection on",
    docs: include_str!("../../../docs/rules/missing-websocket-headers.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        // An empty Connection next to a weak sign is the way to send server-sent events.
        let (severity, reason) = match &proxied.intent {
            Intent::Strong(reason) => (Severity::Error, format!("it is for WebSocket: {reason}")),
            Intent::Weak(reason) if proxied.lines("Connection").next().is_none() => {
                (Severity::Info, format!("it may be for WebSocket: {reason}"))
            }
            _ => continue,
        };
        let connection = proxied.sent(model, "Connection", &Probe::HANDSHAKE);
        if asks_for_upgrade(&connection) != Some(false)
            || !never_set(model, proxied, "Upgrade")
            || proxied.is_uncertain(model)
        {
            continue;
        }
        let head = proxied.head(model);
        let message = format!("no WebSocket handshake gets through `{}`", proxied.title(model));
        report.push(
            RULE.with(severity, proxied.pass.place(), message)
                .here("the backend sees a plain request, without Upgrade")
                .also(head.place(), reason)
                .evidence(proxied.evidence(model))
                .help(
                    "add `proxy_http_version 1.1;`, `proxy_set_header Upgrade $http_upgrade;` and `proxy_set_header Connection $connection_upgrade;` (with its map at http level)",
                )
                .fix(fix(model, proxied)),
        );
    }
}

/// The missing lines, and the inherited ones that they would drop. A person decides,
/// because the backend gets requests that it never got before.
fn fix(model: &Model<'_>, proxied: &Proxied<'_>) -> Option<Fix> {
    if proxied.lines("Connection").next().is_some() {
        return None;
    }
    let variable = variable::connection(model, variable::keeps_alive_with(model, proxied))?;
    let mut lines = Vec::new();
    if model.version < Version::KEEPALIVE_BY_DEFAULT && proxied.http_version(model).1.is_none() {
        lines.push("proxy_http_version 1.1;".to_owned());
    }
    lines.push("proxy_set_header Upgrade $http_upgrade;".to_owned());
    lines.push(format!("proxy_set_header Connection {};", variable.name));
    if proxied.headers_scope != Some(proxied.settings_scope(model)) {
        let inherited = proxied.headers.iter();
        lines.extend(inherited.map(|line| line.source.slice(line.span()).to_owned()));
    }
    let edit = set_all_in_location(model, proxied, &lines)?;
    let fix = variable.fix("pass WebSocket handshakes on", vec![edit]);
    Some(Fix { applicability: Applicability::Unsafe, ..fix })
}
