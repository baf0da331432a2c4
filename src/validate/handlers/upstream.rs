//! `upstream` blocks of http and stream: servers, balancing methods, keepalive, zones.

use crate::catalog::{Context, Version};
use crate::diagnostic::{Edit, Fix};
use crate::syntax::address::{Host, Use, address};
use crate::syntax::value::{number, seconds, size};
use crate::syntax::{Directive, Word};
use crate::validate::{Check, error, warning};

use super::core::{invalid_parameter, parameter};
use super::limit::LEAST_ZONE;

/// `ngx_http_upstream` and `ngx_stream_upstream`: the name.
pub(super) fn upstream<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(&word) = directive.args().first() else { return };
    let name = word.value(directive.source).into_owned();
    let key = (check.context.is_stream(), name.to_ascii_lowercase());
    if let Some(first) = check.names.upstreams.get(&key).copied() {
        let message = format!("duplicate upstream \"{name}\"");
        check.say(
            error("duplicate", directive.place(), message)
                .also(first.place(), "the first one is here")
                .help("keep one of them, or choose another name"),
        );
        return;
    }
    check.names.upstreams.insert(key, directive);
}

/// What is wrong with a whole upstream, once it is read.
pub(super) fn end(check: &mut Check<'_, '_>) {
    let scope = check.model.scope(check.scope);
    let Some(opener) = scope.opener else { return };
    if scope.has_unknown_include || scope.last("state").is_some() {
        return;
    }
    let servers = scope.all("server");
    if servers.is_empty() {
        let message = "no servers are inside upstream";
        check.say(error("incomplete", opener.place(), message).help("add a `server` line"));
        return;
    }
    let is = |server: &Directive<'_>, word: &str| server.arg_values().skip(1).any(|it| it == word);
    let name = opener.arg(0).unwrap_or_default().into_owned();
    // Behind such a method a backup server was said to be wrong.
    let mut lines = scope.directives();
    let refuses = |it: &Directive<'_>| ["hash", "ip_hash", "random"].iter().any(|name| it.is(name));
    let is_refused = lines.any(|it| refuses(&it)) && lines.any(|it| it.is("server"));
    if !is_refused && servers.iter().all(|server| is(server, "backup")) {
        let message = format!("no servers in upstream \"{name}\"");
        check.say(
            error("incomplete", opener.place(), message)
                .help("all servers are `backup`: at least one has to be without it"),
        );
    }
    let is_name = |server: &Directive<'_>| {
        let text = server.arg(0).unwrap_or_default();
        address(&text, Use::Connect).is_ok_and(|found| matches!(found.host, Host::Name(_)))
    };
    let mut resolved = servers.iter().copied().filter(|server| is(server, "resolve"));
    let Some(resolved) = resolved.find(is_name) else {
        return;
    };
    if !check.versions.have(RESOLVE) {
        return;
    }
    let has_zone = scope.last("zone").is_some();
    let has_resolver = check.model.effective(check.scope, "resolver").is_some();
    let place = opener.place();
    if !has_zone {
        let message = format!(
            "resolving names at run time requires upstream \"{name}\" to be in shared memory"
        );
        let help = "add a zone to the upstream, as in `zone backend 64k;`";
        check.say(
            error("incomplete", place, message).also(resolved.place(), "this name").help(help),
        );
    } else if !has_resolver && check.model.is_complete() {
        let message =
            format!("no resolver defined to resolve names at run time in upstream \"{name}\"");
        check.say(
            error("incomplete", place, message)
                .also(resolved.place(), "this name")
                .help("add a `resolver`"),
        );
    }
}

const RESOLVE: Version = Version::new(1, 27, 3);
const ROUTE: Version = Version::new(1, 29, 6);

