//! What answers a request: a backend, files, or something that this format has no more than a
//! name for.

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Pattern, Place, Template, is_false};
use crate::syntax::address::{Address, Host};

/// What answers a request, if the rewrite program does not.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// `proxy_pass`
    Proxy(Box<ProxyPass>),
    /// Files below the root.
    Static,
    /// Another handler, by its directive, as in `fastcgi_pass`, `stub_status` or `empty_gif`.
    Other {
        /// The directive's name.
        directive: String,
        /// Its arguments.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        args: Vec<String>,
        /// The directive.
        at: Place,
    },
}

/// `proxy_pass` in some place.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct ProxyPass {
    /// Where requests go.
    pub pass: Pass,
    /// `proxy_redirect`: how `Location` and `Refresh` of the answer change.
    pub redirects: Redirects,
    /// The settings that count: an index into the proxies.
    pub settings: usize,
    /// The `proxy_pass` directive.
    pub at: Place,
}

/// Settings of `proxy_pass`. Places with the same settings share them.
#[expect(clippy::struct_excessive_bools, reason = "they are directives of nginx")]
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Proxy {
    /// `1.0`, `1.1` or `2`.
    pub http_version: String,
    /// `proxy_method`; empty is that of the client.
    #[serde(default, skip_serializing_if = "Template::is_empty")]
    pub method: Template,
    /// The headers that are set, in order: what the files say, then the defaults of nginx's
    /// version. One whose value is empty is not sent. Only headers of the client whose names
    /// are not here go behind them.
    pub headers: Vec<Header>,
    /// `proxy_pass_request_headers`: the client's headers are passed on.
    pub pass_request_headers: bool,
    /// `proxy_pass_request_body`
    pub pass_request_body: bool,
    /// `proxy_set_body`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Template>,
    /// Headers of the answer that the client does not get: nginx's defaults and
    /// `proxy_hide_header`, without `proxy_pass_header`.
    pub hidden_response_headers: Vec<String>,
    /// `proxy_ignore_headers`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored_response_headers: Vec<String>,
    /// `proxy_connect_timeout`
    pub connect_timeout_ms: u64,
    /// `proxy_read_timeout`: also how long a WebSocket may be idle.
    pub read_timeout_ms: u64,
    /// `proxy_send_timeout`
    pub send_timeout_ms: u64,
    /// `proxy_buffering`
    pub buffering: bool,
    /// `proxy_request_buffering`
    pub request_buffering: bool,
    /// `proxy_buffer_size`
    pub buffer_bytes: u64,
    /// `proxy_buffers`
    pub buffers: Buffers,
    /// `proxy_next_upstream` and its limits.
    pub next_upstream: NextUpstream,
    /// `proxy_intercept_errors`
    #[serde(default, skip_serializing_if = "is_false")]
    pub intercept_errors: bool,
    /// `proxy_ignore_client_abort`
    #[serde(default, skip_serializing_if = "is_false")]
    pub ignore_client_abort: bool,
    /// `proxy_socket_keepalive`
    #[serde(default, skip_serializing_if = "is_false")]
    pub socket_keepalive: bool,
    /// `proxy_cache`: the zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Template>,
    /// TLS to the backend, which it has if its scheme is `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<UpstreamTls>,
}

/// Where a `proxy_pass` leads.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Pass {
    /// Always there.
    Fixed {
        /// Its scheme is `https`.
        #[serde(default, skip_serializing_if = "is_false")]
        tls: bool,
        /// Where that is.
        backend: Backend,
        /// `$proxy_host`: the host as it is written, with a port that is not the scheme's.
        host: String,
        /// `$proxy_port`
        port: String,
        /// What takes the place of `replaces` in the path; none passes the request's URI on as
        /// the client wrote it, unless it was rewritten.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        uri: Option<String>,
        /// The part of the path that `uri` is for: the location's.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        replaces: String,
    },
    /// Depends on variables.
    Computed {
        /// The URL. If its value has a URI, that is what the backend gets; if it has none, as
        /// above.
        url: Template,
    },
}

/// A backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// A group of backends: an index into the upstreams.
    Upstream(usize),
    /// A host and its port.
    Host {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
    },
    /// The path of a UNIX socket.
    Unix(String),
}

impl Backend {
    /// Where an address leads that is no name of an upstream.
    pub(crate) fn at(address: &Address<'_>, default_port: u16) -> Self {
        let host = match address.host {
            Host::Unix(path) => return Self::Unix(path.to_owned()),
            Host::V4(host) => host.to_string(),
            Host::V6(host) => host.to_string(),
            Host::Name(name) => name.to_owned(),
        };
        Self::Host { host, port: address.port.unwrap_or(default_port) }
    }
}

/// A header of the request to a backend.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value; an empty one is not sent.
    #[serde(default, skip_serializing_if = "Template::is_empty")]
    pub value: Template,
    /// The `proxy_set_header`; none for a default of nginx.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// `proxy_buffers`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Buffers {
    /// So many.
    pub count: u64,
    /// Each so large.
    pub bytes: u64,
}

/// `proxy_next_upstream` and its limits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct NextUpstream {
    /// When the next peer is tried, in nginx's words; none if never (`off`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// `proxy_next_upstream_tries`; 0 is no limit.
    pub tries: u64,
    /// `proxy_next_upstream_timeout`; 0 is no limit.
    pub timeout_ms: u64,
}

/// How `Location` and `Refresh` of an answer change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Redirects {
    /// `off`: they do not.
    Off,
    /// What begins with the first text, or matches the expression, begins with the second then.
    Rules(Vec<Redirect>),
}

/// A rule of `proxy_redirect`; the first that matches counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Redirect {
    /// What begins with a text.
    Prefix {
        /// The text.
        from: Template,
        /// What takes its place.
        to: Template,
    },
    /// What matches an expression.
    Regex {
        /// The expression.
        pattern: Pattern,
        /// What takes its place.
        to: Template,
    },
}

/// TLS to a backend.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct UpstreamTls {
    /// `proxy_ssl_server_name`: the name is sent as SNI.
    #[serde(default, skip_serializing_if = "is_false")]
    pub server_name: bool,
    /// `proxy_ssl_name`: the name to verify and to send.
    pub name: Template,
    /// `proxy_ssl_verify`
    #[serde(default, skip_serializing_if = "is_false")]
    pub verify: bool,
    /// `proxy_ssl_verify_depth`
    pub verify_depth: u64,
    /// `proxy_ssl_trusted_certificate`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_certificate: Option<String>,
    /// `proxy_ssl_certificate`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Template>,
    /// `proxy_ssl_certificate_key`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_key: Option<Template>,
    /// `proxy_ssl_protocols`
    pub protocols: Vec<String>,
    /// `proxy_ssl_ciphers`
    pub ciphers: String,
    /// `proxy_ssl_session_reuse`
    pub session_reuse: bool,
}
