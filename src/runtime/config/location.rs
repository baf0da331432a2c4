//! Locations, by kind and in match order.

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Handler, Pattern, Place, is_false};

/// The locations of a server, or inside a location, by kind and in match order.
///
/// nginx takes an exact one; or else remembers the longest prefix that matches, and looks for
/// that one's inner locations; and then, unless that prefix is `^~`, takes the first regular
/// expression that matches.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Locations {
    /// `=`, by path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exact: Vec<Location>,
    /// Prefixes, with and without `^~`, the longest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefix: Vec<Location>,
    /// `~` and `~*`, in the order of the files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regex: Vec<Location>,
    /// `@name`: only for requests that are sent there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named: Vec<Location>,
}

impl Locations {
    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// All of them, in match order.
    pub fn all(&self) -> impl Iterator<Item = &Location> {
        self.exact.iter().chain(&self.prefix).chain(&self.regex).chain(&self.named)
    }
}

/// A `location` block.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Location {
    /// What it matches.
    pub matches: LocationMatch,
    /// A request for its path without the `/` at the end is redirected to it: it passes
    /// requests on (`auto_redirect`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub auto_redirect: bool,
    /// What happens to requests in it.
    pub handler: Handler,
    /// The locations inside it.
    #[serde(default, skip_serializing_if = "Locations::is_empty")]
    pub locations: Locations,
    /// The `location` directive.
    pub at: Place,
}

/// What a location matches: a path after decoding, merging of slashes and dot segments.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LocationMatch {
    /// `= /path`
    Exact(String),
    /// `/path`
    Prefix(String),
    /// `^~ /path`
    PrefixNoRegex(String),
    /// `~ regex` or `~* regex`
    Regex(Pattern),
    /// `@name`
    Named(String),
}

impl LocationMatch {
    /// The path, expression or name (with its `@`), as it is written.
    pub fn pattern(&self) -> &str {
        match self {
            Self::Exact(path) | Self::Prefix(path) | Self::PrefixNoRegex(path) => path,
            Self::Regex(pattern) => pattern.as_str(),
            Self::Named(name) => name,
        }
    }

    /// `exact`, `prefix`, `prefix_no_regex`, `regex`, `regex_caseless` or `named`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Exact(_) => "exact",
            Self::Prefix(_) => "prefix",
            Self::PrefixNoRegex(_) => "prefix_no_regex",
            Self::Regex(pattern) if pattern.is_caseless() => "regex_caseless",
            Self::Regex(_) => "regex",
            Self::Named(_) => "named",
        }
    }
}
