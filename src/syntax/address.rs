//! Addresses, as `ngx_parse_url` reads them, without asking the network.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// To listen on: also a port alone, `*`, and a range of ports.
    Listen,
    /// To connect to.
    Connect,
    /// To connect to, with a URI behind it.
    ConnectWithUri,
}

/// Where an address leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host<'a> {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// A name: of an upstream, or for DNS.
    Name(&'a str),
    /// The path of a UNIX socket.
    Unix(&'a str),
}

/// An address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// Where it leads.
    pub host: Host<'a>,
    /// Its port, if it is written.
    pub port: Option<u16>,
    /// The last port of a range.
    pub last_port: Option<u16>,
    /// What is behind host and port.
    pub uri: &'a str,
}

/// Why a text is no address, in nginx's words.
pub type Reason = &'static str;

/// The longest path of a UNIX socket on Linux, in bytes.
const MAX_SOCKET_PATH: usize = 107;

/// Reads an address.
pub fn address(text: &str, purpose: Use) -> Result<Address<'_>, Reason> {
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("unix:")) {
        return unix(&text[5..], purpose);
    }
    match text.strip_prefix('[') {
        Some(rest) => v6(rest, purpose),
        None => v4(text, purpose),
    }
}

/// A URL that requests are passed on to, without variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpUrl<'a> {
    /// Its scheme is `https`.
    pub tls: bool,
    /// The host as it is written, with the brackets of an IPv6 address.
    pub host: &'a str,
    /// What is behind the scheme.
    pub address: Address<'a>,
}

/// Reads the URL of a `proxy_pass`, its variables evaluated (`ngx_http_proxy_pass`,
/// `ngx_http_proxy_eval`).
pub fn http_url(text: &str) -> Option<HttpUrl<'_>> {
    let behind = |scheme: &str| {
        let (start, rest) = text.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let (tls, rest) = match behind("http://") {
        Some(rest) => (false, rest),
        None => (true, behind("https://")?),
    };
    let address = address(rest, Use::ConnectWithUri).ok()?;
    let end = rest.len() - address.uri.len();
    let host = match rest.find(']') {
        Some(at) if rest.starts_with('[') => &rest[..=at],
        _ => &rest[..rest[..end].find(':').unwrap_or(end)],
    };
    Some(HttpUrl { tls, host, address })
}

impl HttpUrl<'_> {
    /// The port of the scheme.
    pub fn default_port(&self) -> u16 {
        if self.tls { 443 } else { 80 }
    }

    /// `$proxy_host` and `$proxy_port` (`ngx_http_proxy_set_vars`).
    pub fn host_and_port(&self) -> (String, String) {
        let default_port = self.default_port();
        let written = self.address.port.filter(|&port| port != default_port);
        match (self.address.host, written) {
            (Host::Unix(_), _) => ("localhost".to_owned(), String::new()),
            (_, Some(port)) => (format!("{}:{port}", self.host), port.to_string()),
            (_, None) => (self.host.to_owned(), default_port.to_string()),
        }
    }
}

fn unix(path: &str, purpose: Use) -> Result<Address<'_>, Reason> {
    let (path, uri) = match path.split_once(':') {
        Some(parts) if purpose == Use::ConnectWithUri => parts,
        _ => (path, ""),
    };
    match path.len() {
        0 => Err("no path in the unix domain socket"),
        1..=MAX_SOCKET_PATH => {
            Ok(Address { host: Host::Unix(path), port: None, last_port: None, uri })
        }
        _ => Err("too long path in the unix domain socket"),
    }
}

fn v4(text: &str, purpose: Use) -> Result<Address<'_>, Reason> {
    let (authority, uri) = match text.find(['/', '?']) {
        Some(_) if purpose != Use::ConnectWithUri => return Err("invalid host"),
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let (host, port, last_port) = if let Some((host, ports)) = authority.split_once(':') {
        let (port, last) = ports_of(ports, purpose)?;
        (host, Some(port), last)
    } else {
        if purpose == Use::Listen
            && let Some(ports) = lone_port(authority)
        {
            let (port, last_port) = ports?;
            let host = Host::V4(Ipv4Addr::UNSPECIFIED);
            return Ok(Address { host, port: Some(port), last_port, uri });
        }
        (authority, None, None)
    };
    let host = match host {
        "" => return Err("no host"),
        "*" if purpose == Use::Listen => Host::V4(Ipv4Addr::UNSPECIFIED),
        host => inet_addr(host).map_or(Host::Name(host), Host::V4),
    };
    Ok(Address { host, port, last_port, uri })
}

