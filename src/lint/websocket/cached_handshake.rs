//! `cached-handshake`: a page from the cache answers a handshake.

use std::collections::HashSet;

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::set_all_in_location;
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied, variable_name};
use crate::source::Span;
use crate::syntax::Directive;
use crate::syntax::value::{Part, template};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "cached-handshake",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "a handshake gets the answer to a plain request out of the cache",
    docs: include_str!("../../../docs/rules/cached-handshake.md"),
    check,
};

/// What keeps handshakes away from the cache, and their answers out of it.
const KEEPS_AWAY: [&str; 2] = ["proxy_cache_bypass", "proxy_no_cache"];

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(cache) = model.effective_one(proxied.scope, "proxy_cache") else { continue };
        if cache.arg(0).is_none_or(|zone| zone == "off")
            || !proxied.is_active(model)
            || proxied.is_uncertain(model)
            || tells_apart(model, proxied, "proxy_cache_bypass")
            || tells_apart(model, proxied, "proxy_cache_key")
        {
            continue;
        }
        // Without it, the backend decides whether anything is kept.
        let valid = model.effective_one(proxied.scope, "proxy_cache_valid");
        let severity = match valid {
            Some(_) if !proxied.is_dedicated() => Severity::Error,
            _ => Severity::Warning,
        };
        let message = format!("the cache answers handshakes in `{}`", proxied.title(model));
        report.push(
            RULE.with(severity, cache.place(), message)
                .here("a page that is kept for a URL is the answer to a handshake for it")
                .also(proxied.pass.place(), "handshakes go out here, if they get so far")
                .evidence(proxied.evidence(model))
                .help(
                    "add `proxy_cache_bypass $http_upgrade;` and `proxy_no_cache $http_upgrade;`, or `proxy_cache off;` where there are only sockets",
                )
                .fix(fix(model, proxied)),
        );
    }
}

/// True if a directive may be something else for a handshake.
fn tells_apart(model: &Model<'_>, proxied: &Proxied<'_>, name: &str) -> bool {
    let lines = model.effective(proxied.scope, name).map_or(&[][..], |(_, lines)| lines);
    let mut seen = HashSet::new();
    lines.iter().flat_map(|line| line.arg_values()).any(|text| depends(model, &text, &mut seen))
}

/// True if a text may depend on the headers of a handshake.
fn depends(model: &Model<'_>, text: &str, seen: &mut HashSet<String>) -> bool {
    const OF_HANDSHAKES: [&str; 3] = ["http_upgrade", "http_connection", "http_sec_websocket"];
    template(text).unwrap_or_default().into_iter().any(|part| {
        let Part::Variable(name) = part else { return false };
        let name = variable_name(name);
        if OF_HANDSHAKES.iter().any(|start| name.starts_with(start)) {
            return true;
        }
        match model.map(&name) {
            Some(map) if seen.insert(name.clone()) => {
                depends(model, &map.source, seen)
                    || map.entries.iter().any(|entry| depends(model, &entry.value, seen))
            }
            Some(_) => false,
            // What a `set` gives it may be anything.
            None => !model.is_undefined(&name),
        }
    })
}

/// A line in an include is one of others too, so that a person decides.
fn fix(model: &Model<'_>, proxied: &Proxied<'_>) -> Fix {
    let edits = edits(model, proxied);
    let file = proxied.head(model).source.id;
    let is_own = edits.iter().all(|edit| edit.place.source == file);
    let title = "keep handshakes away from the cache";
    if is_own { Fix::safe(title, edits) } else { Fix::risky(title, edits) }
}

/// Both directives, with what they say already: own lines get one word more, inherited ones are
/// repeated, because a line of one's own takes their place.
fn edits(model: &Model<'_>, proxied: &Proxied<'_>) -> Vec<Edit> {
    let location = proxied.settings_scope(model);
    let mut edits: Vec<Edit> = Vec::new();
    let mut lines = Vec::new();
    for name in KEEPS_AWAY {
        let found = model.effective(proxied.scope, name);
        match found {
            Some((scope, own)) if scope == location => edits.extend(own.last().map(append)),
            _ => {
                let inherited = found.map_or(&[][..], |(_, lines)| lines);
                let words = |line: &Directive<'_>| -> Vec<String> {
                    line.args().iter().map(|word| line.source.slice(word.span).to_owned()).collect()
                };
                let mut words: Vec<String> = inherited.iter().flat_map(words).collect();
                words.push("$http_upgrade".to_owned());
                lines.push(format!("{name} {};", words.join(" ")));
            }
        }
    }
    edits.extend(set_all_in_location(model, proxied, &lines));
    edits
}

/// One word more at the end of a line.
fn append(line: &Directive<'_>) -> Edit {
    let end = line.words().last().map_or(line.span().start, |word| word.span.end);
    Edit { place: line.source.place(Span::at(end)), text: " $http_upgrade".to_owned() }
}
