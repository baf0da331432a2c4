//! From a URL and options to the request that a client would send.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::runtime::config::{Address, Config, Listener, NameMatch};
use crate::runtime::{HttpVersion, Local, Request};

/// The key of a handshake: that of RFC 6455, section 1.2.
const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";

/// What somebody wants to know about: a URL, and what else is known of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// `http:`, `https:`, `ws:` or `wss:` with a host; or a path alone.
    pub url: String,
    /// Headers, which take the place of those that would be sent otherwise.
    pub headers: Vec<(String, String)>,
    /// It is a WebSocket handshake; `ws:` and `wss:` say so too.
    pub is_websocket: bool,
    /// The method, if it is not GET.
    pub method: Option<String>,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// Where the connection comes in, if the URL does not say so.
    pub listen: Option<Listen>,
}

/// nginx's side of a connection, as an option says it: `192.0.2.1:80`, `80` or `unix:/path`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen(Local);

/// A text is no address to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseListenError;

impl fmt::Display for ParseListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is ADDRESS:PORT, PORT or unix:PATH, as in 192.0.2.1:8080")
    }
}

impl std::error::Error for ParseListenError {}

impl FromStr for Listen {
    type Err = ParseListenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("unix:") {
            return Ok(Self(Local::Unix(path.to_owned())));
        }
        if let Ok(port) = text.strip_prefix("*:").unwrap_or(text).parse() {
            return Ok(Self(Local::Tcp { address: None, port }));
        }
        let address: SocketAddr = text.parse().map_err(|_| ParseListenError)?;
        Ok(Self(Local::Tcp { address: Some(address.ip()), port: address.port() }))
    }
}

/// The parts of a URL.
struct Url<'a> {
    is_tls: bool,
    is_websocket: bool,
    /// With the port, if it is written.
    authority: &'a str,
    host: &'a str,
    port: u16,
    target: String,
}

impl Asked {
    /// The request, and how it begins; an error says what is wrong with the URL.
    pub fn request(&self, config: &Config) -> Result<Request, String> {
        let mut request =
            if self.url.starts_with('/') { self.to_first_listener(config) } else { self.to_url()? };
        if self.url.contains([' ', '\t', '\r', '\n']) {
            return Err(format!("\"{}\" has blanks in it: in a URL they are %20", self.url));
        }
        if self.url.contains(char::is_control) {
            let url = &self.url;
            return Err(format!("\"{url}\" has control characters in it: in a URL they are %XX"));
        }
        if let Some(method) = &self.method {
            if method.is_empty() || method.contains(|c: char| c == ' ' || c.is_control()) {
                return Err(format!("\"{method}\" is no method, as in POST"));
            }
            request.method.clone_from(method);
        }
        if let Some(Listen(local)) = &self.listen {
            request.local = local.clone();
        }
        request.client = self.client;
        let is_given =
            |name: &str| self.headers.iter().any(|(it, _)| it.eq_ignore_ascii_case(name));
        request.headers.retain(|(name, _)| !is_given(name));
        let given = self.headers.iter();
        request
            .headers
            .extend(given.map(|(name, value)| (name.clone(), value.as_bytes().to_vec())));
        Ok(request)
    }

    fn to_url(&self) -> Result<Request, String> {
        let url = parse(&self.url)?;
        let address: Option<IpAddr> = url.host.trim_matches(['[', ']']).parse().ok();
        let mut request = Request::get(url.port, url.authority, &url.target);
        request.local = Local::Tcp { address, port: url.port };
        request.tls = url.is_tls;
        request.sni = (url.is_tls && address.is_none()).then(|| url.host.to_owned());
        if self.is_websocket || url.is_websocket {
            add_handshake(&mut request);
        }
        Ok(request)
    }

    /// A path alone goes to the first socket, in the name of its default server.
    fn to_first_listener(&self, config: &Config) -> Request {
        let listener = config.listeners.iter().find(|listener| !listener.quic);
        let host = listener.and_then(|listener| default_name(listener));
        let mut request = Request::get(80, host.unwrap_or("localhost"), &self.url);
        if let Some(listener) = listener {
            request.local = local(&listener.address);
            request.tls = listener.tls;
            request.sni = host.filter(|_| listener.tls).map(str::to_owned);
        }
        if self.is_websocket {
            add_handshake(&mut request);
        }
        request
    }
}

/// A name that leads to the default server of a listener.
fn default_name(listener: &Listener) -> Option<&str> {
    listener.names.iter().find_map(|name| match &name.matches {
        NameMatch::Exact(text) if name.server == listener.default_server && text.contains('.') => {
            Some(text.as_str())
        }
        _ => None,
    })
}

fn local(address: &Address) -> Local {
    match address {
        Address::Tcp(tcp) => {
            Local::Tcp { address: (!tcp.ip().is_unspecified()).then(|| tcp.ip()), port: tcp.port() }
        }
        Address::Unix(path) => Local::Unix(path.clone()),
    }
}

fn add_handshake(request: &mut Request) {
    let headers: [(&str, &[u8]); 4] = [
        ("Upgrade", b"websocket"),
        ("Connection", b"Upgrade"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", b"13"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_vec()));
    request.headers.extend(headers);
    request.version = HttpVersion::Http11;
}

/// Takes a URL apart; nothing is decoded or normalized.
fn parse(text: &str) -> Result<Url<'_>, String> {
    let wrong = |reason: &str| format!("\"{text}\" is no URL that can be traced: {reason}");
    let (scheme, rest) = text.split_once("://").ok_or_else(|| {
        wrong("it is http://host/path, https:, ws: or wss:, or a path that begins with /")
    })?;
    let (is_tls, is_websocket) = match scheme.to_ascii_lowercase().as_str() {
        "http" => (false, false),
        "https" => (true, false),
        "ws" => (false, true),
        "wss" => (true, true),
        _ => return Err(wrong("its scheme is http, https, ws or wss")),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err(wrong("a user is not for nginx; say -H 'Authorization: …'"));
    }
    let colon = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let (host, port) = match colon {
        Some(at) => (&authority[..at], Some(&authority[at + 1..])),
        None => (authority, None),
    };
    if host.is_empty() {
        return Err(wrong("it has no host"));
    }
    if host.starts_with('[') != host.ends_with(']') {
        return Err(wrong("a bracket of its host is not closed"));
    }
    let port = match port.filter(|port| !port.is_empty()) {
        Some(port) => port.parse().map_err(|_| wrong("its port is no number up to 65535"))?,
        None if is_tls => 443,
        None => 80,
    };
    let target = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Ok(Url { is_tls, is_websocket, authority, host, port, target })
}

/// Reads a header as people write it, `Name: value`.
pub fn header(text: &str) -> Result<(String, String), String> {
    let wrong = || format!("\"{text}\" is no header, as in \"Name: value\"");
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let is_valid =
        !name.is_empty() && name.chars().all(is_name) && !value.contains(['\r', '\n', '\0']);
    let value = value.trim_matches([' ', '\t']);
    if is_valid { Ok((name.to_owned(), value.to_owned())) } else { Err(wrong()) }
}
