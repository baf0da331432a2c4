//! `proxy-pass-slash-mismatch`: one slash too many, or one too few, in each path.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied, ScopeId};
use crate::syntax::value::{Match, MatchKind};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "proxy-pass-slash-mismatch",
    category: Category::Proxy,
    severity: Severity::Warning,
    summary: "only one of the location and the URI of its proxy_pass ends with a slash",
    docs: include_str!("../../../docs/rules/proxy-pass-slash-mismatch.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut prefixes = HashMap::new();
    for proxied in model.proxied() {
        let Some((path, uri)) = replacement(model, proxied, &mut prefixes) else { continue };
        let (path_ends, uri_ends) = (path.ends_with('/'), uri.ends_with('/'));
        let is_word = |text: &str| text.ends_with(|c: char| c.is_ascii_alphanumeric());
        // What ends in `=`, `-` or a name of a file is meant to be completed, or whole.
        let is_file = |text: &str| text.rsplit('/').next().is_some_and(|name| name.contains('.'));
        let lacks_one = path_ends && !uri_ends && is_word(&uri) && !is_file(&uri);
        let has_two = !path_ends && uri_ends && is_word(&path) && !is_file(&path);
        // Many backends take two slashes at the root for one, and nothing is above it.
        let (severity, rest, fix) = match uri.as_str() {
            _ if lacks_one => (Severity::Warning, "room", fix_uri(proxied)),
            "/" if has_two => (Severity::Info, "/room", fix_location(model, proxied)),
            _ if has_two => (Severity::Warning, "../room", fix_location(model, proxied)),
            _ => continue,
        };
        let message = format!("`{path}{rest}` becomes `{uri}{rest}` in `{}`", proxied.title(model));
        report.push(
            RULE.with(severity, proxied.pass.place(), message)
                .here(format!("`{path}` becomes `{uri}`, and what is behind it stays"))
                .help("end both with `/`, or neither")
                .fix(fix),
        );
    }
}

/// The path of a location and the URI that takes its place, where each path below it comes
/// here and none is rewritten.
fn replacement(
    model: &Model<'_>,
    proxied: &Proxied<'_>,
    prefixes: &mut HashMap<Option<ScopeId>, HashSet<String>>,
) -> Option<(String, String)> {
    let location = proxied
        .location
        .as_ref()
        .filter(|location| matches!(location.kind, MatchKind::Prefix | MatchKind::PrefixNoRegex))?;
    let scope = model.location_around(proxied.scope)?;
    if !model.scope(scope).all("rewrite").is_empty() || proxied.pass.arg(0)?.contains('$') {
        return None;
    }
    let uri = model.pass_urls(proxied).into_iter().next()?.uri;
    let uri = uri.as_literal().filter(|uri| !uri.is_empty())?.to_owned();
    let with_slash = format!("{}/", location.pattern);
    let beside = prefixes.entry(model.scope(scope).parent).or_insert_with(|| {
        let others = model.locations_beside(scope).filter_map(|id| model.scope(id).location());
        let is_prefix =
            |it: &Match| matches!(it.kind, MatchKind::Prefix | MatchKind::PrefixNoRegex);
        others.filter(is_prefix).map(|it| it.pattern).collect()
    });
    (!beside.contains(&with_slash)).then(|| (location.pattern.clone(), uri))
}

/// Whoever calls the backend otherwise now gets other paths: a person decides.
fn fix_uri(proxied: &Proxied<'_>) -> Option<Fix> {
    let word = *proxied.pass.args().first()?;
    let text = proxied.pass.arg(0)?;
    let plain = !word.is_quoted() && !text.contains('?');
    let edit = || vec![replace(proxied.pass, word, format!("{text}/"))];
    plain.then(|| Fix::risky("end the URI with a slash", edit()))
}

/// nginx redirects the path without the slash then.
fn fix_location(model: &Model<'_>, proxied: &Proxied<'_>) -> Option<Fix> {
    let head = proxied.head(model);
    let word = *head.args().last()?;
    let plain = head.is("location") && !word.is_quoted();
    let text = format!("{}/", word.value(head.source));
    plain.then(|| Fix::risky("end the location with a slash", vec![replace(head, word, text)]))
}
