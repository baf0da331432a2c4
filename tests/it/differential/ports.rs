//! The ports of a test. What is generated has names for them, so that a seed gives the same
//! everywhere.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

/// So many backends are there.
pub const BACKENDS: usize = 3;

/// What stands for addresses of IPv6 on a machine that has none.
const WITHOUT_V6: [(&str, &str); 4] = [
    (" ipv6only=on", ""),
    ("[::1]:@P1@", "127.0.0.4:@P1@"),
    ("[::1]:@P2@", "127.0.0.5:@P2@"),
    ("[::]:@P2@", "127.0.0.5:@P2@"),
];

/// Ports that nothing else listens on.
pub struct Ports {
    /// Those of nginx: `@P1@` and `@P2@`.
    pub nginx: [u16; 2],
    /// Those of the backends: `@B1@`, `@B2@` and `@B3@`.
    pub backends: [u16; BACKENDS],
    has_v6: bool,
}

impl Ports {
    /// The ports of backends that run, and two for nginx.
    pub fn new(backends: [u16; BACKENDS]) -> Self {
        // Both are taken before one is free again, so that they differ.
        let listeners = [(); 2]
            .map(|()| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("some port is free"));
        let nginx = listeners.map(|listener| listener.local_addr().expect("it is bound").port());
        let has_v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
        Self { nginx, backends, has_v6 }
    }

    /// A text with the ports in place of their names.
    pub fn put_into(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (v6, other) in WITHOUT_V6.iter().filter(|_| !self.has_v6) {
            text = text.replace(v6, other);
        }
        for (letter, ports) in [('P', &self.nginx[..]), ('B', &self.backends[..])] {
            for (index, port) in ports.iter().enumerate() {
                text = text.replace(&format!("@{letter}{}@", index + 1), &port.to_string());
            }
        }
        text
    }
}
