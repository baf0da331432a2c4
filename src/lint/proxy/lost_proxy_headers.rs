//! `lost-proxy-headers`: one `proxy_set_header` in a location drops all inherited ones.

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::{insert_after, is_included};
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied};
use crate::syntax::Directive;
use crate::syntax::value::ProxyUrl;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "lost-proxy-headers",
    category: Category::Proxy,
    severity: Severity::Warning,
    summary: "a location's own proxy_set_header drops inherited lines about site and client",
    docs: include_str!("../../../docs/rules/lost-proxy-headers.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(parent) = proxied.headers_scope.and_then(|scope| model.scope(scope).parent) else {
            continue;
        };
        let Some((_, outer)) = model.effective(parent, "proxy_set_header") else { continue };
        let is_lost = |line: &&Directive<'_>| {
            let name = line.arg(0).unwrap_or_default();
            is_about_request(&name)
                && line.arg(1).is_some_and(|value| !value.is_empty())
                && proxied.lines(&name).next().is_none()
        };
        let lost: Vec<_> = outer.iter().filter(is_lost).copied().collect();
        let ends = proxied.headers.first().zip(proxied.headers.last());
        let Some((culprit, end)) = ends.filter(|_| !lost.is_empty()) else { continue };
        if proxied.is_uncertain(model) || is_external(model, proxied) {
            continue;
        }
        finding(model, proxied, (*culprit, *end), outer, &lost, report);
    }
}

/// Headers that say which site was asked for, and by whom.
fn is_about_request(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("x-forwarded-") || matches!(name.as_str(), "host" | "x-real-ip" | "forwarded")
}

/// True for a host of others: who passes requests to one hides what is between them.
fn is_external(model: &Model<'_>, proxied: &Proxied<'_>) -> bool {
    let is_external = |url: ProxyUrl<'_>| {
        let is_name =
            url.host.contains('.') && url.host.contains(|c: char| c.is_ascii_alphabetic());
        url.tls && is_name && model.upstream(url.host).is_none()
    };
    proxied.target(is_external).unwrap_or(false)
}

fn finding<'p>(
    model: &Model<'p>,
    proxied: &Proxied<'p>,
    (culprit, end): (Directive<'p>, Directive<'p>),
    outer: &[Directive<'p>],
    lost: &[Directive<'p>],
    report: &mut Vec<Diagnostic>,
) {
    let mut names: Vec<_> = lost.iter().filter_map(|line| line.arg(0)).collect();
    names.dedup();
    let message = format!("`{}` loses the inherited {}", proxied.title(model), names.join(", "));
    let mut finding = RULE
        .with(severity(model, proxied, outer), culprit.place(), message)
        .here("this line drops every inherited proxy_set_header");
    for line in lost {
        finding = finding.also(line.place(), "lost: set here, not sent from there");
    }
    let copies: String =
        lost.iter().map(|line| insert_after(end, line.source.slice(line.span())).text).collect();
    let place = insert_after(end, "").place;
    let fix = Fix::risky("repeat the lost lines here", vec![Edit { place, text: copies }]);
    let is_shared = proxied.headers_scope.is_some_and(|scope| is_included(model.scope(scope), end));
    report.push(
        finding
            .help("proxy_set_header lines are inherited all together or not at all: repeat the lost ones here")
            .fix(Some(fix).filter(|_| !is_shared)),
    );
}

/// A warning where the loss cannot be meant: the location only adds to what it would inherit,
/// or repeats a part of it word for word. Who gives one of the headers another value thought
/// of them.
fn severity(model: &Model<'_>, proxied: &Proxied<'_>, outer: &[Directive<'_>]) -> Severity {
    let is_internal = model.scope(proxied.settings_scope(model)).last("internal").is_some();
    let same_name = |a: &Directive<'_>, b: &Directive<'_>| {
        a.arg(0).zip(b.arg(0)).is_some_and(|(a, b)| a.eq_ignore_ascii_case(&b))
    };
    let changes = proxied.headers.iter().any(|own| {
        let mut known = outer.iter().filter(|line| same_name(own, line)).peekable();
        known.peek().is_some() && !known.any(|line| line.arg_values().eq(own.arg_values()))
    });
    let empties = |line: &Directive<'_>| {
        line.arg(0).is_some_and(|name| is_about_request(&name))
            && line.arg(1).is_some_and(|value| value.is_empty())
    };
    if is_internal || changes || proxied.headers.iter().any(empties) {
        Severity::Info
    } else {
        Severity::Warning
    }
}
