//! Values that nginx would not read: times, sizes, flags, and the addresses and
//! parameters of the proxying directives.

use crate::catalog::{self, ValueType, Version};
use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::model::{Model, Scope, ScopeKind};
use crate::syntax::value::{self, TemplateError};
use crate::syntax::{Directive, Word};

pub(super) fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        let scope = model.scope(id);
        if let Some(opener) = scope.opener {
            location_modifier(scope, opener, report);
        }
        if scope.kind == ScopeKind::Map {
            for &entry in scope.directives() {
                map_entry(entry, report);
            }
            continue;
        }
        if scope.kind == ScopeKind::Other {
            continue;
        }
        for &directive in scope.directives() {
            typed(directive, report);
            match &*directive.name() {
                "listen" if scope.kind == ScopeKind::Server => listen(directive, report),
                "server" if scope.kind == ScopeKind::Upstream => peer(directive, report),
                "proxy_pass" => proxy_pass(directive, report),
                "proxy_set_header" => set_header(directive, report),
                "proxy_http_version" => http_version(model.version, directive, report),
                _ => {}
            }
        }
    }
}

fn invalid(directive: Directive<'_>, word: Word, message: impl Into<String>) -> Diagnostic {
    let place = directive.place_of(word);
    Diagnostic::new(Kind::Validate, "invalid-value", Severity::Error, place, message)
}

/// A directive whose one value is a flag, time or size wherever it may stand.
fn typed(directive: Directive<'_>, report: &mut Vec<Diagnostic>) {
    let [word] = directive.args() else { return };
    let name = directive.name();
    let mut types = catalog::directive(&name).iter().map(|entry| entry.value);
    let Some(Some(expected)) = types.next() else {
        return;
    };
    if types.any(|other| other != Some(expected)) {
        return;
    }
    let text = word.value(directive.source);
    let (valid, help) = match expected {
        ValueType::Flag => {
            if !text.eq_ignore_ascii_case("on") && !text.eq_ignore_ascii_case("off") {
                let message = format!(
                    "invalid value \"{text}\" in \"{name}\" directive, it must be \"on\" or \"off\""
                );
                report.push(invalid(directive, *word, message).help("write `on` or `off`"));
            }
            return;
        }
        ValueType::Milliseconds => (
            value::milliseconds(&text).is_some(),
            "a time is a number with ms, s, m, h, d or w, as in 90s or 1h30m",
        ),
        ValueType::Seconds => (
            value::seconds(&text).is_some(),
            "a time is a number with s, m, h, d, w, M or y, as in 90s or 1h30m",
        ),
        ValueType::Size => (
            value::size(&text).is_some(),
            "a size is a number of bytes, or one with k or m, as in 16k",
        ),
        ValueType::Length => (
            value::length(&text).is_some(),
            "a size is a number of bytes, or one with k, m or g, as in 10m",
        ),
    };
    if !valid {
        let message = format!("\"{name}\" directive invalid value \"{text}\"");
        report.push(invalid(directive, *word, message).help(help));
    }
}

fn location_modifier(scope: &Scope<'_>, opener: Directive<'_>, report: &mut Vec<Diagnostic>) {
    let [word, _] = opener.args() else { return };
    if scope.kind == ScopeKind::Location && scope.location().is_none() {
        let modifier = word.value(opener.source);
        let message = format!("invalid location modifier \"{modifier}\"");
        report.push(invalid(opener, *word, message).help("a modifier is =, ^~, ~ or ~*"));
    }
}

fn map_entry(entry: Directive<'_>, report: &mut Vec<Diagnostic>) {
    let name = entry.name();
    let count = entry.args().len();
    let is_parameter = count == 0 && matches!(&*name, "hostnames" | "volatile");
    if count == 1 || is_parameter {
        return;
    }
    let place = entry.place();
    let message = "invalid number of the map parameters";
    report.push(
        Diagnostic::new(Kind::Validate, "invalid-value", Severity::Error, place, message)
            .here("an entry is a key and a value")
            .help("write `key value;`, with quotes around what holds white space"),
    );
}

