//! `unreachable-location`: a location that another one keeps all requests from.

use std::collections::HashMap;

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Model, ScopeId};
use crate::syntax::Directive;
use crate::syntax::value::MatchKind;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "unreachable-location",
    category: Category::Proxy,
    severity: Severity::Warning,
    summary: "a location that no request comes to, because another one goes before it",
    docs: include_str!("../../../docs/rules/unreachable-location.md"),
    check,
};

/// A location with what it matches.
struct Place<'p> {
    id: ScopeId,
    opener: Directive<'p>,
    kind: MatchKind,
    pattern: String,
}

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        if !matches!(model.scope(id).context, Context::Server | Context::Location) {
            continue;
        }
        let places = places(model, id);
        for (place, by, why) in unreachable(model, id, &places) {
            report.push(
                RULE.at(
                    place.opener.place(),
                    format!("no request comes to `{}`", model.title(place.id)),
                )
                .here(why)
                .also(by.opener.place(), "this one gets them")
                .help("remove one of the two, or change what it matches"),
            );
        }
    }
}

fn places<'p>(model: &Model<'p>, level: ScopeId) -> Vec<Place<'p>> {
    let place = |id| {
        let scope = model.scope(id);
        let location = scope.location()?;
        Some(Place { id, opener: scope.opener?, kind: location.kind, pattern: location.pattern })
    };
    model.locations_in(level).filter_map(place).collect()
}

/// The locations of a level that cannot be reached, each with the one that is in its way.
fn unreachable<'a, 'p>(
    model: &Model<'p>,
    level: ScopeId,
    places: &'a [Place<'p>],
) -> Vec<(&'a Place<'p>, &'a Place<'p>, &'static str)> {
    let mut found = Vec::new();
    let mut first: HashMap<(&str, bool), &Place<'_>> = HashMap::new();
    let mut takes_all: Option<&Place<'_>> = None;
    let is_whole = !model.has_unknown_settings(level) && !model.scope(level).has_unknown_include;
    for place in places {
        let is_caseless = match place.kind {
            MatchKind::Regex => false,
            MatchKind::RegexCaseless => true,
            _ => continue,
        };
        let pattern = place.pattern.as_str();
        let same = first
            .get(&(pattern, true))
            .or_else(|| if is_caseless { None } else { first.get(&(pattern, false)) });
        if let Some(before) = same {
            found.push((place, *before, "an expression before it takes the same paths"));
        } else if let Some(before) = takes_all {
            found.push((place, before, "an expression before it takes all paths"));
        } else if let Some(by) = in_front(places, place, is_caseless).filter(|_| is_whole) {
            found.push((place, by, "nginx tries no expression for these paths"));
        }
        first.entry((pattern, is_caseless)).or_insert(place);
        if is_catch_all(pattern) {
            takes_all.get_or_insert(place);
        }
    }
    if let Some(by) = takes_all {
        let is_beaten = |place: &&Place<'_>| {
            place.kind == MatchKind::Prefix && model.locations_in(place.id).next().is_none()
        };
        let beaten = places.iter().filter(is_beaten);
        found.extend(
            beaten.map(|place| (place, by, "an expression goes before it and takes all paths")),
        );
    }
    found
}

/// True if an expression matches every path.
fn is_catch_all(pattern: &str) -> bool {
    let plain: String = pattern.chars().filter(|c| !matches!(c, '(' | ')')).collect();
    let end = plain.strip_suffix('$').unwrap_or(&plain);
    let is_whole = end.len() == plain.len() || end.ends_with(".*");
    is_whole && matches!(end, "" | "^" | "/" | "^/" | ".*" | "^.*" | "/.*" | "^/.*" | "." | "^.")
}

/// The location with `^~` or `=` that has all paths of an expression.
fn in_front<'a, 'p>(
    places: &'a [Place<'p>],
    regex: &Place<'p>,
    is_caseless: bool,
) -> Option<&'a Place<'p>> {
    let (start, is_all) = beginning(&regex.pattern, is_caseless);
    let is_exact = |place: &&Place<'_>| place.kind == MatchKind::Exact && place.pattern == start;
    if is_all {
        return places.iter().find(is_exact);
    }
    let of_prefix =
        |place: &&Place<'_>| matches!(place.kind, MatchKind::Prefix | MatchKind::PrefixNoRegex);
    let prefixes = || places.iter().filter(of_prefix);
    let longest = prefixes()
        .filter(|place| start.starts_with(&place.pattern))
        .max_by_key(|place| place.pattern.len())?;
    let lets_in =
        |place: &Place<'_>| place.kind == MatchKind::Prefix && place.pattern.starts_with(&start);
    (longest.kind == MatchKind::PrefixNoRegex && !prefixes().any(lets_in)).then_some(longest)
}

/// What all paths begin with that an expression matches, and whether that is all of them.
fn beginning(pattern: &str, is_caseless: bool) -> (String, bool) {
    let any = ("/".to_owned(), false);
    let Some(rest) = pattern.strip_prefix('^').filter(|rest| !rest.contains('|')) else {
        return any;
    };
    let mut start = String::new();
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        let literal = match c {
            '$' if chars.peek().is_none() && !is_caseless => return (start, true),
            '\\' => match chars.peek() {
                Some(&next) if !next.is_ascii_alphanumeric() => {
                    chars.next();
                    next
                }
                _ => break,
            },
            c if c.is_ascii_alphabetic() && is_caseless => break,
            c if c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '~' | '@' | ':') => c,
            _ => break,
        };
        if matches!(chars.peek(), Some('?' | '*' | '{')) {
            break;
        }
        start.push(literal);
    }
    if start.starts_with('/') { (start, false) } else { any }
}
