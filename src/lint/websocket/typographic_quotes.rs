//! `typographic-quotes`: quotes of a word processor, which nginx takes for letters.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::spelling::typographic;
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied, ScopeId};
use crate::syntax::{Directive, Word};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "typographic-quotes",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "typographic quotes or backticks in a header, a map or a location, where nginx takes them for letters",
    docs: include_str!("../../../docs/rules/typographic-quotes.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        let scope = model.scope(id);
        for &line in scope.all("proxy_set_header") {
            line.args().iter().for_each(|&word| finding(model, id, line, word, report));
        }
        let Some(opener) = scope.opener else { continue };
        if scope.context == Context::Location {
            opener.args().iter().for_each(|&word| finding(model, id, opener, word, report));
        }
        if scope.context == Context::Entries && opener.is("map") {
            opener.args().iter().for_each(|&word| finding(model, id, opener, word, report));
            for entry in scope.directives().filter(|entry| entry.args().len() == 1) {
                entry.words().iter().for_each(|&word| finding(model, id, entry, word, report));
            }
        }
    }
}

fn finding(
    model: &Model<'_>,
    scope: ScopeId,
    line: Directive<'_>,
    word: Word,
    report: &mut Vec<Diagnostic>,
) {
    let source = line.source;
    let Some(inner) = typographic(source, word) else { return };
    let text = source.slice(word.span);
    let is_key = model.scope(scope).context == Context::Entries && word == line.words()[0];
    let here = match inner {
        "" if is_key => "this is a key of its own, and not the one for an empty value",
        _ if is_key => "this is a key with the quotes in it",
        _ => "the quotes are letters to nginx, so they are part of the value",
    };
    let is_taken = |other: Directive<'_>| is_key && *other.name() == *inner;
    let can_be_quoted = !inner.contains(['"', '\\']);
    let fix = (can_be_quoted && !model.scope(scope).directives().any(is_taken)).then(|| {
        let quoted = if inner.is_empty() { "''".to_owned() } else { format!("\"{inner}\"") };
        Fix::safe("use plain quotes", vec![replace(line, word, quoted)])
    });
    report.push(
        RULE.at(line.place_of(word), format!("{text} has quotes that are none to nginx"))
            .here(here)
            .evidence(user(model, scope).map(|user| user.evidence(model)))
            .help("use ' or \": text that was copied from a page often has others")
            .fix(fix),
    );
}

/// A place whose requests the scope of a line is about.
fn user<'m, 'p>(model: &'m Model<'p>, scope: ScopeId) -> Option<&'m Proxied<'p>> {
    let opener = model.scope(scope).opener;
    let Some(map) = opener.filter(|opener| opener.is("map")).and_then(|map| map.arg(1)) else {
        return model.users_of_headers(scope).next().or_else(|| model.first_proxied_in(scope));
    };
    let uses = |user: &&Proxied<'p>| {
        user.headers.iter().any(|line| line.arg(1).is_some_and(|value| value == map))
    };
    model.proxied().iter().find(uses)
}
