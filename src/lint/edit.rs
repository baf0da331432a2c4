//! Edits as people make them: whole lines, in the file's indentation and line ends.

use crate::diagnostic::Edit;
use crate::model::{Model, Proxied, ScopeKind};
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

/// Adds a setting to the location that passes requests on: behind its `proxy_pass` or,
/// where that stands in an `if` or `limit_except`, before that block, because most
/// settings may not stand inside.
pub(super) fn set_in_location(model: &Model<'_>, proxied: &Proxied<'_>, text: &str) -> Edit {
    let inner = model.ancestors(proxied.scope).map(|id| model.scope(id));
    let inner = inner.take_while(|scope| scope.kind != ScopeKind::Location);
    match inner.filter_map(|scope| scope.opener).last() {
        Some(block) => insert_before(block, text),
        None => insert_after(proxied.pass, text),
    }
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

/// A line end and the indentation of the line that holds `at`.
pub(super) fn new_line(source: &Source, at: u32) -> String {
    format!("{}{}", source.line_ending(), source.indentation(at))
}
