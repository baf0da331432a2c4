//! The proof that formatting changed nothing.

use std::borrow::Cow;

use crate::project::File;
use crate::source::{Source, Span, offset};
use crate::syntax::{self, Body, Item};

use super::{EmitError, Style};

/// Reads a printed text again and compares it with the file, word by word and comment by
/// comment; with other quotes, the values of words are what counts.
pub(super) fn verify(file: &File, printed: &str, style: &Style) -> Result<(), EmitError> {
    let source = &file.source;
    let again = source.with_text(printed).expect("formatting adds nothing but ASCII");
    let (tree, report) = syntax::parse(&again);
    let mut before = Vec::new();
    tokens(file.tree.items(source), style, &mut before);
    let mut after = Vec::new();
    tokens(tree.items(&again), style, &mut after);
    if report.is_empty()
        && before.iter().map(|(text, _)| text).eq(after.iter().map(|(text, _)| text))
    {
        return Ok(());
    }
    let differs = before.iter().zip(&after).find(|((a, _), (b, _))| a != b);
    let at = differs.or(before.last().zip(after.last())).map_or(0, |((_, span), _)| span.start);
    Err(EmitError::Changed { line: source.line(at) })
}

/// A token's text as it counts, and where it is.
pub(super) type Token<'a> = (Cow<'a, str>, Span);

/// All words with their quotes, `;`, braces, Lua bodies and comments, in order.
pub(super) fn tokens<'a>(
    items: impl Iterator<Item = Item<'a>>,
    style: &Style,
    into: &mut Vec<Token<'a>>,
) {
    for item in items {
        let directive = match item {
            Item::Comment(comment) => {
                into.push(trimmed(comment.source, comment.span));
                continue;
            }
            Item::Placeholder(placeholder) => {
                into.push((placeholder.text().into(), placeholder.span));
                continue;
            }
            Item::Directive(directive) => directive,
        };
        let source = directive.source;
        let from = into.len();
        for word in directive.words() {
            let text = if style.normalizes_quotes && word.is_quoted() {
                format!("\"{}", word.literal(source)).into()
            } else {
                source.slice(word.span).into()
            };
            into.push((text, word.span));
        }
        for &span in directive.inner_comments() {
            into.push(trimmed(source, span));
        }
        into[from..].sort_by_key(|&(_, span)| span);
        let end = directive.span().end;
        let last = Span::new(end - 1, end);
        match directive.body() {
            Body::None => into.push((";".into(), last)),
            Body::Lua { open, close } => {
                into.push((source.slice(Span::new(open, close)).into(), Span::new(open, end)));
            }
            Body::Block { open, .. } => {
                into.push(("{".into(), Span::new(open, open + 1)));
                tokens(directive.items(), style, into);
                into.push(("}".into(), last));
            }
        }
    }
}

/// A comment without the white space at its end.
fn trimmed(source: &Source, span: Span) -> Token<'_> {
    let text = source.slice(span).trim_end_matches([' ', '\t', '\r']);
    (text.into(), Span::new(span.start, span.start + offset(text.len())))
}
