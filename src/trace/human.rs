//! A trace as an explanation, to be read from top to bottom.

use crate::runtime::config::{Address, Listener, NameMatch, Server, ServerName};
use crate::runtime::{Answer, Fate, Local, Step, Unknown, Value, Why};
use crate::source::visible;

use super::page::{Page, Row, Style};
use super::{Trace, backend, obstacles, verdict, words};

/// So many locations that do not match are shown; the others are counted.
const MAX_OTHERS: usize = 8;

/// So many sockets are shown if nothing listens where the request comes in.
const MAX_LISTENERS: usize = 32;

/// The explanation; `width` is the width of its paragraphs.
pub fn human(trace: &Trace<'_>, colour: bool, width: usize) -> String {
    let mut page = Page::new(colour, width);
    page.heading(&title(trace));
    socket(trace, &mut page);
    steps(trace, &mut page);
    answer(trace, &mut page);
    backend::settings(trace, &mut page);
    backend::received(trace, &mut page);
    verdict::websocket(trace, &mut page);
    unknown(trace, &mut page);
    page.into_text()
}

fn title(trace: &Trace<'_>) -> String {
    let request = trace.request;
    let to = match &request.local {
        Local::Tcp { address: Some(address), port } => format!("{address} port {port}"),
        Local::Tcp { address: None, port } => format!("port {port}"),
        Local::Unix(path) => format!("unix:{}", visible(path)),
    };
    let host = request
        .header("Host")
        .next()
        .map_or_else(String::new, |host| format!(" for {}", words::bytes(host)));
    let over = if request.tls { " over TLS" } else { "" };
    let kind = if trace.is_handshake() { ", a WebSocket handshake" } else { "" };
    format!(
        "{} {}{host} on {to}{over}{kind}, with nginx {}",
        visible(&request.method),
        words::bytes(&request.target),
        visible(&trace.router.config().nginx_version),
    )
}

/// Says where the connection would come in if nothing listens there.
fn socket(trace: &Trace<'_>, page: &mut Page) {
    if trace.outcome.listener.is_some() {
        return;
    }
    page.heading("Socket");
    if trace.router.config().listeners.is_empty() {
        let text = "This configuration has no server: there is nothing that takes a request.";
        return page.say(Style::Bad, text);
    }
    page.say(Style::Bad, "Nothing listens there: the connection is refused. There is:");
    let listeners = &trace.router.config().listeners;
    let shown = listeners.iter().take(MAX_LISTENERS);
    page.rows(&shown.map(|listener| listen_row(trace, listener)).collect::<Vec<_>>());
    if listeners.len() > MAX_LISTENERS {
        page.say(Style::Dim, &format!("… and {} more.", listeners.len() - MAX_LISTENERS));
    }
}

fn listen_row(trace: &Trace<'_>, listener: &Listener) -> Row {
    let mut what = format!("listen {}", words::address(&listener.address));
    for (is_so, word) in [
        (listener.tls, " ssl"),
        (listener.http2, " http2"),
        (listener.quic, " quic"),
        (listener.proxy_protocol, " proxy_protocol"),
    ] {
        what.push_str(if is_so { word } else { "" });
    }
    vec![(Style::Plain, what), (Style::Dim, trace.at(listener.at))]
}

/// The way of the request, step by step; locations that were looked at together are together.
fn steps(trace: &Trace<'_>, page: &mut Page) {
    let mut steps = &trace.outcome.steps[..];
    let mut searches = 0;
    while let Some(first) = steps.first() {
        let is_location = |step: &Step<'_>| matches!(step, Step::Location { .. });
        let is_change = |step: &Step<'_>| {
            !matches!(
                step,
                Step::Listen { .. }
                    | Step::Server { .. }
                    | Step::Normalized { .. }
                    | Step::Location { .. }
            )
        };
        let count = |is_it: &dyn Fn(&Step<'_>) -> bool| {
            steps.iter().position(|step| !is_it(step)).unwrap_or(steps.len())
        };
        let taken = match first {
            Step::Listen { listener, any_address } => {
                listen(trace, listener, *any_address, page);
                1
            }
            Step::Server { server, host, name } => {
                chosen_server(trace, server, host, *name, page);
                1
            }
            Step::Normalized { uri } => {
                path(trace, uri, page);
                1
            }
            Step::Location { .. } => {
                searches += 1;
                let taken = count(&is_location);
                locations(trace, &steps[..taken], searches > 1, page);
                taken
            }
            _ => {
                let taken = count(&is_change);
                page.heading(if searches == 0 { "Before a location is chosen" } else { "Then" });
                let rows = steps[..taken].iter().filter_map(|step| rewrite_row(trace, step));
                page.rows(&rows.collect::<Vec<_>>());
                taken
            }
        };
        steps = &steps[taken.max(1)..];
    }
}

