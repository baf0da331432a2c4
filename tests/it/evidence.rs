//! The rules about WebSocket connections, proven: the examples of their pages run behind real
//! nginx, with a client and a backend that is as strict as RFC 6455. What a page calls bad
//! fails, what it calls good and what the fix makes of the bad example does not.
//!
//! `UPDATE_DOCS=1 cargo test evidence` writes `docs/evidence.md` and the measured lines of the
//! pages anew.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{env, fs, thread};

use ngxc::diagnostic::Severity;
use ngxc::lint::{Category, RULES, Rule};
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

use crate::docs::{example, fixed_example, has_fix};
use crate::echo::{Head, backend, connect};
use crate::nginx::{self, Nginx};
use crate::server::Server;
use crate::support::root;

/// What begins the line of a page that says what was measured.
const MEASURED: &str = "Measured, ";

/// An answer that does not come in this time does not come.
const PATIENCE: Duration = Duration::from_secs(4);

/// What is asked beyond handshakes and plain requests, by rule.
const MORE: [(&str, Probe); 5] = [
    ("upgrade-any-protocol", Probe::H2c),
    ("missing-host-header", Probe::Browser),
    ("host-without-port", Probe::Browser),
    ("default-read-timeout", Probe::Silence),
    ("timeout-on-wrong-directive", Probe::Silence),
];

/// What comes through nginx.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Probe {
    Handshake,
    Firefox,
    MixedCase,
    Plain,
    PlainKeepAlive,
    /// A handshake behind a plain request for the same.
    Again,
    /// A handshake with the Origin of the page that it comes from.
    Browser,
    /// An offer to speak HTTP/2.
    H2c,
    /// Nothing for a minute, and then a message.
    Silence,
}

impl Probe {
    /// What every example is asked, in this order.
    const ALL: [Self; 6] = [
        Self::Handshake,
        Self::Firefox,
        Self::MixedCase,
        Self::Plain,
        Self::PlainKeepAlive,
        Self::Again,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::Firefox => "handshake of Firefox",
            Self::MixedCase => "handshake with `Upgrade: WebSocket`",
            Self::Plain => "GET",
            Self::PlainKeepAlive => "GET with `Connection: keep-alive`",
            Self::Again => "handshake behind a GET",
            Self::Browser => "handshake of a page with its Origin",
            Self::H2c => "GET with `Upgrade: h2c`",
            Self::Silence => "socket after 61 s of silence",
        }
    }

    fn headers(self) -> &'static str {
        match self {
            Self::Handshake | Self::Again | Self::Silence => {
                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            }
            Self::Firefox => "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n",
            Self::MixedCase => "Upgrade: WebSocket\r\nConnection: Upgrade\r\n",
            Self::Browser => {
                "Upgrade: websocket\r\nConnection: Upgrade\r\nOrigin: http://chat.test\r\n"
            }
            Self::H2c => {
                "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n"
            }
            Self::Plain => "",
            Self::PlainKeepAlive => "Connection: keep-alive\r\n",
        }
    }

    fn is_handshake(self) -> bool {
        !matches!(self, Self::Plain | Self::PlainKeepAlive | Self::H2c)
    }

    /// Sends it; what is wrong with the answer, if something is.
    fn fault(self, address: SocketAddr, path: &str) -> Option<String> {
        const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
        let mut request = format!("GET {path} HTTP/1.1\r\nHost: chat.test\r\n{}", self.headers());
        if self.is_handshake() {
            let _ = write!(request, "Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n");
        }
        let mut stream = connect(address);
        stream.wait_for(PATIENCE);
        std::io::Write::write_all(&mut stream, format!("{request}\r\n").as_bytes()).ok()?;
        let Ok(head) = Head::read(&mut stream) else { return Some("no answer".to_owned()) };
        let status = head.line().split(' ').nth(1).unwrap_or_default();
        if !self.is_handshake() {
            return self.plain_fault(status, &head);
        }
        if status != "101" {
            return Some(status.to_owned());
        }
        if !head.has("Upgrade", "websocket") {
            return Some("101 without Upgrade".to_owned());
        }
        if head.headers("Upgrade").count() > 1 {
            return Some("101 with several Upgrade headers".to_owned());
        }
        if head.header("Sec-WebSocket-Accept") != Some(&derive_accept_key(KEY.as_bytes())) {
            return Some("101 without Sec-WebSocket-Accept".to_owned());
        }
        if self == Self::Silence {
            thread::sleep(Duration::from_secs(61));
        }
        let mut socket = WebSocket::from_raw_socket(stream, Role::Client, None);
        let sent = socket.send(Message::text("hello"));
        match sent.and_then(|()| socket.read()) {
            Ok(answer) if answer == Message::text("hello") => None,
            _ => Some("closed".to_owned()),
        }
    }

    /// What is wrong with the answer to a plain request: its status, or what the backend got.
    fn plain_fault(self, status: &str, head: &Head) -> Option<String> {
        if status == "101" {
            return Some("101, a tunnel to the backend".to_owned());
        }
        if status != "200" {
            return Some(status.to_owned());
        }
        let got = head.header("X-Got").unwrap_or_default().to_ascii_lowercase();
        let parts: Vec<&str> = got.split("; ").collect();
        let has_upgrade =
            parts.iter().any(|it| it.starts_with("upgrade: ") && !it.ends_with(": -"));
        if has_upgrade {
            return Some("the backend gets Upgrade".to_owned());
        }
        let asks = |it: &&str| it.starts_with("connection: ") && it.contains("upgrade");
        // Next to an offer that goes no further, it asks for nothing.
        (self != Self::H2c && parts.iter().any(asks))
            .then(|| "the backend gets `Connection: upgrade`".to_owned())
    }
}

