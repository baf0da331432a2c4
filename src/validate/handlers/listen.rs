//! `listen` of http, stream and mail, and what the servers of one address have to agree on.

use std::collections::BTreeMap;

use crate::catalog::{Context, Version};
use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::model::ScopeId;
use crate::source::Place;
use crate::syntax::address::{Address, Host, Use};
use crate::syntax::value::{number, seconds, size};
use crate::syntax::{Directive, Word};
use crate::validate::{Check, error, warning};

/// An address that servers listen on.
#[derive(Debug, Default)]
pub(in crate::validate) struct Listen<'p> {
    /// Its servers, each with the directive that names the address.
    pub(in crate::validate) servers: Vec<(ScopeId, Directive<'p>)>,
    /// The server for names that none has, if `default_server` says so.
    pub(in crate::validate) default: Option<(ScopeId, Place)>,
    /// Where options of the socket are given.
    options: Option<Place>,
    /// The first directive that asks for TLS, with `ssl` or `quic`.
    pub(in crate::validate) tls: Option<(Directive<'p>, &'static str)>,
    /// `ssl`, `http2` and `proxy_protocol` as the first directive has them.
    protocols: [bool; 3],
}

impl<'p> Listen<'p> {
    /// The server that answers names which none of the servers has.
    pub(in crate::validate) fn default_server(&self) -> Option<(ScopeId, Directive<'p>)> {
        let chosen = self.default.map(|(scope, _)| scope);
        let first = self.servers.first().copied();
        chosen.map_or(first, |scope| self.servers.iter().copied().find(|it| it.0 == scope))
    }
}

/// Which part of nginx listens, over which transport, on which address as nginx prints it.
pub(in crate::validate) type Key = (Context, bool, String);

/// All addresses so far.
pub(in crate::validate) type Listens<'p> = BTreeMap<Key, Listen<'p>>;

/// What one directive asks for.
#[derive(Debug, Default)]
struct Options {
    /// Some option of the socket is given.
    is_set: bool,
    is_default: bool,
    is_udp: bool,
    tls: Option<&'static str>,
    protocols: [bool; 3],
    /// Parameters that do not go with datagrams.
    of_streams: Vec<&'static str>,
}

/// `ngx_http_core_listen`
pub(super) fn http<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    listen(check, directive, Some(80));
}

/// `ngx_stream_core_listen`
pub(super) fn stream<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    listen(check, directive, None);
}

/// `ngx_mail_core_listen`
pub(super) fn mail<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    listen(check, directive, None);
}

fn listen<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, default_port: Option<u16>) {
    let [word, parameters @ ..] = directive.args() else { return };
    let text = word.value(directive.source);
    let place = format!("\"{text}\" of the \"listen\" directive");
    let address = check.address(directive, *word, &text, Use::Listen, &place);
    let mut options = Options::default();
    let mut is_valid = true;
    for &word in parameters {
        is_valid &= parameter(check, directive, word, &mut options);
    }
    let Some(address) = address.filter(|_| is_valid) else { return };
    let transport = if check.context.is_stream() { "udp" } else { "quic" };
    if let (true, Some(name)) = (options.is_udp, options.of_streams.first()) {
        let message = format!(
            "\"listen\" directive \"{name}\" parameter is incompatible with \"{transport}\""
        );
        check.say(error("conflict", directive.place(), message));
        return;
    }
    for text in texts(&address, default_port) {
        add(check, directive, &text, &options);
    }
}

/// The addresses as nginx prints them: one for each port of a range.
fn texts(address: &Address<'_>, default_port: Option<u16>) -> Vec<String> {
    let first = address.port.or(default_port).unwrap_or(0);
    let last = address.last_port.unwrap_or(first);
    (first..=last)
        .map(|port| match address.host {
            Host::V4(host) => format!("{host}:{port}"),
            Host::V6(host) => format!("[{host}]:{port}"),
            Host::Name(host) => format!("{host}:{port}"),
            Host::Unix(path) => format!("unix:{path}"),
        })
        .collect()
}

