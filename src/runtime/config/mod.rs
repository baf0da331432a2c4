//! The runtime configuration: what nginx would do, as data that a proxy loads and serves.
//!
//! Everything is resolved: includes, inheritance, the defaults of the version. What stands in
//! a location is all that counts for it. A list that is empty, an option that is not set and
//! a flag that is false are left out of the JSON.
//!
//! Types only. `Router` says what they mean; the compiler that makes them of files is not
//! here, so that a proxy needs nothing of it.

#![expect(clippy::struct_excessive_bools, reason = "each is a directive of nginx")]

mod handler;
mod location;
mod proxy;
mod rewrite;
mod upstream;
mod value;
mod variable;

use std::net::SocketAddr;

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use handler::{
    AccessRule, AddHeader, AuthBasic, AuthRequest, Client, ErrorPage, ErrorResponse, Handler,
    LimitConn, LimitExcept, LimitReq, RealIp, Root, Satisfy, SetVariable, TryFile, TryFiles,
    TryLast,
};
pub use location::{Location, LocationMatch, Locations};
pub use proxy::{
    Action, Backend, Buffers, Header, NextUpstream, Pass, Proxy, ProxyPass, Redirect, Redirects,
    UpstreamTls,
};
pub use rewrite::{Condition, FileTest, Instruction, RewriteFlag};
pub use upstream::{Keepalive, Method, Peer, Upstream};
pub use value::{Part, Pattern, Place, Template};
pub use variable::{Geo, GeoNetwork, Map, MapEntry, SplitClients, SplitPart};

/// The version of this format: it grows when what a reader has to know changes.
pub const FORMAT_VERSION: u32 = 1;

/// A whole `http {}`, resolved.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Config {
    /// [`FORMAT_VERSION`] of the ngxc that wrote it.
    pub format_version: u32,
    /// The nginx whose defaults and rules these are, as in `1.28.0`.
    pub nginx_version: String,
    /// The files that it was made of; a place names one by its index.
    pub files: Vec<String>,
    /// The sockets to listen on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listeners: Vec<Listener>,
    /// The servers, in the order of the files; a listener names them by their index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Server>,
    /// Settings of `proxy_pass`; what passes requests on names one by its index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proxies: Vec<Proxy>,
    /// Settings of clients' connections; a handler names one by its index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<Client>,
    /// Groups of backends; a proxy names one by its index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub upstreams: Vec<Upstream>,
    /// Variables that `map` defines. Of two with one name, nginx uses the last: the other is
    /// left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maps: Vec<Map>,
    /// Variables that `geo` defines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub geos: Vec<Geo>,
    /// Variables that `split_clients` defines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub split_clients: Vec<SplitClients>,
    /// What `limit_req_zone` defines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limit_req_zones: Vec<LimitReqZone>,
    /// What `limit_conn_zone` defines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limit_conn_zones: Vec<LimitConnZone>,
    /// What the files say and this format cannot: nothing is dropped in silence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unsupported: Vec<Unsupported>,
}

impl Config {
    /// The name of the file of a place; `?` if it is none of the files.
    pub fn file(&self, place: Place) -> &str {
        self.files.get(place.file as usize).map_or("?", String::as_str)
    }
}

/// Something that the configuration says and this format cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Unsupported {
    /// The directive, or the part of one.
    pub what: String,
    /// Why, in words.
    pub reason: String,
    /// Where it stands.
    pub at: Place,
}

/// Where a socket listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// An address and a port, as in `0.0.0.0:80` or `[::]:443`; an address of zeros is any.
    Tcp(SocketAddr),
    /// The path of a UNIX socket.
    Unix(String),
}