/// `ngx_http_upstream_server` and `ngx_stream_upstream_server`
pub(super) fn server(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let [word, parameters @ ..] = directive.args() else { return };
    let mut service = None;
    let mut resolves = false;
    for &word in parameters {
        let text = word.value(directive.source).into_owned();
        peer_parameter(check, directive, word);
        resolves |= text == "resolve";
        service = text.strip_prefix("service=").map(str::to_owned).or(service);
    }
    let text = word.value(directive.source).into_owned();
    let wrong = |what: &str| {
        error("conflict", directive.place(), format!("service upstream \"{text}\" {what}"))
    };
    if service.is_some() && !resolves {
        check.say(wrong("requires \"resolve\" parameter"));
        return;
    }
    let place = format!("upstream \"{text}\"");
    let Some(found) = check.address(directive, *word, &text, Use::Connect, &place) else { return };
    let is_name = matches!(found.host, Host::Name(_));
    if service.is_some() && found.port.is_some() {
        check.say(wrong("may not have port"));
    } else if service.is_some() && !is_name {
        check.say(wrong("requires domain name"));
    } else if check.context == Context::StreamUpstream
        && found.port.is_none()
        && !matches!(found.host, Host::Unix(_))
        && service.is_none()
    {
        let message = format!("no port in {place}");
        check.invalid_for(
            directive,
            *word,
            message,
            "in stream a server has no default port: write host:port",
        );
    }
}

/// Reads a parameter of a server, and says what is wrong with it.
fn peer_parameter(check: &mut Check<'_, '_>, directive: Directive<'_>, word: Word) {
    let text = word.value(directive.source).into_owned();
    let is_http = check.context == Context::Upstream;
    let (name, value) = parameter(&text);
    let help = match (name, value) {
        ("weight", Some(value)) if number(value).is_some_and(|weight| weight > 0) => return,
        ("max_conns" | "max_fails", Some(value)) if number(value).is_some() => return,
        ("fail_timeout", Some(value)) if seconds(value).is_some() => return,
        ("backup", None) => {
            let Some(method) = check.seen.method else { return };
            if !matches!(&*method.name(), "hash" | "ip_hash" | "random") {
                return;
            }
            let message = "balancing method does not support parameter \"backup\"";
            check.say(
                error("conflict", directive.place_of(word), message)
                    .also(method.place(), "this method knows no backup servers"),
            );
            return;
        }
        ("down", None) => return,
        ("resolve", None) | ("service", Some(_)) if check.versions.have(RESOLVE) => {
            if value == Some("") {
                check.invalid(directive, word, "service is empty");
            }
            return;
        }
        ("drain", None) if is_http && check.versions.have(ROUTE) => return,
        ("route", Some(value)) if is_http && check.versions.have(ROUTE) => {
            let message = match value.len() {
                0 => "route is empty",
                1..=32 => return,
                _ => "route is longer than 32",
            };
            check.invalid(directive, word, message);
            return;
        }
        ("resolve" | "service", _) => {
            "resolve and service= came with nginx 1.27.3 (NGINX Plus before)"
        }
        ("drain" | "route", _) if is_http => {
            "route= and drain came with nginx 1.29.6 (NGINX Plus before)"
        }
        ("slow_start", Some(_)) => "slow_start= is for NGINX Plus alone",
        ("weight", _) => "a weight is a number from 1",
        _ => {
            "parameters are weight=, max_conns=, max_fails=, fail_timeout=, backup, down, resolve, service="
        }
    };
    invalid_parameter(check, directive, word, help);
}

/// Says it if another method, or before 1.29.7 `keepalive`, stands before a method.
fn redefined<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let is_old = check.versions.precede(Version::KEEPALIVE_BY_DEFAULT);
    let keepalive = check.seen.first("keepalive").filter(|_| is_old);
    let before = check.seen.method.replace(directive).or(keepalive);
    if let Some(first) = before {
        let place = directive.place();
        let diagnostic = warning("meaningless", place, "load balancing method redefined");
        let diagnostic = if first.is("keepalive") {
            diagnostic
                .also(first.place(), "without effect here: no connection is kept")
                .help("put keepalive behind the method; from nginx 1.29.7 on the order is all the same")
                .fix(swapped(first, directive))
        } else {
            diagnostic.also(first.place(), "this one is without effect")
        };
        check.say(diagnostic);
    }
}

