//! Edits as people make them: whole lines, in the file's indentation and line ends.

use crate::diagnostic::Edit;
use crate::model::{Model, Proxied, Scope};
use crate::source::{Source, Span, offset};
use crate::syntax::{Directive, Word};

/// Replaces a word.
pub(super) fn replace(directive: Directive<'_>, word: Word, text: impl Into<String>) -> Edit {
    Edit { place: directive.place_of(word), text: text.into() }
}

/// Inserts a directive before another, on a line of its own where the other has one.
pub(super) fn insert_before(directive: Directive<'_>, text: &str) -> Edit {
    let source = directive.source;
    let start = directive.span().start;
    let gap = if source.begins_line(start) { new_line(source, start) } else { " ".to_owned() };
    Edit { place: source.place(Span::at(start)), text: format!("{text}{gap}") }
}

/// Inserts a directive behind another, on a line of its own where the other ends one.
pub(super) fn insert_after(directive: Directive<'_>, text: &str) -> Edit {
    let source = directive.source;
    let span = directive.span();
    let line = source.line_span(source.line(span.end));
    let rest = source.slice(Span::new(span.end.min(line.end), line.end));
    let ends_line = rest.trim_start().is_empty() || rest.trim_start().starts_with('#');
    if ends_line && source.begins_line(span.start) {
        let end = line.start + offset(source.slice(line).trim_end_matches(['\r', ' ', '\t']).len());
        let text = format!("{}{text}", new_line(source, span.start));
        Edit { place: source.place(Span::at(end.max(span.end))), text }
    } else {
        Edit { place: source.place(Span::at(span.end)), text: format!(" {text}") }
    }
}

/// Adds a setting to the location that passes requests on: behind its `proxy_pass`.
///
/// Where that stands in an `if` or `limit_except`, which most settings may not, or comes
/// from an include, which other locations may have too, it goes before what holds it. All
/// that pass requests on in one location get one place, so that no setting comes twice.
pub(super) fn set_in_location(model: &Model<'_>, proxied: &Proxied<'_>, text: &str) -> Edit {
    let location = proxied.settings_scope(model);
    let Some(opener) = model.scope(location).opener else {
        return insert_after(proxied.pass, text);
    };
    let is_here = |pass: &Directive<'_>| pass.source.id == opener.source.id;
    if let Some(pass) = model.scope(location).last("proxy_pass").filter(is_here) {
        return insert_after(pass, text);
    }
    let holds_it = |inner: &Directive<'_>| {
        let blocks = ["if", "limit_except", "include"];
        blocks.iter().any(|name| inner.is(name))
    };
    match opener.directives().find(holds_it) {
        Some(holder) => insert_before(holder, text),
        None => insert_after(proxied.pass, text),
    }
}

/// Adds several settings in the same way, as one edit; none if there is none.
pub(super) fn set_all_in_location(
    model: &Model<'_>,
    proxied: &Proxied<'_>,
    lines: &[String],
) -> Option<Edit> {
    let mut edits = lines.iter().map(|line| set_in_location(model, proxied, line));
    let first = edits.next()?;
    Some(edits.fold(first, |all, edit| Edit { text: all.text + &edit.text, ..all }))
}

/// Removes a directive, with its line if nothing else is on it.
pub(super) fn remove(directive: Directive<'_>) -> Edit {
    let source = directive.source;
    let span = directive.span();
    let line = source.line_span(source.line(span.end));
    let rest = source.slice(Span::new(span.end.min(line.end), line.end));
    let whole = if source.begins_line(span.start) && rest.trim().is_empty() {
        let start = source.line_start(source.line(span.start));
        Span::new(start, (line.end + 1).min(source.end()))
    } else {
        span
    };
    Edit { place: source.place(whole), text: String::new() }
}

/// True if a line of a scope stands in another file than the scope's block: an include,
/// which other scopes may have too.
pub(super) fn is_included(scope: &Scope<'_>, line: Directive<'_>) -> bool {
    scope.opener.is_some_and(|opener| opener.source.id != line.source.id)
}

/// A line end and the indentation of the line that holds `at`.
pub(super) fn new_line(source: &Source, at: u32) -> String {
    format!("{}{}", source.line_ending(), source.indentation(at))
}
