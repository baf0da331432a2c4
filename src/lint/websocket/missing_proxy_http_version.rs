//! `missing-proxy-http-version`: a handshake over HTTP/1.0, nginx's default before 1.29.7.

use crate::catalog::Version;
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::set_in_location;
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "missing-proxy-http-version",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "WebSocket handshakes go to the backend over HTTP/1.0, because proxy_http_version is not set",
    docs: include_str!("../../../docs/rules/missing-proxy-http-version.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    if model.version >= Version::KEEPALIVE_BY_DEFAULT {
        return;
    }
    for proxied in model.proxied() {
        let (_, set) = proxied.http_version(model);
        if set.is_some() || proxied.is_uncertain(model) || !proxied.is_active(model) {
            continue;
        }
        let message = format!("missing proxy_http_version 1.1 in `{}`", proxied.title(model));
        let mut finding =
            RULE.at(proxied.pass.place(), message).here("nginx sends the handshake as HTTP/1.0");
        if let Some(line) = proxied.lines("Upgrade").chain(proxied.lines("Connection")).next() {
            finding = finding.also(line.place(), "the handshake is set up here");
        }
        report.push(
            finding
                .evidence(proxied.evidence(model))
                .help(format!(
                    "add `proxy_http_version 1.1;`: the default is 1.0 up to nginx 1.29.6 (checked for {}), and WebSocket needs HTTP/1.1",
                    model.version
                ))
                .fix(Fix::safe(
                    "add proxy_http_version 1.1",
                    vec![set_in_location(model, proxied, "proxy_http_version 1.1;")],
                )),
        );
    }
}
