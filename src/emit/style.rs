//! What of the layout may be chosen.

use std::borrow::Cow;

use crate::project::File;
use crate::source::{Source, Span};
use crate::syntax::{Body, Directive, Quote, Word};

/// How a level of blocks is indented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Indent {
    /// By so many spaces.
    Spaces(usize),
    /// By a tab.
    Tab,
    /// As the file does it where it first does.
    Keep,
}

/// The layout of a formatted file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// How a level of blocks is indented.
    pub indent: Indent,
    /// Single quotes become double ones where nothing between them has to change.
    pub normalizes_quotes: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { indent: Indent::Spaces(4), normalizes_quotes: false }
    }
}

impl Style {
    /// The white space of one level.
    pub(super) fn unit(&self, file: &File) -> String {
        match self.indent {
            Indent::Spaces(count) => " ".repeat(count),
            Indent::Tab => "\t".to_owned(),
            Indent::Keep => unit_of(file).unwrap_or_else(|| " ".repeat(4)),
        }
    }

    /// A word as it is printed.
    pub(super) fn word<'a>(&self, word: Word, source: &'a Source) -> Cow<'a, str> {
        let text = source.slice(word.span);
        let inner = source.slice(word.inner());
        // Nobody knows which quotes a placeholder brings.
        let may_change = word.quote == Quote::Single && !word.has_placeholder;
        if self.normalizes_quotes && may_change && !inner.contains(['"', '\n']) {
            Cow::Owned(format!("\"{inner}\""))
        } else {
            Cow::Borrowed(text)
        }
    }
}

/// The line end that most lines have, but for those inside words and Lua code, which stay as they
/// are: so a file that was printed with one keeps it.
pub(super) fn line_ending(file: &File) -> &'static str {
    let source = &file.source;
    let is_mixed = source.text().contains("\r\n")
        && source.text().matches('\n').count() > source.text().matches("\r\n").count();
    if !is_mixed {
        return source.line_ending();
    }
    let mut crlf = 0_usize;
    let mut lf = 0_usize;
    let mut count = |text: &str| {
        crlf += text.matches("\r\n").count();
        lf += text.matches('\n').count() - text.matches("\r\n").count();
    };
    let mut done = 0;
    for directive in file.tree.all_directives(source) {
        let mut kept: Vec<Span> = directive.words().iter().map(|word| word.span).collect();
        if let Body::Lua { open, close } = directive.body() {
            kept.push(Span::new(open, close));
        }
        for span in kept {
            count(source.slice(Span::new(done, span.start)));
            done = span.end;
        }
    }
    count(source.slice(Span::new(done, source.end())));
    if crlf > lf { "\r\n" } else { "\n" }
}

/// By how much the first directive that stands deeper than its block on a line of its own does
/// so.
fn unit_of(file: &File) -> Option<String> {
    let source = &file.source;
    let mut open: Vec<Directive<'_>> = file.directives().collect();
    open.reverse();
    while let Some(block) = open.pop() {
        if !matches!(block.body(), Body::Block { .. }) {
            continue;
        }
        let outer = source.indentation(block.span().start);
        for item in block.items() {
            let at = item.span().start;
            let deeper = source.indentation(at).strip_prefix(outer).unwrap_or_default();
            if source.begins_line(at) && !deeper.is_empty() {
                return Some(deeper.to_owned());
            }
        }
        let from = open.len();
        open.extend(block.directives());
        open[from..].reverse();
    }
    None
}
