//! `proxy-pass-decoded-uri`: what the client encoded reaches the request line as it is.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied, TextPart};
use crate::syntax::Directive;
use crate::syntax::atoms::Atoms;
use crate::syntax::value::{Match, MatchKind};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "proxy-pass-decoded-uri",
    category: Category::Security,
    severity: Severity::Error,
    summary: "a decoded path in proxy_pass lets clients write headers of the request to the backend",
    docs: include_str!("../../../docs/rules/proxy-pass-decoded-uri.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        // `rewrite ^ $request_uri;` is how one gets the path as the client wrote it.
        let is_raw =
            |line: &Directive<'_>| line.arg(1).is_some_and(|to| to.contains("$request_uri"));
        let scopes = model.ancestors(proxied.scope).map(|id| model.scope(id));
        if scopes.flat_map(|scope| scope.all("rewrite")).any(is_raw) {
            continue;
        }
        let Some(found) = decoded(model, proxied) else { continue };
        let Decoded { name, severity } = found;
        let message = match severity {
            Severity::Error => format!(
                "a client can put headers into the requests that `{}` makes",
                proxied.title(model)
            ),
            _ => format!("a path with a space breaks the request of `{}`", proxied.title(model)),
        };
        let example = match severity {
            Severity::Error => format!("`{name}` is decoded: `%0D%0A` in a path ends the line"),
            _ => format!("`{name}` is decoded: `%20` in a path is a space in the request line"),
        };
        report.push(
            RULE.with(severity, proxied.pass.place(), message)
                .here(example)
                .help("leave the URI out of proxy_pass; where the path has to change, use `rewrite … break;`, after which nginx encodes it")
                .fix(fix(model, proxied)),
        );
    }
}

/// A part of the URL that is not encoded.
struct Decoded {
    name: String,
    severity: Severity,
}

/// The worst such part in the URI.
fn decoded(model: &Model<'_>, proxied: &Proxied<'_>) -> Option<Decoded> {
    let location = proxied.location.as_ref();
    let worst = |name: String, group: Group<'_>| {
        let severity = danger(location, &group)?;
        Some(Decoded { name, severity })
    };
    let captures = captures_are_of_location(model, proxied);
    let urls = model.pass_urls(proxied);
    let parts = urls.iter().flat_map(|url| &url.uri.0);
    let found = parts.filter_map(|part| match part {
        TextPart::Variable(name) if matches!(&**name, "uri" | "document_uri") => {
            worst(format!("${name}"), Group::Whole)
        }
        TextPart::Variable(name) if model.is_undefined(name) => {
            worst(format!("${name}"), Group::Named(name))
        }
        TextPart::Capture(number) if captures => {
            worst(format!("${number}"), Group::Number(usize::from(*number)))
        }
        _ => None,
    });
    found.max_by_key(|found| found.severity)
}

enum Group<'a> {
    Whole,
    Named(&'a str),
    Number(usize),
}

/// How bad it is that a part of the path stands there as it is; none if it can have nothing
/// that matters.
fn danger(location: Option<&Match>, group: &Group<'_>) -> Option<Severity> {
    let atoms = match location {
        Some(Match { kind: MatchKind::Exact, .. }) | None => return None,
        Some(Match { kind: MatchKind::Regex, pattern }) => Some(Atoms::of(pattern, false)?),
        Some(Match { kind: MatchKind::RegexCaseless, pattern }) => Some(Atoms::of(pattern, true)?),
        Some(_) => None,
    };
    let number = match (group, &atoms) {
        (Group::Whole, None) => return Some(Severity::Error),
        (Group::Whole, Some(_)) => 0,
        (Group::Named(name), Some(atoms)) => atoms.named(name)?,
        (Group::Number(number), Some(_)) => *number,
        (_, None) => return None,
    };
    let atoms = atoms?;
    match () {
        () if atoms.may_have(number, b'\n') => Some(Severity::Error),
        () if atoms.may_have(number, b' ') => Some(Severity::Warning),
        () => None,
    }
}

/// True if no other expression may have run since the location was found.
fn captures_are_of_location(model: &Model<'_>, proxied: &Proxied<'_>) -> bool {
    let Some(location) = model.location_around(proxied.scope) else { return false };
    let has_regex = |id| {
        model.scope(id).lines().iter().any(|line| {
            line.directive.is("rewrite")
                || line.directive.is("if") && line.directive.arg_values().any(|it| it.contains('~'))
        })
    };
    !model.ancestors(proxied.scope).take_while(|&id| id != location).any(has_regex)
        && !has_regex(location)
}

/// Without a URI, nginx sends what the client wrote, or encodes what was rewritten.
fn fix(model: &Model<'_>, proxied: &Proxied<'_>) -> Option<Fix> {
    let word = *proxied.pass.args().first()?;
    let text = proxied.pass.arg(0).filter(|_| !word.is_quoted())?;
    let ends = [
        "$uri$is_args$args",
        "$uri$is_args$query_string",
        "$uri?$args",
        "$uri?$query_string",
        "$uri",
    ];
    let start = ends.iter().find_map(|end| text.strip_suffix(end))?;
    // A name without variables has to be known when nginx starts.
    let mut urls = model.pass_urls(proxied).into_iter();
    let is_known = start.contains('$')
        || urls.all(|url| url.host_name().is_none_or(|name| model.upstream(name).is_some()));
    let context = model.scope(proxied.scope).context;
    (is_known && context == Context::Location).then(|| {
        Fix::risky("send the path as the client wrote it", vec![replace(proxied.pass, word, start)])
    })
}