fn listen(trace: &Trace<'_>, listener: &Listener, any_address: bool, page: &mut Page) {
    page.heading("Socket");
    page.rows(&[listen_row(trace, listener)]);
    let is_known = !matches!(trace.request.local, Local::Tcp { address: None, .. });
    let others = || {
        let others = trace.router.config().listeners.iter();
        others.filter(|it| it.address != listener.address && port(it) == port(listener))
    };
    if any_address && !is_known && others().next().is_some() {
        let others: Vec<_> = others().map(|it| words::address(&it.address)).collect();
        page.say(
            Style::Plain,
            &format!(
                "It takes connections to this port unless they are to {}: --listen says if they are.",
                others.join(" or ")
            ),
        );
    }
    if listener.tls != trace.request.tls {
        let (socket, request) = if listener.tls { ("TLS", "plain") } else { ("no TLS", "TLS") };
        page.say(
            Style::Bad,
            &format!("The socket speaks {socket}, and the client comes with {request}."),
        );
    }
}

fn port(listener: &Listener) -> Option<u16> {
    match &listener.address {
        Address::Tcp(tcp) if !listener.quic => Some(tcp.port()),
        _ => None,
    }
}

fn chosen_server(
    trace: &Trace<'_>,
    server: &Server,
    host: &[u8],
    name: Option<&ServerName>,
    page: &mut Page,
) {
    page.heading("Server");
    let names: Vec<_> = server.names.iter().map(|name| visible(name).into_owned()).collect();
    let title = format!("server {}", names.join(" "));
    page.rows(&[vec![
        (Style::Bold, title.trim_end().to_owned()),
        (Style::Dim, trace.at(server.at)),
    ]]);
    let host = words::bytes(host);
    let Some(name) = name else {
        return default_server(trace, &host, page);
    };
    let how = match &name.matches {
        NameMatch::Exact(text) if text.is_empty() => "the empty name, for no Host".to_owned(),
        NameMatch::Exact(_) => format!("{host} is one of its names"),
        NameMatch::Leading(text) | NameMatch::Trailing(text) => {
            format!("{host} matches its name {}; no server has {host} itself", visible(text))
        }
        NameMatch::Regex(pattern) => format!(
            "{host} matches its name ~{}; no server has a name without an expression for it",
            visible(pattern.as_str())
        ),
    };
    page.say(Style::Plain, &format!("{how} ({}).", trace.at(name.at)));
}

fn default_server(trace: &Trace<'_>, host: &str, page: &mut Page) {
    let listener = trace.outcome.listener;
    let names = listener.map_or(&[][..], |listener| &listener.names);
    let others: Vec<String> = names
        .iter()
        .filter_map(|name| match &name.matches {
            NameMatch::Exact(text) if !text.is_empty() => Some(visible(text).into_owned()),
            NameMatch::Leading(text) | NameMatch::Trailing(text) => {
                Some(visible(text).into_owned())
            }
            NameMatch::Regex(pattern) => Some(format!("~{}", visible(pattern.as_str()))),
            NameMatch::Exact(_) => None,
        })
        .collect();
    let shown = others.iter().take(MAX_OTHERS).cloned().collect::<Vec<_>>().join(", ");
    let more = others.len().saturating_sub(MAX_OTHERS);
    let known = match (others.is_empty(), more) {
        (true, _) => "no server of this socket has a name".to_owned(),
        (false, 0) => format!("the names are {shown}"),
        (false, more) => format!("the names are {shown} and {more} more"),
    };
    let asked = match host {
        "" => "The client names no host".to_owned(),
        host => format!("No server_name is {host}"),
    };
    let text = format!(
        "{asked} ({known}): the default server takes the request, which is the one whose `listen` \
         says default_server, or else the first."
    );
    page.say(Style::Plain, &text);
}

