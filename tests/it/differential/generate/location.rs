//! Locations of all kinds, nested ones included.

use super::{Generator, marking};
use crate::differential::block::Directive;

/// Paths: exact ones and prefixes.
const PATHS: [&str; 24] = [
    "/", "/a", "/a/", "/a/b", "/a/b/", "/ab", "/A", "/b", "/b/", "/a/b/a", "/b/a/", "/a.js",
    "/a/a", "\"/a b\"", "/c", "/c/", "/b/b", "/a/B/", "/%41", "/a/%2F", "/x", "/x/", "\"\"", "b",
];

/// Expressions.
const REGEXES: [&str; 17] = [
    "^/a",
    "^/b",
    "\"^/(a|b)/(.*)$\"",
    "\\.js$",
    "\"^/([ab]+)/?\"",
    "\"^/(?<first>[^/]+)/(?<rest>.*)$\"",
    "b$",
    "/b/",
    "^/A",
    "(.)(.)(.)",
    "\"^/a/(?<rest>.*)\"",
    "%",
    "\\?",
    "^/c(.*)",
    "//",
    "\\s",
    "\"^/(.)$\"",
];

/// Where a location stands.
#[derive(Clone, Copy)]
struct Scope<'a> {
    depth: usize,
    /// The path that it is in; none for a server.
    path: Option<&'a str>,
    is_regex: bool,
}

/// What kind of location it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Exact,
    Prefix,
    Regex,
    Named,
}

/// Whether a location is that for all paths.
fn takes_all(location: &Directive) -> bool {
    let text = location.text();
    text.starts_with("location / ") || text.starts_with("location ^~ / ")
}

impl Generator {
    /// The locations of a server.
    pub fn locations(&mut self) -> Vec<Directive> {
        let count = 2 + self.random.below(6);
        let mut all = self.level(count, Scope { depth: 0, path: None, is_regex: false });
        // Often something takes what nothing else does.
        if self.random.chance(70) && !all.iter().any(takes_all) {
            let mut inside = self.inside(Kind::Prefix, "/", &[]);
            inside.push(self.return_text());
            all.push(Directive::block("location /", inside));
        }
        for name in ["@n0", "@n1"] {
            if self.random.chance(60) {
                let location = self.inside(Kind::Named, name, &[]);
                all.push(Directive::block(format!("location {name}"), location));
            }
        }
        all
    }

    fn level(&mut self, count: usize, scope: Scope<'_>) -> Vec<Directive> {
        let mut all = Vec::new();
        let mut taken = Vec::new();
        for _ in 0..count {
            let kind = match self.random.below(10) {
                0 | 1 if !scope.is_regex => Kind::Exact,
                2..7 if !scope.is_regex => Kind::Prefix,
                _ => Kind::Regex,
            };
            let written = match kind {
                Kind::Regex => self.random.pick(&REGEXES).to_owned(),
                _ => self.path_in(scope.path),
            };
            let is_new =
                kind == Kind::Regex || !taken.contains(&(kind == Kind::Exact, written.clone()));
            if is_new {
                taken.push((kind == Kind::Exact, written.clone()));
                all.push(self.location(kind, &written, scope.depth));
            }
        }
        all
    }

    /// A path; inside of a location it begins with that one's.
    fn path_in(&mut self, outer: Option<&str>) -> String {
        let fitting: Vec<&str> = match outer {
            None => PATHS.to_vec(),
            Some(outer) => {
                let outer = outer.trim_matches('"');
                let mut paths = PATHS.to_vec();
                paths.retain(|path| path.trim_matches('"').starts_with(outer));
                paths
            }
        };
        self.random.pick(&fitting).to_owned()
    }