/// Reads a parameter; false if it is wrong, which is said.
fn parameter(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    word: Word,
    options: &mut Options,
) -> bool {
    let text = word.value(directive.source);
    let (name, value) = super::core::parameter(&text);
    let Some(known) = known(check, name, value.is_some()) else {
        let is_old =
            !check.versions.have(Version::new(1, 25, 5)) && check.context != Context::Server;
        let message = if is_old {
            format!("the invalid \"{text}\" parameter")
        } else {
            format!("invalid parameter \"{text}\"")
        };
        check.invalid_for(directive, word, message, help(&text));
        return false;
    };
    let is_valid = match (known, value.unwrap_or_default()) {
        ("backlog", value) => number(value).is_some_and(|backlog| backlog > 0),
        ("fastopen", value) => number(value).is_some(),
        ("rcvbuf" | "sndbuf", value) => size(value).is_some(),
        ("ipv6only", value) => matches!(value, "on" | "off"),
        ("so_keepalive", value) => matches!(value, "on" | "off") || is_keepalive(value),
        _ => true,
    };
    if !is_valid {
        let value = value.unwrap_or_default();
        let message = match known {
            "ipv6only" if value.starts_with('o') => format!("invalid ipv6only flags \"{value}\""),
            "ipv6only" => format!("invalid parameter \"{text}\""),
            "so_keepalive" => format!("invalid so_keepalive value: \"{value}\""),
            _ => format!("invalid {known} \"{text}\""),
        };
        check.invalid(directive, word, message);
        return false;
    }
    match known {
        "http2" => http2(check, directive, word),
        "accept_filter" => {
            let message =
                format!("accept filters \"{text}\" are not supported on this platform, ignored");
            check.say(warning("meaningless", directive.place_of(word), message));
        }
        _ => {}
    }
    options.note(known);
    true
}

impl Options {
    /// Notes a parameter that is given.
    fn note(&mut self, parameter: &'static str) {
        const OF_STREAMS: [&str; 8] = [
            "ssl",
            "http2",
            "so_keepalive",
            "proxy_protocol",
            "backlog",
            "fastopen",
            "deferred",
            "multipath",
        ];
        match parameter {
            "default_server" => self.is_default = true,
            "udp" => self.is_udp = true,
            "quic" => (self.is_udp, self.tls) = (true, Some("quic")),
            "ssl" => (self.protocols[0], self.tls) = (true, Some("ssl")),
            "http2" => self.protocols[1] = true,
            "proxy_protocol" => self.protocols[2] = true,
            "spdy" | "accept_filter" => {}
            _ => self.is_set = true,
        }
        if OF_STREAMS.contains(&parameter) {
            self.of_streams.push(parameter);
        }
    }
}

/// The parameter of this name, if nginx has it where the directive stands.
fn known(check: &Check<'_, '_>, name: &str, has_value: bool) -> Option<&'static str> {
    const HTTP: u8 = 1;
    const STREAM: u8 = 2;
    const MAIL: u8 = 4;
    const ALWAYS: Version = Version::new(1, 0, 0);
    let since = |major, minor| Version::new(1, major, minor);
    // Name, whether it has a value, where it is known, and since when in stream.
    let parameters: [(&str, bool, u8, Version); 19] = [
        ("default_server", false, HTTP | STREAM, since(25, 5)),
        ("default", false, HTTP, ALWAYS),
        ("bind", false, HTTP | STREAM | MAIL, ALWAYS),
        ("fastopen", true, HTTP | STREAM, since(21, 0)),
        ("backlog", true, HTTP | STREAM | MAIL, ALWAYS),
        ("rcvbuf", true, HTTP | STREAM | MAIL, ALWAYS),
        ("sndbuf", true, HTTP | STREAM | MAIL, ALWAYS),
        ("accept_filter", true, HTTP | STREAM, since(25, 5)),
        ("deferred", false, HTTP | STREAM, since(25, 5)),
        ("ipv6only", true, HTTP | STREAM | MAIL, ALWAYS),
        ("reuseport", false, HTTP | STREAM, ALWAYS),
        ("multipath", false, HTTP | STREAM | MAIL, since(29, 7)),
        ("ssl", false, HTTP | STREAM | MAIL, ALWAYS),
        ("http2", false, HTTP, ALWAYS),
        ("quic", false, HTTP, ALWAYS),
        ("udp", false, STREAM, ALWAYS),
        ("so_keepalive", true, HTTP | STREAM | MAIL, ALWAYS),
        ("proxy_protocol", false, HTTP | STREAM | MAIL, ALWAYS),
        ("spdy", false, HTTP, ALWAYS),
    ];
    let here = match check.context {
        context if context.is_stream() => STREAM,
        context if context.is_mail() => MAIL,
        _ => HTTP,
    };
    let found = parameters.iter().find(|it| it.0 == name && it.1 == has_value && it.2 & here != 0);
    let &(name, _, _, in_stream) = found?;
    let exists = match name {
        "quic" => check.versions.have(since(25, 0)),
        "spdy" => check.versions.precede(since(19, 7)),
        "multipath" => check.versions.have(since(29, 7)),
        _ => here != STREAM || check.versions.have(in_stream),
    };
    exists.then_some(if name == "default" { "default_server" } else { name })
}