/// The path, where it is not what the client wrote.
fn path(trace: &Trace<'_>, uri: &[u8], page: &mut Page) {
    let written = trace.request.target.split(|&byte| byte == b'?').next().unwrap_or_default();
    if written == uri {
        return;
    }
    page.heading("Path");
    page.say(
        Style::Plain,
        &format!(
            "{} is compared as {}: decoded, without dots and doubled slashes.",
            words::bytes(written),
            words::bytes(uri)
        ),
    );
}

fn locations(trace: &Trace<'_>, steps: &[Step<'_>], is_again: bool, page: &mut Page) {
    page.heading(if is_again { "Locations, looked at again" } else { "Locations" });
    let mut rows: Vec<Row> = Vec::new();
    let mut others: Vec<Row> = Vec::new();
    for step in steps {
        let Step::Location { location, fate } = step else { continue };
        let style = match fate {
            Fate::Chosen => Style::Bold,
            Fate::NoMatch => Style::Dim,
            _ => Style::Plain,
        };
        let row = vec![
            (style, format!("location {}", words::location(&location.matches))),
            (style, fate_words(*fate).to_owned()),
            (Style::Dim, trace.at(location.at)),
        ];
        if *fate == Fate::NoMatch { others.push(row) } else { rows.push(row) }
    }
    let shown = if is_again { 0 } else { MAX_OTHERS };
    let hidden = others.len().saturating_sub(shown);
    rows.extend(others.into_iter().take(shown));
    if rows.is_empty() {
        page.say(Style::Plain, "The server has none that could take it.");
    }
    page.rows(&rows);
    if hidden > 0 {
        let (more, verb) =
            if hidden == 1 { ("one more", "does") } else { (&*format!("{hidden} more"), "do") };
        page.say(Style::Dim, &format!("… and {more} that {verb} not match."));
    }
}

pub(super) fn fate_words(fate: Fate) -> &'static str {
    match fate {
        Fate::Chosen => "takes the request",
        Fate::NoMatch => "does not match",
        Fate::ShorterPrefix => "matches, but a longer prefix does too",
        Fate::BeatenByRegex => "matches, but an expression that matches goes before prefixes",
        Fate::NotTried => "not tried: the chosen one goes before expressions",
        Fate::LaterRegex => "not tried: an expression further up matches",
        Fate::OuterOf => "matches, and a location inside it takes the request",
        Fate::Redirects => "redirects: the path lacks the slash at its end",
    }
}

/// What a step of the rewrite or access phase did; none for other steps.
fn rewrite_row(trace: &Trace<'_>, step: &Step<'_>) -> Option<Row> {
    let row = |what: String, effect: String, place: Option<_>| {
        let at = place.map(|place| trace.at(place)).unwrap_or_default();
        Some(vec![(Style::Plain, what), (Style::Plain, effect), (Style::Dim, at)])
    };
    match step {
        Step::Set { variable, value, at } => row(
            trace.written_as(*at, &["set", "rewrite", "if"], |it| {
                it.arg(0).is_some_and(|name| name.strip_prefix('$') == Some(variable))
            }),
            format!("${} is {}", visible(variable), value_words(value)),
            Some(*at),
        ),
        Step::If { holds, at } => {
            let effect = match holds {
                Ok(true) => "holds".to_owned(),
                Ok(false) => "does not hold".to_owned(),
                Err(unknown) => format!("not known: {}", visible(&unknown.reason)),
            };
            row(trace.written(*at, &["if"]), effect, Some(*at))
        }
        Step::Rewrite { to, at } => {
            let effect = match to {
                None => "does not match".to_owned(),
                Some(to) => format!("the path is now {}", value_words(to)),
            };
            row(trace.written(*at, &["rewrite"]), effect, Some(*at))
        }
        Step::Redirect { to, at } => row(
            at.map_or_else(String::new, |at| {
                trace.written(at, &["rewrite", "try_files", "error_page", "return", "index"])
            }),
            format!("a location is looked for again, for {}", words::bytes(to)),
            *at,
        ),
        Step::Access { allowed, at } => row(
            trace.written(*at, &["allow", "deny"]),
            if *allowed { "lets the client in" } else { "refuses the client" }.to_owned(),
            Some(*at),
        ),
        _ => None,
    }
}

