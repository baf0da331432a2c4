//! What an `if` asks of the client's `Upgrade` (`ngx_http_rewrite_if_condition`).

use crate::source::Span;
use crate::syntax::regex::Regex;
use crate::syntax::{Directive, Word};

/// An `if` that compares the client's `Upgrade` with a text.
#[derive(Debug)]
pub struct UpgradeTest<'p> {
    /// The `if`.
    pub line: Directive<'p>,
    /// `=`, `!=`, `~` or `!~`.
    pub operator: Word,
    /// Where the text is.
    pub value: Span,
    /// The text.
    pub text: String,
    /// The text as an expression, behind `~`.
    pub regex: Option<Regex>,
}

impl<'p> UpgradeTest<'p> {
    /// Reads an `if`; none if it asks for something else, or minds no letter case.
    pub fn read(line: Directive<'p>) -> Option<Self> {
        let words = line.args();
        let text = |word: &Word| word.value(line.source).into_owned();
        let words = if words.first().map(text)? == "(" { &words[1..] } else { words };
        let [name, operator, value, ..] = words else { return None };
        let name = text(name);
        let is_it = name.trim_start_matches('(').eq_ignore_ascii_case("$http_upgrade");
        if !line.is("if") || !is_it {
            return None;
        }
        let mut span = value.span;
        let mut value = text(value);
        if words.len() == 3 {
            value = value.strip_suffix(')')?.to_owned();
            span = Span::new(span.start, span.end - 1);
        }
        let regex = match &*text(operator) {
            "~" | "!~" => Some(Regex::new(&value, false).ok()?),
            "=" | "!=" if !value.contains('$') => None,
            _ => return None,
        };
        Some(Self { line, operator: *operator, value: span, text: value, regex })
    }

    /// True if the text fits this value, whatever follows from that; false if nobody knows.
    pub fn holds(&self, upgrade: &str) -> bool {
        match &self.regex {
            Some(regex) => regex.is_match(upgrade.as_bytes()).unwrap_or(false),
            None => self.text == upgrade,
        }
    }
}
