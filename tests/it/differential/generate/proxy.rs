//! `proxy_pass` and what it sends.

use super::Generator;
use crate::differential::block::Directive;

/// Where requests go without variables, and without a path.
const BARE: [&str; 5] = [
    "http://up0",
    "http://Up1.test",
    "http://127.0.0.1:@B1@",
    "http://127.0.0.1:@B2@",
    "HTTP://UP0",
];

/// Paths behind those.
const PATHS: [&str; 10] =
    ["/", "/x", "/x/", "/x?y=1", "?q=1", "/%2F/", "/x//y/", "/a%20b", "/x#y", "/?"];

/// Where requests go with variables.
const COMPUTED: [&str; 18] = [
    "http://up0$request_uri",
    "http://up0$uri",
    "http://up0$uri$is_args$args",
    "http://$target",
    "http://up0/$1",
    "http://127.0.0.1:@B1@/$arg_x",
    "http://up0/x?$args",
    "$target",
    "http://127.0.0.1:$arg_port",
    "http://${arg_up}",
    "http://$arg_up/fixed",
    "http://up0$arg_x",
    "http://UP1.test/$1",
    "http://$m0",
    "http://up0/$m1",
    "http://up0/$first",
    "$scheme://up0",
    "http://$a/",
];

/// Names of headers that are set.
const HEADERS: [&str; 14] = [
    "X-A",
    "X-B",
    "x",
    "Host",
    "Connection",
    "Upgrade",
    "X-Forwarded-For",
    "Cookie",
    "User-Agent",
    "TE",
    "X_Y",
    "host",
    "Keep-Alive",
    "X-Real-IP",
];

impl Generator {
    /// Settings for the requests to backends, at any level.
    pub fn proxy_settings(&mut self) -> Vec<Directive> {
        let mut all = self.some_of(&[
            (8, "proxy_pass_request_headers off"),
            (6, "proxy_pass_request_body off"),
            (6, "proxy_hide_header X-Hidden-1"),
            (6, "proxy_hide_header x-hidden-2"),
            (6, "proxy_request_buffering off"),
        ]);
        if self.random.chance(6) {
            let method = self.random.pick(&["$arg_method", "POST", "\"${arg_method}GET\"", "$m1"]);
            all.push(Directive::line(format!("proxy_method {method}")));
        }
        match self.random.below(6) {
            0..3 => all.push(Directive::line("proxy_http_version 1.1")),
            3 => all.push(Directive::line("proxy_http_version 1.0")),
            _ => {}
        }
        if self.random.chance(5) {
            let text = self.text();
            all.push(Directive::line(format!("proxy_set_body {text}")));
        }
        if self.random.chance(65) {
            for _ in 0..=self.random.below(4) {
                all.push(self.header());
            }
        }
        all
    }

    fn header(&mut self) -> Directive {
        let name = self.random.pick(&HEADERS);
        let value = match self.random.below(12) {
            0 | 1 => "\"\"".to_owned(),
            2 => "fixed".to_owned(),
            3 => "$http_upgrade".to_owned(),
            4 => "upgrade".to_owned(),
            5 => "$proxy_add_x_forwarded_for".to_owned(),
            6 => "$proxy_host".to_owned(),
            7 => "$m0".to_owned(),
            8 => "$host:$server_port".to_owned(),
            _ => self.text(),
        };
        Directive::line(format!("proxy_set_header {name} {value}"))
    }

    /// A `proxy_pass`; not everywhere it may have a path.
    pub fn proxy_pass(&mut self, with_path: bool) -> Directive {
        let url = match self.random.below(10) {
            0..5 if with_path => [self.random.pick(&BARE), self.random.pick(&PATHS)].concat(),
            0..7 => self.random.pick(&BARE).to_owned(),
            _ => self.random.pick(&COMPUTED).to_owned(),
        };
        Directive::line(format!("proxy_pass {url}"))
    }
}
