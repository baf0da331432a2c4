//! `forged-origin`: a backend that checks `Origin` gets one that nginx made up.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;
use crate::syntax::value::{Part, template};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "forged-origin",
    category: Category::Security,
    severity: Severity::Warning,
    summary: "nginx takes the Origin of handshakes away, so the backend lets every site in",
    docs: include_str!("../../../docs/rules/forged-origin.md"),
    check,
};

/// Variables that are about the site, the connection or the backend, and never about the page
/// that a handshake comes from.
const OF_SITE: [&str; 11] = [
    "host",
    "http_host",
    "server_name",
    "server_addr",
    "server_port",
    "scheme",
    "https",
    "hostname",
    "proxy_host",
    "proxy_port",
    "http_x_forwarded_host",
];

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut checks = None;
    for proxied in model.proxied() {
        let mut lines = proxied.lines("Origin");
        let (Some(line), None) = (lines.next(), lines.next()) else { continue };
        let Some(value) = line.arg(1).filter(|value| says_nothing_of_client(value)) else {
            continue;
        };
        if !proxied.is_active(model) || proxied.is_uncertain(model) {
            continue;
        }
        let checks = checks.get_or_insert_with(|| model.deciding_by("http_origin"));
        if model.ancestors(proxied.scope).any(|id| checks.contains(&id)) {
            continue;
        }
        let (verb, here) = if value.is_empty() {
            ("drops", "the backend gets no Origin".to_owned())
        } else {
            ("forges", format!("the backend gets `Origin: {value}` from every page"))
        };
        // Who lets in only some addresses is behind another proxy, or in front of a few clients.
        let is_closed = model.effective(proxied.scope, "deny").is_some();
        let severity = if is_closed { Severity::Info } else { Severity::Warning };
        let message = format!("`{}` {verb} the Origin of handshakes", proxied.title(model));
        report.push(
            RULE.with(severity, line.place(), message)
                .here(here)
                .also(proxied.pass.place(), "a page of any site can open a socket to this backend, with the cookies of its visitor")
                .help("remove this line, and pass the Host on that the browser sent (`proxy_set_header Host $http_host;`), so that the backend can compare the two"),
        );
    }
}

fn says_nothing_of_client(value: &str) -> bool {
    let is_of_site = |part: &Part<'_>| match part {
        Part::Text(_) => true,
        Part::Variable(name) => OF_SITE.iter().any(|known| known.eq_ignore_ascii_case(name)),
        Part::Capture(_) => false,
    };
    template(value).is_ok_and(|parts| parts.iter().all(is_of_site))
}
