//! `sticky`: which server a client stays with (`ngx_http_upstream_sticky_module.c`).

use crate::syntax::value::{milliseconds, seconds, size};
use crate::syntax::{Directive, Word};
use crate::validate::{Check, error};

use super::core::parameter;
use super::limit::LEAST_ZONE;

/// `ngx_http_upstream_sticky`
pub(super) fn sticky<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [kind, rest @ ..] = directive.args() else { return };
    match &*kind.value(directive.source) {
        "cookie" => cookie(check, directive, rest),
        "route" => route(check, directive, rest),
        "learn" => learn(check, directive, rest),
        other => {
            let message = format!("unknown parameter \"{other}\"");
            check.invalid_for(directive, *kind, message, "write cookie, route or learn");
        }
    }
}

fn cookie<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, words: &[Word]) {
    let Some((name, parameters)) = words.split_first() else { return };
    if name.value(directive.source).is_empty() {
        check.invalid(directive, *name, "\"sticky\" directive empty cookie name");
        return;
    }
    let mut seen: Vec<String> = Vec::new();
    for &word in parameters {
        let text = word.value(directive.source).into_owned();
        let (name, value) = parameter(&text);
        let is_known = match value {
            Some(_) => matches!(name, "domain" | "path" | "expires" | "samesite"),
            None => matches!(name, "httponly" | "secure"),
        };
        let value = value.unwrap_or_default();
        let is_same_site =
            ["strict", "lax", "none"].iter().any(|it| value.eq_ignore_ascii_case(it));
        let message = if !is_known {
            format!("unknown parameter \"{text}\"")
        } else if seen.iter().any(|other| other == name) {
            format!("\"sticky\" directive parameter \"{name}\" is duplicate")
        } else if matches!(name, "domain" | "path") && value.is_empty() {
            format!("\"sticky\" directive no value for \"{name}\"")
        } else if name == "expires" && value != "max" && seconds(value).is_none() {
            "\"sticky\" directive invalid \"expires\" parameter value".to_owned()
        } else if name == "samesite" && !value.contains('$') && !is_same_site {
            "\"sticky\" directive invalid \"samesite\" parameter value".to_owned()
        } else {
            if !check.text(directive, word, value) {
                return;
            }
            seen.push(name.to_owned());
            continue;
        };
        check.invalid(directive, word, message);
        return;
    }
}

fn route<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, words: &[Word]) {
    for &word in words {
        let text = word.value(directive.source).into_owned();
        let Some(name) = text.strip_prefix('$') else {
            check.invalid(directive, word, format!("invalid variable name \"{text}\""));
            return;
        };
        check.variables.use_one(name, false, directive.place_of(word));
    }
}

fn learn<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, words: &[Word]) {
    let (mut creates, mut looks_up) = (false, false);
    let mut zone = None;
    for &word in words {
        let text = word.value(directive.source).into_owned();
        let (name, value) = parameter(&text);
        let wrong = match (name, value) {
            ("create" | "lookup", Some(value)) => match value.strip_prefix('$') {
                Some(variable) => {
                    check.variables.use_one(variable, false, directive.place_of(word));
                    creates |= name == "create";
                    looks_up |= name == "lookup";
                    continue;
                }
                None => format!("missing variable in the \"{name}\" parameter"),
            },
            ("zone", Some(_)) if zone.is_some() => "duplicate zone".to_owned(),
            ("zone", Some(value)) => match value.split_once(':') {
                None => "zone size is not specified".to_owned(),
                Some(("", _)) => "zone name is not specified".to_owned(),
                Some((zone_name, text)) => match size(text) {
                    None => "invalid zone size".to_owned(),
                    Some(size) if size < LEAST_ZONE => "zone is too small".to_owned(),
                    Some(size) => {
                        zone = Some((zone_name.to_owned(), size));
                        continue;
                    }
                },
            },
            ("timeout", Some(value)) => {
                if milliseconds(value).is_some_and(|time| time > 0) {
                    continue;
                }
                "invalid timeout".to_owned()
            }
            ("header", None) => continue,
            _ => {
                check.invalid(directive, word, format!("unknown parameter \"{text}\""));
                return;
            }
        };
        check.invalid(directive, word, format!("\"sticky\" directive {wrong}"));
        return;
    }
    let missing = match (looks_up, creates, &zone) {
        (false, _, _) => "lookup",
        (_, false, _) => "create",
        (_, _, None) => "zone",
        (_, _, Some((name, size))) => {
            check.zone(name, Some(*size), "sticky", directive.place());
            return;
        }
    };
    let message = format!("\"sticky\" directive \"{missing}\" parameter is not specified");
    check.say(error("incomplete", directive.place(), message));
}
