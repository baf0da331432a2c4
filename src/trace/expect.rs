//! A table of what should become of requests, as a test (`docs/trace.md`).
//!
//! A case a line: a URL, what else the client sends, `->`, and what is expected.
//!
//! ```text
//! ws://chat.example.com/chat/        -> location=/chat/ upstream=backend handshake=works
//! http://example.com/old POST        -> status=301 redirect=http://example.com/new
//! /api/ "X-Version: 2"               -> header.X-Version=2 header.Cookie=
//! ```

use crate::runtime::{Answer, HeaderSource, Step, UpstreamRequest, Value, Why};
use crate::source::visible;
use crate::syntax::value::{location, milliseconds};

use super::url::{Asked, header};
use super::verdict::Handshake;
use super::{Trace, human, words};

/// The keys that may stand before a `=`, but for `header.NAME`.
const KEYS: [&str; 12] = [
    "server",
    "location",
    "action",
    "status",
    "redirect",
    "body",
    "upstream",
    "method",
    "uri",
    "http_version",
    "read_timeout",
    "handshake",
];

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its number, from 1.
    pub line: u32,
    /// The request.
    pub asked: Asked,
    expected: Vec<(String, String)>,
}

/// An expectation that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What was looked at, as in `status`.
    pub key: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// How it comes so, in one line; empty if there is no more to say.
    pub why: String,
}

/// What is there, and how it comes so.
struct Found {
    /// An empty text stands for nothing; none is not known.
    text: Option<String>,
    why: String,
}

/// Reads a table; `base` has what is the same for all requests. The errors are one a line,
/// each with its number.
pub fn cases(text: &str, base: &Asked) -> Result<Vec<Case>, Vec<(u32, String)>> {
    let (mut cases, mut errors) = (Vec::new(), Vec::new());
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, text) in (1..).zip(text.lines()) {
        match split(text).and_then(|words| case(line, &words, base)) {
            Ok(case) => cases.extend(case),
            Err(error) => errors.push((line, error)),
        }
    }
    if cases.is_empty() && errors.is_empty() {
        errors.push((1, "no case stands in it: URL -> key=value …".to_owned()));
    }
    if errors.is_empty() { Ok(cases) } else { Err(errors) }
}

/// The words of a line, without quotes and comments.
fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut is_quoted = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            '\\' if is_quoted && chars.as_str().starts_with(['"', '\\']) => {
                word.get_or_insert_default().extend(chars.next());
            }
            '#' if !is_quoted && word.is_none() => break,
            c if c.is_whitespace() && !is_quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if is_quoted { Err("a quote is not closed".to_owned()) } else { Ok(words) }
}

/// The case of a line's words; none if there are no words.
fn case(line: u32, words: &[String], base: &Asked) -> Result<Option<Case>, String> {
    let Some((url, rest)) = words.split_first() else { return Ok(None) };
    let arrow = rest.iter().position(|word| word == "->");
    let arrow = arrow.ok_or("no `->` stands before what is expected")?;
    let mut asked = Asked { url: url.clone(), ..base.clone() };
    for word in &rest[..arrow] {
        if word == "+websocket" {
            asked.is_websocket = true;
        } else if word.chars().all(|c| c.is_ascii_uppercase()) {
            asked.method = Some(word.clone());
        } else if word.contains(':') {
            asked.headers.push(header(word)?);
        } else {
            return Err(format!(
                "\"{word}\" is neither a method, nor +websocket, nor a header \"Name: value\""
            ));
        }
    }
    let expected: Vec<_> =
        rest[arrow + 1..].iter().map(|it| expectation(it)).collect::<Result<_, _>>()?;
    if expected.is_empty() {
        return Err("nothing is expected".to_owned());
    }
    Ok(Some(Case { line, asked, expected }))
}

fn expectation(word: &str) -> Result<(String, String), String> {
    let (key, value) =
        word.split_once('=').ok_or_else(|| format!("\"{word}\" is not key=value"))?;
    let is_header = key.strip_prefix("header.").is_some_and(|name| !name.is_empty());
    if !is_header && !KEYS.contains(&key) {
        return Err(format!("\"{key}\" is not one of {}, header.NAME", KEYS.join(", ")));
    }
    let is_valid = match key {
        "status" => value.is_empty() || value.parse::<u16>().is_ok(),
        "read_timeout" => milliseconds(value).is_some(),
        "handshake" => matches!(value, "works" | "fails"),
        _ => true,
    };
    if !is_valid {
        return Err(format!("\"{value}\" is no value of {key}"));
    }
    Ok((key.to_owned(), value.to_owned()))
}

