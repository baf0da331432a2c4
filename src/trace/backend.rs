//! Of a trace: the settings that count, and what the backend receives.

use crate::model::{ScopeId, Setting};
use crate::runtime::config::{Backend, Peer};
use crate::runtime::{Answer, HeaderSource, SentHeader, UpstreamRequest};
use crate::source::visible;
use crate::syntax::Directive;

use super::human::value_words;
use super::page::{Page, Row, Style};
use super::{Trace, obstacles, words};

/// What a WebSocket depends on, so that its defaults are said too.
const ALWAYS: [&str; 3] = ["proxy_http_version", "proxy_read_timeout", "proxy_buffering"];

/// So many characters of a setting are shown; `--settings` shows all.
const MAX_SETTING: usize = 100;

/// So many peers of an upstream are shown.
const MAX_PEERS: usize = 8;

/// What is written and counts, the nearest level first, and the defaults that matter.
pub(super) fn settings(trace: &Trace<'_>, page: &mut Page) {
    let Some(scope) = trace.scope() else { return };
    let model = trace.model;
    let settings = model.settings(scope);
    page.heading("Settings that count");
    for level in model.ancestors(scope) {
        let mut rows = level_rows(&settings, level);
        for (_, text) in rows.iter_mut().filter_map(|row| row.first_mut()) {
            shorten(text);
        }
        if !rows.is_empty() {
            page.say(Style::Bold, &format!("of {}", words::block(model, level)));
            page.rows(&rows);
        }
    }
    if !matches!(trace.outcome.answer, Answer::Proxy(_)) {
        return;
    }
    let is_default = |setting: &&Setting<'_>| {
        setting.lines.is_empty() && ALWAYS.contains(&setting.name.as_str())
    };
    let defaults: Vec<Row> = settings.iter().filter(is_default).map(default_row).collect();
    if !defaults.is_empty() {
        page.say(Style::Bold, "defaults of nginx");
        page.rows(&defaults);
    }
}

/// Cuts what is much longer than a line, as lists of ciphers and media types are.
fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(MAX_SETTING) {
        text.truncate(end);
        text.push('…');
    }
}

fn default_row(setting: &Setting<'_>) -> Row {
    let text = format!("  {} {}", setting.name, setting.default);
    vec![(Style::Plain, text), (Style::Dim, "(default)".to_owned())]
}

/// The lines of a level that count, in the order of the files.
pub(super) fn level_rows(settings: &[Setting<'_>], level: ScopeId) -> Vec<Row> {
    let mut lines: Vec<(Directive<'_>, String)> = Vec::new();
    for setting in settings {
        let mut note = replaced(setting);
        for (_, line) in setting.lines.iter().filter(|(scope, _)| *scope == level) {
            lines.push((*line, std::mem::take(&mut note)));
        }
    }
    lines.sort_by_key(|(line, _)| (line.source.id, line.span().start));
    let row = |(line, note): (Directive<'_>, String)| {
        vec![
            (Style::Plain, format!("  {}", words::head(line))),
            (Style::Dim, words::at(line)),
            (Style::Plain, note),
        ]
    };
    lines.into_iter().map(row).collect()
}

/// Which lines further out count no more, in words.
fn replaced(setting: &Setting<'_>) -> String {
    let Some((_, first)) = setting.replaced.first() else { return String::new() };
    match setting.replaced.len() {
        1 => format!("instead of {}", words::at(*first)),
        count => format!("instead of the {count} from {}", words::at(*first)),
    }
}

/// The request that the backend gets, line by line.
pub(super) fn received(trace: &Trace<'_>, page: &mut Page) {
    let Answer::Proxy(sent) = &trace.outcome.answer else { return };
    page.heading("What the backend receives");
    peers(trace, sent, page);
    let line = format!(
        "{} {} HTTP/{}",
        value_words(&sent.method),
        value_words(&sent.uri),
        if sent.http_version == "2" { "2" } else { sent.http_version },
    );
    let pass = trace.written(sent.action.at, &["proxy_pass"]);
    let mut rows: Vec<Row> = vec![vec![
        (Style::Bold, line),
        (Style::Plain, pass),
        (Style::Dim, trace.at(sent.action.at)),
    ]];
    rows.extend(sent.headers.iter().map(|header| header_row(trace, header)));
    page.rows(&rows);
    let missing: Vec<String> = dropped(trace, sent);
    if !missing.is_empty() {
        page.say(Style::Plain, &format!("It does not get the client's {}.", missing.join(", ")));
    }
}

fn header_row(trace: &Trace<'_>, header: &SentHeader) -> Row {
    let value = match &header.value {
        Err(unknown) => format!("? (not known: {})", visible(&unknown.what)),
        Ok(value) => words::bytes(value),
    };
    let text = format!("{}: {value}", visible(&header.name));
    let (from, at) = match header.from {
        HeaderSource::Directive(place) => (trace.set_header(place, &header.name), trace.at(place)),
        HeaderSource::Default => ("default of nginx".to_owned(), String::new()),
        HeaderSource::Client => ("from the client".to_owned(), String::new()),
    };
    vec![(Style::Plain, text), (Style::Plain, from), (Style::Dim, at)]
}

/// The client's headers that the backend gets neither from it nor from a directive.
fn dropped(trace: &Trace<'_>, sent: &UpstreamRequest<'_>) -> Vec<String> {
    let is_sent = |name: &str| sent.headers.iter().any(|it| it.name.eq_ignore_ascii_case(name));
    let headers = trace.request.headers.iter();
    headers
        .filter(|(name, _)| !is_sent(name))
        .map(|(name, value)| format!("{}: {}", visible(name), words::bytes(value)))
        .collect()
}

/// Where the request goes.
fn peers(trace: &Trace<'_>, sent: &UpstreamRequest<'_>, page: &mut Page) {
    let config = trace.router.config();
    let backend = match &sent.backend {
        Ok(backend) => backend,
        Err(unknown) => {
            if let Some(reason) = obstacles::unresolved(trace, sent) {
                return page.say(Style::Bad, &format!("Nothing: {reason}. It would get:"));
            }
            let text = format!("Which backend it is, is not known: {}.", visible(&unknown.reason));
            return page.say(Style::Plain, &text);
        }
    };
    let over = if sent.tls { ", over TLS" } else { "" };
    let upstream = match backend {
        Backend::Upstream(index) => config.upstreams.get(*index),
        _ => None,
    };
    let Some(upstream) = upstream else {
        return page.say(Style::Plain, &format!("to {}{over}", words::backend(config, backend)));
    };
    let how = if upstream.peers.len() > 1 {
        format!(", {}", words::choice(&upstream.method))
    } else {
        String::new()
    };
    let title = format!("to upstream {}{how}{over}", visible(&upstream.name));
    let mut rows: Vec<Row> = vec![vec![(Style::Plain, title), (Style::Dim, trace.at(upstream.at))]];
    let row = |peer: &Peer| -> Row {
        let role = match (peer.down, peer.backup) {
            (true, _) => " (down)",
            (false, true) => " (backup)",
            (false, false) => "",
        };
        let address = words::backend(config, &peer.address);
        vec![(Style::Plain, format!("  {address}{role}")), (Style::Dim, trace.at(peer.at))]
    };
    rows.extend(upstream.peers.iter().take(MAX_PEERS).map(row));
    page.rows(&rows);
    if upstream.peers.len() > MAX_PEERS {
        page.say(Style::Dim, &format!("  … and {} more.", upstream.peers.len() - MAX_PEERS));
    }
}
