//! Of a trace: what it means for a WebSocket, and how long one lives that is idle.
//!
//! A backend answers 101 to a GET of HTTP/1.1 with `Upgrade: websocket`, `Connection: upgrade`
//! and a key (RFC 6455, section 4.2.1); the client wants to see the `Upgrade` of the answer.

use crate::model::{ScopeId, Setting, has_upgrade_token};
use crate::runtime::{Answer, HeaderSource, SentHeader, UpstreamRequest};
use crate::source::visible;
use crate::syntax::Directive;

use super::page::{Page, Style};
use super::{Trace, obstacles, words};

/// Why a handshake fails, what mends it, and the rule that says more, if there is one.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) reason: String,
    pub(super) remedy: String,
    pub(super) rule: &'static str,
}

/// Whether a handshake reaches a backend that can answer 101.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handshake {
    Works,
    Fails,
    Unknown,
}

impl Trace<'_> {
    /// True if the client asks for a WebSocket.
    pub(super) fn is_handshake(&self) -> bool {
        self.request.header("Upgrade").any(|value| value.eq_ignore_ascii_case(b"websocket"))
    }

    /// What comes of a handshake, as far as nginx decides it.
    pub(super) fn handshake(&self) -> Handshake {
        match &self.outcome.answer {
            Answer::Proxy(sent) => match (&problems(self, sent)[..], &doubts(sent)[..]) {
                ([_, ..], _) => Handshake::Fails,
                ([], [_, ..]) => Handshake::Unknown,
                ([], []) => Handshake::Works,
            },
            Answer::Unknown => Handshake::Unknown,
            Answer::Static { .. } if obstacles::missing_page(self).is_some() => Handshake::Unknown,
            _ => Handshake::Fails,
        }
    }

    /// Why it fails, in one line.
    pub(super) fn handshake_reason(&self) -> String {
        let Answer::Proxy(sent) = &self.outcome.answer else { return unproxied(self) };
        let problems = problems(self, sent).into_iter().map(|problem| problem.reason);
        problems.chain(doubts(sent)).collect::<Vec<_>>().join("; ")
    }
}

/// The section about the WebSocket, or about how long a plain request may take.
pub(super) fn websocket(trace: &Trace<'_>, page: &mut Page) {
    let Answer::Proxy(sent) = &trace.outcome.answer else {
        if trace.is_handshake() {
            page.heading("WebSocket");
            let reason = unproxied(trace);
            if trace.handshake() == Handshake::Unknown {
                page.say(Style::Plain, &format!("Whether one comes of it is not known: {reason}."));
            } else {
                page.say(Style::Bad, &format!("No WebSocket comes of it: {reason}."));
            }
        }
        return;
    };
    if !trace.is_handshake() {
        return plain(trace, sent, page);
    }
    page.heading("WebSocket");
    let problems = problems(trace, sent);
    let doubts = doubts(sent);
    if !problems.is_empty() {
        page.say(Style::Bad, "It fails: no 101 comes back, because");
    } else if !doubts.is_empty() {
        page.say(Style::Plain, "Whether it works is not known:");
    } else {
        page.say(
            Style::Good,
            "It works, as far as nginx decides it: the backend receives a valid handshake.",
        );
    }
    for doubt in &doubts {
        page.item(Style::Plain, &format!("{doubt}."));
    }
    for problem in &problems {
        page.item(Style::Plain, &format!("{}.", problem.reason));
        let mut rows = vec![vec![(Style::Plain, format!("  remedy: {}", problem.remedy))]];
        if !problem.rule.is_empty() {
            rows.push(vec![(Style::Plain, format!("  more:   ngxc explain {}", problem.rule))]);
        }
        page.rows(&rows);
    }
    idle(trace, sent, page);
}