fn listen(directive: Directive<'_>, report: &mut Vec<Diagnostic>) {
    let Some(word) = directive.args().first() else {
        return;
    };
    let text = word.value(directive.source);
    if !value::is_listen_address(&text) {
        let message = format!("{} in \"{text}\" of the \"listen\" directive", address_error(&text));
        report.push(
            invalid(directive, *word, message)
                .help("an address is a port, address:port, [IPv6]:port, *:port or unix:/path; ports go from 1 to 65535"),
        );
    }
}

/// Which part of an address is wrong, in the words of `ngx_parse_url`.
fn address_error(text: &str) -> &'static str {
    match text.rsplit_once(':').map_or(text, |(_, port)| port).parse::<i64>() {
        Ok(port) if !(1..=65535).contains(&port) => "invalid port",
        _ if text.starts_with(':') => "no host",
        Err(_) if text.contains(':') && !text.contains("://") => "invalid port",
        _ => "invalid host",
    }
}

fn peer(directive: Directive<'_>, report: &mut Vec<Diagnostic>) {
    let Some((address, parameters)) = directive.args().split_first() else {
        return;
    };
    let text = address.value(directive.source);
    if !value::is_peer_address(&text) {
        let help = if text.contains("://") {
            "leave out the scheme: it belongs to proxy_pass"
        } else {
            "an address is host, host:port, [IPv6]:port or unix:/path; ports go from 1 to 65535"
        };
        let message = format!("{} in upstream \"{text}\"", address_error(&text));
        report.push(invalid(directive, *address, message).help(help));
    }
    for word in parameters {
        let text = word.value(directive.source);
        if !value::is_peer_parameter(&text) {
            report.push(
                invalid(directive, *word, format!("invalid parameter \"{text}\"")).help(
                    "parameters are weight=, max_conns=, max_fails=, fail_timeout=, slow_start=, route=, service=, backup, down, drain, resolve",
                ),
            );
        }
    }
}

fn proxy_pass(directive: Directive<'_>, report: &mut Vec<Diagnostic>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    if template_error(directive, *word, report) || text.contains('$') {
        return;
    }
    if value::proxy_url(&text).is_none() {
        let has_scheme = ["http://", "https://"].iter().any(|scheme| {
            text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        let (message, help) = if has_scheme {
            (
                format!("invalid URL \"{text}\" in \"proxy_pass\""),
                "a URL is http://host, http://host:port or http://unix:/path, with or without a URI behind",
            )
        } else if text.starts_with("ws://") || text.starts_with("wss://") {
            (
                format!("invalid URL prefix in \"{text}\""),
                "WebSocket is proxied over http:// and https://: the Upgrade header makes the connection a socket",
            )
        } else {
            (
                format!("invalid URL prefix in \"{text}\""),
                "write http:// or https:// before the host",
            )
        };
        report.push(invalid(directive, *word, message).help(help));
    }
}

fn http_version(version: Version, directive: Directive<'_>, report: &mut Vec<Diagnostic>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    let has_2 = version >= Version::HTTP_2_TO_UPSTREAM;
    let is_valid = matches!(&*text, "1.0" | "1.1") || has_2 && text == "2";
    if !is_valid {
        let help =
            if has_2 { "write 1.0, 1.1 or 2" } else { "write 1.0 or 1.1; 2 needs nginx 1.29.4" };
        report.push(invalid(directive, *word, format!("invalid value \"{text}\"")).help(help));
    }
}

fn set_header(directive: Directive<'_>, report: &mut Vec<Diagnostic>) {
    if let [_, word] = directive.args() {
        template_error(directive, *word, report);
    }
}

/// Reports a text with variables that cannot be read; true if it cannot.
fn template_error(directive: Directive<'_>, word: Word, report: &mut Vec<Diagnostic>) -> bool {
    let text = word.value(directive.source);
    let Err(error) = value::template(&text) else {
        return false;
    };
    let help = match error {
        TemplateError::InvalidVariableName => {
            "write $name or ${name}; there is no way to escape a \"$\" in a value"
        }
        TemplateError::MissingBracket(_) => "close the variable with \"}\"",
    };
    report.push(invalid(directive, word, error.to_string()).help(help));
    true
}
