//! A backend as strict as RFC 6455 that echoes messages, and streams to talk over.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use tungstenite::WebSocket;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;

/// No test waits longer than this for a byte. It is there for tests that fail.
const PATIENCE: Duration = Duration::from_secs(20);

/// A connection to an address where somebody listens.
pub fn connect(address: SocketAddr) -> Stream {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("nginx listens");
    Stream::new(stream).expect("sockets have timeouts")
}

/// A stream that neither waits for ever nor gives up for a signal, as tungstenite does.
pub struct Stream(TcpStream);

impl Stream {
    /// Waits for [`PATIENCE`] and no longer.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    /// Waits for that long and no longer from now on.
    pub fn wait_for(&self, time: Duration) {
        self.0.set_read_timeout(Some(time)).expect("sockets have timeouts");
    }
}

/// Does something until no signal interrupts it.
fn uninterrupted<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match act() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        uninterrupted(|| self.0.read(buffer))
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        uninterrupted(|| self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Starts a backend that echoes messages, and tells plain requests what it got of them.
pub fn backend() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("some port is free");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // An error here is one that the client sees too, and complains of.
            thread::spawn(move || answer(stream));
        }
    });
    address
}

fn answer(stream: TcpStream) -> io::Result<()> {
    let mut stream = Stream::new(stream)?;
    let request = Head::read(&mut stream)?;
    let got = request.summary("; ");
    if let Some(status) = request.refusal() {
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: 0\r\n");
        return stream.write_all(format!("{head}X-Got: {got}\r\n\r\n").as_bytes());
    }
    if request.has("Upgrade", "h2c") {
        let head =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n";
        return stream.write_all(head.as_bytes());
    }
    let Some(key) = request.header("Sec-WebSocket-Key").filter(|_| request.is_upgrade()) else {
        let body = request.summary("\n") + "\n";
        let head = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\nX-Got: {got}\r\n\r\n",
            body.len()
        );
        return stream.write_all((head + &body).as_bytes());
    };
    let accept = derive_accept_key(key.as_bytes());
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    stream.write_all(format!("{head}Sec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes())?;
    stream.wait_for(2 * PATIENCE + Duration::from_secs(60));
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    while let Ok(message) = socket.read() {
        if message.is_text() && socket.send(message).is_err() {
            break;
        }
    }
    Ok(())
}

/// The head of a request or of an answer.
pub struct Head(String);

impl Head {
    /// Reads as far as the empty line.
    pub fn read(stream: &mut Stream) -> io::Result<Self> {
        let mut head = Vec::new();
        // Byte by byte, because what follows belongs to someone else.
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        Ok(Self(String::from_utf8_lossy(&head).into_owned()))
    }

    /// The first line.
    pub fn line(&self) -> &str {
        self.0.lines().next().unwrap_or_default()
    }

    /// The values of a header, each line one.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let lines = self.0.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The first value of a header.
    pub fn header<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.headers(name).next()
    }

    /// True if a header has the token.
    pub fn has(&self, name: &str, token: &str) -> bool {
        let mut tokens = self.headers(name).flat_map(|value| value.split(','));
        tokens.any(|it| it.trim().eq_ignore_ascii_case(token))
    }

    /// It asks for an upgrade to WebSocket.
    fn is_upgrade(&self) -> bool {
        self.has("Upgrade", "websocket") && self.has("Connection", "upgrade")
    }

    /// Why the backend takes no such request: what RFC 9112 (3.2) and RFC 6455 (4.2.1) say of
    /// what a proxy can spoil, and what servers say of an Origin that is not theirs.
    fn refusal(&self) -> Option<&'static str> {
        let is_11 = self.line().ends_with(" HTTP/1.1");
        if is_11 && self.headers("Host").count() != 1 {
            return Some("400 Bad Request");
        }
        let is_meant = self.header("Sec-WebSocket-Version").is_some()
            || self.header("Sec-WebSocket-Key").is_some();
        if !is_meant && !self.is_upgrade() {
            return None;
        }
        let is_whole = self.line().starts_with("GET ")
            && is_11
            && self.is_upgrade()
            && self.headers("Upgrade").count() == 1
            && self.header("Sec-WebSocket-Version") == Some("13")
            && self.header("Sec-WebSocket-Key").is_some_and(|key| key.len() == 24);
        if !is_whole {
            return Some("400 Bad Request");
        }
        let origin = self.header("Origin").map(|origin| origin.trim_start_matches("http://"));
        (origin.is_some() && origin != self.header("Host")).then_some("403 Forbidden")
    }

    /// What a handshake depends on.
    pub fn summary(&self, separator: &str) -> String {
        let [upgrade, connection] =
            ["Upgrade", "Connection"].map(|name| self.header(name).unwrap_or("-"));
        let (upgrade, connection) =
            (format!("Upgrade: {upgrade}"), format!("Connection: {connection}"));
        [self.line(), &upgrade, &connection].join(separator)
    }
}
