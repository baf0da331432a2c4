//! The requests that a location is judged by.

use crate::runtime::Request;

/// Settings of HTTP/2, all of which are the defaults (RFC 7540, section 3.2.1).
const HTTP2_SETTINGS: &str = "AAMAAABkAAQAAP__";

/// A made-up request, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Probe {
    /// Its `Upgrade` header.
    pub upgrade: Option<&'static str>,
    /// Its `Connection` header.
    pub connection: Option<&'static str>,
}

impl Probe {
    /// A WebSocket handshake as most clients send it (RFC 6455, section 4.1).
    pub const HANDSHAKE: Self = Self { upgrade: Some("websocket"), connection: Some("Upgrade") };
    /// A handshake as Firefox sends it.
    pub const FIREFOX: Self =
        Self { upgrade: Some("websocket"), connection: Some("keep-alive, Upgrade") };
    /// A handshake in other letter case.
    pub const MIXED_CASE: Self = Self { upgrade: Some("WebSocket"), connection: Some("Upgrade") };
    /// The handshakes that have to come through, each with what it is called.
    pub const HANDSHAKES: [(Self, &'static str); 3] = [
        (Self::HANDSHAKE, "a handshake"),
        (Self::FIREFOX, "a handshake of Firefox (`Connection: keep-alive, Upgrade`)"),
        (Self::MIXED_CASE, "a handshake with `Upgrade: WebSocket`"),
    ];
    /// A request like any other.
    pub const PLAIN: Self = Self { upgrade: None, connection: None };
    /// The same from a client that says it wants to keep the connection, as some do.
    pub const KEEP_ALIVE: Self = Self { upgrade: None, connection: Some("keep-alive") };
    /// A request that offers to switch to cleartext HTTP/2.
    pub const H2C: Self =
        Self { upgrade: Some("h2c"), connection: Some("Upgrade, HTTP2-Settings") };

    /// The request, of which nothing else is known.
    pub(super) fn request(&self) -> Request {
        /// Headers that no probe has: they are about the connection.
        const ABSENT: [&str; 4] = ["Proxy-Connection", "TE", "Keep-Alive", "Expect"];
        let settings = self.upgrade.filter(|upgrade| *upgrade == "h2c").map(|_| HTTP2_SETTINGS);
        let own = [
            ("Upgrade", self.upgrade),
            ("Connection", self.connection),
            ("HTTP2-Settings", settings),
        ];
        let absent = ABSENT.iter().map(|&name| (name, None));
        let header = |(name, value): (&str, Option<&str>)| {
            (name.to_owned(), value.unwrap_or_default().as_bytes().to_vec())
        };
        Request {
            headers: own.into_iter().chain(absent).map(header).collect(),
            is_partial: true,
            ..Request::get(80, "", "/")
        }
    }
}
