//! The requests that a location is judged by.

use super::Value;

/// A made-up request, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// A request that offers to switch to cleartext HTTP/2.
    pub const H2C: Self =
        Self { upgrade: Some("h2c"), connection: Some("Upgrade, HTTP2-Settings") };

    /// The value of one of nginx's own variables, in lower case and without `$`.
    pub(super) fn variable(&self, name: &str) -> Value {
        let header = match name {
            "http_upgrade" => self.upgrade,
            "http_connection" => self.connection,
            "http_http2_settings" if self.upgrade != Some("h2c") => None,
            "http_proxy_connection" | "http_te" | "http_keep_alive" | "http_expect" => None,
            "request_method" => Some("GET"),
            _ => return Value::Unknown,
        };
        Value::Known(header.unwrap_or_default().to_owned())
    }
}
