//! Caches and stores of what backends answer: `proxy_cache_path` and its like.

use crate::catalog::Version;
use crate::syntax::value::{length, milliseconds, number, seconds, size};
use crate::syntax::{Directive, Word};
use crate::validate::slots::{LENGTH, LONG_TIME, TIME};
use crate::validate::{Check, error};

use super::core::{invalid_parameter, parameter};

/// The least size of a cache's zone: two pages of memory.
const LEAST_ZONE: u64 = 2 * 4096;

/// The name of the cache that a directive is about, as in `proxy_cache`.
fn cache_of(name: &str) -> &'static str {
    const CACHES: [&str; 4] = ["proxy_cache", "fastcgi_cache", "scgi_cache", "uwsgi_cache"];
    CACHES.into_iter().find(|cache| name.starts_with(cache)).unwrap_or(CACHES[0])
}

/// `ngx_http_file_cache_set_slot`
pub(super) fn path(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let [path, parameters @ ..] = directive.args() else { return };
    let mut zone = None;
    for &word in parameters {
        if !path_parameter(check, directive, word, &mut zone) {
            return;
        }
    }
    let name = directive.name().into_owned();
    let Some((zone, size)) = zone.filter(|(name, _)| !name.is_empty()) else {
        let message = format!("\"{name}\" must have \"keys_zone\" parameter");
        check.say(error("incomplete", directive.place(), message).help("add keys_zone=name:size"));
        return;
    };
    let place = directive.place();
    let written = path.value(directive.source).into_owned();
    if let Some(first) = check.names.cache_paths.get(&written) {
        let first = *first;
        let (there, here) = (check.line_of(first), check.line_of(place));
        let message = format!("the same path name \"{written}\" used in {there} and in {here}");
        check.say(
            error("duplicate", place, message)
                .also(first, "the first one is here")
                .help("give each cache its own path"),
        );
        return;
    }
    check.names.cache_paths.insert(written, place);
    let is_defined = check.has_sized_zone(&zone, cache_of(&name));
    if check.zone(&zone, Some(size), cache_of(&name), place) && is_defined {
        let message = format!("duplicate zone \"{zone}\"");
        check.say(error("duplicate", place, message).help("give each cache its own zone"));
    }
}

/// Reads a parameter of a path, and the zone if it names one; false if it is wrong, which is
/// said.
fn path_parameter(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    word: Word,
    zone: &mut Option<(String, u64)>,
) -> bool {
    const FORMS: &str = "parameters are levels=, keys_zone=, inactive=, max_size=, min_free=, use_temp_path= and those of loader and manager";
    let text = word.value(directive.source).into_owned();
    let (name, Some(value)) = parameter(&text) else {
        invalid_parameter(check, directive, word, FORMS);
        return false;
    };
    let (is_valid, help) = match name {
        "levels" => (is_levels(value), "up to three of 1 and 2 with colons, as in 1:2"),
        "use_temp_path" => (matches!(value, "on" | "off"), "write on or off"),
        "keys_zone" => {
            let parts = value.split_once(':');
            *zone = parts.and_then(|(name, text)| Some((name.to_owned(), size(text)?)));
            (zone.is_some(), "write keys_zone=name:size, as in keys_zone=one:10m")
        }
        "inactive" => (seconds(value).is_some(), LONG_TIME),
        "max_size" => (length(value).is_some(), LENGTH),
        "min_free" if check.versions.have(Version::new(1, 19, 1)) => {
            (length(value).is_some(), LENGTH)
        }
        "loader_files" | "manager_files" => (number(value).is_some(), "write a number"),
        "loader_sleep" | "loader_threshold" | "manager_sleep" | "manager_threshold" => {
            (milliseconds(value).is_some(), TIME)
        }
        _ => {
            invalid_parameter(check, directive, word, FORMS);
            return false;
        }
    };
    let is_small = name == "keys_zone" && zone.as_ref().is_some_and(|it| it.1 < LEAST_ZONE);
    let message = match name {
        _ if is_small => format!("keys zone \"{text}\" is too small"),
        _ if is_valid => return true,
        "levels" => format!("invalid \"levels\" \"{text}\""),
        "keys_zone" => format!("invalid keys zone size \"{text}\""),
        "use_temp_path" => {
            format!("invalid use_temp_path value \"{text}\", it must be \"on\" or \"off\"")
        }
        name => format!("invalid {name} value \"{text}\""),
    };
    let help = if is_small { "a zone of keys has at least 8k" } else { help };
    check.invalid_for(directive, word, message, help);
    false
}

/// Up to three digits 1 or 2, with colons between them.
fn is_levels(text: &str) -> bool {
    text.is_empty()
        || text.split(':').all(|level| matches!(level, "1" | "2")) && text.split(':').count() <= 3
}

/// `ngx_http_proxy_cache` and its like
pub(super) fn cache<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source).into_owned();
    if text == "off" {
        return;
    }
    let name = cache_of(&directive.name());
    let store = name.replace("cache", "store");
    if conflicts(check, directive, &store) || !check.template(directive, word) {
        return;
    }
    if !text.contains('$') {
        check.zone(&text, None, name, directive.place_of(word));
    }
}

/// `ngx_http_proxy_store` and its like
pub(super) fn store<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source).into_owned();
    if text == "off" {
        return;
    }
    if text.is_empty() && !check.versions.precede(Version::new(1, 27, 3)) {
        check.invalid(directive, word, "empty path");
        return;
    }
    let cache = directive.name().replace("store", "cache");
    if !conflicts(check, directive, &cache) && text != "on" {
        check.template(directive, word);
    }
}

/// A cache and a store cannot be on in one block.
fn conflicts(check: &mut Check<'_, '_>, directive: Directive<'_>, other: &str) -> bool {
    let place = directive.place();
    let found = check.seen.first(other).filter(|it| it.arg(0).as_deref() != Some("off"));
    if let Some(first) = found {
        let name = directive.name();
        let message = format!("\"{name}\" directive is incompatible with \"{other}\"");
        check.say(error("conflict", place, message).also(first.place(), "this one"));
    }
    found.is_some()
}

/// `ngx_http_file_cache_valid_set_slot`
pub(super) fn valid(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let [codes @ .., time] = directive.args() else { return };
    let text = time.value(directive.source);
    if seconds(&text).is_none() {
        check.invalid_for(directive, *time, format!("invalid time value \"{text}\""), LONG_TIME);
        return;
    }
    for &word in codes {
        let text = word.value(directive.source);
        if text != "any" && !number(&text).is_some_and(|code| (100..=599).contains(&code)) {
            let help = "before the time stand codes from 100 to 599, or `any`";
            check.invalid_for(directive, word, format!("invalid status \"{text}\""), help);
            return;
        }
    }
}
