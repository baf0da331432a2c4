//! A request, as it comes in on a connection.

use std::net::IpAddr;

/// The version of HTTP that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HttpVersion {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
    /// HTTP/2
    Http2,
}

/// Where a connection came in: nginx's side of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Local {
    /// A port, and the address if it is known.
    Tcp {
        /// The address that the client connected to.
        address: Option<IpAddr>,
        /// The port.
        port: u16,
    },
    /// The path of a UNIX socket.
    Unix(String),
}

/// A request with what is known of its connection.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where the connection came in.
    pub local: Local,
    /// It came over TLS.
    pub tls: bool,
    /// The name that the client gave for TLS (SNI).
    pub sni: Option<String>,
    /// The client's address, if it is known.
    pub client: Option<IpAddr>,
    /// The version of HTTP.
    pub version: HttpVersion,
    /// The method, as in `GET`.
    pub method: String,
    /// What stands between method and version: a path with arguments, or a whole URL.
    pub target: Vec<u8>,
    /// The headers in order, names as they were sent.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Only what is said here is known of the request: it may have other headers, and no path
    /// is known.
    pub is_partial: bool,
    /// No file is there that nginx looks for.
    pub no_files: bool,
}

impl Request {
    /// A GET of HTTP/1.1 without headers other than `Host`, to a port.
    pub fn get(port: u16, host: &str, target: &str) -> Self {
        Self {
            local: Local::Tcp { address: None, port },
            tls: false,
            sni: None,
            client: None,
            version: HttpVersion::Http11,
            method: "GET".to_owned(),
            target: target.as_bytes().to_vec(),
            headers: vec![("Host".to_owned(), host.as_bytes().to_vec())],
            is_partial: false,
            no_files: false,
        }
    }

    /// The values of all headers of a name; letter case does not matter.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let is_it = move |(other, _): &&(String, Vec<u8>)| other.eq_ignore_ascii_case(name);
        self.headers.iter().filter(is_it).map(|(_, value)| value.as_slice())
    }
}