impl Case {
    /// What does not hold of the request.
    pub fn check(&self, trace: &Trace<'_>) -> Vec<Failed> {
        let failed = |(key, expected): &(String, String)| {
            let found = find(trace, key, expected);
            if found.text.as_ref().is_some_and(|text| holds(trace, key, expected, text)) {
                return None;
            }
            let found_text = match found.text {
                Some(text) if text.is_empty() => "none".to_owned(),
                Some(text) => visible(&text).into_owned(),
                None => "not known".to_owned(),
            };
            let expected = if expected.is_empty() { "none" } else { expected };
            Some(Failed {
                key: key.clone(),
                expected: visible(expected).into_owned(),
                found: found_text,
                why: found.why,
            })
        };
        self.expected.iter().filter_map(failed).collect()
    }
}

/// What is said of a case that failed; nothing of one that holds.
pub fn failures(table: &str, case: &Case, failures: &[Failed]) -> String {
    if failures.is_empty() {
        return String::new();
    }
    let url = visible(&case.asked.url);
    let mut text = format!("{}:{}: {url}\n", visible(table), case.line);
    for Failed { key, expected, found, why } in failures {
        text.push_str(&format!("  {key}: expected {expected}, found {found}\n"));
        if !why.is_empty() {
            text.push_str(&format!("    why: {why}\n"));
        }
    }
    text
}

/// True if what was found is what was expected; both may be written in several ways.
fn holds(trace: &Trace<'_>, key: &str, expected: &str, found: &str) -> bool {
    match key {
        "server" => {
            trace.outcome.server.is_some_and(|server| {
                let is_place = expected.rsplit_once(':').is_some_and(|(file, line)| {
                    line.parse() == Ok(server.at.line)
                        && std::path::Path::new(trace.file(server.at)).ends_with(file)
                });
                is_place || server.names.iter().any(|name| name == expected)
            }) || expected.is_empty() && found.is_empty()
        }
        "location" => {
            let read = |text: &str| location(&text.split_whitespace().collect::<Vec<_>>());
            expected == found || !expected.is_empty() && read(expected) == read(found)
        }
        "read_timeout" => {
            milliseconds(expected).map(|time| time.to_string())
                == milliseconds(found).map(|time| time.to_string())
        }
        // What is said of a case that fails can be copied from there.
        _ => expected == found || expected == visible(found),
    }
}

fn find(trace: &Trace<'_>, key: &str, expected: &str) -> Found {
    let sent = match &trace.outcome.answer {
        Answer::Proxy(sent) => Some(&**sent),
        _ => None,
    };
    match key {
        "server" => server(trace),
        "location" => chosen(trace, expected),
        "action" => Found { text: Some(trace.kind().to_owned()), why: reason(trace) },
        "status" | "redirect" | "body" => answer(trace, key),
        "handshake" => {
            let text = match trace.handshake() {
                Handshake::Works => Some("works".to_owned()),
                Handshake::Fails => Some("fails".to_owned()),
                Handshake::Unknown => None,
            };
            Found { text, why: trace.handshake_reason() }
        }
        _ => match sent {
            Some(sent) => received(trace, sent, key),
            // Of the path there is something to say without a backend too.
            None if key == "uri" => Found { text: Some(uri(trace)), why: reason(trace) },
            None => Found { text: Some(String::new()), why: reason(trace) },
        },
    }
}

fn server(trace: &Trace<'_>) -> Found {
    let Some(server) = trace.outcome.server else {
        return Found { text: Some(String::new()), why: reason(trace) };
    };
    let why = trace.outcome.steps.iter().find_map(|step| match step {
        Step::Server { host, name: Some(name), .. } => {
            Some(format!("{} matches its name ({})", words::bytes(host), trace.at(name.at)))
        }
        Step::Server { host, name: None, .. } => {
            Some(format!("no server is named {}: it is the default server", words::bytes(host)))
        }
        _ => None,
    });
    let name = server.names.first().cloned().unwrap_or_default();
    let text = format!("{name} ({})", trace.at(server.at));
    Found { text: Some(text.trim().to_owned()), why: why.unwrap_or_default() }
}

