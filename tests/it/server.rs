//! A real nginx that runs, for tests that ask it something.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::nginx::{self, Nginx};

impl Nginx {
    /// Runs nginx with a whole configuration; its `listen 80` becomes a free port.
    pub fn start(&self, configuration: &str) -> Server {
        let mut log = String::new();
        // Another process may take the port before nginx does.
        for _ in 0..3 {
            match self.try_start(configuration) {
                Ok(server) => return server,
                Err(reason) => log = reason,
            }
        }
        panic!("nginx does not start: {log}\n{configuration}");
    }

    fn try_start(&self, configuration: &str) -> Result<Server, String> {
        let prefix = nginx::prefix();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("some port is free");
        let address = listener.local_addr().expect("it is bound");
        drop(listener);
        let text = configuration
            .replace("listen 80;", &format!("listen {address};"))
            .replace("listen 80 ", &format!("listen {address} "));
        let text = self.within_http(&text, prefix.path());
        fs::write(prefix.path().join("site.conf"), &text).expect("the prefix is writable");
        let main = self.main_for(&text, "site.conf", prefix.path());
        let main = format!("daemon off;\nmaster_process off;\n{main}");
        fs::write(prefix.path().join(nginx::MAIN), main).expect("the prefix is writable");
        let log = File::create(prefix.path().join("log")).expect("the prefix is writable");
        let mut command = self.command(prefix.path());
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        let mut server = Server { process: process.expect("nginx runs"), address, prefix };
        server.wait()?;
        Ok(server)
    }
}

/// A running nginx; it ends when this goes.
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
    prefix: TempDir,
}

impl Server {
    /// Waits until nginx listens; `Err` is the log of one that does not.
    ///
    /// Nginx writes its pid when it listens. That some process answers at the address
    /// would not tell, because it need not be this nginx.
    fn wait(&mut self) -> Result<(), String> {
        for _ in 0..600 {
            if fs::read_to_string(self.prefix.path().join("nginx.pid"))
                .is_ok_and(|pid| !pid.is_empty())
            {
                return Ok(());
            }
            if self.process.try_wait().expect("it is our child").is_some() {
                return Err(self.log());
            }
            sleep(Duration::from_millis(20));
        }
        Err(format!("it is not ready after a long time; {}", self.log()))
    }

    fn log(&self) -> String {
        let log = fs::read(self.prefix.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Fails only for one that has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
