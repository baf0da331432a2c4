//! `keepalive-never-used`: an upstream keeps connections that every request closes.

use crate::catalog::Version;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::set_all_in_location;
use crate::lint::{Category, Rule};
use crate::model::{Model, Probe, Proxied, Value};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "keepalive-never-used",
    category: Category::Upstream,
    severity: Severity::Warning,
    summary: "an upstream has keepalive, but nginx asks the backend to close after each request",
    docs: include_str!("../../../docs/rules/keepalive-never-used.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    if model.version >= Version::KEEPALIVE_BY_DEFAULT {
        return;
    }
    for upstream in model.upstreams() {
        let line = model.scope(upstream.scope).last("keepalive");
        let Some(line) = line.filter(|_| upstream.keepalive.is_some()) else { continue };
        let users: Vec<_> = model.users_of_upstream(upstream).collect();
        let Some(first) = users.first() else { continue };
        let is_sure = |user: &&Proxied<'_>| closes(model, user) && !user.is_uncertain(model);
        if !users.iter().all(is_sure) || model.is_passed_to_otherwise(upstream) {
            continue;
        }
        let name = upstream.directive.arg(0).unwrap_or_default();
        let why = if closes_by_default(model, first) {
            "requests have `Connection: close` here, which is the default before nginx 1.29.7"
        } else {
            "requests are HTTP/1.0 here, which is the default before nginx 1.29.7"
        };
        let message = format!("no connection to the upstream {name} is ever kept");
        let edits: Vec<Edit> = users.iter().filter_map(|user| edit(model, user)).collect();
        report.push(
            RULE.at(line.place(), message)
                .here("nginx asks the backend to close the connection after each request")
                .also(first.pass.place(), why)
                .help("set `proxy_http_version 1.1;` and `proxy_set_header Connection '';` where requests go to it")
                .fix(Fix::risky("keep connections to the backend", edits)),
        );
    }
}

/// True if each connection is closed because nobody said otherwise. A `close` that somebody
/// wrote is meant, and a location for WebSocket has findings of its own. What a snippet
/// inherits is not known.
fn closes(model: &Model<'_>, proxied: &Proxied<'_>) -> bool {
    let (version, set) = proxied.http_version(model);
    let is_old = version == "1.0" && (set.is_some() || model.root.is_main);
    !proxied.is_active(model) && (is_old || closes_by_default(model, proxied))
}

/// True if nginx asks the backend to close, and no line says so.
fn closes_by_default(model: &Model<'_>, proxied: &Proxied<'_>) -> bool {
    let is_close =
        |value: &Value| matches!(value, Value::Known(value) if value.eq_ignore_ascii_case("close"));
    let sent = proxied.sent(model, "Connection", &Probe::PLAIN);
    proxied.lines("Connection").next().is_none()
        && (proxied.headers_scope.is_some() || model.root.is_main)
        && sent.iter().any(|header| is_close(&header.value))
}

/// The lines that are missing, and the inherited ones that they would drop.
fn edit(model: &Model<'_>, proxied: &Proxied<'_>) -> Option<Edit> {
    let mut lines = Vec::new();
    let scope = proxied.settings_scope(model);
    if proxied.http_version(model).0 == "1.0"
        && model.scope(scope).last("proxy_http_version").is_none()
    {
        lines.push("proxy_http_version 1.1;".to_owned());
    }
    if proxied.lines("Connection").next().is_none() {
        lines.push("proxy_set_header Connection '';".to_owned());
        if proxied.headers_scope != Some(scope) {
            let inherited = proxied.headers.iter();
            lines.extend(inherited.map(|line| line.source.slice(line.span()).to_owned()));
        }
    }
    set_all_in_location(model, proxied, &lines)
}
