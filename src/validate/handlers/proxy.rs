//! Where requests and connections are passed on to, and what is done to the answers.

use crate::catalog::{Context, Version};
use crate::source::Place;
use crate::syntax::address::{Host, Use, address};
use crate::syntax::value::MatchKind;
use crate::syntax::{Directive, Word};
use crate::validate::{Check, error};

use super::core::invalid_parameter;

/// A host that something is passed on to, which may be an upstream.
#[derive(Debug)]
pub(in crate::validate) struct Pass {
    /// Its protocol is stream's.
    pub(in crate::validate) is_stream: bool,
    /// The host in lower case.
    pub(in crate::validate) host: String,
    /// The host and port as they are written.
    pub(in crate::validate) written: String,
    /// The port, if it is written.
    pub(in crate::validate) port: Option<u16>,
    /// There is a port for those that are not written.
    pub(in crate::validate) has_default_port: bool,
    /// It is an address or a socket, and no name.
    pub(in crate::validate) is_address: bool,
    /// The word that names it.
    pub(in crate::validate) place: Place,
}

/// `ngx_http_proxy_pass`
pub(super) fn http<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source).into_owned();
    if text.contains('$') {
        check.template(directive, word);
        return;
    }
    let url = ["http://", "https://"].iter().find_map(|scheme| {
        let start = text.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    });
    let Some(url) = url else {
        let help = if text.starts_with("ws://") || text.starts_with("wss://") {
            "WebSocket is proxied over http:// and https://: the Upgrade header makes the connection a socket"
        } else {
            "write http:// or https:// before the host"
        };
        check.invalid_for(directive, word, format!("invalid URL prefix in \"{text}\""), help);
        return;
    };
    let Some(uri) = pass(check, directive, word, url, Use::ConnectWithUri, true) else { return };
    if uri {
        no_uri(check, directive, word);
    }
}

/// A URI cannot take the place of a path that is not known.
fn no_uri(check: &mut Check<'_, '_>, directive: Directive<'_>, word: Word) {
    let scope = check.model.scope(check.scope);
    let kind = scope.location().map(|location| location.kind);
    let here = match (scope.context, kind) {
        (Context::Location, Some(MatchKind::Regex | MatchKind::RegexCaseless)) => {
            "in a location given by regular expression nginx does not know which part of the path the URI replaces"
        }
        (Context::Location, Some(MatchKind::Named)) => {
            "in a named location there is no path for the URI to replace"
        }
        (Context::IfInLocation, _) => {
            "inside an `if` nginx does not know which part the URI replaces"
        }
        (Context::LimitExcept, _) => {
            "inside a `limit_except` nginx does not know which part the URI replaces"
        }
        _ => return,
    };
    let message = "\"proxy_pass\" cannot have URI part in location given by regular expression, or inside named location, or inside \"if\" statement, or inside \"limit_except\" block";
    check.say(
        error("conflict", directive.place_of(word), message)
            .here(here)
            .help("end the URL behind the host, and change the path with `rewrite … break` if it has to be another"),
    );
}

/// Notes a host that is passed on to; true if a URI stands behind it, none if it is wrong.
fn pass(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    word: Word,
    url: &str,
    purpose: Use,
    has_default_port: bool,
) -> Option<bool> {
    let place = match &*directive.name() {
        "pass" => format!("\"{url}\" of the \"pass\" directive"),
        _ => format!("upstream \"{}\"", without_uri(url, purpose)),
    };
    let found = check.address(directive, word, url, purpose, &place)?;
    let host = match found.host {
        Host::Name(name) => name.to_ascii_lowercase(),
        Host::V4(host) => host.to_string(),
        Host::V6(host) => format!("[{host}]"),
        Host::Unix(path) => format!("unix:{path}"),
    };
    check.names.passes.push(Pass {
        is_stream: check.context.is_stream(),
        host,
        written: without_uri(url, purpose).to_owned(),
        port: found.port,
        has_default_port: has_default_port || matches!(found.host, Host::Unix(_)),
        is_address: !matches!(found.host, Host::Name(_)),
        place: directive.place_of(word),
    });
    Some(!found.uri.is_empty())
}

fn without_uri(url: &str, purpose: Use) -> &str {
    let end = url
        .find(['/', '?'])
        .filter(|_| purpose == Use::ConnectWithUri && !url.starts_with("unix:"));
    &url[..end.unwrap_or(url.len())]
}

/// `ngx_http_fastcgi_pass`, `ngx_http_scgi_pass` and `ngx_stream_proxy_pass`
pub(super) fn plain<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source);
    if text.contains('$') {
        check.template(directive, word);
    } else {
        pass(check, directive, word, &text, Use::Connect, false);
    }
}

/// `ngx_http_grpc_pass` and `ngx_http_uwsgi_pass`
pub(super) fn with_scheme<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source);
    if text.contains('$') {
        check.template(directive, word);
        return;
    }
    let schemes: &[&str] = match &*directive.name() {
        "grpc_pass" => &["grpc://", "grpcs://"],
        _ => &["uwsgi://", "suwsgi://"],
    };
    let rest = schemes.iter().find_map(|scheme| {
        let start = text.get(..scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
    });
    pass(check, directive, word, rest.unwrap_or(&text), Use::Connect, false);
}