/// A socket to listen on, with the servers behind it.
#[expect(clippy::struct_excessive_bools, reason = "they are directives of nginx")]
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Listener {
    /// Where it listens. A connection to an address that has a listener of its own never
    /// comes to the one for any address.
    pub address: Address,
    /// It is a TLS socket (`ssl`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub tls: bool,
    /// It speaks HTTP/2 (`listen … http2`; without TLS, also `http2 on` of its default server),
    /// with clients that negotiate or begin with it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub http2: bool,
    /// It is a UDP socket for HTTP/3 (`quic`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub quic: bool,
    /// Connections begin with the PROXY protocol.
    #[serde(default, skip_serializing_if = "is_false")]
    pub proxy_protocol: bool,
    /// An IPv6 socket that takes no IPv4 connections.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ipv6_only: bool,
    /// The server for names that no other has: an index into the servers.
    pub default_server: usize,
    /// The names of its servers in match order: exact ones, wildcards at the beginning (the
    /// longest first), wildcards at the end (the longest first), regular expressions. The
    /// first that matches wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<ServerName>,
    /// The first `listen` for this address.
    pub at: Place,
}

/// A name of a server, as a listener matches it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct ServerName {
    /// What it matches. Names of hosts are compared in lower case, without port and without a
    /// dot at the end.
    pub matches: NameMatch,
    /// The server: an index into the servers.
    pub server: usize,
    /// The `server_name` that says so.
    pub at: Place,
}

/// What a name of a server matches.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum NameMatch {
    /// This name; an empty one is that of requests without a name.
    Exact(String),
    /// `*.example.com` is what ends in `.example.com`; `.example.com` is that and the name
    /// itself.
    Leading(String),
    /// `www.example.*` is what begins with `www.example.`.
    Trailing(String),
    /// A regular expression, whose named groups become variables.
    Regex(Pattern),
}

/// A `server` block.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Server {
    /// Its names as they are written; the first is `$server_name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// TLS, where a listener has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<ServerTls>,
    /// `http2 on`: clients that name this server may negotiate HTTP/2 over TLS, even if the
    /// listener does not say so.
    #[serde(default, skip_serializing_if = "is_false")]
    pub http2: bool,
    /// `merge_slashes`: `//` in a path is `/`. That of a listener's default server counts.
    pub merge_slashes: bool,
    /// `underscores_in_headers`: names of headers may have `_`. As above.
    #[serde(default, skip_serializing_if = "is_false")]
    pub underscores_in_headers: bool,
    /// `ignore_invalid_headers`: others are ignored. As above.
    pub ignore_invalid_headers: bool,
    /// `client_header_timeout`.
    pub client_header_timeout_ms: u64,
    /// What is rewritten before a location is chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<Instruction>,
    /// Its locations.
    #[serde(default, skip_serializing_if = "Locations::is_empty")]
    pub locations: Locations,
    /// What happens to requests that no location takes.
    pub handler: Handler,
    /// The `server` directive.
    pub at: Place,
}

/// TLS of a server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct ServerTls {
    /// The certificates with their keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Certificate>,
    /// `ssl_protocols`.
    pub protocols: Vec<String>,
    /// `ssl_ciphers`.
    pub ciphers: String,
    /// `ssl_prefer_server_ciphers`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub prefer_server_ciphers: bool,
    /// `ssl_session_timeout`.
    pub session_timeout_ms: u64,
    /// `ssl_session_tickets`.
    pub session_tickets: bool,
    /// `ssl_verify_client`: `off`, `on`, `optional` or `optional_no_ca`.
    pub verify_client: String,
    /// `ssl_client_certificate`: who may sign certificates of clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<String>,
    /// `ssl_reject_handshake`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reject_handshake: bool,
}

/// A certificate and its key: paths, `data:` or `engine:`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Certificate {
    /// `ssl_certificate`.
    pub certificate: Template,
    /// `ssl_certificate_key`.
    pub key: Template,
}

/// What `limit_req_zone` defines.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct LimitReqZone {
    /// Its name.
    pub name: String,
    /// Requests with the same text share a limit; those with none have no limit.
    pub key: Template,
    /// So many requests each 1000 seconds.
    pub requests_per_1000_s: u64,
    /// The directive.
    pub at: Place,
}

/// What `limit_conn_zone` defines.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct LimitConnZone {
    /// Its name.
    pub name: String,
    /// Connections with the same text share a limit; those with none have no limit.
    pub key: Template,
    /// The directive.
    pub at: Place,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