pub(super) fn value_words(value: &Value) -> String {
    match value {
        Ok(bytes) if bytes.is_empty() => "empty".to_owned(),
        Ok(bytes) => words::bytes(bytes),
        Err(unknown) => format!("not known ({})", visible(&unknown.what)),
    }
}

/// What answers, unless a backend does.
fn answer(trace: &Trace<'_>, page: &mut Page) {
    if trace.outcome.listener.is_none() {
        return;
    }
    match &trace.outcome.answer {
        Answer::Proxy(_) => {}
        Answer::Status { status, body, location, why } => {
            page.heading("Answer");
            page.rows(&[status_row(trace, *status, why)]);
            if let Some(location) = location {
                page.say(Style::Plain, &format!("Location: {}", value_words(location)));
            }
            if let Some(body) = body {
                page.say(Style::Plain, &format!("Text: {}", value_words(body)));
            }
        }
        Answer::Static { path } => {
            page.heading("Answer");
            unlocated(trace, page);
            let file = match path {
                Ok(path) => format!("The file {}", words::bytes(path)),
                Err(unknown) => format!("A file below {}", visible(&unknown.what)),
            };
            let or = match obstacles::missing_page(trace) {
                Some(line) => format!("what `{}` says ({})", words::head(line), words::at(line)),
                None => "404".to_owned(),
            };
            page.say(Style::Plain, &format!("{file}, or {or} if it is not there."));
        }
        Answer::Other { directive } => {
            page.heading("Answer");
            unlocated(trace, page);
            let text = format!("`{}` answers; ngxc does not look behind it.", visible(directive));
            page.say(Style::Plain, &text);
        }
        Answer::Unknown => {
            page.heading("Answer");
            page.say(Style::Plain, "It depends on what is not known (see below).");
        }
    }
}

fn unlocated(trace: &Trace<'_>, page: &mut Page) {
    if trace.outcome.location.is_none() {
        page.say(Style::Plain, "No location takes the request: what stands in the server counts.");
    }
}

fn status_row(trace: &Trace<'_>, status: u16, why: &Why) -> Row {
    let what = match status {
        444 => "444: the connection is closed without an answer".to_owned(),
        status => format!("{status}, by nginx itself"),
    };
    let (reason, at) = match why {
        Why::Directive(place) => (
            trace.written(
                *place,
                &[
                    "return",
                    "rewrite",
                    "deny",
                    "allow",
                    "try_files",
                    "error_page",
                    "internal",
                    "auth_basic",
                    "auth_request",
                    "limit_except",
                ],
            ),
            trace.at(*place),
        ),
        Why::AutoRedirect(place) => {
            let text = "the path lacks the slash at the end of the location".to_owned();
            (text, trace.at(*place))
        }
        Why::Nginx(reason) => ((*reason).to_owned(), String::new()),
    };
    vec![(Style::Bold, what), (Style::Plain, reason), (Style::Dim, at)]
}

/// What is not known, and what the configuration says that was not followed.
fn unknown(trace: &Trace<'_>, page: &mut Page) {
    if !trace.unknown().is_empty() {
        page.heading("Not known");
    }
    for unknown in trace.unknown() {
        let assumed =
            unknown.assumed.map_or_else(String::new, |it| format!(" Taken for granted: {it}."));
        let text = format!("{}: {}.{assumed}", visible(&unknown.what), visible(&unknown.reason));
        page.item(Style::Plain, &text);
    }
    let asks_for_client = |it: &Unknown| it.reason.contains("client's address");
    if trace.request.client.is_none() && trace.unknown().iter().any(asks_for_client) {
        page.say(Style::Plain, "--client-ip says the client's address.");
    }
    let mut names: Vec<String> = trace.unsupported();
    names.dedup();
    if !names.is_empty() {
        page.heading("Not looked at");
        page.say(Style::Plain, &format!("{}.", names.join(", ")));
    }
}
