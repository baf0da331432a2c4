//! Text to tokens, by the grammar in `grammar/nginx.pest`.
//!
//! The text is read in windows that end at a line end, so that the parser's
//! queue stays small, and may be read again from any offset: the builder does so
//! behind a Lua block and behind a broken quote. No error is reported here.

use pest::{Parser, Token as PestToken};

use crate::source::{Span, offset};

use super::lua::{self, LuaEnd};

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/nginx.pest"]
    pub struct Grammar;
}
use grammar::{Grammar, Rule};

/// Bytes of text that are parsed at once; more only where one token is longer.
const WINDOW: usize = 32 * 1024;

/// The same behind a place that the lexer was sent to, since it may be sent on soon.
const FIRST_WINDOW: usize = 256;

/// Once a Lua body had no end, others are looked for no further than this.
const LUA_LIMIT: usize = 16 * 1024;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// A bare word.
    Word,
    /// A word in quotes, both of them included.
    Quoted,
    /// An opening quote and all behind it, for want of a closing one.
    UnclosedQuote,
    /// `#` up to the line end, which is excluded.
    Comment,
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}`
    Close,
}

/// A token and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is.
    pub span: Span,
}

/// All tokens of a text as if it had no Lua blocks.
pub fn tokens(text: &str) -> impl Iterator<Item = Token> + '_ {
    let mut lexer = Lexer::new(text);
    std::iter::from_fn(move || lexer.next())
}

/// Gives the tokens of a text one by one, from any offset.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Where the next window begins.
    pos: usize,
    /// How large it is to be.
    size: usize,
    /// A Lua body had no end.
    lua_is_open: bool,
    window: Vec<Token>,
    /// The next token of the window.
    next: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, pos: 0, size: WINDOW, lua_is_open: false, window: Vec::new(), next: 0 }
    }

    /// Goes on from `at`.
    pub(super) fn seek(&mut self, at: u32) {
        self.pos = at as usize;
        self.size = FIRST_WINDOW;
        self.window.clear();
        self.next = 0;
    }

    pub(super) fn next(&mut self) -> Option<Token> {
        while self.next == self.window.len() {
            if self.pos == self.text.len() {
                return None;
            }
            self.fill();
        }
        self.next += 1;
        Some(self.window[self.next - 1])
    }

    /// Parses the next window. A token that touches the end of a window may go on
    /// behind it, so it is left to the next one.
    fn fill(&mut self) {
        self.window.clear();
        self.next = 0;
        let mut size = self.size;
        self.size = WINDOW.min(size * 2);
        loop {
            let end = window_end(self.text, self.pos, size);
            lex(&self.text[self.pos..end], offset(self.pos), &mut self.window);
            if end == self.text.len() {
                self.pos = end;
                return;
            }
            match self.window.last() {
                Some(last) if last.span.end as usize == end => {
                    let start = last.span.start as usize;
                    self.window.pop();
                    if start > self.pos {
                        self.pos = start;
                        return;
                    }
                    self.window.clear();
                    size *= 2;
                }
                _ => {
                    self.pos = end;
                    return;
                }
            }
        }
    }

    /// Finds the `}` that ends the Lua body which begins at `at`.
    pub(super) fn lua_end(&mut self, at: u32) -> LuaEnd {
        let text = &self.text[at as usize..];
        let limit = if self.lua_is_open { LUA_LIMIT } else { usize::MAX };
        let mut size = FIRST_WINDOW;
        loop {
            let end = window_end(text, 0, size);
            let is_whole = end == text.len() || size >= limit;
            match lua::end_in(&text[..end], at, is_whole) {
                Some(LuaEnd::Close(close)) => return LuaEnd::Close(close),
                Some(open) if is_whole => {
                    self.lua_is_open = true;
                    return open;
                }
                _ => size *= 4,
            }
        }
    }
}

/// The end of a window of about `size` bytes.
fn window_end(text: &str, pos: usize, size: usize) -> usize {
    let mut end = pos.saturating_add(size).min(text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    end
}

fn lex(text: &str, base: u32, into: &mut Vec<Token>) {
    let mut start = 0;
    let tokens = Grammar::parse(Rule::tokens, text).expect("the grammar is total");
    for token in tokens.tokens() {
        match token {
            PestToken::Start { pos, .. } => start = pos.pos(),
            PestToken::End { rule, pos } => {
                let kind = match rule {
                    Rule::word => TokenKind::Word,
                    Rule::quoted => TokenKind::Quoted,
                    Rule::unclosed_quote => TokenKind::UnclosedQuote,
                    Rule::comment => TokenKind::Comment,
                    Rule::semicolon => TokenKind::Semicolon,
                    Rule::open => TokenKind::Open,
                    Rule::close => TokenKind::Close,
                    _ => continue,
                };
                let span = Span::new(base + offset(start), base + offset(pos.pos()));
                into.push(Token { kind, span });
            }
        }
    }
}