fn help(text: &str) -> String {
    match text {
        "spdy" => "SPDY went with nginx 1.19.7; use http2".to_owned(),
        "quic" => "QUIC came with nginx 1.25.0".to_owned(),
        "ssl;" | "http2;" => "leave out the quotes around \";\"".to_owned(),
        _ => "parameters are default_server, ssl, http2, quic, proxy_protocol, reuseport, backlog=, so_keepalive=, ipv6only= and the like".to_owned(),
    }
}

/// `[idle]:[interval]:[count]`, at least one of which is not 0.
fn is_keepalive(text: &str) -> bool {
    let mut parts = text.splitn(3, ':');
    let mut part = || parts.next().unwrap_or_default();
    let time = |text: &str| if text.is_empty() { Some(0) } else { seconds(text) };
    let (idle, interval, count) = (time(part()), time(part()), part());
    let count = if count.is_empty() { Some(0) } else { number(count) };
    matches!((idle, interval, count), (Some(a), Some(b), Some(c)) if a > 0 || b > 0 || c > 0)
}

/// The parameter became a directive in 1.25.1.
fn http2(check: &mut Check<'_, '_>, directive: Directive<'_>, word: Word) {
    const DIRECTIVE: Version = Version::new(1, 25, 1);
    if !check.versions.have(DIRECTIVE) {
        return;
    }
    let message =
        "the \"listen ... http2\" directive is deprecated, use the \"http2\" directive instead";
    let everywhere = !check.versions.precede(DIRECTIVE);
    let severity = if everywhere { Severity::Warning } else { Severity::Info };
    let place = directive.place_of(word);
    check.say(
        Diagnostic::new(Kind::Validate, "deprecated", severity, place, message)
            .here("deprecated since nginx 1.25.1")
            .help("write `http2 on;` in the server"),
    );
}

/// Puts the server at hand to the address (`ngx_http_add_listen`).
fn add<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, text: &str, options: &Options) {
    let (scope, place) = (check.scope, directive.place());
    let is_http = check.context == Context::Server;
    let versions = check.versions;
    let shared_pairs =
        !is_http && (check.context.is_mail() || !versions.have(Version::new(1, 25, 5)));
    let key = (check.context, options.is_udp, text.to_owned());
    let listen = check.listens.entry(key).or_default();
    if listen.servers.is_empty() {
        listen.protocols = options.protocols;
    }
    let mut found: Option<(Diagnostic, Place)> = None;
    let mut say = |rule, message: String, first: Place| {
        found.get_or_insert((error(rule, place, message), first));
    };
    if let Some(&(_, first)) =
        listen.servers.iter().find(|(other, _)| *other == scope || shared_pairs)
    {
        let message = if shared_pairs {
            format!("duplicate \"{text}\" address and port pair")
        } else {
            format!("a duplicate listen {text}")
        };
        say("duplicate", message, first.place());
    }
    if options.is_set {
        if let Some(first) = listen.options {
            say("conflict", format!("duplicate listen options for {text}"), first);
        }
        listen.options.get_or_insert(place);
    }
    if options.is_default {
        match listen.default {
            Some((_, first)) => {
                say("duplicate", format!("a duplicate default server for {text}"), first);
            }
            None => listen.default = Some((scope, place)),
        }
    }
    let redefines = is_http
        && versions.have(Version::new(1, 23, 4))
        && !listen.servers.is_empty()
        && listen.protocols != options.protocols;
    let first = listen.servers.first().map(|(_, first)| first.place());
    if listen.servers.last().is_none_or(|(last, _)| *last != scope) {
        listen.servers.push((scope, directive));
    }
    if let Some(kind) = options.tls {
        listen.tls.get_or_insert((directive, kind));
    }
    if let Some((diagnostic, first)) = found {
        check.say(diagnostic.also(first, "the first one is here"));
    } else if let (true, Some(first)) = (redefines, first) {
        let message = format!("protocol options redefined for {text}");
        check.say(
            warning("conflict", place, message)
                .also(first, "other options here")
                .help("give all servers of an address the same ssl, http2 and proxy_protocol"),
        );
    }
}
