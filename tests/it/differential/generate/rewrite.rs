//! The rewrite module: `set`, `if`, `rewrite`, `return` and `break`.

use super::Generator;
use super::variables::{NAMED, SET};
use crate::differential::block::Directive;

/// What `rewrite` may match.
const PATTERNS: [&str; 14] = [
    "^/a/(.*)$",
    "^/a",
    "^",
    "^/(.)(.*)$",
    "\"^/([^/]+)/([^/]*)\"",
    "b",
    "^/b/?(.*)$",
    "/$",
    "\"^/(?<first>[^/]*)/?(?<rest>.*)$\"",
    "(?i)^/A",
    "^/x",
    "\\.js$",
    "//",
    "^/c(?<sub>/.*)?$",
];

/// What the path becomes.
const REPLACEMENTS: [&str; 22] = [
    "/b/$1",
    "/$1",
    "/a",
    "/b/",
    "/c?",
    "/c?y=1",
    "/c?y=$1?",
    "/$1?x=$2",
    "http://h.test/$1",
    "https://h.test$uri?",
    "$scheme://$host/r",
    "\"/a b/$1\"",
    "/%41$1",
    "$uri/a",
    "/$arg_x",
    "/$first",
    "x",
    "/b?$args",
    "$1",
    "/a/$uri",
    "//b",
    "$a",
];

impl Generator {
    /// The rewrite directives of a server.
    pub fn server_rewrites(&mut self) -> Vec<Directive> {
        let mut all = Vec::new();
        for _ in 0..=self.random.below(3) {
            all.push(match self.random.below(10) {
                0..3 => self.set(),
                3..7 => self.rewrite(),
                7 | 8 => self.server_if(),
                _ => Directive::line("break"),
            });
        }
        if self.random.chance(5) {
            all.push(self.return_any());
        }
        all
    }

    /// The rewrite directives of a location, whose mark is given.
    pub fn location_rewrites(&mut self, mark: &str, depth: usize) -> Vec<Directive> {
        let mut all = Vec::new();
        for _ in 0..=self.random.below(3) {
            match self.random.below(12) {
                4..7 => all.push(self.rewrite()),
                7..11 if depth == 0 => all.push(self.location_if(mark)),
                11 => all.push(Directive::line("break")),
                _ => all.push(self.set()),
            }
        }
        all
    }

    fn set(&mut self) -> Directive {
        let variable = match self.random.below(20) {
            0 => "args",
            1 => "http_x",
            2..5 => self.random.pick(&NAMED),
            _ => self.random.pick(&SET),
        };
        let value = match self.random.below(8) {
            0 => "''".to_owned(),
            1 => "0".to_owned(),
            2 => format!("\"${{{variable}}}x\""),
            3 => "up0".to_owned(),
            4 => "http://up0/set".to_owned(),
            _ => self.text(),
        };
        Directive::line(format!("set ${variable} {value}"))
    }

    fn rewrite(&mut self) -> Directive {
        let pattern = self.random.pick(&PATTERNS);
        let to = self.random.pick(&REPLACEMENTS);
        let flag = self.random.pick(&[
            "",
            "",
            " last",
            " last",
            " break",
            " break",
            " redirect",
            " permanent",
        ]);
        Directive::line(format!("rewrite {pattern} {to}{flag}"))
    }

    fn condition(&mut self) -> String {
        let variable = self.random.pick(&[
            "$arg_x",
            "$uri",
            "$http_x",
            "$host",
            "$request_method",
            "$m0",
            "$m1",
            "$a",
            "$b",
            "$args",
            "$http_upgrade",
            "$cookie_c",
            "$sub",
            "$g0",
            "$s0",
            "$http_host",
        ]);
        match self.random.below(10) {
            0 | 1 => format!("({variable})"),
            2 => format!("({variable} = a)"),
            3 => format!("({variable} != a)"),
            4 => format!("({variable} = $arg_y)"),
            5 => "($request_method = POST)".to_owned(),
            6 => format!("({variable} ~ \"^/?(?<first>[^/]+)(/.*)?$\")"),
            7 => format!("({variable} ~* ^/A(.*))"),
            8 => format!("({variable} !~ (b))"),
            _ => format!("({variable} !~* ^W)"),
        }
    }

    fn server_if(&mut self) -> Directive {
        let condition = self.condition();
        let inside = self.steps();
        Directive::block(format!("if {condition}"), inside)
    }

    fn location_if(&mut self, mark: &str) -> Directive {
        let condition = self.condition();
        let mut inside = Vec::new();
        if self.random.chance(90) {
            self.marked(mark, &mut inside);
        }
        inside.extend(self.steps());
        if self.random.chance(30) {
            inside.push(self.proxy_pass(false));
        }
        if self.random.chance(8) {
            inside.extend(self.error_pages());
        }
        Directive::block(format!("if {condition}"), inside)
    }

    /// What is done in an `if`.
    fn steps(&mut self) -> Vec<Directive> {
        let mut all = Vec::new();
        for _ in 0..self.random.below(3) {
            all.push(match self.random.below(10) {
                0..4 => self.set(),
                4..7 => self.rewrite(),
                7 => Directive::line("break"),
                _ => self.return_any(),
            });
        }
        all
    }

    /// A `return` that tells much.
    pub fn return_text(&mut self) -> Directive {
        let text = self.text();
        Directive::line(format!("return 200 {text}"))
    }

    /// Any `return`.
    pub fn return_any(&mut self) -> Directive {
        let text = self.text();
        let line = match self.random.below(15) {
            0 => "return 404".to_owned(),
            1 => "return 403".to_owned(),
            2 => "return 204".to_owned(),
            3 => "return 444".to_owned(),
            4 => format!("return 404 {text}"),
            5 => "return 301 /b$uri".to_owned(),
            6 => "return 302 http://$host/x?$args".to_owned(),
            7 => "return http://h.test$request_uri".to_owned(),
            8 => format!("return 308 {text}"),
            9 => format!("return 418 {text}"),
            10 => "return 500".to_owned(),
            11 => format!("return 303 {text}"),
            12 => "return 307 $scheme://$server_name:$server_port/".to_owned(),
            13 => "return 200".to_owned(),
            _ => format!("return 201 {text}"),
        };
        Directive::line(line)
    }
}
