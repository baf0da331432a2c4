//! Formats some lines of a file, and leaves the others as they are.

use std::ops::RangeInclusive;

use crate::project::File;
use crate::source::Span;
use crate::syntax;

use super::verify::{tokens, verify};
use super::{EmitError, Style, format};

/// Formats what stands in some lines, which count from 1; the text is for
/// [`Source::encode`](crate::source::Source::encode).
///
/// The white space before each token of these lines becomes that of the formatted file.
pub fn format_lines(
    file: &File,
    style: &Style,
    lines: RangeInclusive<u32>,
) -> Result<String, EmitError> {
    let printed = format(file, style)?;
    let source = &file.source;
    let again = source.with_text(&printed).expect("formatting adds nothing but ASCII");
    let (tree, _) = syntax::parse(&again);
    let (mut old, mut new) = (Vec::new(), Vec::new());
    tokens(file.tree.items(source), style, &mut old);
    tokens(tree.items(&again), style, &mut new);
    let mut text = String::new();
    let (mut old_end, mut new_end) = (0, 0);
    for ((_, was), (_, is)) in old.iter().zip(&new) {
        if lines.contains(&source.line(was.start)) {
            text.push_str(again.slice(Span::new(new_end, is.end)));
        } else {
            text.push_str(source.slice(Span::new(old_end, was.end)));
        }
        (old_end, new_end) = (was.end, is.end);
    }
    if lines.contains(&source.line_count()) {
        text.push_str(again.slice(Span::new(new_end, again.end())));
    } else {
        text.push_str(source.slice(Span::new(old_end, source.end())));
    }
    verify(file, &text, style)?;
    Ok(text)
}
