//! Regular expressions, compiled by the library that nginx uses (PCRE2).

use pcre2::bytes::RegexBuilder;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Regex(pcre2::bytes::Regex);

/// Why an expression cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegexError {
    /// The library's words.
    pub message: String,
    /// Where in the expression, in bytes.
    pub offset: usize,
}

impl Regex {
    /// Compiles an expression as nginx does: bytes, not characters (`ngx_regex_compile`).
    pub fn new(pattern: &str, caseless: bool) -> Result<Self, RegexError> {
        RegexBuilder::new().caseless(caseless).build(pattern).map(Self).map_err(|error| {
            let message = error.to_string();
            let message = message.rsplit_once("at offset").map_or(&*message, |(_, rest)| rest);
            let message = message.split_once(": ").map_or(message, |(_, rest)| rest);
            let offset = error.offset().unwrap_or(pattern.len()).min(pattern.len());
            RegexError { message: message.to_owned(), offset }
        })
    }

    /// The names of its named groups: variables, to nginx.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.capture_names().iter().filter_map(|name| name.as_deref())
    }

    /// How many groups it has, the whole match not counted.
    pub fn groups(&self) -> usize {
        self.0.captures_len() - 1
    }

    /// True if it matches somewhere in the text; `None` if that takes too long to find out.
    pub fn is_match(&self, text: &str) -> Option<bool> {
        self.0.is_match(text.as_bytes()).ok()
    }
}
