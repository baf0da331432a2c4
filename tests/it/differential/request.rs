//! Random requests, hostile ones included, as bytes and as what the library takes.

use std::net::SocketAddr;

use ngxc::runtime::{HttpVersion, Local, Request};

use super::ports::Ports;
use super::random::Random;

/// A request that can be sent.
#[derive(Clone)]
pub struct Sent {
    /// Where to.
    pub to: SocketAddr,
    pub method: String,
    pub target: Vec<u8>,
    pub version: HttpVersion,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// Addresses that servers may listen on, with what a configuration says then.
const ADDRESSES: [(&str, &[&str]); 5] = [
    ("127.0.0.1:@P1@", &["127.0.0.1:@P1@", "listen @P1@", "*:@P1@", "0.0.0.0:@P1@"]),
    ("127.0.0.1:@P2@", &["127.0.0.1:@P2@"]),
    ("127.0.0.2:@P1@", &["127.0.0.2:@P1@", "listen @P1@", "*:@P1@", "0.0.0.0:@P1@"]),
    ("[::1]:@P1@", &["[::1]:@P1@"]),
    ("[::1]:@P2@", &["[::]:@P2@"]),
];

const METHODS: [&str; 16] = [
    "GET", "GET", "GET", "GET", "GET", "GET", "GET", "GET", "HEAD", "POST", "POST", "PUT",
    "OPTIONS", "DELETE", "PURGE", "PROPFIND",
];

/// Methods that nginx has something to say about.
const STRANGE_METHODS: [&str; 6] = ["get", "TRACE", "CONNECT", "X-Y", "M_Y", "G1T"];

/// Names of hosts.
const HOSTS: [&str; 28] = [
    "a.test",
    "a.test",
    "www.a.test",
    "b.a.test",
    "A.TEST",
    "a.test.",
    "a.test:8080",
    "a.test.:99",
    "a.org",
    "www.a.org",
    "test",
    "x.test",
    "unknown",
    "127.0.0.1",
    "127.0.0.1:@P1@",
    "[::1]",
    "[::1]:80",
    "b.test",
    "x.b.test",
    "localhost",
    "w",
    "wtest",
    "www.x",
    "a_b",
    "_",
    "Www.A.Test:1",
    "c.b.a.test",
    "never.invalid.",
];

/// Names of hosts that are hostile, or none.
const STRANGE_HOSTS: [&str; 28] = [
    "",
    "a b",
    "a/b",
    "..",
    "a..b",
    "-a",
    ".a",
    ".",
    "user@host",
    "a.test,b.test",
    "\u{e9}.test",
    "a\tb",
    ":80",
    "a.test:",
    "a.test:x",
    "a:1:2",
    "[::1",
    "[::1]x",
    "[]",
    "a%2etest",
    "a.test?x",
    "a.test#",
    "*.a.test",
    "~test",
    "\"a.test\"",
    "a\\b",
    "[a.test]",
    "a.test..",
];

/// Parts of paths.
const SEGMENTS: [&str; 14] =
    ["a", "a", "b", "b", "ab", "A", "c", "a.js", "x", "B", "a b", "%61", "aaa", "b.php"];

/// Parts of paths that are hostile.
const STRANGE_SEGMENTS: [&str; 34] = [
    "%2F", "%2e%2e", "%2E", "..", ".", "...", "..a", "a..", ".a", "%00", "%zz", "%", "%2", "%25",
    "%25%32", "%20", "%3F", "%23", "%5C", "\\", "+", ";x=1", "&", "=", "\u{e9}", "%c3%a9", "%FF",
    "%0a", "%0D", "~", "'", "\"", "a:b", "<>",
];

/// What stands between parts of paths.
const SLASHES: [&str; 12] = ["/", "/", "/", "/", "/", "/", "/", "/", "//", "///", "/./", "/../"];

const QUERIES: [&str; 28] = [
    "x=a",
    "x=b",
    "x=",
    "x",
    "X=a",
    "x=a&x=b",
    "y=1&x=a",
    "up=up0",
    "up=Up1.test",
    "ip=10.1.2.3",
    "ip=2001:db8::1",
    "x=%2F",
    "x=%41&y=%41",
    "xx=1&x=2",
    "&x=a",
    "x=a&",
    "x=/a/b",
    "x=a?b",
    "?",
    "&&",
    "port=@B2@&x=a",
    "method=PUT",
    "up=127.0.0.1:@B3@&x=/b",
    "x=a b",
    "ip=127.0.0.1&y=a",
    "x=http://up0/q",
    "x=a&y=a",
    "args=1",
];

impl Sent {
    /// A request to a configuration, mostly to where it listens.
    pub fn random(random: &mut Random, http: &str, ports: &Ports) -> Self {
        let to = address(random, http, ports);
        let method =
            if random.chance(2) { random.pick(&STRANGE_METHODS) } else { random.pick(&METHODS) };
        let version = if random.chance(12) { HttpVersion::Http10 } else { HttpVersion::Http11 };
        let target = target(random, ports);
        let body = body(random, method);
        let mut headers = hosts(random, version, ports);
        headers.extend(others(random));
        if !body.is_empty() || random.chance(2) {
            headers.push(("Content-Length".to_owned(), body.len().to_string().into_bytes()));
        }
        // Headers may come in any order.
        if random.chance(30) {
            let rotation = random.below(headers.len().max(1));
            headers.rotate_left(rotation);
        }
        Self { to, method: method.to_owned(), target, version, headers, body }
    }

