//! The ports of a test. What is generated has names for them, so that a seed gives the same
//! everywhere.

use std::net::{Ipv4Addr, TcpListener};

/// So many backends are there.
pub const BACKENDS: usize = 3;

/// Ports that nothing else listens on.
pub struct Ports {
    /// Those of nginx: `@P1@` and `@P2@`.
    pub nginx: [u16; 2],
    /// Those of the backends: `@B1@`, `@B2@` and `@B3@`.
    pub backends: [u16; BACKENDS],
}

impl Ports {
    /// The ports of backends that run, and two for nginx.
    pub fn new(backends: [u16; BACKENDS]) -> Self {
        // Both are taken before one is free again, so that they differ.
        let listeners = [(); 2]
            .map(|()| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("some port is free"));
        let nginx = listeners.map(|listener| listener.local_addr().expect("it is bound").port());
        Self { nginx, backends }
    }

    /// A text with the ports in place of their names.
    pub fn put_into(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (letter, ports) in [('P', &self.nginx[..]), ('B', &self.backends[..])] {
            for (index, port) in ports.iter().enumerate() {
                text = text.replace(&format!("@{letter}{}@", index + 1), &port.to_string());
            }
        }
        text
    }
}