/// What there is to say of a request that is no handshake.
fn plain(trace: &Trace<'_>, sent: &UpstreamRequest<'_>, page: &mut Page) {
    let checks: [(&str, Check, &str); 2] = [
        ("Connection", asks_for_upgrade, "hardcoded-connection-header"),
        ("Upgrade", is_websocket, "hardcoded-upgrade-header"),
    ];
    for (name, asks, rule) in checks {
        if named(sent, name).any(|it| it.value.as_ref().is_ok_and(|value| asks(value))) {
            page.heading("WebSocket");
            let text = format!(
                "This request is no handshake, and its {name} asks the backend for an upgrade all \
                 the same. More: ngxc explain {rule}"
            );
            page.say(Style::Bad, &text);
        }
    }
    page.heading("Time");
    let time = words::time(sent.proxy.read_timeout_ms);
    let text = format!("A backend that says nothing for {time} is given up ({}).", timeout(trace));
    page.say(Style::Plain, &text);
}

fn idle(trace: &Trace<'_>, sent: &UpstreamRequest<'_>, page: &mut Page) {
    if sent.proxy.read_timeout_ms == 0 {
        return;
    }
    page.heading("An idle socket");
    let time = words::time(sent.proxy.read_timeout_ms);
    page.say(
        Style::Plain,
        &format!(
            "lives for {time}: then, if neither side has sent anything, nginx cuts it ({}). Pings \
             that come more often keep it open.",
            timeout(trace)
        ),
    );
}

/// `proxy_read_timeout` with its place.
fn timeout(trace: &Trace<'_>) -> String {
    match line_of(trace, "proxy_read_timeout") {
        Some(line) => format!("{}, {}", words::head(line), words::at(line)),
        None => "the default of proxy_read_timeout".to_owned(),
    }
}

/// Why no backend sees the request.
fn unproxied(trace: &Trace<'_>) -> String {
    if trace.outcome.listener.is_none() {
        return "nothing listens there".to_owned();
    }
    match &trace.outcome.answer {
        Answer::Status { status: 444, .. } => "nginx closes the connection".to_owned(),
        Answer::Status { status, .. } if (300..400).contains(status) => {
            format!("nginx answers {status}, and WebSocket clients follow no redirects")
        }
        Answer::Status { status, .. } => format!("nginx answers {status} by itself"),
        Answer::Static { .. } => match obstacles::missing_page(trace) {
            Some(page) => format!(
                "nginx looks for a file, and if there is none, for what `{}` says ({})",
                words::head(page),
                words::at(page)
            ),
            None => "nginx looks for a file; no proxy_pass counts here".to_owned(),
        },
        Answer::Other { directive } => format!("`{}` answers", visible(directive)),
        Answer::Unknown | Answer::Proxy(_) => {
            let what = trace.unknown().iter().find(|it| it.assumed.is_none());
            let what = what.map_or("what is not known".into(), |it| visible(&it.what));
            format!("it depends on {what}")
        }
    }
}

pub(super) fn named<'s>(
    sent: &'s UpstreamRequest<'_>,
    name: &'s str,
) -> impl Iterator<Item = &'s SentHeader> {
    sent.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name))
}

/// What would have to be known to say that it works.
fn doubts(sent: &UpstreamRequest<'_>) -> Vec<String> {
    let headers = ["Upgrade", "Connection", "Sec-WebSocket-Key"];
    let headers = headers.into_iter().flat_map(|name| named(sent, name));
    let unknown = headers.filter_map(|header| {
        let unknown = header.value.as_ref().err()?;
        Some(format!("{} depends on {}", visible(&header.name), visible(&unknown.what)))
    });
    unknown.collect()
}

fn problems(trace: &Trace<'_>, sent: &UpstreamRequest<'_>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = Vec::new();
    problems.extend(http_version(trace, sent));
    problems.extend(headers(trace, sent));
    problems.extend(obstacles::problems(trace, sent));
    if sent.proxy.read_timeout_ms == 0 {
        problems.push(Problem {
            reason: format!("nginx waits no time for the answer and says 504 ({})", timeout(trace)),
            remedy: "a proxy_read_timeout above 0".to_owned(),
            rule: "zero-read-timeout",
        });
    }
    problems
}