fn v6(text: &str, purpose: Use) -> Result<Address<'_>, Reason> {
    let (host, rest) = text.split_once(']').ok_or("invalid host")?;
    let (ports, uri) = match rest.find('/') {
        Some(_) if purpose != Use::ConnectWithUri => return Err("invalid host"),
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (port, last_port) = match ports.strip_prefix(':') {
        Some(ports) => {
            let (port, last) = ports_of(ports, purpose)?;
            (Some(port), last)
        }
        None if ports.is_empty() => (None, None),
        None => return Err("invalid host"),
    };
    if host.is_empty() {
        return Err("no host");
    }
    let host = host.parse().map_err(|_| "invalid IPv6 address")?;
    Ok(Address { host: Host::V6(host), port, last_port, uri })
}

/// A port or, to listen on, a range of them.
fn ports_of(text: &str, purpose: Use) -> Result<(u16, Option<u16>), Reason> {
    let (first, last) = match text.split_once('-') {
        Some((first, last)) if purpose == Use::Listen => (first, Some(port(last)?)),
        _ => (text, None),
    };
    let first = port(first)?;
    if last.is_some_and(|last| first > last) {
        return Err("invalid port range");
    }
    Ok((first, last))
}

/// What has no colon is a port only if it is a number, or two with a dash.
fn lone_port(text: &str) -> Option<Result<(u16, Option<u16>), Reason>> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (first, last) = text.split_once('-').unwrap_or((text, "1"));
    (is_number(first) && is_number(last)).then(|| ports_of(text, Use::Listen))
}

fn port(text: &str) -> Result<u16, Reason> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.trim_start_matches('0').parse() {
        Ok(port) if digits => Ok(port),
        _ => Err("invalid port"),
    }
}

/// Four numbers with dots; the last address of all is not told from an error
/// (`ngx_inet_addr`).
pub fn inet_addr(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0_u8; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next()?;
        let mut value = 0_u32;
        for byte in part.bytes() {
            if !byte.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u32::from(byte - b'0');
            if value > 255 {
                return None;
            }
        }
        *octet = u8::try_from(value).ok()?;
    }
    let address = Ipv4Addr::from(octets);
    (parts.next().is_none() && address != Ipv4Addr::BROADCAST).then_some(address)
}

/// A network as `ngx_ptocidr` reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    /// The address as it is written, as 128 bits if it is IPv6 and 32 if it is not.
    pub address: u128,
    /// How many of its bits count.
    pub length: u32,
    /// It is IPv6.
    pub is_v6: bool,
}

impl Network {
    /// The network around an address whose prefix has a length, or the address alone if that is
    /// shorter. An IPv4 address that is written as IPv6 is IPv4.
    pub fn around(address: IpAddr, length: u32) -> Self {
        let (address, width, is_v6) = match address.to_canonical() {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32, false),
            IpAddr::V6(v6) => (v6.to_bits(), 128, true),
        };
        Self { address, length: length.min(width), is_v6 }.masked()
    }

    /// True if an address is in it.
    pub fn contains(self, address: IpAddr) -> bool {
        Self::around(address, self.length) == self.masked()
    }

    /// True if bits that do not count are set.
    pub fn has_host_bits(self) -> bool {
        self.masked() != self
    }

    /// The same with these bits cleared.
    #[must_use]
    pub fn masked(self) -> Self {
        let width = if self.is_v6 { 128 } else { 32 };
        let kept = u128::MAX.checked_shl(width - self.length).unwrap_or(0);
        Self { address: self.address & kept, ..self }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = if self.is_v6 {
            Ipv6Addr::from_bits(self.address).to_string()
        } else {
            Ipv4Addr::from_bits(u32::try_from(self.address).unwrap_or(u32::MAX)).to_string()
        };
        write!(f, "{address}/{}", self.length)
    }
}

/// Reads a network of `geo`: one of them stands for what is no address
/// (`ngx_http_geo_cidr_value`).
pub fn geo_network(text: &str) -> Option<Network> {
    match text {
        "255.255.255.255" | "255.255.255.255/32" => {
            Some(Network { address: u128::from(u32::MAX), length: 32, is_v6: false })
        }
        _ => network(text),
    }
}

/// Reads an address with or without `/` and the length of its prefix.
pub fn network(text: &str) -> Option<Network> {
    let (host, mask) = match text.split_once('/') {
        Some((host, mask)) => (host, Some(mask)),
        None => (text, None),
    };
    let (address, width, is_v6) = match inet_addr(host) {
        Some(v4) => (u128::from(v4.to_bits()), 32, false),
        None => (host.parse::<Ipv6Addr>().ok()?.to_bits(), 128, true),
    };
    let length = match mask {
        Some(mask) => super::value::number(mask)?.try_into().ok().filter(|&n| n <= width)?,
        None => width,
    };
    Some(Network { address, length, is_v6 })
}
