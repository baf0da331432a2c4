//! The rules about handshakes say no more and no less than what becomes of requests.
//!
//! Every combination of the lines that matter is routed as a whole, handshakes and plain requests,
//! and what the backend would get is held against what ngxc finds: what is broken is found, what
//! is found is broken, and what a fix leaves behind is neither.

use std::path::{Path, PathBuf};

use ngxc::catalog::Version;
use ngxc::diagnostic::{Diagnostic, Severity};
use ngxc::lint::{Category, rule};
use ngxc::project::{Files, Project};
use ngxc::runtime::{Answer, Request, Router};
use ngxc::{check, fix};

use crate::differential::library::router;

/// Maps that configurations may use, the good ones first.
const MAPS: &str = "
map $http_upgrade $docs { default upgrade; '' close; }
map $http_upgrade $keepalive { default upgrade; '' ''; }
map $http_upgrade $only { default ''; websocket websocket; }
map $http_upgrade $exact { default ''; websocket upgrade; }
map $http_upgrade $always { default upgrade; }
map $http_upgrade $never { '' close; }
map $http_upgrade $swapped { default close; '' upgrade; }
map $http_upgrade $regex { default close; ~*^websocket$ upgrade; }
map $http_connection $passed { default ''; ~*upgrade upgrade; }
";

const UPGRADE: [Option<&str>; 6] =
    [None, Some("$http_upgrade"), Some("$only"), Some("websocket"), Some("$docs"), Some("''")];

const CONNECTION: [Option<&str>; 14] = [
    None,
    Some("$docs"),
    Some("$keepalive"),
    Some("$exact"),
    Some("$regex"),
    Some("$passed"),
    Some("upgrade"),
    Some("\"keep-alive, Upgrade\""),
    Some("''"),
    Some("close"),
    Some("$always"),
    Some("$never"),
    Some("$swapped"),
    Some("$http_upgrade"),
];

const VERSION: [Option<&str>; 3] = [Some("1.1"), None, Some("1.0")];

/// Where the lines stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    InLocation,
    Inherited,
    /// In the server, and the location has a line of its own.
    Lost,
}

struct Case {
    upgrade: Option<&'static str>,
    connection: Option<&'static str>,
    version: Option<&'static str>,
    stand: Stand,
    path: &'static str,
}

impl Case {
    fn all() -> impl Iterator<Item = Self> {
        let stands = [Stand::InLocation, Stand::Inherited, Stand::Lost];
        let paths = ["/chat/", "= /ws"];
        UPGRADE.into_iter().flat_map(move |upgrade| {
            CONNECTION.into_iter().flat_map(move |connection| {
                VERSION.into_iter().flat_map(move |version| {
                    stands.into_iter().flat_map(move |stand| {
                        paths.into_iter().map(move |path| Self {
                            upgrade,
                            connection,
                            version,
                            stand,
                            path,
                        })
                    })
                })
            })
        })
    }

    fn text(&self) -> String {
        let mut lines = String::new();
        for (name, value) in [("Upgrade", self.upgrade), ("Connection", self.connection)] {
            if let Some(value) = value {
                lines += &format!("proxy_set_header {name} {value};\n");
            }
        }
        if let Some(version) = self.version {
            lines += &format!("proxy_http_version {version};\n");
        }
        let (outer, inner) = match self.stand {
            Stand::InLocation => ("", lines.as_str()),
            Stand::Inherited => (lines.as_str(), ""),
            Stand::Lost => (lines.as_str(), "proxy_set_header Host $host;\n"),
        };
        let path = self.path;
        format!(
            "events {{}}\nhttp {{\n{MAPS}server {{\nlisten 80;\nproxy_read_timeout 1h;\n{outer}\
             location {path} {{\nproxy_pass http://127.0.0.1:8000;\n{inner}}}\n}}\n}}\n"
        )
    }

    fn uri(&self) -> &'static str {
        self.path.trim_start_matches("= ")
    }
}

/// What the backend gets of one request.
struct Got {
    version: String,
    upgrade: Vec<String>,
    connection: Vec<String>,
}

impl Got {
    fn of(router: &Router, uri: &str, upgrade: Option<&str>, connection: Option<&str>) -> Self {
        let mut request = Request::get(80, "example.com", uri);
        for (name, value) in [("Upgrade", upgrade), ("Connection", connection)] {
            if let Some(value) = value {
                request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
            }
        }
        let outcome = router.route(&request);
        let Answer::Proxy(sent) = &outcome.answer else { panic!("{outcome:?}") };
        let values = |wanted: &str| {
            let lines = sent.headers.iter().filter(|it| it.name.eq_ignore_ascii_case(wanted));
            let text = |value: &Vec<u8>| String::from_utf8_lossy(value).to_ascii_lowercase();
            lines.map(|it| text(it.value.as_ref().expect("all is known"))).collect()
        };
        Self {
            version: sent.http_version.to_owned(),
            upgrade: values("Upgrade"),
            connection: values("Connection"),
        }
    }

    fn asks(&self) -> bool {
        self.connection.iter().any(|value| value.split(',').any(|it| it.trim() == "upgrade"))
    }

    fn offers(&self) -> bool {
        self.upgrade.iter().any(|value| value.split(',').any(|it| it.trim() == "websocket"))
    }
}

/// What becomes of a location's requests.
#[derive(Debug)]
struct Verdict {
    /// Something of a handshake reaches the backend.
    is_active: bool,
    /// Every handshake is whole.
    shakes_hands: bool,
    /// Plain requests ask for no upgrade.
    is_plain: bool,
    /// No other protocol gets through.
    is_narrow: bool,
}

