//! Limits of requests and connections, and their zones.

use crate::syntax::Directive;
use crate::syntax::value::{number, size};
use crate::validate::{Check, error};

use super::core::{invalid_parameter, parameter};

/// The least size of a zone: eight pages of memory.
pub(super) const LEAST_ZONE: u64 = 8 * 4096;

/// `ngx_http_limit_req_zone`
pub(super) fn req_zone<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    zone(check, directive, "limit_req");
}

/// `ngx_http_limit_conn_zone`, and the same of stream.
pub(super) fn conn_zone<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let user = if check.context.is_stream() { "stream limit_conn" } else { "limit_conn" };
    zone(check, directive, user);
}

fn zone<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, user: &'static str) {
    let [key, parameters @ ..] = directive.args() else { return };
    if !check.template(directive, *key) {
        return;
    }
    let has_rate = user == "limit_req";
    let mut zone = None;
    for &word in parameters {
        let text = word.value(directive.source).into_owned();
        match parameter(&text) {
            ("zone", Some(value)) => {
                let parts = value.split_once(':');
                let found = parts.and_then(|(name, text)| Some((name.to_owned(), size(text)?)));
                let (message, help) = match &found {
                    None => ("invalid zone size", "write zone=name:size, as in zone=one:10m"),
                    Some((_, size)) if *size < LEAST_ZONE => ("zone", "a zone has at least 32k"),
                    Some(_) => {
                        zone = found.filter(|(name, _)| !name.is_empty());
                        continue;
                    }
                };
                let end = if found.is_some() { " is too small" } else { "" };
                check.invalid_for(directive, word, format!("{message} \"{text}\"{end}"), help);
                return;
            }
            ("rate", Some(value)) if has_rate => {
                let count =
                    value.strip_suffix("r/s").or(value.strip_suffix("r/m")).unwrap_or(value);
                if number(count).is_none_or(|rate| rate == 0) {
                    let help = "a rate is a whole number of requests, as in 10r/s or 30r/m";
                    check.invalid_for(directive, word, format!("invalid rate \"{text}\""), help);
                    return;
                }
            }
            _ => {
                let help = if has_rate {
                    "parameters are zone= and rate="
                } else {
                    "the parameter is zone="
                };
                invalid_parameter(check, directive, word, help);
                return;
            }
        }
    }
    let name = directive.name().into_owned();
    let Some((zone, size)) = zone else {
        let message = format!("\"{name}\" must have \"zone\" parameter");
        check.say(error("incomplete", directive.place(), message).help("add zone=name:size"));
        return;
    };
    let key = key.value(directive.source).into_owned();
    bind(check, directive, (&zone, size, user), key);
}

/// Binds a zone, with its size and its user, to the key that it counts by; each has one.
fn bind(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    (zone, size, user): (&str, u64, &'static str),
    key: String,
) {
    let place = directive.place();
    if !check.zone(zone, Some(size), user, place) {
        return;
    }
    if let Some((old, first)) = check.bind_zone(zone, key, place) {
        let name = directive.name();
        let message = format!("{name} \"{zone}\" is already bound to key \"{old}\"");
        check.say(
            error("duplicate", place, message)
                .also(first, "the first one is here")
                .help("give each zone its own name"),
        );
    }
}

/// `ngx_http_limit_req`
pub(super) fn req<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let mut zone = None;
    for &word in directive.args() {
        let text = word.value(directive.source).into_owned();
        let is_positive = |value: &str| number(value).is_some_and(|number| number > 0);
        match parameter(&text) {
            ("zone", Some(name)) => {
                if !check.zone(name, None, "limit_req", directive.place_of(word)) {
                    return;
                }
                zone = Some(name.to_owned());
            }
            (name @ ("burst" | "delay"), Some(value)) => {
                if !is_positive(value) {
                    let help = "write a number from 1; without the parameter it is 0";
                    let message = format!("invalid {name} value \"{text}\"");
                    check.invalid_for(directive, word, message, help);
                    return;
                }
            }
            ("nodelay", None) => {}
            _ => {
                let help = "parameters are zone=, burst=, delay= and nodelay";
                invalid_parameter(check, directive, word, help);
                return;
            }
        }
    }
    let Some(zone) = zone else {
        let message = "\"limit_req\" must have \"zone\" parameter";
        check.say(error("incomplete", directive.place(), message).help("add zone=name"));
        return;
    };
    if let Some(first) = check.seen.value(directive, zone) {
        check.duplicate_of(directive, Some(first));
    }
}

/// `ngx_http_limit_conn`, and the same of stream.
pub(super) fn conn<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [zone, count] = directive.args() else { return };
    let name = zone.value(directive.source).into_owned();
    let user = if check.context.is_stream() { "stream limit_conn" } else { "limit_conn" };
    if !check.zone(&name, None, user, directive.place_of(*zone)) {
        return;
    }
    if let Some(first) = check.seen.value(directive, name) {
        check.duplicate_of(directive, Some(first));
        return;
    }
    let text = count.value(directive.source);
    match number(&text) {
        Some(1..=65535) => {}
        Some(65536..) => check.invalid(directive, *count, "connection limit must be less 65536"),
        _ => {
            let message = format!("invalid number of connections \"{text}\"");
            check.invalid_for(directive, *count, message, "write a number from 1 to 65535");
        }
    }
}