    /// It as bytes. No space or tab is around values.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.method.clone().into_bytes();
        bytes.push(b' ');
        bytes.extend_from_slice(&self.target);
        bytes.extend_from_slice(match self.version {
            HttpVersion::Http10 => b" HTTP/1.0\r\n",
            _ => b" HTTP/1.1\r\n",
        });
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// It as the library takes it; the client connected from an address.
    pub fn request(&self, client: SocketAddr) -> Request {
        Request {
            local: Local::Tcp { address: Some(self.to.ip()), port: self.to.port() },
            tls: false,
            sni: None,
            client: Some(client.ip()),
            version: self.version,
            method: self.method.clone(),
            target: self.target.clone(),
            headers: self.headers.clone(),
            is_partial: false,
            no_files: true,
        }
    }
}

fn address(random: &mut Random, http: &str, ports: &Ports) -> SocketAddr {
    // The first one is most often meant.
    let first = if random.chance(50) { 0 } else { random.below(ADDRESSES.len()) };
    let listens = |(_, listens): &&(&str, &[&str])| {
        listens.iter().any(|listen| http.contains(&ports.put_into(listen)))
    };
    let is_any = random.chance(2);
    let mut chosen = ADDRESSES.iter().cycle().skip(first).take(ADDRESSES.len());
    let chosen = chosen.find(|it| is_any || listens(it)).unwrap_or(&ADDRESSES[0]);
    ports.put_into(chosen.0).parse().expect("it is an address")
}

fn target(random: &mut Random, ports: &Ports) -> Vec<u8> {
    if random.chance(2) {
        return random
            .pick(&["*", "a", "", "a.test:80", "?x=a", "#", "/#a?x", "//", "/\u{1}"])
            .into();
    }
    let mut text = String::new();
    if random.chance(7) {
        text.push_str(random.pick(&["http", "http", "http", "https", "HTTP", "ftp", "ws"]));
        text.push_str("://");
        text.push_str(absolute_host(random));
        if random.chance(20) {
            text.push_str(random.pick(&["", "?x=a", "/", "?", "#"]));
            return ports.put_into(&text).into();
        }
    }
    let hostile = random.chance(20);
    for _ in 0..=random.below(3) {
        text.push_str(if hostile { random.pick(&SLASHES) } else { "/" });
        let is_strange = hostile && random.chance(50);
        text.push_str(if is_strange {
            random.pick(&STRANGE_SEGMENTS)
        } else {
            random.pick(&SEGMENTS)
        });
    }
    if random.chance(30) {
        text.push_str(random.pick(&["/", "/", "/", "//", "/.", "/.."]));
    }
    if random.chance(50) {
        text.push_str(random.pick(&["?", "?", "?", "?", "??", "#", "#f?"]));
        text.push_str(random.pick(&QUERIES));
    }
    if random.chance(1) {
        text.push_str(&"y".repeat(random.below(1500)));
    }
    // nginx ends the target at a space, and that is no HTTP/1.1 then.
    if !random.chance(3) {
        text = text.replace(' ', "%20");
    }
    ports.put_into(&text).into()
}

fn absolute_host(random: &mut Random) -> &'static str {
    if random.chance(80) { random.pick(&HOSTS) } else { random.pick(&STRANGE_HOSTS) }
}