fn http_version(trace: &Trace<'_>, sent: &UpstreamRequest<'_>) -> Option<Problem> {
    if sent.http_version == "1.1" {
        return None;
    }
    let line = line_of(trace, "proxy_http_version");
    let (from, rule) = match line {
        Some(line) => {
            (format!("{}, {}", words::head(line), words::at(line)), "wrong-proxy-http-version")
        }
        None => ("the default of proxy_http_version".to_owned(), "missing-proxy-http-version"),
    };
    Some(Problem {
        reason: format!(
            "the backend is asked over HTTP/{} ({from}): a handshake is HTTP/1.1, and backends that \
             keep to RFC 6455 refuse any other",
            sent.http_version
        ),
        remedy: "proxy_http_version 1.1;".to_owned(),
        rule,
    })
}

/// Whether a header has a value that a handshake has.
type Check = fn(&[u8]) -> bool;

/// What is wrong with `Upgrade` and `Connection`.
fn headers(trace: &Trace<'_>, sent: &UpstreamRequest<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut absent = Vec::new();
    let checks: [(&str, Check); 2] = [("Upgrade", is_websocket), ("Connection", asks_for_upgrade)];
    for (name, is_right) in checks {
        let may_be_right =
            |header: &SentHeader| header.value.as_ref().map_or(true, |value| is_right(value));
        if named(sent, name).any(may_be_right) {
            continue;
        }
        match named(sent, name).find(|header| header.from != HeaderSource::Default) {
            Some(header) => problems.push(wrong(trace, header)),
            None => absent.push(name),
        }
    }
    problems.extend(missing(trace, &absent));
    problems
}

fn is_websocket(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"websocket")
}

fn asks_for_upgrade(value: &[u8]) -> bool {
    has_upgrade_token(&String::from_utf8_lossy(value))
}

/// A header that is sent with another value than a handshake has.
fn wrong(trace: &Trace<'_>, header: &SentHeader) -> Problem {
    let sent = header.value.as_ref().map_or_else(|_| "?".to_owned(), |value| words::bytes(value));
    let name = visible(&header.name);
    let HeaderSource::Directive(place) = header.from else {
        let remedy = format!("proxy_set_header {name} {};", right_value(&name));
        return Problem {
            reason: format!("{name} is \"{sent}\", as the client sends it"),
            remedy,
            rule: "connection-passthrough",
        };
    };
    let line = trace.set_header(place, &header.name);
    let reason = format!("{name} is \"{sent}\" (`{line}`, {})", trace.at(place));
    let value = line.split(' ').next_back().unwrap_or_default();
    let (remedy, rule) = match trace.model.map(value) {
        Some(map) if !name.eq_ignore_ascii_case("Upgrade") => {
            let map = words::at(map.directive);
            (
                format!("let the map ({map}) give upgrade for websocket"),
                "map-connection-never-upgrade",
            )
        }
        _ if name.eq_ignore_ascii_case("Upgrade") => {
            ("proxy_set_header Upgrade $http_upgrade;".to_owned(), "wrong-upgrade-value")
        }
        _ if sent.eq_ignore_ascii_case("websocket") => {
            ("proxy_set_header Connection upgrade;".to_owned(), "wrong-upgrade-value")
        }
        _ => ("proxy_set_header Connection upgrade;".to_owned(), "connection-not-upgrade"),
    };
    Problem { reason, remedy, rule }
}

fn right_value(name: &str) -> &'static str {
    if name.eq_ignore_ascii_case("Upgrade") { "$http_upgrade" } else { "upgrade" }
}

