//! Variables that a configuration defines by blocks: `map`, `geo`, `split_clients`.

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NameMatch, Place, Template, is_false};

/// A variable that a `map` defines.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Map {
    /// Its name, in lower case and without `$`.
    pub variable: String,
    /// What is looked up.
    pub source: Template,
    /// `hostnames`: a dot at the end of what is looked up does not count.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hostnames: bool,
    /// `volatile`: it is looked up each time, not once a request.
    #[serde(default, skip_serializing_if = "is_false")]
    pub volatile: bool,
    /// Its entries in match order: exact ones, wildcards at the beginning, wildcards at the
    /// end (the longest first), regular expressions. An empty text matches none but an exact
    /// one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<MapEntry>,
    /// The value of what no entry matches; without it, an empty text.
    #[serde(default, skip_serializing_if = "Template::is_empty")]
    pub default: Template,
    /// Some of its entries could not be read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_partial: bool,
    /// The `map` directive.
    pub at: Place,
}

impl Map {
    /// True if an entry that was found counts, or the default if none was: what could not be
    /// read of a map may have a better one, but no second exact one.
    pub(in crate::runtime) fn is_certain(&self, entry: Option<usize>) -> bool {
        let is_exact = |index: usize| matches!(self.entries[index].matches, NameMatch::Exact(_));
        !self.is_partial || entry.is_some_and(is_exact)
    }
}

/// An entry of a map.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct MapEntry {
    /// What it matches; other than by an expression, letter case does not matter, and the
    /// text is in lower case here.
    pub matches: NameMatch,
    /// The value of the variable.
    #[serde(default, skip_serializing_if = "Template::is_empty")]
    pub value: Template,
    /// The entry.
    pub at: Place,
}

/// A variable that a `geo` defines.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Geo {
    /// Its name, in lower case and without `$`.
    pub variable: String,
    /// The address that is looked up; `$remote_addr` unless another is said.
    pub address: Template,
    /// The networks, the longest prefix first: the first that has the address counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<GeoNetwork>,
    /// The value for all other addresses.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub default: String,
    /// Something in it is not expressed here, so that its value is not known.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_partial: bool,
    /// The `geo` directive.
    pub at: Place,
}

/// A network of a `geo`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct GeoNetwork {
    /// As in `192.0.2.0/24` or `2001:db8::/32`.
    pub network: String,
    /// The value of the variable.
    pub value: String,
}

/// A variable that `split_clients` defines.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct SplitClients {
    /// Its name, in lower case and without `$`.
    pub variable: String,
    /// What is hashed with MurmurHash2, seed 0.
    pub key: Template,
    /// The parts in order. The first whose bound is greater than the hash counts; one without
    /// a bound takes the rest.
    pub parts: Vec<SplitPart>,
    /// The `split_clients` directive.
    pub at: Place,
}

/// A part of `split_clients`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct SplitPart {
    /// Hashes below it are in this part or one before; none for `*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<u32>,
    /// The value of the variable.
    pub value: Template,
}
