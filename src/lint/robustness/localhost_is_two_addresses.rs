//! `localhost-is-two-addresses`: one name, two peers.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::Model;
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "localhost-is-two-addresses",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "localhost is 127.0.0.1 and ::1, and the backend may listen on one of them only",
    docs: include_str!("../../../docs/rules/localhost-is-two-addresses.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let servers = model.upstreams();
    let servers = servers.iter().flat_map(|upstream| model.scope(upstream.scope).all("server"));
    let passes = model
        .proxied()
        .iter()
        .filter(|proxied| proxied.target(|url| model.upstream(url.host).is_none()) == Some(true));
    let mut seen = HashSet::new();
    for line in servers.copied().chain(passes.map(|proxied| proxied.pass)) {
        if names_localhost(line) && seen.insert(line.place()) {
            report.push(finding(line));
        }
    }
}

/// True if the host of the line's first argument is `localhost`.
fn names_localhost(line: Directive<'_>) -> bool {
    let Some(text) = line.arg(0) else { return false };
    let authority = text.split_once("://").map_or(&*text, |(_, rest)| rest);
    let host = authority.split([':', '/', '?']).next().unwrap_or_default();
    host.eq_ignore_ascii_case("localhost") && !text.contains('$')
}

fn finding(line: Directive<'_>) -> Diagnostic {
    let fix = line.args().first().filter(|word| !word.is_quoted()).and_then(|&word| {
        let text = line.arg(0)?;
        let at = text.to_ascii_lowercase().find("localhost")?;
        let (before, behind) = (&text[..at], &text[at + "localhost".len()..]);
        let text = format!("{before}127.0.0.1{behind}");
        Some(Fix::risky("name the IPv4 address", vec![replace(line, word, text)]))
    });
    RULE.at(line.place(), "`localhost` is two backends where it has an IPv6 address as well")
        .here("127.0.0.1 and ::1")
        .help("write the address that the backend listens on, as in `127.0.0.1`")
        .fix(fix)
}
