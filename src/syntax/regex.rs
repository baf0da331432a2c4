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
        self.named_groups().map(|(name, _)| name)
    }

    /// Its named groups with their numbers.
    pub fn named_groups(&self) -> impl Iterator<Item = (&str, usize)> {
        let names = self.0.capture_names().iter().zip(0..);
        names.filter_map(|(name, group)| Some((name.as_deref()?, group)))
    }

    /// How many groups it has, the whole match not counted.
    pub fn groups(&self) -> usize {
        self.0.captures_len() - 1
    }

    /// True if it matches somewhere in the text; `None` if that takes too long to find out.
    pub fn is_match(&self, text: &[u8]) -> Option<bool> {
        self.0.is_match(text).ok()
    }

    /// The groups of its first match in the text, if it matches; `None` if that takes too long
    /// to find out.
    pub fn captures(&self, text: &[u8]) -> Option<Option<Captures>> {
        // Room for groups costs more than to look whether there is a match.
        if !self.is_match(text)? {
            return Some(None);
        }
        if self.groups() == 0 {
            return Some(Some(Captures::default()));
        }
        let mut locations = self.0.capture_locations();
        self.0.captures_read(&mut locations, text).ok()?;
        let groups = (0..locations.len()).map(|group| locations.get(group)).collect();
        Some(Some(Captures { text: text.to_vec(), groups }))
    }
}

/// What the groups of an expression matched.
#[derive(Debug, Clone, Default)]
pub struct Captures {
    text: Vec<u8>,
    /// Start and end of each group in the text; the first is the whole match.
    groups: Vec<Option<(usize, usize)>>,
}

impl Captures {
    /// What a group matched; nothing if it took no part or does not exist.
    pub fn group(&self, group: usize) -> &[u8] {
        match self.groups.get(group) {
            Some(Some((start, end))) => &self.text[*start..*end],
            _ => &[],
        }
    }
}
