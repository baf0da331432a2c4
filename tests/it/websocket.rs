//! What the rules promise, over real sockets: a client, nginx with a fixture, and a
//! backend as strict as RFC 6455. What ngxc calls broken does not shake hands, and
//! what `ngxc lint --fix` made of it does.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use tungstenite::handshake::{HandshakeError, derive_accept_key};
use tungstenite::protocol::Role;
use tungstenite::{Error, Message, WebSocket};

use crate::nginx::{self, Nginx};
use crate::support::{root, run};

/// No test waits longer than this for a byte. It is there for tests that fail.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn headers_lost_to_inheritance_are_repeated() {
    let Some(nginx) = nginx::find() else { return };
    let broken = configuration("lost.conf");
    assert_refused(&nginx, &broken, "Upgrade: -");
    assert_echoes(&nginx, &fixed(&nginx, &broken));
}

#[test]
fn connection_of_plain_requests_is_upgrade_no_more() {
    let Some(nginx) = nginx::find() else { return };
    let hardcoded = configuration("hardcoded.conf");
    assert_echoes(&nginx, &hardcoded);
    let before = plain_request(&nginx, &hardcoded);
    assert!(before.contains("\nConnection: upgrade\n"), "{before}");

    let mended = fixed(&nginx, &hardcoded);
    assert_echoes(&nginx, &mended);
    let after = plain_request(&nginx, &mended);
    assert!(after.contains("\nConnection: "), "{after}");
    assert!(!after.to_ascii_lowercase().contains("upgrade\n"), "{after}");
}

#[test]
fn missing_proxy_http_version_is_added() {
    let Some(nginx) = nginx::find() else { return };
    let broken = without(&configuration("mapped.conf"), "proxy_http_version");
    // HTTP/1.1 is what nginx proxies with by itself since then.
    if !nginx.is_at_least([1, 29, 7]) {
        assert_refused(&nginx, &broken, "GET /chat/ HTTP/1.0");
    }
    assert_echoes(&nginx, &fixed(&nginx, &broken));
}

#[test]
fn missing_connection_header_is_added() {
    let Some(nginx) = nginx::find() else { return };
    let broken = without(&configuration("mapped.conf"), "proxy_set_header Connection");
    assert_refused(&nginx, &broken, "Upgrade: websocket");
    assert_echoes(&nginx, &fixed(&nginx, &broken));
}

// ---- configurations -----------------------------------------------------------

/// A fixture in front of a new backend.
fn configuration(fixture: &str) -> String {
    let path = root().join("fixtures/product").join(fixture);
    let text = fs::read_to_string(path).expect("the fixture is there");
    assert!(text.contains("listen 80;") && text.contains("127.0.0.1:8000"), "{text}");
    text.replace("127.0.0.1:8000", &backend().to_string())
}

/// A configuration without the one line that has a text.
fn without(configuration: &str, text: &str) -> String {
    assert_eq!(configuration.matches(text).count(), 1, "{configuration}");
    configuration.split_inclusive('\n').filter(|line| !line.contains(text)).collect()
}

/// What `ngxc lint --fix` makes of a configuration.
fn fixed(nginx: &Nginx, configuration: &str) -> String {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let file = folder.path().join("nginx.conf");
    fs::write(&file, configuration).expect("the folder is writable");
    let arguments = ["lint", "--fix", "--nginx-version", &nginx.version, "nginx.conf"];
    let run = run(folder.path(), &arguments);
    assert!(matches!(run.code, 0 | 1), "{run:?}");
    let fixed = fs::read_to_string(file).expect("ngxc left the file");
    assert_ne!(fixed, configuration, "ngxc has not changed it: {run:?}");
    fixed
}

// ---- client -------------------------------------------------------------------

/// A socket is opened through nginx, and what is sent comes back.
fn assert_echoes(nginx: &Nginx, configuration: &str) {
    let server = nginx.start(configuration);
    let mut socket = match handshake(server.address) {
        Ok(socket) => socket,
        Err(refusal) => panic!("{refusal}\n{configuration}"),
    };
    for text in ["one", "two"] {
        socket.send(Message::text(text)).expect("the socket takes messages");
        assert_eq!(socket.read().expect("an answer comes"), Message::text(text));
    }
}