/// The rules that are about what a client or a backend sees of handshakes.
fn is_proven(rule: &Rule) -> bool {
    /// Rules about sockets whose examples cannot fail here, and why.
    const WITHOUT: [&str; 2] = [
        // Connections are closed that could stay open.
        "map-close-defeats-keepalive",
        // Of two maps, the one that counts is right.
        "map-defined-twice",
    ];
    let is_more = MORE.iter().any(|(name, _)| *name == rule.name);
    let is_about_sockets = matches!(rule.category, Category::Websocket | Category::Map);
    (is_more || is_about_sockets && rule.severity > Severity::Info) && !WITHOUT.contains(&rule.name)
}

/// The path that shows the fault: as the example's first line says, or that of its first
/// location.
fn path(example: &str) -> &str {
    if let Some(path) = example.strip_prefix("# GET ") {
        return path.lines().next().unwrap_or_default();
    }
    let location = example.split("location ").nth(1).expect("an example has a location");
    let pattern = location.split(" {").next().unwrap_or_default();
    pattern.rsplit(' ').next().unwrap_or_default()
}

fn start(nginx: &Nginx, example: &str) -> Server {
    let text = example
        .replace("127.0.0.1:8000", &backend().to_string())
        .replace("127.0.0.1:8001", &backend().to_string());
    nginx.start(&format!("events {{}}\nhttp {{\naccess_log off;\n{text}}}\n"))
}

/// What fails with an example, in words; empty if nothing does.
fn faults(nginx: &Nginx, rule: &Rule, example: &str, path: &str) -> String {
    let server = start(nginx, example);
    let more = MORE.iter().filter(|(name, _)| *name == rule.name).map(|(_, probe)| *probe);
    let mut found: Vec<(Probe, String)> = Probe::ALL
        .into_iter()
        .chain(more)
        .filter_map(|probe| Some((probe, probe.fault(server.address, path)?)))
        .collect();
    // What the first of a kind says need not be said again.
    let first = |is_it: fn(Probe) -> bool, found: &[(Probe, String)]| {
        found.iter().find(|(probe, _)| is_it(*probe)).cloned()
    };
    for is_it in [Probe::is_handshake, |probe: Probe| !probe.is_handshake()] {
        if let Some((probe, fault)) = first(is_it, &found) {
            found.retain(|(it, other)| !is_it(*it) || *it == probe || *other != fault);
        }
    }
    found
        .iter()
        .map(|(probe, fault)| format!("{}: {fault}", probe.name()))
        .collect::<Vec<_>>()
        .join("; ")
}

/// What was measured of a rule's examples with one nginx.
struct Measured {
    bad: String,
    good: String,
    fixed: Option<String>,
}

fn measure(nginx: &Nginx, rule: &'static Rule) -> Measured {
    let bad = example(rule, "## Bad");
    let path = path(bad);
    thread::scope(|scope| {
        let good = scope.spawn(|| faults(nginx, rule, example(rule, "## Good"), path));
        let fixed =
            scope.spawn(|| has_fix(rule).then(|| faults(nginx, rule, &fixed_example(rule), path)));
        Measured {
            bad: faults(nginx, rule, bad, path),
            good: good.join().expect("the good example runs"),
            fixed: fixed.join().expect("the mended example runs"),
        }
    })
}

/// All rules with all nginx, a few at a time.
fn measure_all(all: &[Nginx], rules: &[&'static Rule]) -> Vec<Vec<Measured>> {
    const AT_ONCE: usize = 6;
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(rule) = rules.get(index) else { return done };
            let measured = thread::scope(|scope| {
                let each: Vec<_> =
                    all.iter().map(|nginx| scope.spawn(move || measure(nginx, rule))).collect();
                each.into_iter().map(|it| it.join().expect("the examples run")).collect()
            });
            done.push((index, measured));
        }
    };
    let mut measured: Vec<(usize, Vec<Measured>)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|it| it.join().expect("the examples run")).collect()
    });
    measured.sort_by_key(|(index, _)| *index);
    measured.into_iter().map(|(_, measured)| measured).collect()
}