/// Headers that are not sent, with what became of the lines that would have set them.
fn missing(trace: &Trace<'_>, absent: &[&'static str]) -> Vec<Problem> {
    let own = setting(trace, "proxy_set_header");
    let answers = setting(trace, "add_header");
    let (lost, others): (Vec<&str>, Vec<&str>) = absent
        .iter()
        .partition(|name| own.as_ref().is_some_and(|own| line_for(&own.replaced, name).is_some()));
    let mut problems: Vec<Problem> =
        own.as_ref().and_then(|own| lost_lines(trace, own, &lost)).into_iter().collect();
    let mut never = Vec::new();
    for name in others {
        let reason = |line: Directive<'_>, how: &str| {
            format!("{name} {how} (`{}`, {})", words::head(line), words::at(line))
        };
        let remedy = format!("proxy_set_header {name} {};", right_value(name));
        if let Some(line) = own.as_ref().and_then(|own| line_for(&own.lines, name)) {
            let is_map = line.arg(1).is_some_and(|value| trace.model.map(&value).is_some());
            let rule = match name {
                "Upgrade" => "wrong-upgrade-value",
                _ if is_map => "map-connection-never-upgrade",
                _ => "connection-not-upgrade",
            };
            problems.push(Problem {
                reason: reason(line, "is empty, and so not sent"),
                remedy,
                rule,
            });
        } else if let Some(line) = answers.as_ref().and_then(|it| line_for(&it.lines, name)) {
            let how = "is set on answers to the client, not on requests to the backend";
            problems.push(Problem {
                reason: reason(line, how),
                remedy,
                rule: "upgrade-in-add-header",
            });
        } else {
            never.push(name);
        }
    }
    problems.extend(never_set(&never));
    problems
}

fn line_for<'p>(lines: &[(ScopeId, Directive<'p>)], header: &str) -> Option<Directive<'p>> {
    let is_it =
        |line: &Directive<'_>| line.arg(0).is_some_and(|it| it.eq_ignore_ascii_case(header));
    lines.iter().map(|(_, line)| *line).find(is_it)
}

/// Lines further out that a line of the location drops.
fn lost_lines(trace: &Trace<'_>, own: &Setting<'_>, names: &[&str]) -> Option<Problem> {
    let (scope, first) = own.lines.first().filter(|_| !names.is_empty())?;
    let lines = names.iter().filter_map(|name| line_for(&own.replaced, name));
    let lines: Vec<_> =
        lines.map(|line| format!("`{}` ({})", words::head(line), words::at(line))).collect();
    let block = words::block(trace.model, *scope);
    let (counts, them) = if lines.len() == 1 { ("does", "it") } else { ("do", "them") };
    Some(Problem {
        reason: format!(
            "{} {counts} not count: {block} has a proxy_set_header of its own ({}), and that drops \
             all inherited ones",
            lines.join(" and "),
            words::at(*first)
        ),
        remedy: format!("repeat {them} in {block}"),
        rule: "lost-websocket-headers",
    })
}

/// Headers that nothing sets.
fn never_set(names: &[&str]) -> Option<Problem> {
    let rule = match names {
        [] => return None,
        ["Upgrade"] => "missing-upgrade-header",
        ["Connection"] => "missing-connection-header",
        _ => "missing-websocket-headers",
    };
    let lines = names.iter().map(|name| format!("proxy_set_header {name} {};", right_value(name)));
    Some(Problem {
        reason: format!(
            "no proxy_set_header sets {}, and nginx does not pass on what the client sends",
            names.join(" and ")
        ),
        remedy: lines.collect::<Vec<_>>().join(" "),
        rule,
    })
}

pub(super) fn setting<'t>(trace: &Trace<'t>, name: &str) -> Option<Setting<'t>> {
    trace.model.setting(trace.scope()?, name)
}

/// The line that sets a single value here, if one does.
fn line_of<'t>(trace: &Trace<'t>, name: &str) -> Option<Directive<'t>> {
    setting(trace, name)?.lines.last().map(|(_, line)| *line)
}
