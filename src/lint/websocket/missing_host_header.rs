//! `missing-host-header`: the backend sees the upstream's name instead of the site's.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::insert_after;
use crate::lint::{Category, Rule};
use crate::model::Model;
use crate::syntax::value::ProxyUrl;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "missing-host-header",
    category: Category::Websocket,
    severity: Severity::Info,
    summary: "the backend gets the upstream's name as Host, so checks of Origin against Host fail",
    docs: include_str!("../../../docs/rules/missing-host-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let is_external = |url: ProxyUrl<'_>| {
            let is_name =
                url.host.contains('.') && url.host.contains(|c: char| c.is_ascii_alphabetic());
            url.tls && is_name && model.upstream(url.host).is_none()
        };
        if proxied.lines("Host").next().is_some()
            || proxied.target(is_external).unwrap_or(false)
            || !proxied.is_active(model)
            || proxied.is_uncertain(model)
        {
            continue;
        }
        let sent = match proxied.default_host(model) {
            Some(host) => format!("`Host: {host}`"),
            None => "$proxy_host".to_owned(),
        };
        let message = format!("the Host header is not passed on in `{}`", proxied.title(model));
        let fix = proxied.headers.last().map(|line| {
            let edit = insert_after(*line, "proxy_set_header Host $host;");
            Fix::risky("pass the Host header on", vec![edit])
        });
        report.push(
            RULE.at(proxied.pass.place(), message)
                .here(format!("the backend gets {sent}"))
                .evidence(proxied.evidence(model))
                .help("add `proxy_set_header Host $host;` ($http_host if the site has a port of its own): many backends compare Origin with Host")
                .fix(fix),
        );
    }
}
