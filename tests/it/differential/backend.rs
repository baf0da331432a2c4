//! Backends that remember every request byte for byte.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::ports::BACKENDS;

/// A body that is announced and does not come is waited for so long.
const BODY_PATIENCE: Duration = Duration::from_millis(150);

/// A request that came to a backend.
#[derive(Debug, Clone)]
pub struct Received {
    /// The port that it came to.
    pub port: u16,
    /// Its first line, without the line's end.
    pub line: Vec<u8>,
    /// Its headers in order.
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// Backends, which all answer with 200.
pub struct Backends {
    pub ports: [u16; BACKENDS],
    received: Arc<Mutex<Vec<Received>>>,
}

impl Backends {
    /// Starts them; they end with the process.
    pub fn start() -> Self {
        let received = Arc::new(Mutex::new(Vec::new()));
        let ports = [(); BACKENDS].map(|()| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("some port is free");
            let port = listener.local_addr().expect("it is bound").port();
            let received = Arc::clone(&received);
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    // What goes wrong here, nginx answers with 502, which is seen there.
                    let _ = answer(stream, port, &received);
                }
            });
            port
        });
        Self { ports, received }
    }

    /// What came since this was asked for last.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn answer(mut stream: TcpStream, port: u16, received: &Mutex<Vec<Received>>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.set_nodelay(true)?;
    let request = read(&mut stream, port)?;
    received.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\nX-Hidden-1: a\r\n\
          X-Hidden-2: b\r\nX-Pad: c\r\nX-Shown: d\r\n\r\necho\n",
    )
}

fn read(stream: &mut TcpStream, port: u16) -> io::Result<Received> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = find(&bytes, b"\r\n\r\n") {
            break end;
        }
        if read_some(stream, &mut bytes)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let body = bytes.split_off(end + 4);
    bytes.truncate(end);
    let mut lines = lines(&bytes);
    let line = lines.remove(0).to_vec();
    let headers = lines.into_iter().map(header).collect();
    let mut request = Received { port, line, headers, body };
    read_body(stream, &mut request)?;
    Ok(request)
}

fn read_some(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; 4096];
    let count = stream.read(&mut buffer)?;
    bytes.extend_from_slice(&buffer[..count]);
    Ok(count)
}

/// Reads the body that is announced, unless it does not come.
fn read_body(stream: &mut TcpStream, request: &mut Received) -> io::Result<()> {
    let announced = request.headers.iter().find_map(|(name, value)| {
        let is_it = name.eq_ignore_ascii_case("Content-Length");
        is_it.then(|| String::from_utf8_lossy(value).trim().parse::<usize>().ok()).flatten()
    });
    stream.set_read_timeout(Some(BODY_PATIENCE))?;
    while request.body.len() < announced.unwrap_or_default() {
        if read_some(stream, &mut request.body).unwrap_or_default() == 0 {
            break;
        }
    }
    Ok(())
}

/// The place of a text in another.
pub fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

/// The lines of a head, without their ends.
pub fn lines(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    while let Some(end) = find(bytes, b"\r\n") {
        lines.push(&bytes[..end]);
        bytes = &bytes[end + 2..];
    }
    lines.push(bytes);
    lines
}

/// A header's name and value.
pub fn header(line: &[u8]) -> (String, Vec<u8>) {
    let colon = find(line, b":").unwrap_or(line.len());
    let name = String::from_utf8_lossy(&line[..colon]).into_owned();
    let value = line.get(colon + 1..).unwrap_or_default();
    (name, value.strip_prefix(b" ").unwrap_or(value).to_vec())
}
