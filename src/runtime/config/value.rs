//! The values of a runtime configuration: texts with variables, expressions, places.

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::syntax::regex::{Captures, Regex};
use crate::syntax::value::{self, TemplateError};

/// Where something stands in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Place {
    /// The file, by its index.
    pub file: u32,
    /// The line, counted from 1.
    pub line: u32,
}

/// A text with variables: its parts in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(transparent)]
pub struct Template(pub Vec<Part>);

/// A part of a text with variables.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Text as it stands.
    Text(String),
    /// The value of a variable: its name in lower case and without `$`.
    Variable(String),
    /// A group of the expression that matched last, 1 to 9.
    Capture(u8),
}

impl Template {
    /// Reads a text with variables as nginx does.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let parts = value::template(text)?.into_iter().map(|part| match part {
            value::Part::Text(text) => Part::Text(text.to_owned()),
            value::Part::Variable(name) => Part::Variable(name.to_ascii_lowercase()),
            value::Part::Capture(group) => Part::Capture(group),
        });
        Ok(Self(parts.collect()))
    }

    /// A text without variables, in which `$` is a letter like others.
    pub fn literal(text: &str) -> Self {
        Self(if text.is_empty() { Vec::new() } else { vec![Part::Text(text.to_owned())] })
    }

    /// The text of one variable.
    pub fn variable(name: &str) -> Self {
        Self(vec![Part::Variable(name.to_owned())])
    }

    /// True if it is an empty text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its text, if it has no variables.
    pub fn as_literal(&self) -> Option<&str> {
        match &self.0[..] {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The names of its variables.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            _ => None,
        })
    }
}

/// As it would be written in a configuration.
impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            let goes_on =
                |text: &str| text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
            match (part, self.0.get(index + 1)) {
                (Part::Text(text), _) => f.write_str(text)?,
                (Part::Variable(name), Some(Part::Text(next))) if goes_on(next) => {
                    write!(f, "${{{name}}}")?;
                }
                (Part::Variable(name), _) => write!(f, "${name}")?,
                (Part::Capture(group), _) => write!(f, "${group}")?,
            }
        }
        Ok(())
    }
}

/// A regular expression (PCRE2), compiled when it is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "WrittenPattern")]
pub struct Pattern {
    written: WrittenPattern,
    regex: Regex,
}

/// A regular expression (PCRE2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[cfg_attr(feature = "cli", schemars(rename = "Pattern"))]
struct WrittenPattern {
    /// The expression, which matches bytes and anywhere in a text.
    pattern: String,
    /// Letter case does not matter.
    #[serde(default, skip_serializing_if = "super::is_false")]
    caseless: bool,
}

impl Pattern {
    /// Compiles an expression; an error in PCRE2's words.
    pub fn new(pattern: &str, caseless: bool) -> Result<Self, String> {
        Self::try_from(WrittenPattern { pattern: pattern.to_owned(), caseless })
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.written.pattern
    }

    /// True if letter case does not matter.
    pub fn is_caseless(&self) -> bool {
        self.written.caseless
    }

    /// Its named groups, which are variables, with their numbers.
    pub fn named_groups(&self) -> impl Iterator<Item = (&str, usize)> {
        self.regex.named_groups()
    }

    /// How many groups it has, with or without names.
    pub fn groups(&self) -> usize {
        self.regex.groups()
    }

    /// True if it has groups, with or without names.
    pub fn has_groups(&self) -> bool {
        self.groups() > 0
    }

    /// True if it matches; none if that takes too long to find out.
    pub fn is_match(&self, text: &[u8]) -> Option<bool> {
        self.regex.is_match(text)
    }

    /// The groups of its first match: none if it takes too long, and no groups if it does not
    /// match.
    pub fn captures(&self, text: &[u8]) -> Option<Option<Captures>> {
        self.regex.captures(text)
    }
}

/// Patterns are the same that are written the same.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Pattern {}

impl TryFrom<WrittenPattern> for Pattern {
    type Error = String;

    fn try_from(written: WrittenPattern) -> Result<Self, String> {
        match Regex::new(&written.pattern, written.caseless) {
            Ok(regex) => Ok(Self { written, regex }),
            Err(error) => Err(format!("the expression \"{}\": {}", written.pattern, error.message)),
        }
    }
}

impl Serialize for Pattern {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

#[cfg(feature = "cli")]
impl JsonSchema for Pattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        WrittenPattern::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        WrittenPattern::json_schema(generator)
    }
}
