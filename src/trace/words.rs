//! Small pieces of text: directives as they are written, blocks, times, values.

use std::borrow::Cow;

use crate::catalog::Context;
use crate::model::{Model, ScopeId};
use crate::runtime::config::{Address, Backend, Config, LocationMatch, Method};
use crate::source::visible;
use crate::syntax::Directive;

/// A directive from its name to its last argument, on one line, as it is written.
pub(super) fn head(directive: Directive<'_>) -> String {
    let text = directive.source.slice(directive.head());
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" ")).into_owned()
}

/// Where a directive stands, as `file:line`.
pub(super) fn at(directive: Directive<'_>) -> String {
    let source = directive.source;
    format!("{}:{}", visible(&source.name()), source.line(directive.span().start))
}

/// A scope as one names it: `location /ws/`, `server chat.example.com`, `http`.
pub(super) fn block(model: &Model<'_>, id: ScopeId) -> String {
    let scope = model.scope(id);
    match (scope.context, scope.opener) {
        (Context::Server | Context::StreamServer | Context::MailServer, _) => {
            let names = scope.all("server_name").iter().flat_map(|line| line.arg_values());
            let names: Vec<_> = names.map(|name| visible(&name).into_owned()).collect();
            ["server".to_owned()].into_iter().chain(names).collect::<Vec<_>>().join(" ")
        }
        (_, Some(opener)) => head(opener),
        (context, None) => context.to_string(),
    }
}

/// A location as it could be written.
pub(super) fn location(matches: &LocationMatch) -> String {
    let modifier = match matches.kind() {
        "exact" => "= ",
        "prefix_no_regex" => "^~ ",
        "regex" => "~ ",
        "regex_caseless" => "~* ",
        _ => "",
    };
    format!("{modifier}{}", visible(matches.pattern()))
}

/// An address to listen on; that of any as `*`.
pub(super) fn address(address: &Address) -> String {
    match address {
        Address::Tcp(tcp) if tcp.ip().is_unspecified() && tcp.is_ipv4() => {
            format!("*:{}", tcp.port())
        }
        Address::Tcp(tcp) => tcp.to_string(),
        Address::Unix(path) => format!("unix:{}", visible(path)),
    }
}

/// A backend as one writes it in `proxy_pass`.
pub(super) fn backend(config: &Config, backend: &Backend) -> String {
    match backend {
        Backend::Upstream(index) => config
            .upstreams
            .get(*index)
            .map_or_else(String::new, |upstream| visible(&upstream.name).into_owned()),
        Backend::Host { host, port } => format!("{}:{port}", visible(host)),
        Backend::Unix(path) => format!("unix:{}", visible(path)),
    }
}

/// How an upstream chooses one of several peers.
pub(super) fn choice(method: &Method) -> Cow<'_, str> {
    match method {
        Method::RoundRobin => "in turn".into(),
        Method::LeastConn => "the one with the fewest connections".into(),
        Method::IpHash => "by the client's address".into(),
        Method::Hash { key, .. } => format!("by a hash of {}", visible(&key.to_string())).into(),
        Method::Random { .. } => "at random".into(),
        Method::Other(name) => visible(name),
    }
}

/// Bytes as text that neither steers a terminal nor breaks a line.
pub(super) fn bytes(bytes: &[u8]) -> String {
    visible(&String::from_utf8_lossy(bytes)).into_owned()
}

/// A time in the words of people.
pub(super) fn time(milliseconds: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1000, "second")];
    // One minute reads better as 60 seconds: that is what the directive says.
    let fits = |(unit, _): &&(u64, &str)| {
        milliseconds >= *unit && milliseconds.is_multiple_of(*unit) && milliseconds != 60_000
            || *unit == 1000 && milliseconds == 60_000
    };
    let Some((unit, name)) = UNITS.iter().find(fits) else {
        return format!("{milliseconds} milliseconds");
    };
    plural(milliseconds / unit, name)
}

/// `1 location`, `2 locations`.
pub(super) fn plural(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