fn hosts(random: &mut Random, version: HttpVersion, ports: &Ports) -> Vec<(String, Vec<u8>)> {
    let count = match random.below(100) {
        0 | 1 => 0,
        2 => 2,
        5..20 if version == HttpVersion::Http10 => 0,
        _ => 1,
    };
    let one = |random: &mut Random| {
        let host = if random.chance(5) { random.pick(&STRANGE_HOSTS) } else { random.pick(&HOSTS) };
        (random.pick(&["Host", "Host", "host", "HOST"]).to_owned(), ports.put_into(host).into())
    };
    (0..count).map(|_| one(random)).collect()
}

fn body(random: &mut Random, method: &str) -> Vec<u8> {
    let has_body = match method {
        "POST" | "PUT" => random.chance(75),
        _ => random.chance(2),
    };
    if has_body { random.pick(&["b=1", "{}", "long body", "\u{1}"]).into() } else { Vec::new() }
}

/// Headers that are not about host and body.
const HEADERS: [(&str, &str); 34] = [
    ("X", "a"),
    ("x", "b"),
    ("X", ""),
    ("X_Y", "1"),
    ("X-Y", "2"),
    ("Cookie", "c=1; d=2"),
    ("Cookie", "c=a"),
    ("cookie", "d=\"q\"; C=3"),
    ("User-Agent", "test/1.0"),
    ("User-Agent", "other"),
    ("Accept", "*/*"),
    ("Connection", "close"),
    ("Connection", "keep-alive"),
    ("Connection", "Upgrade, x"),
    ("Upgrade", "h2c"),
    ("X-Forwarded-For", "10.1.1.1"),
    ("X-Forwarded-For", "192.0.2.1"),
    ("X-A", "client"),
    ("x-b", "client"),
    ("TE", "trailers"),
    ("Keep-Alive", "5"),
    ("Content-Type", "text/plain"),
    ("Content-Type", "a/b"),
    ("X-Real-IP", "10.9.9.9"),
    ("X-Forwarded-For", "10.1.1.1, 127.0.0.1"),
    ("X-Forwarded-For", "10.1.1.1:80,x"),
    ("X-Real-IP", "[2001:db8::1]:5"),
    ("Authorization", "Basic dTpw"),
    ("Authorization", "Bearer x"),
    ("X.Y", "5"),
    ("X-Long", "a  b\tc"),
    ("X-Utf", "\u{e9}"),
    ("Proxy-Connection", "keep-alive"),
    ("X", "a"),
];

/// Headers that nginx ignores, or refuses the request for.
const STRANGE_HEADERS: [(&str, &str); 16] = [
    ("X$Y", "3"),
    ("X Y", "4"),
    ("", "6"),
    ("X\u{e9}", "7"),
    ("X\"", "8"),
    ("Content-Length", "x"),
    ("Content-Length", "0"),
    ("Transfer-Encoding", "gzip"),
    ("Transfer-Encoding", "identity"),
    ("If-Match", "a"),
    ("If-Match", "*"),
    ("If-None-Match", "*"),
    ("If-None-Match", "\"a\""),
    ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ("If-Unmodified-Since", "x"),
    ("Range", "bytes=0-1"),
];

/// What a browser sends to open a WebSocket.
const HANDSHAKE: [(&str, &str); 5] = [
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ("Origin", "http://a.test"),
];

fn others(random: &mut Random) -> Vec<(String, Vec<u8>)> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.as_bytes().to_vec());
    let mut all = Vec::new();
    for _ in 0..random.below(4) {
        all.push(owned(HEADERS[random.below(HEADERS.len())]));
    }
    if random.chance(5) {
        all.push(owned(STRANGE_HEADERS[random.below(STRANGE_HEADERS.len())]));
    }
    if random.chance(15) {
        all.extend(HANDSHAKE.map(owned));
    }
    all
}