impl Verdict {
    fn of(text: &str, uri: &str) -> Self {
        let router = router(text, Version::OLDEST_COMMON);
        let got = |upgrade, connection| Got::of(&router, uri, upgrade, connection);
        let handshakes = [
            got(Some("websocket"), Some("Upgrade")),
            got(Some("websocket"), Some("keep-alive, Upgrade")),
            got(Some("WebSocket"), Some("Upgrade")),
        ];
        let plain = [got(None, None), got(None, Some("keep-alive"))];
        let other = got(Some("h2c"), Some("Upgrade, HTTP2-Settings"));
        Self {
            is_active: !handshakes[0].upgrade.is_empty() || handshakes[0].asks(),
            shakes_hands: handshakes
                .iter()
                .all(|it| it.version == "1.1" && it.asks() && it.offers()),
            is_plain: plain.iter().all(|it| it.upgrade.is_empty() && !it.asks()),
            is_narrow: other.upgrade.iter().all(|value| value != "h2c"),
        }
    }
}

fn load(files: &Files) -> (Project, Vec<Diagnostic>) {
    let project = Project::load(files, &[PathBuf::from("nginx.conf")], None);
    let report = check(&project, &Version::OLDEST_COMMON.into());
    (project, report)
}

fn files(text: &str) -> Files {
    let mut files = Files::memory();
    files.set(Path::new("nginx.conf"), text.as_bytes().to_vec());
    files
}

/// The findings of at least this severity about what is sent: name and severity.
fn found(report: &[Diagnostic], least: Severity) -> Vec<&'static str> {
    let is_about_headers = |it: &&Diagnostic| {
        rule(it.rule).is_some_and(|rule| {
            matches!(rule.category, Category::Websocket | Category::Map)
                && rule.name != "missing-host-header"
        })
    };
    let findings = report.iter().filter(|it| it.severity >= least).filter(is_about_headers);
    findings.map(|it| it.rule).collect()
}

/// What does not go together in one configuration.
fn wrong(case: &Case, text: &str) -> Vec<String> {
    let verdict = Verdict::of(text, case.uri());
    let (_, report) = load(&files(text));
    let errors = found(&report, Severity::Error);
    let warnings = found(&report, Severity::Warning);
    let all = found(&report, Severity::Info);
    let mut wrong = Vec::new();
    // A location is meant for sockets by its name, unless it empties the header itself.
    let is_named = case.path == "= /ws" && case.upgrade != Some("''");
    let is_meant = verdict.is_active || is_named;
    if is_meant && !verdict.shakes_hands && warnings.is_empty() {
        wrong.push("no handshake comes through, and nothing says so".to_owned());
    }
    if verdict.is_active && !verdict.is_plain && all.is_empty() {
        wrong.push("plain requests ask for an upgrade, and nothing says so".to_owned());
    }
    if verdict.shakes_hands && verdict.is_plain && !warnings.is_empty() {
        wrong.push(format!("all is well, and ngxc says {warnings:?}"));
    }
    if verdict.shakes_hands && !errors.is_empty() && verdict.is_plain {
        wrong.push(format!("handshakes come through, and ngxc says {errors:?}"));
    }
    if verdict.is_active != (verdict.is_narrow && verdict.is_active)
        && !report.iter().any(|it| it.rule == "upgrade-any-protocol")
    {
        wrong.push("any protocol gets through, and nothing says so".to_owned());
    }
    wrong
}

#[test]
fn findings_are_what_becomes_of_requests() {
    let mut count = 0;
    let mut bad = Vec::new();
    for case in Case::all() {
        let text = case.text();
        count += 1;
        for wrong in wrong(&case, &text) {
            bad.push(format!("{wrong}\n{}", short(&text)));
        }
    }
    assert!(count > 1000, "only {count} cases");
    assert!(bad.is_empty(), "{} of {count}:\n{}", bad.len(), bad[..bad.len().min(40)].join("\n"));
}

#[test]
fn fixes_leave_nothing_broken() {
    let mut bad = Vec::new();
    let mut mended = 0;
    for case in Case::all() {
        let text = case.text();
        let before = Verdict::of(&text, case.uri());
        let fixed =
            fix::run(files(&text), load, |it| it.fix.is_some() && it.severity > Severity::Info);
        let fixed = fixed.unwrap_or_else(|error| panic!("{error}\n{text}"));
        let Some(change) = fixed.changes.first() else { continue };
        mended += 1;
        let after = String::from_utf8_lossy(&change.after).into_owned();
        let verdict = Verdict::of(&after, case.uri());
        // A place that has nothing but sockets may send Upgrade with everything.
        let is_allowed = case.path == "= /ws" && case.upgrade == Some("websocket");
        let is_right = verdict.shakes_hands && (verdict.is_plain || is_allowed);
        let left = found(&fixed.report, Severity::Warning);
        let has_no_fix =
            fixed.report.iter().any(|it| it.severity > Severity::Info && it.fix.is_none());
        if before.is_plain && !verdict.is_plain && !is_allowed {
            bad.push(format!("plain requests were right before the fix\n{}", short(&after)));
        }
        if !has_no_fix && (!is_right || !left.is_empty()) {
            bad.push(format!("{left:?} {verdict:?}\n{}=>\n{}", short(&text), short(&after)));
        }
    }
    assert!(mended > 300, "only {mended} are mended");
    assert!(bad.is_empty(), "{} of {mended}:\n{}", bad.len(), bad[..bad.len().min(30)].join("\n"));
}

/// The part of a configuration behind the maps that all have.
fn short(text: &str) -> &str {
    text.split_once("server {").map_or(text, |(_, rest)| rest)
}
