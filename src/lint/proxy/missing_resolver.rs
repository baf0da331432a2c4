//! `missing-resolver`: a host that is looked up for each request, and nobody to ask.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Model, PassUrl, Proxied, TextPart};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "missing-resolver",
    category: Category::Proxy,
    severity: Severity::Error,
    summary: "a proxy_pass with a variable needs a resolver for the name of its host",
    docs: include_str!("../../../docs/rules/missing-resolver.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    // A file that is included may leave the resolver to the one that includes it.
    let severity = match model.is_whole() {
        true => Severity::Error,
        false if model.is_http_snippet() => Severity::Warning,
        false => return,
    };
    // What a `proxy_pass` without variables names, nginx has looked up when it started.
    let known: HashSet<String> = model
        .proxied()
        .iter()
        .filter(|proxied| proxied.upstream(model).is_none())
        .filter_map(literal_host)
        .collect();
    for proxied in model.proxied() {
        let has_variable = proxied.pass.arg(0).is_some_and(|url| url.contains('$'));
        if !has_variable
            || proxied.is_uncertain(model)
            || model.effective(proxied.scope, "resolver").is_some()
        {
            continue;
        }
        let urls = model.pass_urls(proxied);
        let Some(host) = urls.iter().find_map(|url| unresolved(model, url, &known)) else {
            continue;
        };
        let message = format!("nginx cannot resolve `{host}` in `{}`", proxied.title(model));
        report.push(
            RULE.with(severity, proxied.pass.place(), message)
                .here("with a variable in the URL, the host is looked up for each request")
                .help("set `resolver` to the address of a name server (127.0.0.11 in Docker), or name the host in an `upstream`"),
        );
    }
}

/// The host of a URL, if it is a name that no upstream has.
fn unresolved(model: &Model<'_>, url: &PassUrl, known: &HashSet<String>) -> Option<String> {
    let text = url.authority.to_string();
    if let Some(name) = url.host_name() {
        let port = url.host_and_port()?.1;
        let is_upstream = port.is_none() && model.upstream(name).is_some();
        // A name with neither port nor dot may be of an upstream in another file.
        if !model.is_whole() && port.is_none() && !name.contains('.') {
            return None;
        }
        return (!is_upstream && !known.contains(&name.to_lowercase())).then(|| name.to_owned());
    }
    if !model.is_whole() {
        return None;
    }
    // A part of the name is known, so it is no address: is there an upstream that fits?
    let first = match url.authority.0.first()? {
        TextPart::Text(text) => text.split(':').next().unwrap_or_default(),
        _ => "",
    };
    let last = match url.authority.0.last()? {
        TextPart::Text(text) => text.split(':').next().unwrap_or_default(),
        _ => "",
    };
    let is_name = |text: &str| text.contains(|c: char| c.is_ascii_alphabetic());
    let is_v6 = text.contains('[') || text.starts_with("unix:");
    let fits = |name: &str| {
        let name = name.to_lowercase();
        name.starts_with(&first.to_lowercase()) && name.ends_with(&last.to_lowercase())
    };
    let has_upstream = model
        .upstreams()
        .iter()
        .any(|upstream| upstream.directive.arg(0).is_some_and(|name| fits(&name)));
    (url.authority.as_literal().is_none()
        && (is_name(first) || is_name(last))
        && !is_v6
        && !has_upstream
        && !known.iter().any(|name| fits(name)))
    .then(|| text.split(':').next().unwrap_or_default().to_owned())
}

/// The host in lower case, if no variable is in the URL.
fn literal_host(proxied: &Proxied<'_>) -> Option<String> {
    proxied.pass.arg(0).filter(|url| !url.contains('$'))?;
    proxied.target(|url| url.host.to_lowercase())
}
