//! What becomes of a request, and the steps that lead there.

use super::config::{Backend, Handler, Listener, Location, Place, Proxy, ProxyPass, Server};

/// Something that the configuration and the request do not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// What is not known, as in `$request_id` or `auth_request /auth`.
    pub what: String,
    /// Why, in words.
    pub reason: String,
    /// What the outcome takes for granted instead; none if it says nothing beyond it.
    pub assumed: Option<&'static str>,
}

/// A value, or what it is that is not known about it.
pub type Value = Result<Vec<u8>, Unknown>;

/// What becomes of a request.
#[derive(Debug, Clone)]
pub struct Outcome<'r> {
    /// The socket that it came in on; none if nothing listens there.
    pub listener: Option<&'r Listener>,
    /// The server that handles it.
    pub server: Option<&'r Server>,
    /// The location that it ends in; none if the server has none for it, or if it is answered
    /// before one is chosen.
    pub location: Option<&'r Location>,
    /// The settings that count in the end: the location's, those of an `if` or `limit_except`
    /// in it, or the server's.
    pub handler: Option<&'r Handler>,
    /// The path in the end: decoded, rewritten.
    pub uri: Vec<u8>,
    /// The arguments in the end.
    pub args: Vec<u8>,
    /// What answers.
    pub answer: Answer<'r>,
    /// The status that an `error_page` gives the answer, whatever its own is.
    pub status: Option<u16>,
    /// What is not known, each thing once.
    pub unknown: Vec<Unknown>,
    /// How it came so, if that was asked for.
    pub steps: Vec<Step<'r>>,
}

/// What answers a request.
#[derive(Debug, Clone)]
pub enum Answer<'r> {
    /// A backend gets this request.
    Proxy(Box<UpstreamRequest<'r>>),
    /// `return`, a redirect, or an error of nginx.
    Status {
        /// The status; for 408, 444 and 499 nginx closes the connection without an answer.
        status: u16,
        /// The text of a `return`; none for nginx's own pages.
        body: Option<Value>,
        /// The `Location` that the client gets.
        location: Option<Value>,
        /// Why nginx answers so.
        why: Why,
    },
    /// A file below the root, if it is there.
    Static {
        /// Its path.
        path: Value,
    },
    /// A handler that is no more than a name here, as in `fastcgi_pass`.
    Other {
        /// The directive's name.
        directive: &'r str,
    },
    /// It depends on something that is not known.
    Unknown,
}

/// Why nginx answers by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A directive says so: `return`, `rewrite`, `deny`, `try_files`, `error_page`.
    Directive(Place),
    /// The location ends in a slash and passes requests on; the path lacks the slash.
    AutoRedirect(Place),
    /// nginx refuses the request or fails, in a few words.
    Nginx(&'static str),
}

/// What a backend receives.
#[derive(Debug, Clone)]
pub struct UpstreamRequest<'r> {
    /// The `proxy_pass`.
    pub action: &'r ProxyPass,
    /// Its settings.
    pub proxy: &'r Proxy,
    /// It goes over TLS.
    pub tls: bool,
    /// The backend; none if it is not known or nothing like it is defined.
    pub backend: Result<Backend, Unknown>,
    /// The method.
    pub method: Value,
    /// Path and arguments.
    pub uri: Value,
    /// `1.0`, `1.1` or `2`.
    pub http_version: &'r str,
    /// The headers, in the order in which they are sent.
    pub headers: Vec<SentHeader>,
    /// The body, if `proxy_set_body` says what it is.
    pub body: Option<Value>,
}

/// A header that a backend receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentHeader {
    /// Its name.
    pub name: String,
    /// Its value; one that is not known may be empty, and then the header is not sent.
    pub value: Value,
    /// Where it comes from.
    pub from: HeaderSource,
}

/// Where a header of the request to a backend comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderSource {
    /// A `proxy_set_header`.
    Directive(Place),
    /// A default of nginx.
    Default,
    /// The client sent it.
    Client,
}

/// A step on the way of a request.
#[derive(Debug, Clone)]
pub enum Step<'r> {
    /// The socket was found.
    Listen {
        /// The socket.
        listener: &'r Listener,
        /// It is the one for any address: none is for the address alone.
        any_address: bool,
    },
    /// The server was chosen.
    Server {
        /// The server.
        server: &'r Server,
        /// The name of the host, as nginx compares it.
        host: Vec<u8>,
        /// The name that matched; none for the default server.
        name: Option<&'r super::config::ServerName>,
    },
    /// The path was made ready for comparing.
    Normalized {
        /// The path as it is compared.
        uri: Vec<u8>,
    },
    /// A location was looked at.
    Location {
        /// The location.
        location: &'r Location,
        /// What became of it.
        fate: Fate,
    },
    /// A variable was set.
    Set {
        /// Its name.
        variable: &'r str,
        /// Its value.
        value: Value,
        /// The `set`.
        at: Place,
    },
    /// An `if` was asked.
    If {
        /// It holds; an error if that is not known.
        holds: Result<bool, Unknown>,
        /// The `if`.
        at: Place,
    },
    /// A `rewrite` was tried.
    Rewrite {
        /// The path after it; none if it does not match.
        to: Option<Value>,
        /// The `rewrite`.
        at: Place,
    },
    /// The path was changed, or the request was sent elsewhere: a location is looked for again.
    Redirect {
        /// The new path, or the name of a location.
        to: Vec<u8>,
        /// What sent it there.
        at: Option<Place>,
    },
    /// An `allow` or `deny` decided.
    Access {
        /// It lets the request in.
        allowed: bool,
        /// The directive.
        at: Place,
    },
}

/// What became of a location that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It takes the request.
    Chosen,
    /// Its path, name or expression does not match.
    NoMatch,
    /// It matches, and a longer prefix does too.
    ShorterPrefix,
    /// It matches, and a regular expression goes before.
    BeatenByRegex,
    /// Its expression was not tried: an exact location or `^~` goes before.
    NotTried,
    /// Its expression was not tried: one before it matched.
    LaterRegex,
    /// It matches, and a location inside it takes the request.
    OuterOf,
    /// The path lacks the slash at its end: the client is redirected.
    Redirects,
}