    fn location(&mut self, kind: Kind, written: &str, depth: usize) -> Directive {
        let modifier = match kind {
            Kind::Exact => self.random.pick(&["= ", "= ", "="]),
            Kind::Prefix => self.random.pick(&["", "", "^~ "]),
            Kind::Regex => self.random.pick(&["~ ", "~* "]),
            Kind::Named => "",
        };
        // A modifier and a quoted word are two words.
        let modifier = if written.starts_with('"') && modifier == "=" { "= " } else { modifier };
        let mut nested = Vec::new();
        if depth < 2 && kind != Kind::Exact && self.random.chance(20) {
            let count = 1 + self.random.below(3);
            let scope =
                Scope { depth: depth + 1, path: Some(written), is_regex: kind == Kind::Regex };
            nested = self.level(count, scope);
        }
        let inside = self.inside(kind, written, &nested);
        Directive::block(format!("location {modifier}{written}"), inside)
    }

    /// What is in a location.
    fn inside(&mut self, kind: Kind, written: &str, nested: &[Directive]) -> Vec<Directive> {
        let (mark, marking) = self.mark('l');
        let mut inside = vec![marking];
        if self.random.chance(45) {
            inside.extend(self.proxy_settings());
        }
        inside.extend(self.some_of(&[
            (4, "internal"),
            (3, "client_max_body_size 3"),
            (3, "absolute_redirect off"),
            (3, "recursive_error_pages on"),
            (2, "root /nonexistent/$host"),
            (2, "set_real_ip_from ::1"),
            (2, "real_ip_header X-Forwarded-For"),
            (2, "index /b/$arg_x"),
            (2, "index /a?x index.html"),
            (2, "index index.html /b"),
        ]));
        // An alias and a root are the same setting.
        if self.random.chance(4) && !inside.iter().any(|it| it.text().starts_with("root")) {
            let path = self.random.pick(&["/nonexistent/alias", "/nonexistent/alias/"]);
            let path = if kind == Kind::Regex { "/nonexistent/$1" } else { path };
            if kind != Kind::Named {
                inside.push(Directive::line(format!("alias {path}")));
            }
        }
        if self.random.chance(10) {
            inside.extend(self.access());
        }
        if self.random.chance(12) {
            inside.extend(self.error_pages());
        }
        if self.random.chance(30) {
            inside.extend(self.location_rewrites(&mark, 0));
        }
        if self.random.chance(12) {
            inside.push(self.try_files());
        }
        inside.extend(self.action(kind, written));
        inside.extend_from_slice(nested);
        inside
    }

    fn action(&mut self, kind: Kind, written: &str) -> Vec<Directive> {
        let mut all = Vec::new();
        match self.random.below(20) {
            0..9 => all.push(self.proxy_pass(kind == Kind::Exact || kind == Kind::Prefix)),
            9..18 => all.push(self.return_text()),
            18 => all.push(self.return_any()),
            // Files, which are not there.
            _ => {}
        }
        if self.random.chance(6) {
            all.push(self.limit_except());
        }
        // A path with a slash at its end is redirected to if it is one of a proxy.
        if kind != Kind::Regex && written.ends_with('/') && self.random.chance(30) {
            all = vec![self.proxy_pass(true)];
        }
        all
    }

    fn limit_except(&mut self) -> Directive {
        let methods = self.random.pick(&["GET", "POST", "GET POST", "HEAD", "PUT OPTIONS"]);
        let mut inside = Vec::new();
        if self.random.chance(60) {
            inside.extend(self.access());
            inside.retain(|it| !it.text().starts_with("satisfy"));
        }
        if self.random.chance(30) {
            inside.push(self.proxy_pass(false));
        }
        Directive::block(format!("limit_except {methods}"), inside)
    }

    fn try_files(&mut self) -> Directive {
        let files = self.random.pick(&["$uri", "$uri $uri/", "/missing$uri", "/a/ /$arg_x"]);
        let last = self.random.pick(&[
            "=404",
            "@n0",
            "@n1",
            "/a",
            "/b/?x=$arg_x",
            "=403",
            "/c$uri",
            "/a?$args",
            "@missing",
            "=200",
        ]);
        Directive::line(format!("try_files {files} {last}"))
    }

    /// An `if` in a location, with its mark.
    pub fn marked(&mut self, location: &str, inside: &mut Vec<Directive>) {
        self.marks += 1;
        inside.push(marking(&format!("{location}.{}", self.marks)));
    }
}
