//! Words and what is wrong with them: quotes, lengths, braces in regular expressions.

use crate::diagnostic::Fix;
use crate::source::{Span, offset};
use crate::syntax::lexer::{Token, TokenKind};
use crate::syntax::tree::{Body, Quote, Word};

use super::Builder;

/// nginx reads at most this many bytes for a token (`NGX_CONF_BUFFER`).
const NGX_CONF_BUFFER: u32 = 4096;

impl Builder<'_> {
    pub(super) fn in_statement(&self) -> bool {
        self.statement < self.tree.words.len()
    }

    pub(super) fn word(&mut self, token: Token) {
        let brace = self
            .last
            .filter(|last| last.kind == TokenKind::Open && last.span.end == token.span.start);
        if let Some(brace) = brace.filter(|_| self.in_statement())
            && let Some(word) =
                self.tree.words.last_mut().filter(|word| word.span.end == brace.span.start)
        {
            // The rest of a word that a repetition's brace cut in two.
            word.span.end = token.span.end;
            return;
        }
        let is_name = !self.in_statement();
        if is_name && self.placeholder_line(token.span) {
            return;
        }
        if is_name {
            self.begin_statement(token.span);
        }
        let quote = match token.kind {
            TokenKind::Word => Quote::None,
            _ if self.source.slice(token.span).starts_with('"') => Quote::Double,
            _ => Quote::Single,
        };
        let has_placeholder = if is_name {
            self.is_half || self.placeholders.any_in_name(token.span)
        } else {
            self.placeholders.any_in(token.span)
        };
        self.tree.has_placeholders |= has_placeholder;
        self.tree.words.push(Word { span: token.span, quote, has_placeholder });
    }

    /// Reads placeholders that stand where a directive could; true if there are some.
    fn placeholder_line(&mut self, word: Span) -> bool {
        let Some(end) = self.placeholders.line_end(word.start) else { return false };
        let span = Span::new(word.start, end);
        self.tree.has_placeholders = true;
        self.is_half &= !self.placeholders.ends_branch(span);
        self.push_node(span, (0, 0), Body::None);
        if end != word.end {
            self.lexer.seek(end);
        }
        true
    }

    /// The lengths of section "NGX_CONF_BUFFER": the reader fails when 4096 bytes of a
    /// token do not bring it to the next one.
    pub(super) fn check_length(&mut self, token: Token) {
        // What a tag comes to has another length.
        let may_be_long = token.span.end - token.span.start >= NGX_CONF_BUFFER - 2;
        if !may_be_long || self.placeholders.has_tag(token.span) {
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
    pub(super) fn glued(&mut self, token: Token) -> bool {
        let Some(quote) = self
            .last
            .filter(|last| last.kind == TokenKind::Quoted && last.span.end == token.span.start)
        else {
            return false;
        };
        let next = self.source.slice(token.span).chars().next().unwrap_or_default();
        if matches!(next, ';' | '{' | ')') || self.placeholders.has_tag(token.span) {
            return false;
        }
        let message = format!("unexpected \"{next}\" right behind a closing quote");
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

    pub(super) fn unclosed_quote(&mut self, span: Span) {
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
    pub(super) fn close_quote_early(&mut self, span: Span) {
        let end = self.quoted_line_end(span);
        self.is_cut = true;
        self.is_misread = true;
        if !self.in_statement() {
            self.begin_statement(span);
        }
        let word =
            Word { span: Span::new(span.start, end), quote: Quote::None, has_placeholder: false };
        self.tree.words.push(word);
        self.lexer.seek(end);
    }

    /// The end of the text that an unclosed quote was meant to hold.
    pub(super) fn quoted_line_end(&self, span: Span) -> u32 {
        let line = self.source.slice(self.first_line(span));
        let text = line.trim_end_matches([' ', '\t', '\r']);
        let text = text.strip_suffix([';', '{']).unwrap_or(text);
        let text = text.trim_end_matches([' ', '\t']);
        span.start + offset(text.len().max(1))
    }

    /// The part of a range that lies on its first line.
    pub(super) fn first_line(&self, span: Span) -> Span {
        let len = self.source.slice(span).find('\n').map_or(span.end - span.start, offset);
        Span::new(span.start, span.start + len)
    }

    /// A `{2}` or `{1,3}` right behind a word is a regular expression's repetition that
    /// lacks its quotes; true if it is. The word goes on behind the brace.
    pub(super) fn repetition(&mut self, open: Span) -> bool {
        let text = self.source.text();
        let Some(last) =
            self.last.filter(|last| last.kind == TokenKind::Word && last.span.end == open.start)
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
        let edits =
            vec![self.edit(Span::at(word.start), quote), self.edit(Span::at(word.end), quote)];
        let name = self.tree.words[self.statement].value(self.source);
        let message = format!(
            "unquoted \"{{\" in a value of \"{name}\": nginx takes it for the beginning of a block"
        );
        self.report.push(
            self.error("unquoted-brace", open, message)
                .here("a bare word ends here")
                .also(self.source.place(word), "this was meant as one word")
                .help("put quotes around a regular expression with braces")
                .fix(Fix::safe("quote the regular expression", edits)),
        );
        true
    }
}
