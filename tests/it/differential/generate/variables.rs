//! Definitions of variables and groups of backends, and texts with variables.

use super::Generator;
use crate::differential::block::Directive;

/// The variables that `set` may set.
pub const SET: [&str; 4] = ["a", "b", "c", "target"];

/// The named groups that expressions may have.
pub const NAMED: [&str; 3] = ["first", "rest", "sub"];

/// The variables of `map`s; one may look up those before it.
const MAPS: [&str; 3] = ["m0", "m1", "m2"];

/// Variables that requests have much to say about.
const FREQUENT: [&str; 22] = [
    "uri",
    "request_uri",
    "args",
    "arg_x",
    "is_args",
    "host",
    "http_host",
    "http_x",
    "m0",
    "m1",
    "m2",
    "a",
    "b",
    "c",
    "first",
    "rest",
    "sub",
    "1",
    "2",
    "g0",
    "s0",
    "request_method",
];

/// Others.
const RARE: [&str; 33] = [
    "query_string",
    "document_uri",
    "cookie_c",
    "cookie_d",
    "server_name",
    "server_port",
    "server_addr",
    "scheme",
    "remote_addr",
    "proxy_host",
    "proxy_port",
    "proxy_add_x_forwarded_for",
    "request",
    "server_protocol",
    "content_length",
    "content_type",
    "request_filename",
    "document_root",
    "nginx_version",
    "arg_y",
    "arg_up",
    "http_x_y",
    "http_upgrade",
    "http_connection",
    "http_cookie",
    "https",
    "3",
    "9",
    "remote_user",
    "http2",
    "http_user_agent",
    "http_x_forwarded_for",
    "arg_",
];

impl Generator {
    /// All that a variable may be defined by, and the groups of backends.
    pub fn definitions(&mut self) -> Vec<Directive> {
        let mut all: Vec<Directive> = (0..MAPS.len()).map(|index| self.map(index)).collect();
        all.push(self.geo());
        all.push(self.split_clients());
        all.push(Directive::block(
            "upstream up0",
            vec![
                Directive::line("server 127.0.0.1:@B1@"),
                Directive::line("server 127.0.0.1:@B2@"),
            ],
        ));
        all.push(Directive::block(
            "upstream Up1.test",
            vec![Directive::line("server 127.0.0.1:@B3@")],
        ));
        // nginx does not mind the order of definitions and uses.
        let rotation = self.random.below(all.len());
        all.rotate_left(rotation);
        all
    }

    fn map(&mut self, index: usize) -> Directive {
        let source = match self.random.below(10) {
            0..5 => {
                let name = self.random.pick(&[
                    "arg_x",
                    "uri",
                    "host",
                    "http_x",
                    "http_upgrade",
                    "request_method",
                    "args",
                    "1",
                    "http_host",
                    "cookie_c",
                    "a",
                ]);
                format!("${name}")
            }
            5 | 6 if index > 0 => format!("${}", MAPS[index - 1]),
            7 => "$host$uri".to_owned(),
            8 => "\"$arg_x $arg_y\"".to_owned(),
            _ => "$arg_x".to_owned(),
        };
        let mut inside = Vec::new();
        let hostnames = self.random.chance(30);
        if self.random.chance(20) {
            inside.push(Directive::line("volatile"));
        }
        if hostnames {
            inside.push(Directive::line("hostnames"));
        }
        let mut keys: Vec<&str> = EXACT.to_vec();
        keys.extend(REGEXES);
        if hostnames {
            keys.extend(WILDCARDS);
        }
        for key in keys {
            if self.random.chance(28) {
                let value = self.map_value(index);
                inside.push(Directive::line(format!("{key} {value}")));
            }
        }
        if self.random.chance(60) {
            let value = self.map_value(index);
            let place = self.random.below(inside.len() + 1);
            let is_first = hostnames && inside.get(place).is_some();
            let place = if is_first { inside.len() } else { place };
            inside.insert(place, Directive::line(format!("default {value}")));
        }
        Directive::block(format!("map {source} ${}", MAPS[index]), inside)
    }

    fn map_value(&mut self, index: usize) -> String {
        match self.random.below(12) {
            0 => "''".to_owned(),
            1 => "0".to_owned(),
            2 => "$uri".to_owned(),
            3 => "\"$1-$2\"".to_owned(),
            4 => "$rest".to_owned(),
            5 if index > 0 => format!("x${}", MAPS[index - 1]),
            6 => "up0".to_owned(),
            7 => "$arg_x".to_owned(),
            8 => "upgrade".to_owned(),
            9 => "$host:$1".to_owned(),
            other => format!("v{other}"),
        }
    }

    fn geo(&mut self) -> Directive {
        let address = self.random.pick(&["", "$arg_ip ", "$http_x "]);
        let mut inside = self.some_of(&[
            (70, "default d"),
            (60, "127.0.0.0/8 local"),
            (40, "127.0.0.1 self"),
            (40, "10.0.0.0/8 ten"),
            (40, "10.1.0.0/16 \"ten one\""),
            (30, "192.0.2.1 test"),
            (30, "::1 six"),
            (30, "2001:db8::/32 doc"),
            (20, "0.0.0.0/0 four"),
            (20, "255.255.255.255 none"),
        ]);
        if self.random.chance(10) {
            inside.push(Directive::line("delete 10.1.0.0/16"));
        }
        Directive::block(format!("geo {address}$g0"), inside)
    }

    fn split_clients(&mut self) -> Directive {
        let key = self.random.pick(&["$uri", "$arg_x$host", "\"${uri}salt\"", "$args"]);
        let parts =
            self.random.pick(&["50% half;20.5% fifth;* rest", "0.01% a;33.33% b;* $host", "10% x"]);
        let parts = parts.split(';').map(Directive::line).collect();
        Directive::block(format!("split_clients {key} $s0"), parts)
    }

    /// The name of some variable or group.
    pub fn variable(&mut self) -> String {
        let name = if self.random.chance(70) {
            self.random.pick(&FREQUENT)
        } else {
            self.random.pick(&RARE)
        };
        format!("${name}")
    }

    /// A quoted text of some variables.
    pub fn text(&mut self) -> String {
        let mut text = String::new();
        for index in 0..=self.random.below(4) {
            if index > 0 {
                text.push_str(self.random.pick(&["|", " ", "/", "-", "?", "&"]));
            }
            text.push_str(&self.variable());
        }
        format!("\"{text}\"")
    }
}

/// Keys of maps that match one text.
const EXACT: [&str; 9] = ["''", "a", "b", "X", "/a", "a.test", "\\default", "'a b'", "websocket"];

/// Keys of maps that are expressions.
const REGEXES: [&str; 8] = [
    "~^a",
    "~*B",
    "~^/(?<rest>.*)$",
    "~(.)(b)?",
    "\"~^/a/(.+)/([^/]*)$\"",
    "~*^(?<sub>\\w+)\\.test",
    "~^$",
    "~\\.",
];

/// Keys of maps with `hostnames`.
const WILDCARDS: [&str; 5] = ["*.a.test", ".b.test", "www.*", "*.test", "a.*"];
