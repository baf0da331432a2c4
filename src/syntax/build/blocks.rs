//! Blocks that are never closed, and where their `}` belongs: the indentation says.

use crate::diagnostic::Fix;
use crate::source::Span;
use crate::syntax::MAX_DEPTH;
use crate::syntax::tree::Body;

use super::{Builder, width};

impl Builder<'_> {
    /// Before a statement: closes the blocks that its indentation says have ended.
    pub(super) fn begin_statement(&mut self, word: Span) {
        if self.source.begins_line(word.start) {
            let column = width(self.source.indentation(word.start));
            let first = self.stack.last().filter(|frame| frame.empty);
            self.is_indented |=
                first.and_then(|frame| frame.indent).is_some_and(|indent| indent < column);
            while self.by_indentation && self.top_indent().is_some_and(|indent| column <= indent) {
                self.close_missing(word);
            }
        }
        if let Some(frame) = self.stack.last_mut() {
            frame.empty = false;
        }
    }

    pub(super) fn top_indent(&self) -> Option<usize> {
        self.stack.last().and_then(|frame| frame.indent)
    }

    /// Before a `}` that begins its line: closes the blocks that stand further right,
    /// if it belongs to one of the outer blocks.
    pub(super) fn close_inner_blocks(&mut self, brace: Span) {
        if !self.source.begins_line(brace.start) {
            return;
        }
        let column = width(self.source.indentation(brace.start));
        let mut near = self.stack.iter().rev().take(MAX_DEPTH);
        if near.any(|frame| frame.indent == Some(column)) {
            while self.top_indent().is_some_and(|indent| column < indent) {
                self.close_missing(brace);
            }
        }
    }

    /// Closes the innermost block, whose `}` is missing before `next`.
    pub(super) fn close_missing(&mut self, next: Span) {
        let Some(frame) = self.stack.pop() else {
            return;
        };
        self.unclosed += 1;
        if frame.node.is_none() {
            return;
        }
        let last_word = self.tree.words.last().map_or(0, |word| word.span.end);
        let inner_end = self.ended.max(last_word).max(frame.head.end);
        self.end_block(&frame, inner_end, None);
        let what = self.source.slice(self.first_line(frame.head));
        let message =
            format!("\"{what}\" is never closed: unexpected end of file, expecting \"}}\"");
        let mut diagnostic =
            self.error("unclosed-block", frame.head, message).here("this block has no \"}\"");
        let last_line = self.source.line_span(self.source.line(inner_end));
        let at = if self.source.slice(last_line).ends_with('\r') {
            last_line.end - 1
        } else {
            last_line.end
        };
        let indentation = self.source.indentation(frame.head.start);
        let brace = format!("{}{indentation}}}", self.source.line_ending());
        let edit = self.edit(Span::at(at.max(inner_end)), brace);
        let fix = Fix::risky("close the block", vec![edit]);
        diagnostic = diagnostic.fix(Some(fix).filter(|_| !self.is_misread));
        let line = self.source.line(next.start);
        if next.start == self.source.end() {
            diagnostic =
                diagnostic.help(format!("add \"}}\" at the end of the block of \"{what}\""));
        } else {
            diagnostic = diagnostic
                .also(self.source.place(next), "it should have ended before this")
                .help(format!("add \"}}\" before line {line}"));
        }
        self.report.push(diagnostic);
    }

    pub(super) fn end_of_file(&mut self) {
        if self.in_statement() {
            let (_, head) =
                self.finish(self.tree.words[self.tree.words.len() - 1].span.end, Body::None);
            let words = self.first_line(head);
            if !self.is_cut {
                let message = "unexpected end of file, expecting \";\" or \"}\"";
                self.report.push(
                    self.error("missing-semicolon", words, message)
                        .here("this directive is not ended")
                        .help("end the directive with \";\""),
                );
            }
        }
        let end = Span::at(self.source.end());
        while !self.stack.is_empty() {
            self.close_missing(end);
        }
        self.report.sort_by_key(|diagnostic| diagnostic.label.place.span);
    }
}
