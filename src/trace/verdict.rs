//! Of a trace: what it means for a WebSocket, and how long one lives that is idle.
//!
//! A backend answers 101 to a GET of HTTP/1.1 with `Upgrade: websocket`, `Connection: upgrade`
//! and a key (RFC 6455, section 4.2.1); the client wants to see the `Upgrade` of the answer.

use crate::model::{ScopeId, Setting};
use crate::runtime::{Answer, HeaderSource, SentHeader, UpstreamRequest};
use crate::source::visible;
use crate::syntax::Directive;

use super::page::{Page, Style};
use super::{Trace, words};

/// Why a handshake fails, what mends it, and the rule that says more.
#[derive(Debug)]
struct Problem {
    reason: String,
    remedy: String,
    rule: &'static str,
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
            Answer::Unknown if self.outcome.listener.is_some() => Handshake::Unknown,
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
            page.say(Style::Bad, &format!("No WebSocket comes of it: {}.", unproxied(trace)));
        }
        return;
    };
    if !trace.is_handshake() {
        page.heading("Time");
        let time = words::time(sent.proxy.read_timeout_ms);
        return page.say(
            Style::Plain,
            &format!("A backend that says nothing for {time} is given up ({}).", timeout(trace)),
        );
    }
    page.heading("WebSocket");
    let problems = problems(trace, sent);
    let doubts = doubts(sent);
    if !problems.is_empty() {
        page.say(
            Style::Bad,
            "It fails: the backend cannot answer 101, or nginx lets no 101 through, because",
        );
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
        page.say(
            Style::Plain,
            &format!("  Remedy: {}. More: ngxc explain {}", problem.remedy, problem.rule),
        );
    }
    idle(trace, sent, page);
}

fn idle(trace: &Trace<'_>, sent: &UpstreamRequest<'_>, page: &mut Page) {
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
    match &trace.outcome.answer {
        Answer::Status { status: 444, .. } => "nginx closes the connection".to_owned(),
        Answer::Status { status, .. } if (300..400).contains(status) => {
            format!("nginx answers {status}, and WebSocket clients follow no redirects")
        }
        Answer::Status { status, .. } => format!("nginx answers {status} by itself"),
        Answer::Static { .. } => "nginx looks for a file; no proxy_pass counts here".to_owned(),
        Answer::Other { directive } => format!("`{}` answers", visible(directive)),
        Answer::Unknown if trace.outcome.listener.is_none() => "nothing listens there".to_owned(),
        Answer::Unknown | Answer::Proxy(_) => "it depends on what is not known".to_owned(),
    }
}

fn named<'s>(sent: &'s UpstreamRequest<'_>, name: &'s str) -> impl Iterator<Item = &'s SentHeader> {
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
    problems.extend(other_parts(sent));
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
            "the backend is asked over HTTP/{}, which has no upgrade to a WebSocket ({from})",
            sent.http_version
        ),
        remedy: "proxy_http_version 1.1;".to_owned(),
        rule,
    })
}

/// What is wrong with `Upgrade` and `Connection`.
fn headers(trace: &Trace<'_>, sent: &UpstreamRequest<'_>) -> Vec<Problem> {
    let upgrade: Vec<_> = named(sent, "Upgrade").collect();
    let connection: Vec<_> = named(sent, "Connection").collect();
    let may_be = |header: &&SentHeader, is_it: fn(&[u8]) -> bool| {
        header.value.as_ref().map_or(true, |value| is_it(value))
    };
    let has_upgrade = upgrade.iter().any(|header| may_be(header, is_websocket));
    let has_connection = connection.iter().any(|header| may_be(header, asks_for_upgrade));
    let mut problems = Vec::new();
    if !has_upgrade {
        problems.push(upgrade.first().map_or_else(
            || missing(trace, "Upgrade", !has_connection && !is_configured(&connection)),
            |header| wrong(trace, header, "wrong-upgrade-value", "$http_upgrade"),
        ));
    }
    if !has_connection {
        let written = connection.iter().find(|it| it.from != HeaderSource::Default);
        problems.push(written.map_or_else(
            || missing(trace, "Connection", upgrade.is_empty()),
            |header| {
                let is_map = matches!(header.from, HeaderSource::Directive(place)
                    if trace.written(place, &["proxy_set_header"]).contains('$'));
                let rule =
                    if is_map { "map-connection-never-upgrade" } else { "connection-not-upgrade" };
                wrong(trace, header, rule, "upgrade")
            },
        ));
    }
    problems
}

fn is_configured(headers: &[&SentHeader]) -> bool {
    headers.iter().any(|header| header.from != HeaderSource::Default)
}

fn is_websocket(value: &[u8]) -> bool {
    value.eq_ignore_ascii_case(b"websocket")
}

