//! Groups of backends.

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Backend, Place, Template, is_false};

/// A group of backends.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Upstream {
    /// Its name.
    pub name: String,
    /// How a peer is chosen.
    pub method: Method,
    /// The backends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Peer>,
    /// The cache of idle connections; none if connections are closed after each request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keepalive: Option<Keepalive>,
    /// Some of its peers could not be read.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_partial: bool,
    /// The `upstream` directive.
    pub at: Place,
}

/// How a peer is chosen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// In turn, by weight.
    RoundRobin,
    /// The one with the fewest connections, by weight.
    LeastConn,
    /// By the client's address: the first three bytes of IPv4, all of IPv6.
    IpHash,
    /// By a text.
    Hash {
        /// The text.
        key: Template,
        /// With ketama, so that few keys move when peers change.
        consistent: bool,
    },
    /// At random, by weight; of two, the one with fewer connections.
    Random {
        /// Two are drawn.
        two: bool,
    },
    /// One that this format has no word for (it is among what is unsupported).
    Other(String),
}

/// A backend of an upstream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Peer {
    /// Where it is.
    pub address: Backend,
    /// `weight`.
    pub weight: u64,
    /// `max_conns`; 0 is no limit.
    pub max_conns: u64,
    /// `max_fails`; 0 is no limit.
    pub max_fails: u64,
    /// `fail_timeout`.
    pub fail_timeout_ms: u64,
    /// Only for when no other is there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub backup: bool,
    /// Marked as not there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub down: bool,
    /// Its name is looked up again and again.
    #[serde(default, skip_serializing_if = "is_false")]
    pub resolve: bool,
    /// The `server` directive.
    pub at: Place,
}

/// A cache of idle connections to an upstream.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Keepalive {
    /// `keepalive`: so many for each worker.
    pub connections: u64,
    /// `keepalive_requests`.
    pub requests: u64,
    /// `keepalive_time`.
    pub time_ms: u64,
    /// `keepalive_timeout`.
    pub timeout_ms: u64,
}