/// The chosen location; why not the expected one.
fn chosen(trace: &Trace<'_>, expected: &str) -> Found {
    let text = trace.outcome.location.map(|it| words::location(&it.matches));
    let wanted = location(&expected.split_whitespace().collect::<Vec<_>>());
    let fate = trace.outcome.steps.iter().find_map(|step| match step {
        Step::Location { location: looked_at, fate } => {
            // Of many locations few are like it: reading a name takes time.
            let wanted = wanted.as_ref()?;
            if visible(looked_at.matches.pattern()) != wanted.pattern {
                return None;
            }
            let name = words::location(&looked_at.matches);
            let read = location(&name.split_whitespace().collect::<Vec<_>>());
            (read.as_ref() == Some(wanted)).then(|| {
                let fate = human::fate_words(*fate);
                format!("location {name} ({}) {fate}", trace.at(looked_at.at))
            })
        }
        _ => None,
    });
    let is_none = text.is_none() || expected.is_empty();
    let otherwise = || {
        if is_none { reason(trace) } else { "no location like that was looked at".to_owned() }
    };
    Found { text: Some(text.unwrap_or_default()), why: fate.unwrap_or_else(otherwise) }
}

/// What nginx answers by itself; nothing if a backend does.
fn answer(trace: &Trace<'_>, key: &str) -> Found {
    let text = match (&trace.outcome.answer, key) {
        (Answer::Unknown, _) => None,
        (Answer::Status { status, .. }, "status") => Some(status.to_string()),
        (Answer::Proxy(_), "status") => {
            Some(trace.outcome.status.map_or_else(String::new, |status| status.to_string()))
        }
        (Answer::Status { location: Some(value), .. }, "redirect")
        | (Answer::Status { body: Some(value), .. }, "body") => plain(value),
        _ => Some(String::new()),
    };
    Found { text, why: reason(trace) }
}

fn received(trace: &Trace<'_>, sent: &UpstreamRequest<'_>, key: &str) -> Found {
    let pass = || {
        format!("{} ({})", trace.written(sent.action.at, &["proxy_pass"]), trace.at(sent.action.at))
    };
    let Some(name) = key.strip_prefix("header.") else {
        let text = match key {
            "upstream" => {
                sent.backend.as_ref().ok().map(|it| words::backend(trace.router.config(), it))
            }
            "method" => plain(&sent.method),
            "uri" => plain(&sent.uri),
            "http_version" => Some(sent.http_version.to_owned()),
            _ => Some(format!("{}ms", sent.proxy.read_timeout_ms)),
        };
        return Found { text, why: pass() };
    };
    let found: Vec<_> =
        sent.headers.iter().filter(|it| it.name.eq_ignore_ascii_case(name)).collect();
    let why = match found.first().map(|header| header.from) {
        Some(HeaderSource::Directive(place)) => {
            format!("{} ({})", trace.set_header(place, name), trace.at(place))
        }
        Some(HeaderSource::Default) => "the default of nginx".to_owned(),
        Some(HeaderSource::Client) => "the client sends it, and it is passed on".to_owned(),
        None => "no proxy_set_header sets it, and it is not passed on from the client".to_owned(),
    };
    let values: Option<Vec<String>> = found.iter().map(|header| plain(&header.value)).collect();
    Found { text: values.map(|values| values.join(", ")), why }
}

/// What answers, in one line.
fn reason(trace: &Trace<'_>) -> String {
    if trace.outcome.listener.is_none() {
        return "nothing listens there".to_owned();
    }
    match &trace.outcome.answer {
        Answer::Proxy(sent) => {
            format!(
                "{} ({})",
                trace.written(sent.action.at, &["proxy_pass"]),
                trace.at(sent.action.at)
            )
        }
        Answer::Status { status, why, .. } => match why {
            Why::Directive(place) => format!("{status} by {}", trace.at(*place)),
            Why::AutoRedirect(place) => {
                format!(
                    "the path lacks the slash at the end of the location ({})",
                    trace.at(*place)
                )
            }
            Why::Nginx(reason) => format!("{status}: {reason}"),
        },
        Answer::Static { path } => format!("the file {}", human::value_words(path)),
        Answer::Other { directive } => format!("`{}` answers", visible(directive)),
        Answer::Unknown => trace.unknown().first().map_or_else(String::new, |unknown| {
            format!("{}: {}", visible(&unknown.what), visible(&unknown.reason))
        }),
    }
}

fn uri(trace: &Trace<'_>) -> String {
    let (path, args) = (&trace.outcome.uri, &trace.outcome.args);
    let path = String::from_utf8_lossy(path);
    if args.is_empty() {
        path.into_owned()
    } else {
        format!("{path}?{}", String::from_utf8_lossy(args))
    }
}

fn plain(value: &Value) -> Option<String> {
    value.as_ref().ok().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}