#[test]
fn examples_fail_and_work_as_their_pages_say() {
    let all = nginx::all();
    // What one nginx says is not what the pages say.
    if all.len() < 2 {
        return;
    }
    let rules: Vec<&'static Rule> = RULES.iter().copied().filter(|rule| is_proven(rule)).collect();
    assert!(rules.len() > 10, "only {} rules are proven", rules.len());
    let measured = measure_all(&all, &rules);
    let wrong = wrong(&all, &rules, &measured);
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (rule, measured) in rules.iter().zip(&measured) {
        let page = root().join("docs/rules").join(format!("{}.md", rule.name));
        let text = fs::read_to_string(&page).expect("a rule has a page");
        settle(&page, &text, &with_measured(&text, &all, measured));
    }
    let page = root().join("docs/evidence.md");
    let text = fs::read_to_string(&page).unwrap_or_default();
    settle(&page, &text, &table(&all, &rules, &measured));
}

/// What the examples do that they should not.
fn wrong(all: &[Nginx], rules: &[&Rule], measured: &[Vec<Measured>]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (rule, measured) in rules.iter().zip(measured) {
        let name = rule.name;
        if measured.iter().all(|it| it.bad.is_empty()) {
            wrong.push(format!("{name}: nothing fails with the bad example"));
        }
        for (nginx, it) in all.iter().zip(measured) {
            let fixed = it.fixed.as_deref().unwrap_or_default();
            for (which, faults) in [("good", it.good.as_str()), ("mended", fixed)] {
                if !faults.is_empty() {
                    let version = &nginx.version;
                    wrong.push(format!("{name}: the {which} example with {version}: {faults}"));
                }
            }
        }
    }
    wrong
}

/// Compares a page with what it should be, or writes it.
fn settle(path: &Path, is: &str, should_be: &str) {
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, should_be).expect("a page can be written");
    } else {
        assert_eq!(is, should_be, "{}: UPDATE_DOCS=1 cargo test evidence", path.display());
    }
}

/// The page with the line behind its bad example that says what was measured.
fn with_measured(page: &str, all: &[Nginx], measured: &[Measured]) -> String {
    let lines = page.split_inclusive('\n').filter(|line| !line.starts_with(MEASURED));
    let page: String = lines.collect();
    let (before, behind) = page.split_once("\n## Good\n").expect("pages have this heading");
    let before = before.trim_end();
    let line = match measured {
        [first, second] if first.bad == second.bad => {
            format!("{MEASURED}nginx {} and {}: {}.", all[0].version, all[1].version, first.bad)
        }
        _ => {
            let each = all
                .iter()
                .zip(measured)
                .map(|(nginx, it)| format!("nginx {}: {}", nginx.version, or_nothing(&it.bad)));
            format!("{MEASURED}{}.", each.collect::<Vec<_>>().join(". "))
        }
    };
    format!("{before}\n\n{line}\n\n## Good\n{behind}")
}

fn or_nothing(faults: &str) -> &str {
    if faults.is_empty() { "nothing fails" } else { faults }
}

fn table(all: &[Nginx], rules: &[&Rule], measured: &[Vec<Measured>]) -> String {
    const WORKS: &str = "works";
    let mut page = format!(
        "# What real nginx makes of the rules' examples\n\n\
         The examples of the rules' pages, run behind nginx {} and {} with a client and a\nbackend \
         that takes nothing but what RFC 6455 and RFC 9112 allow. `tests/it/evidence.rs` runs \
         them and writes this page.\n\n\
         \"{WORKS}\" means: a handshake, one as Firefox sends it, one with `Upgrade: WebSocket` \
         and one behind a\nplain GET each give 101 and an echo; a plain GET gives 200, and the \
         backend gets neither Upgrade nor\na Connection that asks for one. The other columns say what \
         fails;\na fault that all handshakes or all plain requests have is said once.\n\n",
        all[0].version, all[1].version,
    );
    let _ = writeln!(
        page,
        "| Rule | Bad, nginx {} | Bad, nginx {} | Good | Bad, mended |",
        all[0].version, all[1].version
    );
    page.push_str("| --- | --- | --- | --- | --- |\n");
    for (rule, measured) in rules.iter().zip(measured) {
        let cell =
            |faults: &str| if faults.is_empty() { WORKS.to_owned() } else { faults.to_owned() };
        let good: Vec<_> = measured.iter().map(|it| cell(&it.good)).collect();
        let fixed = measured.iter().map(|it| it.fixed.as_deref().map_or("no fix".to_owned(), cell));
        let mut fixed: Vec<_> = fixed.collect();
        fixed.dedup();
        let mut good = good;
        good.dedup();
        let _ = writeln!(
            page,
            "| [{0}](rules/{0}.md) | {1} | {2} | {3} | {4} |",
            rule.name,
            cell(&measured[0].bad),
            cell(&measured[1].bad),
            good.join("; "),
            fixed.join("; ")
        );
    }
    page
}
