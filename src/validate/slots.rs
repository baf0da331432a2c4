//! Values by their type, as the common functions read them (`ngx_conf_set_*_slot`).

use crate::catalog::{Entry, ValueType};
use crate::diagnostic::Severity;
use crate::syntax::value::{length, milliseconds, number, seconds, size};
use crate::syntax::{Directive, Word};

use super::{Check, warning};

/// What one may write for a time that is counted in milliseconds.
pub(super) const TIME: &str = "a time is a number with ms, s, m, h, d or w, as in 90s or 1h30m";
/// What one may write for a time that is counted in seconds.
pub(super) const LONG_TIME: &str =
    "a time is a number with s, m, h, d, w, M or y, as in 90s or 1h30m";
/// What one may write for a size.
pub(super) const SIZE: &str = "a size is a number of bytes, or one with k or m, as in 16k";
/// What one may write for a length.
pub(super) const LENGTH: &str = "a size is a number of bytes, or one with k, m or g, as in 10m";

/// Reads the value of a directive; false if nginx does not take it, which is said.
pub(super) fn check<'p>(
    check: &mut Check<'_, 'p>,
    directive: Directive<'p>,
    entry: &Entry,
) -> bool {
    let said = check.report.len();
    read(check, directive, entry);
    !check.report[said..].iter().any(|finding| finding.severity == Severity::Error)
}

fn read<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, entry: &Entry) {
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source);
    match entry.value {
        ValueType::Flag => flag(check, directive, word, entry),
        ValueType::Number => {
            if number(&text).is_none() {
                let message = format!("\"{}\" directive invalid number \"{text}\"", entry.name);
                check.invalid_for(directive, word, message, "write a number without sign or unit");
            } else {
                bounds(check, directive, word, entry);
            }
        }
        ValueType::Size => plain(check, directive, word, entry, size(&text).is_some(), SIZE),
        ValueType::Length => plain(check, directive, word, entry, length(&text).is_some(), LENGTH),
        ValueType::Milliseconds => {
            plain(check, directive, word, entry, milliseconds(&text).is_some(), TIME);
        }
        ValueType::Seconds => {
            plain(check, directive, word, entry, seconds(&text).is_some(), LONG_TIME);
        }
        ValueType::Buffers => {
            let sized = directive.arg(1).and_then(|text| size(&text)).is_some_and(|size| size > 0);
            let is_valid = sized && number(&text).is_some_and(|number| number > 0);
            let help = "write how many buffers and how large each is, as in 8 16k";
            plain(check, directive, word, entry, is_valid, help);
        }
        ValueType::Enum => {
            let is_known = words(entry).any(|other| other.eq_ignore_ascii_case(&text));
            if !is_known && !entry.detail.is_empty() {
                let help = format!("write {}", listed(entry));
                check.invalid_for(directive, word, format!("invalid value \"{text}\""), help);
            }
        }
        // Of some modules the words are not known.
        ValueType::Bitmask if entry.detail.is_empty() => {}
        ValueType::Bitmask => bitmask(check, directive, entry),
        ValueType::Path => {
            let levels: Option<Vec<i64>> =
                directive.arg_values().skip(1).map(|level| number(&level)).collect();
            // Each level of directories has a name of so many letters, and a slash.
            let is_valid = levels.is_some_and(|levels| {
                levels.iter().all(|&level| level > 0) && levels.iter().sum::<i64>() <= 10
            });
            let help = "behind the path stand up to three numbers of letters, as in 1 2";
            plain(check, directive, word, entry, is_valid, help);
        }
        ValueType::Types => types(check, directive),
        ValueType::Access => access(check, directive),
        ValueType::Complex => {
            check.template(directive, word);
        }
        ValueType::ComplexSize => {
            if check.template(directive, word) && !text.contains('$') {
                plain(check, directive, word, entry, size(&text).is_some(), SIZE);
            }
        }
        ValueType::Predicate => {
            for &word in directive.args() {
                check.template(directive, word);
            }
        }
        ValueType::Text | ValueType::KeyValue | ValueType::Handler(_) => {}
    }
}

fn plain(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    word: Word,
    entry: &Entry,
    is_valid: bool,
    help: &str,
) {
    if !is_valid {
        let text = word.value(directive.source);
        let message = format!("\"{}\" directive invalid value \"{text}\"", entry.name);
        check.invalid_for(directive, word, message, help);
    }
}

fn flag(check: &mut Check<'_, '_>, directive: Directive<'_>, word: Word, entry: &Entry) {
    let text = word.value(directive.source);
    if !text.eq_ignore_ascii_case("on") && !text.eq_ignore_ascii_case("off") {
        let message = format!(
            "invalid value \"{text}\" in \"{}\" directive, it must be \"on\" or \"off\"",
            entry.name
        );
        check.invalid_for(directive, word, message, "write `on` or `off`");
    }
}

/// `ngx_conf_check_num_bounds`
fn bounds(check: &mut Check<'_, '_>, directive: Directive<'_>, word: Word, entry: &Entry) {
    let Some((low, high)) = entry.detail.split_once('-') else { return };
    let (Some(low), value) = (number(low), number(&word.value(directive.source))) else { return };
    let high = number(high);
    let is_inside = value.is_some_and(|it| it >= low && high.is_none_or(|high| it <= high));
    if !is_inside {
        let message = match high {
            Some(high) => format!("value must be between {low} and {high}"),
            None => format!("value must be equal to or greater than {low}"),
        };
        check.invalid(directive, word, message);
    }
}

fn bitmask<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, entry: &Entry) {
    for &word in directive.args() {
        let text = word.value(directive.source);
        if !words(entry).any(|other| other.eq_ignore_ascii_case(&text)) {
            let help = format!("write some of {}", listed(entry));
            check.invalid_for(directive, word, format!("invalid value \"{text}\""), help);
        } else if check.seen.value(directive, text.to_ascii_lowercase()).is_some() {
            // Several lines of a block add up.
            let message = format!("duplicate value \"{text}\"");
            check.say(warning("meaningless", directive.place_of(word), message));
        }
    }
}

/// `ngx_http_types_slot`
fn types<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let default = if directive.is("xslt_types") { "text/xml" } else { "text/html" };
    for &word in directive.args() {
        let text = word.value(directive.source).to_ascii_lowercase();
        let is_second = check.seen.value(directive, text.clone()).is_some();
        if text == default || is_second && text != "*" {
            let message = format!("duplicate MIME type \"{text}\"");
            let mut diagnostic = warning("meaningless", directive.place_of(word), message);
            if text == default {
                diagnostic = diagnostic.here("nginx always has this type");
            }
            check.say(diagnostic.help("leave it out"));
        }
    }
}

/// `ngx_conf_set_access_slot`
fn access(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    for &word in directive.args() {
        let text = word.value(directive.source);
        let right = ["user:", "group:", "all:"].iter().find_map(|who| text.strip_prefix(who));
        if !matches!(right, Some("rw" | "r")) {
            let help = "write user:rw, group:r, all:r and the like";
            check.invalid_for(directive, word, format!("invalid value \"{text}\""), help);
        }
    }
}

fn words(entry: &Entry) -> impl Iterator<Item = &'static str> {
    entry.detail.split(',')
}

fn listed(entry: &Entry) -> String {
    entry.detail.replace(',', ", ")
}
