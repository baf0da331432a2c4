//! Servers: sockets, names, and what they say for all their locations.

use super::Generator;
use crate::differential::block::Directive;

/// Addresses to listen on; those of one line are one socket.
const LISTENS: [(&str, &[&str]); 6] = [
    ("127.0.0.1:@P1@", &["127.0.0.1:@P1@"]),
    ("*:@P1@", &["@P1@", "*:@P1@", "0.0.0.0:@P1@"]),
    ("127.0.0.1:@P2@", &["127.0.0.1:@P2@"]),
    ("127.0.0.2:@P1@", &["127.0.0.2:@P1@"]),
    ("[::1]:@P1@", &["[::1]:@P1@"]),
    ("[::]:@P2@", &["[::]:@P2@", "[::]:@P2@ ipv6only=on"]),
];

/// Names of servers.
const NAMES: [&str; 24] = [
    "a.test",
    "www.a.test",
    "*.a.test",
    ".a.test",
    "*.test",
    ".test",
    "a.*",
    "www.a.*",
    "A.Test",
    "\"~^(?<sub>\\w+)\\.a\\.test$\"",
    "~test$",
    "~^w(.)",
    "~^(?<first>.)(?<rest>.*)$",
    "~^(.*)b",
    "\"\"",
    "_",
    "localhost",
    "127.0.0.1",
    "b.test",
    "*.b.test",
    "www.*",
    "test",
    "unknown",
    "[::1]",
];

impl Generator {
    /// A server.
    pub fn server(&mut self) -> Directive {
        let mut inside = self.listens();
        inside.extend(self.names());
        let (_, mark) = self.mark('s');
        inside.push(mark);
        inside.extend(self.some_of(&[
            (8, "merge_slashes off"),
            (12, "underscores_in_headers on"),
            (6, "ignore_invalid_headers off"),
            (8, "absolute_redirect off"),
            (8, "port_in_redirect off"),
            (8, "server_name_in_redirect on"),
            (4, "client_max_body_size 3"),
            (6, "recursive_error_pages on"),
            (3, "real_ip_header X-Real-IP"),
            (3, "real_ip_recursive on"),
            (5, "set_real_ip_from 127.0.0.0/8"),
            (3, "set_real_ip_from 10.0.0.0/8"),
        ]));
        if self.random.chance(40) {
            inside.extend(self.proxy_settings());
        }
        if self.random.chance(15) {
            inside.extend(self.access());
        }
        if self.random.chance(30) {
            inside.extend(self.error_pages());
        }
        if self.random.chance(35) {
            inside.extend(self.server_rewrites());
        }
        inside.extend(self.locations());
        Directive::block("server", inside)
    }

    fn listens(&mut self) -> Vec<Directive> {
        let mut all = Vec::new();
        let mut taken = Vec::new();
        for _ in 0..=self.random.below(2) {
            // Most servers share one socket, so that their names matter.
            let choice = if self.random.chance(55) { 0 } else { self.random.below(LISTENS.len()) };
            let (socket, spellings) = LISTENS[choice];
            if taken.contains(&socket) {
                continue;
            }
            taken.push(socket);
            let mut line = format!("listen {}", self.random.pick(spellings));
            // Options of a socket are said once, with the first server of it.
            if line.contains("ipv6only") && self.defaults.contains(&line) {
                line = format!("listen {socket}");
            }
            self.defaults.push(line.clone());
            if self.random.chance(20) && !self.defaults.iter().any(|it| it == socket) {
                self.defaults.push(socket.to_owned());
                line.push_str(" default_server");
            }
            all.push(Directive::line(line));
        }
        all
    }

    fn names(&mut self) -> Vec<Directive> {
        let mut all = Vec::new();
        for _ in 0..self.random.below(3) {
            let mut line = "server_name".to_owned();
            for _ in 0..=self.random.below(3) {
                line.push(' ');
                line.push_str(self.random.pick(&NAMES));
            }
            all.push(Directive::line(line));
        }
        all
    }

    /// `error_page`s.
    pub fn error_pages(&mut self) -> Vec<Directive> {
        let mut all = Vec::new();
        for _ in 0..=self.random.below(2) {
            let statuses = self.random.pick(&[
                "404", "403", "404 403", "500", "405", "502", "400", "413", "410", "418", "301",
            ]);
            let response = self.random.pick(&["", "", "", " =", " =200", " =503", " =302"]);
            let target = self.random.pick(&[
                "@n0",
                "@n1",
                "/a",
                "/b/",
                "/a?x=e",
                "/$1",
                "http://h.test/$uri",
                "/$arg_x",
                "@missing",
                "/b",
            ]);
            all.push(Directive::line(format!("error_page {statuses}{response} {target}")));
        }
        all
    }

    /// `allow` and `deny`.
    pub fn access(&mut self) -> Vec<Directive> {
        let mut all = Vec::new();
        for _ in 0..=self.random.below(3) {
            let rule = self.random.pick(&["allow", "deny"]);
            let from = self.random.pick(&[
                "all",
                "127.0.0.1",
                "127.0.0.0/8",
                "10.0.0.0/8",
                "::1",
                "192.0.2.1",
                "127.0.0.2",
                "unix:",
                "2001:db8::/32",
                "10.1.1.1",
            ]);
            all.push(Directive::line(format!("{rule} {from}")));
        }
        all.extend(self.some_of(&[(10, "satisfy any")]));
        all
    }
}
