//! Tokens to tree: statements and blocks, with a stack, and what is wrong with them.
//!
//! Each error has nginx's words and leaves as much of the rest readable as can be.
//! Where closing braces are missing, the file is built a second time, trusting its
//! indentation to say which blocks they belong to.

use crate::diagnostic::{Diagnostic, Edit, Fix, Kind, Severity};
use crate::source::{Encoding, Source, Span, offset};

use super::MAX_DEPTH;
use super::lexer::{Lexer, LuaEnd, Token, TokenKind};
use super::tree::{Body, Node, Quote, Tree, Word};

/// nginx reads at most this many bytes for a token (`NGX_CONF_BUFFER`).
const NGX_CONF_BUFFER: u32 = 4096;

/// Reads a source: a tree of what could be read, and what nginx would reject in it.
pub fn parse(source: &Source) -> (Tree, Vec<Diagnostic>) {
    let plain = Builder::new(source, false).run();
    if plain.unclosed > 0 && plain.is_indented {
        let indented = Builder::new(source, true).run();
        if indented.unclosed == plain.unclosed && indented.stray == plain.stray {
            return (indented.tree, indented.report);
        }
    }
    (plain.tree, plain.report)
}

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

struct Builder<'a> {
    source: &'a Source,
    lexer: Lexer<'a>,
    /// Close blocks where the indentation says that they end.
    by_indentation: bool,
    tree: Tree,
    stack: Vec<Frame>,
    /// Index of the first word of the statement that is being read.
    statement: usize,
    last: Option<Token>,
    /// Blocks that lack their `}`.
    unclosed: usize,
    /// `}` without a block.
    stray: usize,
    /// Some block's first statement stands further to the right than the block.
    is_indented: bool,
    report: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Source, by_indentation: bool) -> Self {
        Self {
            source,
            lexer: Lexer::new(source.text()),
            by_indentation,
            tree: Tree::default(),
            stack: Vec::new(),
            statement: 0,
            last: None,
            unclosed: 0,
            stray: 0,
            is_indented: false,
            report: Vec::new(),
        }
    }

    fn run(mut self) -> Self {
        self.byte_order_mark();
        while let Some(token) = self.lexer.next() {
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
        if !self.source.text().starts_with(bom) {
            return;
        }
        let span = Span::new(0, offset(bom.len()));
        self.lexer.seek(span.end);
        let first = self.source.text()[bom.len()..].split([' ', '\t', '\r', '\n', ';', '{']).next();
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

    // ---- words ----------------------------------------------------------------

    fn in_statement(&self) -> bool {
        self.statement < self.tree.words.len()
    }

    fn word(&mut self, token: Token) {
        let brace = self.last.filter(|last| last.kind == TokenKind::Open && last.span.end == token.span.start);
        if let Some(brace) = brace.filter(|_| self.in_statement())
            && let Some(word) = self.tree.words.last_mut().filter(|word| word.span.end == brace.span.start)
        {
            // The rest of a word that a repetition's brace cut in two.
            word.span.end = token.span.end;
            return;
        }
        if !self.in_statement() {
            self.begin_statement(token.span);
        }
        let quote = match token.kind {
            TokenKind::Word => Quote::None,
            _ if self.source.slice(token.span).starts_with('"') => Quote::Double,
            _ => Quote::Single,
        };
        self.tree.words.push(Word { span: token.span, quote });
    }

    /// The lengths of section "NGX_CONF_BUFFER": the reader fails when 4096 bytes of a
    /// token do not bring it to the next one.
    fn check_length(&mut self, token: Token) {
        if token.span.end - token.span.start < NGX_CONF_BUFFER - 2 {
            return;
        }
        let len = self.source.disk_len(token.span);
        let next = self.source.text().as_bytes().get(token.span.end as usize).copied();
        let ends = matches!(next, Some(b';' | b'{'));
        let limit = match token.kind {
            TokenKind::Comment if next.is_none() => NGX_CONF_BUFFER,
            TokenKind::Comment => NGX_CONF_BUFFER - 1,
            // Both quotes are counted here; nginx counts from behind the first one.
            TokenKind::Word | TokenKind::Quoted if ends => NGX_CONF_BUFFER - 1,
            TokenKind::Word | TokenKind::Quoted => NGX_CONF_BUFFER - 2,
            _ => return,
        };
        let limit = limit + u32::from(token.kind == TokenKind::Quoted);
        if len <= limit {
            return;
        }
        let start = token.span.start + u32::from(token.kind == TokenKind::Quoted);
        let head: String = self.source.text()[start as usize..].chars().take(10).collect();
        let what = if token.kind == TokenKind::Comment { "comment" } else { "word" };
        let help = format!(
            "nginx reads a {what} of at most {} bytes: shorten it{}",
            limit - 2 * u32::from(token.kind == TokenKind::Quoted),
            if what == "comment" { ", or spread it over several lines" } else { "" },
        );
        let message = format!("too long parameter \"{head}...\": this {what} has {len} bytes");
        let first_line = self.first_line(token.span);
        self.report.push(self.error("too-long-parameter", first_line, message).help(help));
    }

    /// Behind a closing quote nginx wants white space, `;`, `{` or `)`. True if the
    /// tokens are to be read again from another place.
    fn glued(&mut self, token: Token) -> bool {
        let Some(quote) = self.last.filter(|last| {
            last.kind == TokenKind::Quoted && last.span.end == token.span.start
        }) else {
            return false;
        };
        let next = self.source.slice(token.span).chars().next().unwrap_or_default();
        if matches!(next, ';' | '{' | ')') {
            return false;
        }
        let message = format!("unexpected \"{}\" right behind a closing quote", next.escape_debug());
        let glued = Span::new(token.span.start, token.span.start + offset(next.len_utf8()));
        let first_line = self.first_line(quote.span);
        if first_line == quote.span {
            self.report.push(
                self.error("unexpected-after-quote", glued, message)
                    .here("expected white space, \";\", \"{\" or \")\"")
                    .also(self.source.place(quote.span), "the quoted text")
                    .help(
                        "put white space between them, or quote the whole word; inside quotes write the quote as \\\"",
                    ),
            );
            return false;
        }
        // A quote that runs over line ends and closes before other text opens no quote:
        // its own closing one is missing, and the next quote was taken for it.
        self.report.push(
            self.error("unclosed-quote", first_line, message)
                .here("the quote that opens here is probably never closed")
                .also(self.source.place(glued), "so this quote, meant to open, closes it")
                .help("close the quote on its own line"),
        );
        self.tree.words.pop();
        self.close_quote_early(quote.span);
        true
    }

    fn unclosed_quote(&mut self, span: Span) {
        let quote = self.source.slice(span).chars().next().unwrap_or_default();
        let first_line = self.first_line(span);
        let message = if self.source.disk_len(span) > NGX_CONF_BUFFER {
            format!("too long parameter, probably missing terminating \"{quote}\" character")
        } else {
            format!("unexpected end of file, expecting \";\" or \"}}\": no closing {quote}")
        };
        let text_end = self.quoted_line_end(span);
        self.report.push(
            self.error("unclosed-quote", first_line, message)
                .here(format!("the {quote} that opens here is never closed"))
                .help(format!("close the quote with {quote} on its own line"))
                .fix(Fix::risky(
                    "close the quote at the end of its line",
                    vec![self.edit(Span::at(text_end), quote.to_string())],
                )),
        );
        self.close_quote_early(span);
    }

    /// Takes an unclosed quote as closed at the end of its first line, and goes on there.
    fn close_quote_early(&mut self, span: Span) {
        let end = self.quoted_line_end(span);
        if !self.in_statement() {
            self.begin_statement(span);
        }
        self.tree.words.push(Word { span: Span::new(span.start, end), quote: Quote::None });
        self.lexer.seek(end);
    }

    /// The end of the text that an unclosed quote was meant to hold.
    fn quoted_line_end(&self, span: Span) -> u32 {
        let line = self.source.slice(self.first_line(span));
        let text = line.trim_end_matches([' ', '\t', '\r']);
        let text = text.strip_suffix([';', '{']).unwrap_or(text);
        let text = text.trim_end_matches([' ', '\t']);
        span.start + offset(text.len().max(1))
    }

    /// The part of a range that lies on its first line.
    fn first_line(&self, span: Span) -> Span {
        let len = self.source.slice(span).find('\n').map_or(span.end - span.start, offset);
        Span::new(span.start, span.start + len)
    }

    // ---- statements -----------------------------------------------------------

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
        if self.repetition(span) {
            return;
        }
        let (node, head) = if self.in_statement() {
            if self.lua(span) {
                return;
            }
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
        let indent = self
            .source
            .begins_line(head.start)
            .then(|| width(self.source.indentation(head.start)));
        self.stack.push(Frame { node, head, indent, empty: true });
    }

    /// A `{2}` or `{1,3}` right behind a word is a regular expression's repetition that
    /// lacks its quotes; true if it is. The word goes on behind the brace.
    fn repetition(&mut self, open: Span) -> bool {
        let text = self.source.text();
        let Some(last) = self.last.filter(|last| last.kind == TokenKind::Word && last.span.end == open.start)
        else {
            return false;
        };
        let behind = text[open.end as usize..].trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = text.len() - open.end as usize - behind.len();
        let behind = behind.strip_prefix(',').unwrap_or(behind);
        let behind = behind.trim_start_matches(|c: char| c.is_ascii_digit());
        if digits == 0 || !behind.starts_with('}') || !self.in_statement() {
            return false;
        }
        let start = self.tree.words[self.tree.words.len() - 1].span.start;
        if start < last.span.start {
            // Another repetition of the same word: it has been reported.
            return true;
        }
        let len = text[start as usize..].find([' ', '\t', '\r', '\n', ';']);
        let word = Span::new(start, len.map_or(self.source.end(), |len| start + offset(len)));
        let quote = if self.source.slice(word).contains('"') { "'" } else { "\"" };
        let edits = vec![self.edit(Span::at(word.start), quote), self.edit(Span::at(word.end), quote)];
        let name = self.tree.words[self.statement].value(self.source);
        let message = format!("unquoted \"{{\" in a value of \"{name}\": nginx takes it for the beginning of a block");
        self.report.push(
            self.error("unquoted-brace", open, message)
                .here("a bare word ends here")
                .also(self.source.place(word), "this was meant as one word")
                .help("put quotes around a regular expression with braces")
                .fix(Fix::safe("quote the regular expression", edits)),
        );
        true
    }

    /// Reads a Lua body if the statement is a `*_by_lua_block`; false if it is not.
    fn lua(&mut self, open: Span) -> bool {
        let name = self.tree.words[self.statement].value(self.source);
        if !name.ends_with("_by_lua_block") {
            return false;
        }
        let close = match self.lexer.lua_end(open.end) {
            LuaEnd::Close(close) => close,
            LuaEnd::LongBracket(bracket) => {
                let opener = self.first_line(bracket);
                self.report.push(
                    self.error(
                        "unclosed-lua-block",
                        opener,
                        "Lua code block missing the closing long bracket \"]]\"",
                    )
                    .here("this long bracket is never closed")
                    .help("close it with \"]]\" (with as many \"=\" between as the opening one has)"),
                );
                self.lua_recovery(open)
            }
            LuaEnd::Nowhere => {
                let head = self.tree.words[self.statement].span;
                self.report.push(
                    self.error(
                        "unclosed-lua-block",
                        head,
                        "unexpected end of file, expecting terminating characters for lua code block",
                    )
                    .here("the Lua code of this block never ends")
                    .help("add the missing \"}\"; braces in Lua strings and comments do not count"),
                );
                self.lua_recovery(open)
            }
        };
        self.finish((close + 1).min(self.source.end()), Body::Lua { open: open.start, close });
        self.lexer.seek((close + 1).min(self.source.end()));
        true
    }

    /// The likely end of an unclosed Lua body: a `}` no further right than its head.
    fn lua_recovery(&self, open: Span) -> u32 {
        let indent = width(self.source.indentation(self.tree.words[self.statement].span.start));
        let first = self.source.line(open.start) + 1;
        (first..=self.source.line_count())
            .map(|line| self.source.line_span(line))
            .find_map(|span| {
                let line = self.source.slice(span);
                let text = line.trim_start_matches([' ', '\t']);
                let lead = &line[..line.len() - text.len()];
                (text.starts_with('}') && width(lead) <= indent)
                    .then(|| span.start + offset(lead.len()))
            })
            .unwrap_or(self.source.end())
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
        let (_, head) = self.finish(self.tree.words[self.tree.words.len() - 1].span.end, Body::None);
        let place = Span::at(head.end);
        self.report.push(
            self.error("missing-semicolon", Span::new(head.end - 1, head.end), "unexpected \"}\"")
                .here("a \";\" is missing behind this")
                .also(self.source.place(brace), "nginx stops here")
                .help("end the directive with \";\"")
                .fix(Fix::safe("add the \";\"", vec![self.edit(place, ";")])),
        );
    }

    // ---- missing braces -------------------------------------------------------

    /// Before a statement: closes the blocks that its indentation says have ended.
    fn begin_statement(&mut self, word: Span) {
        if self.source.begins_line(word.start) {
            let column = width(self.source.indentation(word.start));
            let first = self.stack.last().filter(|frame| frame.empty);
            self.is_indented |= first.and_then(|frame| frame.indent).is_some_and(|indent| indent < column);
            while self.by_indentation && self.top_indent().is_some_and(|indent| column <= indent) {
                self.close_missing(word);
            }
        }
        if let Some(frame) = self.stack.last_mut() {
            frame.empty = false;
        }
    }

    fn top_indent(&self) -> Option<usize> {
        self.stack.last().and_then(|frame| frame.indent)
    }

    /// Before a `}` that begins its line: closes the blocks that stand further right,
    /// if it belongs to one of the outer blocks.
    fn close_inner_blocks(&mut self, brace: Span) {
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
    fn close_missing(&mut self, next: Span) {
        let Some(frame) = self.stack.pop() else { return };
        self.unclosed += 1;
        if frame.node.is_none() {
            return;
        }
        let inner_end = self.tree.nodes.last().map_or(frame.head.end, |node| node.span.end);
        self.end_block(&frame, inner_end.max(frame.head.end), None);
        let what = self.source.slice(self.first_line(frame.head));
        let message = format!("\"{what}\" is never closed: unexpected end of file, expecting \"}}\"");
        let mut diagnostic = self
            .error("unclosed-block", frame.head, message)
            .here("this block has no \"}\"");
        let line = self.source.line(next.start);
        if next.start == self.source.end() {
            diagnostic = diagnostic.help(format!("add \"}}\" at the end of the block of \"{what}\""));
        } else {
            diagnostic = diagnostic
                .also(self.source.place(next), "it should have ended before this")
                .help(format!("add \"}}\" before line {line}"));
        }
        self.report.push(diagnostic);
    }

    fn end_of_file(&mut self) {
        if self.in_statement() {
            let (_, head) =
                self.finish(self.tree.words[self.tree.words.len() - 1].span.end, Body::None);
            let words = self.first_line(head);
            let unclosed_quote = self.report.last().is_some_and(|last| {
                last.rule == "unclosed-quote" && last.label.place.span.end >= head.start
            });
            if !unclosed_quote {
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

/// Columns of white space; a tab reaches the next multiple of eight.
fn width(indentation: &str) -> usize {
    indentation.chars().fold(0, |column, c| match c {
        '\t' => column / 8 * 8 + 8,
        _ => column + 1,
    })
}
