//! A real nginx with a configuration, and what it answers.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use super::backend::{Backends, Received, find, header, lines};
use super::request::Sent;
use crate::nginx::Nginx;

/// No answer takes longer than this. It is there for what goes wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// An nginx that runs; it ends when this goes.
pub struct Live {
    process: Child,
    /// Where it may write; it goes with this.
    folder: TempDir,
}

/// What came of a request.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Where the client's connection came from; none if nothing listens.
    pub client: Option<SocketAddr>,
    /// None if the connection is closed without an answer.
    pub response: Option<Response>,
    /// The method of the request.
    pub method: String,
    /// What came to the backends.
    pub received: Vec<Received>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Response {
    /// The value of the first header of a name.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_slice())
    }
}

/// A whole configuration around an `http` block: a connection has one request. The library gets
/// the same text.
pub fn whole(nginx: &Nginx, http: &str, folder: &Path) -> String {
    let temporary = nginx.http_lines(http, folder).replace("access_log off;", "");
    let inside = http.strip_prefix("http {\n").expect("it is a block of http");
    format!(
        "daemon off;\nmaster_process off;\npid {}/pid;\nerror_log stderr emerg;\n\
         events {{ worker_connections 64; }}\nhttp {{\nkeepalive_timeout 0;\n{temporary}\n{inside}",
        folder.display(),
    )
}

/// An empty folder for an nginx.
pub fn folder() -> TempDir {
    tempfile::tempdir().expect("there is room for temporary files")
}

impl Live {
    /// Starts nginx with a whole configuration; an error is what it says of one that it
    /// refuses.
    pub fn start(nginx: &Nginx, configuration: &str, folder: TempDir) -> Result<Self, String> {
        let path = folder.path();
        let write = |name: &str, text: &str| {
            fs::write(path.join(name), text).expect("the folder is writable");
        };
        write("nginx.conf", configuration);
        let log = fs::File::create(path.join("log")).expect("the folder is writable");
        let mut command = Command::new(&nginx.binary);
        command.arg("-p").arg(path.join("")).arg("-c").arg(path.join("nginx.conf"));
        command.args(["-e", "stderr"]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = command.spawn().expect("nginx runs");
        let mut live = Self { process, folder };
        live.wait()?;
        Ok(live)
    }

    /// Waits until nginx has written its pid, which it does when it listens.
    fn wait(&mut self) -> Result<(), String> {
        let path = self.folder.path().to_owned();
        let log = || {
            String::from_utf8_lossy(&fs::read(path.join("log")).unwrap_or_default()).into_owned()
        };
        for _ in 0..10_000 {
            if fs::read_to_string(path.join("pid")).is_ok_and(|pid| pid.ends_with('\n')) {
                return Ok(());
            }
            if self.process.try_wait().expect("it is our child").is_some() {
                return Err(log());
            }
            sleep(Duration::from_millis(1));
        }
        Err(format!("nginx is not ready after a long time: {}", log()))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // Fails only for one that has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends a request and waits for what comes of it; an error is that nothing does.
pub fn send(request: &Sent, backends: &Backends) -> Result<Seen, String> {
    backends.take();
    let stream = match TcpStream::connect_timeout(&request.to, PATIENCE) {
        Ok(stream) => stream,
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            let method = request.method.clone();
            return Ok(Seen { client: None, response: None, method, received: Vec::new() });
        }
        Err(error) => return Err(format!("no connection to {}: {error}", request.to)),
    };
    let client = stream.local_addr().expect("it is connected");
    let bytes =
        exchange(stream, &request.bytes()).map_err(|error| format!("no answer: {error}"))?;
    let response = (!bytes.is_empty()).then(|| response(&bytes)).transpose()?;
    let method = request.method.clone();
    Ok(Seen { client: Some(client), response, method, received: backends.take() })
}

fn exchange(mut stream: TcpStream, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    // nginx may refuse a request before it has read all of it.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => Err(error),
        _ => Ok(answer),
    }
}

fn response(bytes: &[u8]) -> Result<Response, String> {
    let unclear = || format!("unclear: {:?}", String::from_utf8_lossy(bytes));
    let end = find(bytes, b"\r\n\r\n").ok_or_else(unclear)?;
    let mut lines = lines(&bytes[..end]);
    let status = String::from_utf8_lossy(lines.remove(0)).into_owned();
    let status = status.split(' ').nth(1).and_then(|it| it.parse().ok()).ok_or_else(unclear)?;
    let headers = lines.into_iter().map(header).collect();
    Ok(Response { status, headers, body: bytes[end + 4..].to_vec() })
}
