//! The variables that mended headers use: a map that the configuration has already, or
//! a new one at http level.

use crate::catalog::Context;
use crate::diagnostic::{Edit, Fix};
use crate::model::{Map, Model, Proxied, Scope, has_upgrade_token};
use crate::source::Span;
use crate::syntax::Item;

use super::edit::new_line;

/// A variable, and the edits that define it if nothing does.
pub(super) struct Variable {
    /// With its `$`.
    pub(super) name: String,
    edits: Vec<Edit>,
    /// False where the variable may be defined in a file that is not in view: two maps of
    /// one variable are no error, and the last one counts for all.
    is_certain: bool,
}

impl Variable {
    /// A fix that defines the variable and uses it; safe if the definition is.
    pub(super) fn fix(self, title: impl Into<String>, mut edits: Vec<Edit>) -> Fix {
        edits.extend(self.edits);
        if self.is_certain { Fix::safe(title, edits) } else { Fix::risky(title, edits) }
    }
}

/// A variable for `Connection`: `upgrade` for handshakes, and for plain requests what
/// leaves the upstream's idle connections as they are.
///
/// `None` if there is none and the http level is in no file of the project.
pub(super) fn connection(model: &Model<'_>, keeps_alive: bool) -> Option<Variable> {
    let suits = |map: &Map<'_>| {
        let value = |upgrade| model.map_value(map, upgrade).unwrap_or_default();
        ["websocket", "WebSocket"].iter().all(|text| has_upgrade_token(&value(text)))
            && (value("").is_empty() || !keeps_alive && value("").eq_ignore_ascii_case("close"))
    };
    let empty = if keeps_alive { "''" } else { "close" };
    let entries = [("default", "upgrade"), ("''", empty)];
    find_or_define(
        model,
        suits,
        &["connection_upgrade", "connection_upgrade_keepalive", "ws_connection"],
        &entries,
    )
}

/// A variable for `Upgrade` that lets nothing but WebSocket through.
///
/// `None` if there is none and the http level is in no file of the project.
pub(super) fn upgrade(model: &Model<'_>) -> Option<Variable> {
    let suits = |map: &Map<'_>| {
        let value = |upgrade| model.map_value(map, upgrade);
        value("websocket").is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
            && ["", "h2c"].iter().all(|text| value(text).is_some_and(|value| value.is_empty()))
    };
    let entries = [("default", "''"), ("websocket", "websocket")];
    find_or_define(
        model,
        suits,
        &["ws_upgrade", "http_upgrade_websocket", "upgrade_websocket"],
        &entries,
    )
}

/// True if one of these upstreams keeps idle connections, so that `Connection: close`
/// on a plain request would cost one.
pub(super) fn keeps_alive<'m, 'p: 'm>(
    model: &'m Model<'p>,
    users: impl IntoIterator<Item = &'m Proxied<'p>>,
) -> bool {
    let mut upstreams = users.into_iter().filter_map(|user| user.upstream(model));
    upstreams.any(|upstream| model.keeps_alive(upstream))
}

/// The same for a place that passes requests on, and all that send the same headers.
pub(super) fn keeps_alive_with(model: &Model<'_>, proxied: &Proxied<'_>) -> bool {
    let users = proxied.headers_scope.into_iter().flat_map(|scope| model.users_of_headers(scope));
    keeps_alive(model, [proxied]) || keeps_alive(model, users)
}

