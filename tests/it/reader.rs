//! nginx's reader once more, by hand: what the laws compare by must not be what they test.
//!
//! It follows `ngx_conf_read_token` and, for Lua blocks, `ngx_http_lua_conf_read_lua_token`, and
//! is for text that nginx accepts.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Word,
    Comment,
    Semicolon,
    Open,
    Close,
    /// The body of a Lua block with its braces.
    Lua,
}

/// A token, and where it begins.
#[derive(Debug, Clone, Copy)]
pub struct Token<'t> {
    pub kind: Kind,
    pub start: usize,
    pub text: &'t str,
}

impl Token<'_> {
    pub fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// All tokens of a text.
pub fn read(text: &str) -> Vec<Token<'_>> {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token> = Vec::new();
    // The first word of the directive that is being read.
    let mut name = None;
    let mut at = 0;
    while at < bytes.len() {
        let (kind, end) = match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'#' => (Kind::Comment, line_end(bytes, at)),
            b';' => (Kind::Semicolon, at + 1),
            b'{' if name.is_some_and(|name: &str| name.ends_with("_by_lua_block")) => {
                (Kind::Lua, lua_end(bytes, at))
            }
            b'{' => (Kind::Open, at + 1),
            b'}' => (Kind::Close, at + 1),
            b'"' | b'\'' => (Kind::Word, quote_end(bytes, at)),
            _ => (Kind::Word, word_end(bytes, at)),
        };
        let token = &text[at..end];
        match kind {
            Kind::Comment => {}
            Kind::Word => name = name.or(Some(token)),
            _ => name = None,
        }
        tokens.push(Token { kind, start: at, text: token });
        at = end;
    }
    tokens
}

/// The tokens as they count: white space at the end of a comment does not.
pub fn meaning(text: &str) -> Vec<(Kind, &str)> {
    let meant = |token: Token<'_>| {
        let text = &text[token.start..token.end()];
        let is_comment = token.kind == Kind::Comment;
        (token.kind, if is_comment { text.trim_end_matches([' ', '\t', '\r']) } else { text })
    };
    read(text).into_iter().map(meant).collect()
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |len| at + len)
}

/// Behind the quote that ends the word at `at`.
fn quote_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] != bytes[at] {
        end += if bytes[end] == b'\\' { 2 } else { 1 };
    }
    (end + 1).min(bytes.len())
}

/// The end of the word at `at`; a `{` behind a `$` is part of it.
fn word_end(bytes: &[u8], at: usize) -> usize {
    let mut end = at;
    let mut after_dollar = false;
    while end < bytes.len() {
        match bytes[end] {
            b'{' if after_dollar => {}
            b' ' | b'\t' | b'\r' | b'\n' | b';' | b'{' => break,
            b'\\' => end += 1,
            _ => {}
        }
        after_dollar = bytes[end.min(bytes.len() - 1)] == b'$';
        end += 1;
    }
    end.min(bytes.len())
}

/// Behind the `}` that ends the Lua body at `at`.
fn lua_end(bytes: &[u8], at: usize) -> usize {
    let mut depth = 0;
    let mut end = at;
    while end < bytes.len() {
        match &bytes[end..] {
            [b'-', b'-', rest @ ..] => {
                end = long_bracket(rest).map_or_else(|| line_end(bytes, end), |len| end + 2 + len);
                continue;
            }
            [b'"' | b'\'', ..] => {
                end = quote_end(bytes, end);
                continue;
            }
            rest @ [b'[', ..] => {
                end += long_bracket(rest).unwrap_or(1);
                continue;
            }
            [b'{', ..] => depth += 1,
            [b'}', ..] => depth -= 1,
            _ => {}
        }
        end += 1;
        if depth == 0 {
            break;
        }
    }
    end.min(bytes.len())
}

/// The length of a `[[…]]` or `[=[…]=]` that a text begins with.
fn long_bracket(bytes: &[u8]) -> Option<usize> {
    let inner = bytes.strip_prefix(b"[")?;
    let level = inner.iter().take_while(|&&b| b == b'=').count();
    let inner = inner[level..].strip_prefix(b"[")?;
    let close = [b"]".as_slice(), &b"=".repeat(level), b"]"].concat();
    let len = inner.windows(close.len()).position(|part| part == close)?;
    Some(2 * (level + 2) + len)
}
