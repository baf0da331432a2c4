//! What the rules promise, over real sockets: a client, nginx with a fixture, and a
//! backend as strict as RFC 6455. What ngxc calls broken does not shake hands, and
//! what `ngxc lint --fix` made of it does.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;

use tungstenite::handshake::HandshakeError;
use tungstenite::{Error, Message, WebSocket};

use crate::echo::{Stream, backend, connect};
use crate::nginx::{self, Nginx};
use crate::support::{root, run};

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
