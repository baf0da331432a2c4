//! `proxy-pass-drops-uri`: with a variable, the URI of a `proxy_pass` is all that is sent.

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::{insert_before, replace};
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied, TextPart};
use crate::syntax::Directive;
use crate::syntax::value::{Match, MatchKind};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "proxy-pass-drops-uri",
    category: Category::Proxy,
    severity: Severity::Error,
    summary: "a proxy_pass with a variable sends every request to one and the same URI",
    docs: include_str!("../../../docs/rules/proxy-pass-drops-uri.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(location) = proxied.location.as_ref().filter(|it| has_many_paths(it)) else {
            continue;
        };
        let Some(uri) = fixed_uri(model, proxied) else { continue };
        if model.is_called_by_nginx(proxied.scope) {
            continue;
        }
        // A path that ends in a name may be the one that is meant for all.
        let severity = match uri.ends_with('/') {
            true => Severity::Error,
            false if location.pattern.ends_with('/') && !is_file(&uri) => Severity::Warning,
            false => continue,
        };
        let message = format!("every request to `{}` becomes `{uri}`", proxied.title(model));
        report.push(
            RULE.with(severity, proxied.pass.place(), message)
                .here("with a variable in the URL, nginx adds neither path nor arguments")
                .help("leave the URI out; where the path has to change, `rewrite … break;` does it")
                .fix(fix(model, proxied, location, &uri)),
        );
    }
}

/// True if requests of several paths may come here.
fn has_many_paths(location: &Match) -> bool {
    let pattern = location.pattern.as_str();
    match location.kind {
        MatchKind::Exact | MatchKind::Named => false,
        MatchKind::Prefix | MatchKind::PrefixNoRegex => true,
        MatchKind::Regex | MatchKind::RegexCaseless => {
            !pattern.ends_with('$') || pattern.contains(['*', '+', '{'])
        }
    }
}

fn is_file(uri: &str) -> bool {
    uri.rsplit('/').next().is_some_and(|name| name.contains('.'))
}

/// The URI, if it is the same for all values of the variables.
fn fixed_uri(model: &Model<'_>, proxied: &Proxied<'_>) -> Option<String> {
    let text = proxied.pass.arg(0).filter(|url| url.contains('$'))?;
    // Who sets a variable to a URI alone means this one.
    if let Some(at) = text.rfind('$').filter(|at| !text[*at..].contains('/')) {
        let values = model.expand(&text[at..], proxied.scope);
        if !values.iter().all(|value| value.to_string().contains("://")) {
            return None;
        }
    }
    let urls = model.pass_urls(proxied);
    let first = urls.first()?;
    // Something between host and URI may be a path itself.
    let is_host = |parts: &[TextPart]| {
        let is_text = |part: &TextPart| matches!(part, TextPart::Text(_));
        let is_port = |part: &TextPart| matches!(part, TextPart::Text(text) if text.ends_with(':'));
        let ends_well = match parts {
            [] => false,
            [.., before, last] => {
                is_text(last)
                    || is_port(before)
                    || is_text(before) && parts.len() == 2 && !has_port(before)
            }
            [_] => true,
        };
        ends_well && !parts.windows(2).any(|two| !two.iter().any(is_text))
    };
    let is_same = urls.iter().all(|url| url.uri == first.uri && is_host(&url.authority.0));
    first.uri.as_literal().filter(|uri| is_same && !uri.is_empty()).map(str::to_owned)
}

fn has_port(part: &TextPart) -> bool {
    matches!(part, TextPart::Text(text) if text.contains(':'))
}

/// Leaves the URI out, and gives paths what the location and the URI say.
fn fix(model: &Model<'_>, proxied: &Proxied<'_>, location: &Match, uri: &str) -> Option<Fix> {
    let word = *proxied.pass.args().first()?;
    let text = proxied.pass.arg(0)?;
    let start = text.strip_suffix(uri).filter(|_| !word.is_quoted())?;
    let mut edits: Vec<Edit> = vec![replace(proxied.pass, word, start)];
    let path = location.pattern.as_str();
    let is_prefix = matches!(location.kind, MatchKind::Prefix | MatchKind::PrefixNoRegex);
    if !is_prefix || !path.ends_with('/') || !uri.ends_with('/') || uri.contains('?') {
        return None;
    }
    if path != uri {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/-_".contains(c);
        let scope = model.scope(proxied.scope);
        // What stands behind a `break` does not run.
        let is_program = |line: Directive<'_>| {
            ["set", "if", "rewrite", "return", "break"].iter().any(|name| line.is(name))
        };
        let mut program =
            scope.lines().iter().map(|line| line.directive).filter(|line| is_program(*line));
        let is_last = program.all(|line| {
            line.is("set")
                && line.source.id == proxied.pass.source.id
                && line.span().end <= proxied.pass.span().start
        });
        if !is_last || !path.chars().all(is_plain) || !uri.chars().all(is_plain) {
            return None;
        }
        edits.push(insert_before(proxied.pass, &format!("rewrite ^{path}(.*)$ {uri}$1 break;")));
    }
    Some(Fix::risky("keep the rest of the path, and the arguments", edits))
}