/// Puts each of two directives in the place of the other.
fn swapped(first: Directive<'_>, second: Directive<'_>) -> Option<Fix> {
    let put = |at: Directive<'_>, other: Directive<'_>| Edit {
        place: at.source.place(at.span()),
        text: other.source.slice(other.span()).to_owned(),
    };
    let is_one_file = first.source.id == second.source.id;
    let edits = vec![put(first, second), put(second, first)];
    is_one_file.then(|| Fix::safe("put keepalive behind the method", edits))
}

/// `ngx_http_upstream_hash`, and the same of stream.
pub(super) fn hash<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [key, more @ ..] = directive.args() else { return };
    if !check.template(directive, *key) {
        return;
    }
    redefined(check, directive);
    if let [word] = more
        && word.value(directive.source) != "consistent"
    {
        invalid_parameter(check, directive, *word, "the second word can only be `consistent`");
    }
}

/// `ngx_http_upstream_ip_hash`, `ngx_http_upstream_least_conn` and its like
pub(super) fn bare<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    redefined(check, directive);
}

/// `ngx_http_upstream_random`, and the same of stream.
pub(super) fn random<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    redefined(check, directive);
    match directive.args() {
        [] => {}
        [two, more @ ..] if two.value(directive.source) == "two" => {
            if let [word, ..] = more
                && word.value(directive.source) != "least_conn"
            {
                let help = "the method of two can only be `least_conn`";
                invalid_parameter(check, directive, *word, help);
            }
        }
        [word, ..] => invalid_parameter(check, directive, *word, "write `random two least_conn`"),
    }
}

/// `ngx_http_upstream_least_time`, and the same of stream.
pub(super) fn least_time<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    redefined(check, directive);
    let times: &[&str] = match check.context {
        Context::Upstream => &["header", "last_byte"],
        _ => &["connect", "first_byte", "last_byte"],
    };
    for (index, &word) in directive.args().iter().enumerate() {
        let text = word.value(directive.source);
        let is_valid =
            if index == 0 { times.contains(&&*text) } else { text.starts_with("inflight") };
        if !is_valid {
            invalid_parameter(check, directive, word, &format!("write {}", times.join(" or ")));
            return;
        }
    }
}

/// `ngx_http_upstream_keepalive`
pub(super) fn keepalive(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let [word, more @ ..] = directive.args() else { return };
    let text = word.value(directive.source);
    let takes_zero = check.versions.have(Version::KEEPALIVE_BY_DEFAULT);
    let is_valid = number(&text).is_some_and(|count| count > 0 || takes_zero);
    if !is_valid {
        let message = format!("invalid value \"{text}\" in \"keepalive\" directive");
        let help = "write how many idle connections each worker keeps";
        check.invalid_for(directive, *word, message, help);
    } else if let [word] = more
        && word.value(directive.source) != "local"
    {
        invalid_parameter(check, directive, *word, "the second word can only be `local`");
    }
}

/// `ngx_http_upstream_zone`, and the same of stream.
pub(super) fn zone(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let [name_word, more @ ..] = directive.args() else { return };
    let name = name_word.value(directive.source).into_owned();
    if name.is_empty() {
        check.invalid(directive, *name_word, "invalid zone name \"\"");
        return;
    }
    let mut bytes = None;
    if let [word] = more {
        let text = word.value(directive.source);
        bytes = size(&text);
        let message = match bytes {
            None => format!("invalid zone size \"{text}\""),
            Some(size) if size < LEAST_ZONE => format!("zone \"{name}\" is too small"),
            Some(_) => String::new(),
        };
        if !message.is_empty() {
            check.invalid_for(directive, *word, message, "write a size of at least 32k");
            return;
        }
    }
    let user = if check.context == Context::Upstream { "upstream" } else { "stream upstream" };
    check.zone(&name, bytes, user, directive.place());
}
