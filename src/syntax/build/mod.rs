//! Tokens to tree: statements and blocks, with a stack, and what is wrong with them.
//!
//! Each error has nginx's words and leaves as much of the rest readable as can be.
//! Where closing braces are missing, the file is built a second time, trusting its
//! indentation to say which blocks they belong to.

mod blocks;
mod lua;
mod template;
mod words;

use crate::diagnostic::{Diagnostic, Edit, Fix, Kind, Severity};
use crate::source::{Encoding, Source, Span, offset};

use super::MAX_DEPTH;
use super::lexer::{Lexer, Token, TokenKind};
use super::placeholder::Placeholders;
use super::tree::{Body, Node, Tree};

pub use template::parse;

/// An open block.
struct Frame {
    /// Its directive, unless it has no name or lies too deep.
    node: Option<u32>,
    /// From the directive's name to its last word; the `{` if it has no name.
    head: Span,
    /// Width of the white space before it, if it begins its line.
    indent: Option<usize>,
    /// No statement has been seen in it yet.
    empty: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "what is known of the text so far")]
struct Builder<'a> {
    source: &'a Source,
    placeholders: Placeholders<'a>,
    /// A statement began a branch that has not ended: what follows may be the rest of it.
    is_half: bool,
    lexer: Lexer<'a>,
    /// Close blocks where the indentation says that they end.
    by_indentation: bool,
    tree: Tree,
    stack: Vec<Frame>,
    /// Index of the first word of the statement that is being read.
    statement: usize,
    last: Option<Token>,
    /// Behind the last `;` or `}`.
    ended: u32,
    /// The statement has an unclosed quote: what else is wrong with it, that did.
    is_cut: bool,
    /// A quote or Lua body has no end, so braces behind it may not be what they seem.
    is_misread: bool,
    /// Blocks that lack their `}`.
    unclosed: usize,
    /// `}` without a block.
    stray: usize,
    /// Some block's first statement stands further to the right than the block.
    is_indented: bool,
    report: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    /// Builds from `text`, which is that of the source with its tags masked.
    fn new(source: &'a Source, text: &'a str, found: Placeholders<'a>) -> Self {
        Self {
            source,
            placeholders: found,
            is_half: false,
            lexer: Lexer::new(text),
            by_indentation: false,
            tree: Tree::default(),
            stack: Vec::new(),
            statement: 0,
            last: None,
            ended: 0,
            is_cut: false,
            is_misread: false,
            unclosed: 0,
            stray: 0,
            is_indented: false,
            report: Vec::new(),
        }
    }

    fn run(mut self) -> Self {
        self.byte_order_mark();
        while let Some(mut token) = self.lexer.next() {
            if token.kind == TokenKind::Word {
                token.span.end = self.placeholders.word_end(token.span);
            }
            self.check_length(token);
            if self.glued(token) {
                self.last = None;
                continue;
            }
            match token.kind {
                TokenKind::Word | TokenKind::Quoted => self.word(token),
                TokenKind::UnclosedQuote => self.unclosed_quote(token.span),
                TokenKind::Comment => self.comment(token.span),
                TokenKind::Semicolon => self.semicolon(token.span),
                TokenKind::Open => self.open(token.span),
                TokenKind::Close => self.close(token.span),
            }
            if matches!(token.kind, TokenKind::Semicolon | TokenKind::Close) {
                self.ended = token.span.end;
            }
            self.last = Some(token);
        }
        self.end_of_file();
        self
    }

    fn error(&self, rule: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Kind::Syntax, rule, Severity::Error, self.source.place(span), message)
    }

    fn edit(&self, span: Span, text: impl Into<String>) -> Edit {
        Edit { place: self.source.place(span), text: text.into() }
    }

    /// nginx knows no byte order mark: it takes it for part of the first word.
    fn byte_order_mark(&mut self) {
        let bom = match self.source.encoding {
            Encoding::Utf8 => "\u{feff}",
            Encoding::Latin1 => "\u{ef}\u{bb}\u{bf}",
        };
        let text = self.source.text();
        let first = text.trim_start_matches([' ', '\t', '\r', '\n']);
        if !first.starts_with(bom) {
            return;
        }
        let start = text.len() - first.len();
        let span = Span::new(offset(start), offset(start + bom.len()));
        self.lexer.seek(span.end);
        let first = first[bom.len()..].split([' ', '\t', '\r', '\n', ';', '{']).next();
        let message = format!(
            "unknown directive \"<BOM>{}\": the file begins with a byte order mark",
            first.unwrap_or_default()
        );
        self.report.push(
            self.error("byte-order-mark", span, message)
                .here("these three bytes")
                .help("save the file as UTF-8 without a byte order mark (BOM)")
                .fix(Fix::safe("remove the byte order mark", vec![self.edit(span, "")])),
        );
    }

    fn comment(&mut self, span: Span) {
        if self.in_statement() {
            self.tree.inner_comments.push(span);
        } else {
            self.push_node(span, (0, 0), Body::None);
        }
    }

    fn push_node(&mut self, span: Span, words: (u32, u32), body: Body) -> Option<u32> {
        if self.stack.len() > MAX_DEPTH {
            return None;
        }
        let index = offset(self.tree.nodes.len());
        self.tree.nodes.push(Node { span, words, body, end: index + 1 });
        Some(index)
    }

    /// Ends the statement as a node; gives the node and the range of its words.
    fn finish(&mut self, end: u32, body: Body) -> (Option<u32>, Span) {
        let words = &self.tree.words[self.statement..];
        let head = words[0].span.to(words[words.len() - 1].span);
        let range = (offset(self.statement), offset(self.tree.words.len()));
        self.is_half |= self.placeholders.leaves_branch(head);
        let node = self.push_node(Span::new(head.start, end), range, body);
        if node.is_none() {
            self.tree.words.truncate(self.statement);
        }
        self.statement = self.tree.words.len();
        (node, head)
    }

    fn semicolon(&mut self, span: Span) {
        if self.in_statement() {
            self.finish(span.end, Body::None);
            self.is_cut = false;
            return;
        }
        let after_block = self.last.is_some_and(|last| last.kind == TokenKind::Close);
        let help = if after_block {
            "a block ends with its \"}\": remove the \";\" behind it"
        } else {
            "remove the \";\", or write the directive that it ends"
        };
        self.report.push(
            self.error("unexpected-semicolon", span, "unexpected \";\"")
                .here("there is no directive for it to end")
                .help(help)
                .fix(Fix::safe("remove the \";\"", vec![self.edit(span, "")])),
        );
    }

    fn open(&mut self, span: Span) {
        if self.lua(span) || self.repetition(span) {
            return;
        }
        let (node, head) = if self.in_statement() {
            self.finish(span.end, Body::Block { open: span.start, close: None })
        } else {
            self.report.push(
                self.error("unexpected-brace", span, "unexpected \"{\"")
                    .here("this block has no name")
                    .help("write the directive that the block belongs to before it, or remove the \"{\""),
            );
            (None, span)
        };
        if self.stack.len() == MAX_DEPTH {
            let message = format!("blocks are nested deeper than {MAX_DEPTH} levels");
            self.report.push(
                self.error("nested-too-deeply", head, message)
                    .here("nothing inside this block is checked")
                    .help("ngxc reads no deeper; nginx itself can crash on such a file"),
            );
        }
        let indent =
            self.source.begins_line(head.start).then(|| width(self.source.indentation(head.start)));
        self.stack.push(Frame { node, head, indent, empty: true });
    }

    fn close(&mut self, span: Span) {
        if self.in_statement() {
            self.missing_semicolon(span);
        }
        if self.by_indentation {
            self.close_inner_blocks(span);
        }
        let Some(frame) = self.stack.pop() else {
            self.stray += 1;
            self.report.push(
                self.error("unexpected-brace", span, "unexpected \"}\"")
                    .here("no block is open here")
                    .help("remove it, or look above for a block that was closed too early"),
            );
            return;
        };
        self.end_block(&frame, span.end, Some(span.start));
    }

    fn end_block(&mut self, frame: &Frame, end: u32, brace: Option<u32>) {
        let last = offset(self.tree.nodes.len());
        let Some(node) = frame.node.map(|index| &mut self.tree.nodes[index as usize]) else {
            return;
        };
        node.end = last;
        node.span.end = end;
        if let Body::Block { close, .. } = &mut node.body {
            *close = brace;
        }
    }

    fn missing_semicolon(&mut self, brace: Span) {
        let is_cut = std::mem::take(&mut self.is_cut);
        let name = self.source.slice(self.tree.words[self.statement].span);
        let looks_right = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let end = self.tree.words[self.tree.words.len() - 1].span.end;
        let (_, head) = self.finish(end, Body::None);
        if is_cut {
            return;
        }
        // Where the words are no directive, another character is not what they lack.
        let fix = Fix::safe("add the \";\"", vec![self.edit(Span::at(head.end), ";")]);
        self.report.push(
            self.error("missing-semicolon", self.last_char(head), "unexpected \"}\"")
                .here("a \";\" is missing behind this")
                .also(self.source.place(brace), "nginx stops here")
                .help("end the directive with \";\"")
                .fix(looks_right.then_some(fix)),
        );
    }

    fn last_char(&self, span: Span) -> Span {
        let len = self.source.slice(span).chars().next_back().map_or(0, char::len_utf8);
        Span::new(span.end - offset(len), span.end)
    }
}

/// Columns of white space; a tab reaches the next multiple of eight.
fn width(indentation: &str) -> usize {
    indentation.chars().fold(0, |column, c| match c {
        '\t' => column / 8 * 8 + 8,
        _ => column + 1,
    })
}