fn find_or_define(
    model: &Model<'_>,
    suits: impl Fn(&Map<'_>) -> bool,
    names: &[&str],
    entries: &[(&str, &str)],
) -> Option<Variable> {
    // nginx lets a map define a variable that no value can name.
    let can_be_named =
        |map: &&Map<'_>| map.variable.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let is_known = |map: &&Map<'_>| names.contains(&map.variable.as_str());
    let known = model.upgrade_maps().filter(is_known);
    if let Some(map) = known.chain(model.upgrade_maps()).filter(can_be_named).find(|map| suits(map))
    {
        let name = format!("${}", map.variable);
        return Some(Variable { name, edits: Vec::new(), is_certain: true });
    }
    // What is used but not defined is defined in a file that is not in view, if there is one.
    let is_whole = model.is_whole();
    let in_use = |name: &&&str| model.is_used(name) && model.is_undefined(name);
    if let Some(name) = names.iter().find(in_use).filter(|_| !is_whole) {
        return Some(Variable { name: format!("${name}"), edits: Vec::new(), is_certain: false });
    }
    let name = names.iter().find(|name| model.is_undefined(name))?;
    let edit = define(model, name, entries)?;
    let source = model.project.source(edit.place.source);
    let is_certain = model.root.is_main && model.project.is_shown(source.id);
    Some(Variable { name: format!("${name}"), edits: vec![edit], is_certain })
}

/// Inserts a map at http level: first in `http {}`, or at the top of an http snippet.
fn define(model: &Model<'_>, name: &str, entries: &[(&str, &str)]) -> Option<Edit> {
    let http =
        model.scope_ids().map(|id| model.scope(id)).find(|scope| scope.context == Context::Http)?;
    match http.opener {
        Some(_) => in_block(http, name, entries),
        None => at_top(model, name, entries),
    }
}

fn in_block(http: &Scope<'_>, name: &str, entries: &[(&str, &str)]) -> Option<Edit> {
    let opener = http.opener?;
    let source = opener.source;
    let first = opener.items().map(Item::span).find(|span| source.begins_line(span.start));
    let crate::syntax::Body::Block { open, .. } = opener.body() else {
        return None;
    };
    let Some(first) = first else {
        let text = format!(" {}", map_on_one_line(name, entries));
        return Some(Edit { place: source.place(Span::at(open + 1)), text });
    };
    let line = new_line(source, first.start);
    let outer = source.indentation(opener.span().start);
    let unit = source.indentation(first.start).strip_prefix(outer).filter(|unit| !unit.is_empty());
    let map = map_block(name, entries, &line, unit.unwrap_or("    "));
    let text = format!("{map}{}{line}", source.line_ending());
    Some(Edit { place: source.place(Span::at(first.start)), text })
}

/// At the top of an http snippet, behind the comments that head the file.
fn at_top(model: &Model<'_>, name: &str, entries: &[(&str, &str)]) -> Option<Edit> {
    let mut in_http = model.scope_ids().map(|id| model.scope(id)).filter(|scope| {
        scope.parent.is_some_and(|parent| {
            let parent = model.scope(parent);
            parent.context == Context::Http && parent.opener.is_none()
        })
    });
    let source = in_http.find_map(|scope| scope.opener)?.source;
    let file = model.project.file(source.id);
    let mut at = None;
    let mut paragraph = 0;
    for item in file.tree.items(source) {
        let span = item.span();
        if blank_line_before(source.text(), span.start) || at.is_none() {
            paragraph = span.start;
        }
        at = Some(paragraph);
        if matches!(item, Item::Directive(_)) {
            break;
        }
    }
    let line = new_line(source, at?);
    let inner = file.directives().find_map(|block| block.directives().next());
    let inner = inner.filter(|inner| source.begins_line(inner.span().start));
    let unit = inner.map_or("    ", |inner| source.indentation(inner.span().start));
    let map = map_block(name, entries, &line, if unit.is_empty() { "    " } else { unit });
    let text = format!("{map}{line}{line}");
    Some(Edit { place: source.place(Span::at(at?)), text })
}

fn blank_line_before(text: &str, at: u32) -> bool {
    let before = &text[..at as usize];
    let gap = &before[before.trim_end_matches([' ', '\t', '\r', '\n']).len()..];
    gap.matches('\n').count() > 1
}

fn map_on_one_line(name: &str, entries: &[(&str, &str)]) -> String {
    let entries: Vec<String> =
        entries.iter().map(|(key, value)| format!("{key} {value};")).collect();
    format!("map $http_upgrade ${name} {{ {} }}", entries.join(" "))
}

/// The map over several lines; `line` begins a new one, and `indent` goes one deeper.
fn map_block(name: &str, entries: &[(&str, &str)], line: &str, indent: &str) -> String {
    let width = entries.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
    let mut text = format!("map $http_upgrade ${name} {{");
    for (key, value) in entries {
        let gap = " ".repeat(width - key.len());
        text.push_str(&format!("{line}{indent}{key}{gap} {value};"));
    }
    text.push_str(line);
    text.push('}');
    text
}
