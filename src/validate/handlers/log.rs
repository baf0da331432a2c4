//! `access_log` and `log_format`, of http and stream.

use crate::syntax::value::{Part, milliseconds, number, size, template};
use crate::syntax::{Directive, Word};
use crate::validate::{Check, error};

use super::core::{invalid_parameter, parameter};

/// `ngx_http_log_set_format`, and the same of stream.
pub(super) fn format<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [name_word, texts @ ..] = directive.args() else { return };
    let mut texts = texts;
    let name = name_word.value(directive.source).into_owned();
    let is_stream = check.context.is_stream();
    let first = check.names.log_formats.get(&(is_stream, name.clone())).copied();
    if first.is_some() || name == "combined" && !is_stream {
        let message = format!("duplicate \"log_format\" name \"{name}\"");
        let mut diagnostic = error("duplicate", directive.place_of(*name_word), message);
        diagnostic = match first {
            Some(first) => diagnostic.also(first.place(), "the first one is here"),
            None => diagnostic.here("nginx has a format of this name"),
        };
        check.say(diagnostic.help("choose another name"));
        return;
    }
    check.names.log_formats.insert((is_stream, name), directive);
    if let [word, rest @ ..] = texts {
        let text = word.value(directive.source);
        if let Some(escape) = text.strip_prefix("escape=") {
            if !matches!(escape, "default" | "json" | "none") {
                let message = format!("unknown log format escaping \"{escape}\"");
                check.invalid_for(directive, *word, message, "write default, json or none");
                return;
            }
            texts = rest;
        }
    }
    for &word in texts {
        let text = word.value(directive.source);
        match template(&text) {
            // Here `$1` is a variable of that name, not a capture.
            Ok(parts) => {
                for part in parts {
                    if let Part::Variable(name) = part
                        && !is_of_log(name)
                    {
                        check.variables.use_one(name, is_stream, directive.place_of(word));
                    }
                }
            }
            Err(crate::syntax::value::TemplateError::InvalidVariableName) => {
                let at = stray_dollar(&text);
                let message = format!("invalid parameter \"{}\"", &text[at..]);
                check.invalid_for(directive, word, message, "write $name or ${name}");
                return;
            }
            Err(error) => {
                check.invalid(directive, word, error.to_string());
                return;
            }
        }
    }
}

/// Where the first `$` stands that no name follows.
fn stray_dollar(text: &str) -> usize {
    let begins_name =
        |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let is_stray = |at: &usize| {
        let rest = &text[at + 1..];
        !begins_name(rest.strip_prefix('{').unwrap_or(rest))
    };
    text.match_indices('$').map(|(at, _)| at).find(is_stray).unwrap_or(0)
}

/// Variables that `log_format` knows itself (`ngx_http_log_vars`).
fn is_of_log(name: &str) -> bool {
    crate::catalog::variables()
        .iter()
        .any(|variable| variable.protocol == "log_format" && variable.name == name)
}

/// `ngx_http_log_set_log`, and the same of stream.
pub(super) fn access<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [path, more @ ..] = directive.args() else { return };
    let text = path.value(directive.source).into_owned();
    if text == "off" {
        if let [word, ..] = more {
            invalid_parameter(check, directive, *word, "`off` stands alone");
        }
        return;
    }
    let is_syslog = text.starts_with("syslog:");
    if is_syslog {
        if !super::main::syslog(check, directive, *path) {
            return;
        }
    } else if !check.template(directive, *path) {
        return;
    }
    if !has_format(check, directive, more.first().copied()) {
        return;
    }
    let Some(buffer) = buffer(check, directive, more.get(1..).unwrap_or_default()) else { return };
    let message = match buffer {
        Buffer { size: 0, flush: 0, .. } => return,
        Buffer { size: 0, .. } => format!("no buffer is defined for access_log \"{text}\""),
        _ if text.contains('$') => "buffered logs cannot have variables in name".to_owned(),
        _ if is_syslog => "logs to syslog cannot be buffered".to_owned(),
        _ => match check.names.log_buffers.get(&text) {
            Some((old, _)) if *old != buffer => {
                format!("access_log \"{text}\" already defined with conflicting parameters")
            }
            Some(_) => return,
            None => {
                check.names.log_buffers.insert(text, (buffer, directive.place()));
                return;
            }
        },
    };
    let mut diagnostic = error("conflict", directive.place(), message);
    if let Some((_, first)) = check.names.log_buffers.get(&*path.value(directive.source)) {
        diagnostic = diagnostic.also(*first, "the first one is here");
    }
    check.say(diagnostic);
}

/// Says it if the format of a log is not defined so far; true if it is.
fn has_format(check: &mut Check<'_, '_>, directive: Directive<'_>, word: Option<Word>) -> bool {
    let is_stream = check.context.is_stream();
    let Some(word) = word else {
        if is_stream {
            let message = "log format is not specified";
            check.say(error("incomplete", directive.place(), message).help(
                "stream has no format of its own: define one with log_format and name it here",
            ));
        }
        return !is_stream;
    };
    let name = word.value(directive.source).into_owned();
    let is_known = name.eq_ignore_ascii_case("combined") && !is_stream
        || check
            .names
            .log_formats
            .keys()
            .any(|(stream, other)| *stream == is_stream && other.eq_ignore_ascii_case(&name));
    if is_known || !check.model.is_complete() {
        return true;
    }
    let message = format!("unknown log format \"{name}\"");
    let help = if name.contains('=') {
        "the second argument is the name of a format, as in `combined`"
    } else {
        "define it with log_format at http level, before this line"
    };
    check.say(error("unknown-log-format", directive.place_of(word), message).help(help));
    false
}

/// How a log is buffered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::validate) struct Buffer {
    size: u64,
    flush: u64,
    gzip: i64,
}

/// Reads the parameters behind the format; none if one is wrong, which is said.
fn buffer<'p>(
    check: &mut Check<'_, 'p>,
    directive: Directive<'p>,
    words: &[Word],
) -> Option<Buffer> {
    let mut buffer = Buffer::default();
    for &word in words {
        let text = word.value(directive.source).into_owned();
        let wrong = match parameter(&text) {
            ("buffer", Some(value)) => {
                buffer.size = size(value).unwrap_or(0);
                (buffer.size == 0).then(|| format!("invalid buffer size \"{value}\""))
            }
            ("flush", Some(value)) => {
                buffer.flush = milliseconds(value).unwrap_or(0);
                (buffer.flush == 0).then(|| format!("invalid flush time \"{value}\""))
            }
            ("gzip", level) => {
                if buffer.size == 0 {
                    buffer.size = 64 * 1024;
                }
                buffer.gzip = level.map_or(1, |level| number(level).unwrap_or(0));
                let level = level.unwrap_or_default();
                (!(1..=9).contains(&buffer.gzip))
                    .then(|| format!("invalid compression level \"{level}\""))
            }
            ("if", Some(value)) => {
                if !check.text(directive, word, value) {
                    return None;
                }
                None
            }
            _ => Some(format!("invalid parameter \"{text}\"")),
        };
        if let Some(message) = wrong {
            let help = "parameters are buffer=size, flush=time, gzip=1 to 9 and if=condition";
            check.invalid_for(directive, word, message, help);
            return None;
        }
    }
    Some(buffer)
}