fn asks_for_upgrade(value: &[u8]) -> bool {
    value
        .split(|&byte| byte == b',')
        .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

/// A header that is sent with another value than a handshake has.
fn wrong(trace: &Trace<'_>, header: &SentHeader, rule: &'static str, value: &str) -> Problem {
    let sent = header.value.as_ref().map_or_else(|_| "?".to_owned(), |value| words::bytes(value));
    let from = match header.from {
        HeaderSource::Directive(place) => {
            let line = trace.written(place, &["proxy_set_header"]);
            format!("{line}, {}", trace.at(place))
        }
        HeaderSource::Default => "default of nginx".to_owned(),
        HeaderSource::Client => "from the client".to_owned(),
    };
    let name = visible(&header.name);
    Problem {
        reason: format!("{name} is \"{sent}\" ({from})"),
        remedy: match rule {
            "map-connection-never-upgrade" => {
                format!("let the variable be {value} for WebSocket handshakes")
            }
            _ => format!("proxy_set_header {name} {value};"),
        },
        rule,
    }
}

/// A header that is not sent, with what became of the line that would have set it.
fn missing(trace: &Trace<'_>, name: &'static str, both: bool) -> Problem {
    let value = if name == "Upgrade" { "$http_upgrade" } else { "upgrade" };
    let remedy = format!("proxy_set_header {name} {value};");
    let own = setting(trace, "proxy_set_header");
    let is_it = |line: &Directive<'_>| line.arg(0).is_some_and(|it| it.eq_ignore_ascii_case(name));
    let find = |lines: &[(ScopeId, Directive<'_>)]| -> Option<String> {
        let line = lines.iter().map(|(_, line)| *line).find(is_it)?;
        Some(format!("`{}`, {}", words::head(line), words::at(line)))
    };
    let closes = if name == "Connection" { "does not ask for an upgrade" } else { "is not sent" };
    if let Some(own) = &own
        && let Some(lost) = find(&own.replaced)
        && let Some((scope, first)) = own.lines.first()
    {
        return Problem {
            reason: format!(
                "{name} {closes}: the line that sets it ({lost}) does not count, because {} has a \
                 proxy_set_header of its own ({}), and one of them drops all inherited ones",
                words::block(trace.model, *scope),
                words::at(*first)
            ),
            remedy: format!("repeat the line in {}", words::block(trace.model, *scope)),
            rule: "lost-websocket-headers",
        };
    }
    if let Some(line) = own.as_ref().and_then(|own| find(&own.lines)) {
        return Problem {
            reason: format!("{name} {closes}: it gets no value from {line}"),
            remedy,
            rule: if name == "Upgrade" {
                "wrong-upgrade-value"
            } else {
                "map-connection-never-upgrade"
            },
        };
    }
    if let Some(line) = setting(trace, "add_header").and_then(|own| find(&own.lines)) {
        return Problem {
            reason: format!("{name} {closes}: {line}, is for answers to the client"),
            remedy,
            rule: "upgrade-in-add-header",
        };
    }
    let rule = match (both, name) {
        (true, _) => "missing-websocket-headers",
        (false, "Upgrade") => "missing-upgrade-header",
        (false, _) => "missing-connection-header",
    };
    let reason = format!(
        "{name} {closes}: nginx does not pass on the client's, and no proxy_set_header sets it"
    );
    Problem { reason, remedy, rule }
}

/// What else a handshake needs, on its way and on the way back.
fn other_parts(sent: &UpstreamRequest<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut push = |reason: &str, remedy: &str| {
        let (reason, remedy) = (reason.to_owned(), remedy.to_owned());
        problems.push(Problem { reason, remedy, rule: "missing-websocket-headers" });
    };
    if let Ok(method) = &sent.method
        && method != b"GET"
    {
        push("a handshake is a GET", "the method GET");
    }
    if named(sent, "Sec-WebSocket-Key").next().is_none() {
        push(
            "the backend gets no Sec-WebSocket-Key",
            "let the client's headers through (proxy_pass_request_headers on)",
        );
    }
    for name in ["Upgrade", "Sec-WebSocket-Accept"] {
        if sent.proxy.hidden_response_headers.iter().any(|it| it.eq_ignore_ascii_case(name)) {
            let reason = format!("proxy_hide_header keeps {name} of the answer from the client");
            push(&reason, &format!("no proxy_hide_header {name}"));
        }
    }
    problems
}

fn setting<'t>(trace: &Trace<'t>, name: &str) -> Option<Setting<'t>> {
    trace.model.setting(trace.scope()?, name)
}

/// The line that sets a single value here, if one does.
fn line_of<'t>(trace: &Trace<'t>, name: &str) -> Option<Directive<'t>> {
    setting(trace, name)?.lines.last().map(|(_, line)| *line)
}
