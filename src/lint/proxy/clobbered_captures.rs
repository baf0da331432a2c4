//! `clobbered-captures`: `$1` of an expression that was not the last to match.

use std::collections::{BTreeMap, HashSet};

use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Clobbered, Model};
use crate::source::Span;
use crate::syntax::Directive;
use crate::syntax::atoms::Atoms;
use crate::syntax::value::{Match, MatchKind};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "clobbered-captures",
    category: Category::Proxy,
    severity: Severity::Error,
    summary: "$1 is used where another expression has matched since",
    docs: include_str!("../../../docs/rules/clobbered-captures.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    for proxied in model.proxied() {
        let Some(atoms) = proxied.location.as_ref().and_then(atoms) else { continue };
        let mut found = model.clobbered(proxied);
        found.retain(|it| usize::from(it.group) <= atoms.groups());
        let head = proxied.head(model);
        let Some(first) = found.first().filter(|_| seen.insert(head.place())) else { continue };
        let message = format!(
            "`${}` in {} is no longer a group of `{}`",
            first.group,
            first.line.name(),
            proxied.title(model)
        );
        let what =
            if first.by.is("map") { "the expressions of this map" } else { "this expression" };
        report.push(
            RULE.at(first.line.place_of(first.word), message)
                .here("the groups are those of the last expression that matched")
                .also(head.place(), "meant is a group of this one")
                .also(first.by.place(), format!("{what} may have matched since"))
                .help("give the group a name, `(?<name>…)`, and use `$name`: names are kept")
                .fix(fix(model, head, &atoms, &found)),
        );
    }
}

fn atoms(location: &Match) -> Option<Atoms<'_>> {
    match location.kind {
        MatchKind::Regex => Atoms::of(&location.pattern, false),
        MatchKind::RegexCaseless => Atoms::of(&location.pattern, true),
        _ => None,
    }
}

/// Names the groups, and uses the names. In a `set` a person decides: nginx encodes `$1`
/// there, and no other variable.
fn fix(
    model: &Model<'_>,
    head: Directive<'_>,
    atoms: &Atoms<'_>,
    found: &[Clobbered<'_>],
) -> Option<Fix> {
    let word = *head.args().last()?;
    let source = head.source;
    let written = source.slice(word.inner());
    // The pattern may stand right behind the `~`.
    let start = word.inner().start + u32::try_from(written.find(atoms.pattern())?).ok()?;
    let inside = |line: &Directive<'_>| {
        line.source.id == source.id
            && head.span().start < line.span().start
            && line.span().end <= head.span().end
    };
    let mut names = BTreeMap::new();
    let mut words: Vec<&Clobbered<'_>> = Vec::new();
    for it in found {
        let name = format!("path_{}", it.group);
        let is_new = |name: &String| {
            !model.project.files().iter().any(|file| file.source.text().contains(name.as_str()))
        };
        names.insert(it.group, Some(name).filter(is_new)?);
        if !words.iter().any(|known| known.word.span == it.word.span) {
            words.push(it);
        }
    }
    if !found.iter().all(|it| inside(&it.line)) {
        return None;
    }
    let mut edits = Vec::new();
    for (group, name) in &names {
        let range = atoms.group(usize::from(*group))?;
        if atoms.pattern()[range.start + 1..].starts_with('?') {
            return None;
        }
        let at = start + u32::try_from(range.start).ok()? + 1;
        edits.push(Edit { place: source.place(Span::at(at)), text: format!("?<{name}>") });
    }
    for it in words {
        let mut text = source.slice(it.word.span).to_owned();
        for (group, name) in &names {
            text = named(&text, &format!("${group}"), name);
        }
        edits.push(replace(it.line, it.word, text));
    }
    let fix = Fix::safe("name the group", edits);
    let sets = found.iter().any(|it| it.line.is("set"));
    Some(if sets { Fix { applicability: Applicability::Unsafe, ..fix } } else { fix })
}

/// Puts a variable in the place of a group, in braces where letters follow.
fn named(text: &str, group: &str, name: &str) -> String {
    let mut parts = text.split(group);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for rest in parts {
        let goes_on = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        out += &if goes_on { format!("${{{name}}}") } else { format!("${name}") };
        out += rest;
    }
    out
}