/// `ngx_http_memcached_pass`
pub(super) fn memcached(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source);
    if pass(check, directive, word, &text, Use::Connect, false).is_some() {
        check.variables.use_one("memcached_key", false, directive.place());
    }
}

/// `ngx_http_upstream_bind_set_slot` and `ngx_stream_proxy_bind`
pub(super) fn bind<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word, more @ ..] = directive.args() else { return };
    let text = word.value(directive.source);
    if more.is_empty() && text == "off" {
        return;
    }
    if !check.template(directive, *word) {
        return;
    }
    if !text.contains('$') && !is_bindable(&text) {
        let help = "write an IP address, with or without a port";
        check.invalid_for(directive, *word, format!("invalid address \"{text}\""), help);
        return;
    }
    if let [second] = more
        && second.value(directive.source) != "transparent"
    {
        invalid_parameter(check, directive, *second, "the second word can only be `transparent`");
    }
}

/// `ngx_parse_addr_port`
fn is_bindable(text: &str) -> bool {
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return true;
    }
    let host = address(text, Use::Connect).map(|address| address.host);
    matches!(host, Ok(Host::V4(_) | Host::V6(_)))
}

/// `ngx_http_upstream_param_set_slot`: `fastcgi_param` and its like.
pub(super) fn param<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [_, value, more @ ..] = directive.args() else { return };
    if let [word] = more
        && word.value(directive.source) != "if_not_empty"
    {
        let help =
            "the third word can only be `if_not_empty`; quote a value that holds white space";
        invalid_parameter(check, directive, *word, help);
        return;
    }
    if check.is_merged {
        check.template(directive, *value);
    }
}

/// `ngx_http_proxy_redirect`
pub(super) fn redirect<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    if excludes_off(check, directive) {
        return;
    }
    let [pattern, replacement @ ..] = directive.args() else { return };
    let text = pattern.value(directive.source).into_owned();
    if replacement.is_empty() {
        match &*text {
            "off" => {}
            "default" => default_redirect(check, directive),
            _ => {
                let help = "write off, default, or what to replace and by what";
                invalid_parameter(check, directive, *pattern, help);
            }
        }
        return;
    }
    rewrite(check, directive, *pattern, &text, false);
    if let [word] = replacement {
        check.template(directive, *word);
    }
}

/// `off` and other directives of the name cannot stand in one block, in any order; true if
/// they do, which is said.
pub(super) fn excludes_off<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) -> bool {
    const OFF: &str = "off";
    let is_off = directive.args().len() == 1 && directive.arg(0).as_deref() == Some(OFF);
    let off_before = check.seen.has_off(directive);
    if is_off {
        check.seen.value(directive, OFF.to_owned());
    }
    let name = directive.name();
    let is_old = name.starts_with("proxy_") && check.versions.precede(Version::new(1, 19, 3));
    let found = !is_old && check.seen.count(&name) > 1 && (is_off || off_before);
    if found {
        check.duplicate(directive);
    }
    found
}

fn default_redirect(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let message = match check.seen.first("proxy_pass").and_then(|pass| pass.arg(0)) {
        None => "\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive",
        Some(url) if url.contains('$') => {
            "\"proxy_redirect default\" cannot be used with \"proxy_pass\" directive with variables"
        }
        Some(_) => return,
    };
    check.say(
        error("conflict", directive.place(), message).help(
            "put it behind a proxy_pass without variables, or leave it out: it is the default",
        ),
    );
}

/// What is replaced: `~regex`, `~*regex` or a text with variables.
fn rewrite<'p>(
    check: &mut Check<'_, 'p>,
    directive: Directive<'p>,
    word: Word,
    text: &str,
    is_caseless: bool,
) {
    match text.strip_prefix('~') {
        Some(regex) if is_caseless => {
            check.regex(directive, word, regex, true);
        }
        Some(regex) => {
            let (regex, caseless) = regex.strip_prefix('*').map_or((regex, false), |it| (it, true));
            check.regex(directive, word, regex, caseless);
        }
        None => {
            check.text(directive, word, text);
        }
    }
}

/// `ngx_http_proxy_cookie_domain`, `ngx_http_proxy_cookie_path` and
/// `ngx_http_proxy_cookie_flags`
pub(super) fn cookie<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    if excludes_off(check, directive) {
        return;
    }
    let [pattern, more @ ..] = directive.args() else { return };
    let text = pattern.value(directive.source).into_owned();
    if more.is_empty() {
        if text != "off" {
            invalid_parameter(check, directive, *pattern, "one word alone can only be `off`");
        }
        return;
    }
    let is_path = directive.is("proxy_cookie_path");
    rewrite(check, directive, *pattern, &text, !is_path);
    for &word in more {
        check.template(directive, word);
    }
}