/// The backend refuses the handshake that comes through nginx; `request` is in what it got.
fn assert_refused(nginx: &Nginx, configuration: &str, request: &str) {
    let server = nginx.start(configuration);
    match handshake(server.address) {
        Ok(_) => panic!("the handshake is complete\n{configuration}"),
        Err(refusal) => {
            assert!(
                refusal.starts_with("400 ") && refusal.contains(request),
                "{refusal}\n{configuration}"
            );
        }
    }
}

/// Shakes hands; `Err` is the status that is not 101 and what the backend got.
fn handshake(address: SocketAddr) -> Result<WebSocket<Stream>, String> {
    match tungstenite::client(format!("ws://{address}/chat/"), connect(address)) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(Error::Http(response))) => {
            let got =
                response.headers().get("X-Got").map_or(b"nothing".as_slice(), |got| got.as_bytes());
            Err(format!("{} {}", response.status().as_u16(), String::from_utf8_lossy(got)))
        }
        Err(other) => panic!("no answer of HTTP: {other}"),
    }
}

/// What the backend got of a request that has nothing to do with sockets.
fn plain_request(nginx: &Nginx, configuration: &str) -> String {
    let server = nginx.start(configuration);
    let mut stream = connect(server.address);
    stream
        .write_all(b"GET /chat/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .expect("nginx reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("nginx answers and closes");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer
}

fn connect(address: SocketAddr) -> Stream {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("nginx listens");
    Stream::new(stream).expect("sockets have timeouts")
}

/// A stream that neither waits for ever nor gives up for a signal, as tungstenite does.
struct Stream(TcpStream);

impl Stream {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
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

// ---- backend ------------------------------------------------------------------

/// Starts a backend that echoes messages, and tells plain requests what it got of them.
fn backend() -> SocketAddr {
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
    let request = Request::read(&mut stream)?;
    let Some(key) = request.header("Sec-WebSocket-Key") else {
        let body = request.summary("\n") + "\n";
        let head = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        return stream.write_all((head + &body).as_bytes());
    };
    if !request.is_handshake() {
        let got = request.summary("; ");
        let head = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n";
        return stream.write_all(format!("{head}X-Got: {got}\r\n\r\n").as_bytes());
    }
    let accept = derive_accept_key(key.as_bytes());
    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
    stream.write_all(format!("{head}Sec-WebSocket-Accept: {accept}\r\n\r\n").as_bytes())?;
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    while let Ok(message) = socket.read() {
        if message.is_text() && socket.send(message).is_err() {
            break;
        }
    }
    Ok(())
}

/// The head of a request.
struct Request(String);

impl Request {
    fn read(stream: &mut Stream) -> io::Result<Self> {
        let mut head = Vec::new();
        // Byte by byte, because what follows belongs to someone else.
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        Ok(Self(String::from_utf8_lossy(&head).into_owned()))
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.0.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The conditions of RFC 6455, 4.2.1, that a proxy can spoil.
    fn is_handshake(&self) -> bool {
        let has = |name, token: &str| {
            let mut tokens = self.header(name).unwrap_or_default().split(',');
            tokens.any(|it| it.trim().eq_ignore_ascii_case(token))
        };
        let line = self.0.lines().next().unwrap_or_default();
        line.starts_with("GET ")
            && line.ends_with(" HTTP/1.1")
            && has("Upgrade", "websocket")
            && has("Connection", "upgrade")
    }

    fn summary(&self, separator: &str) -> String {
        let line = self.0.lines().next().unwrap_or_default();
        let [upgrade, connection] =
            ["Upgrade", "Connection"].map(|name| self.header(name).unwrap_or("-"));
        [line, &format!("Upgrade: {upgrade}"), &format!("Connection: {connection}")].join(separator)
    }
}
