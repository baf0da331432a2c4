//! How http reads files and keeps connections (`ngx_http_core_module.c`), and caches of
//! open files.

use crate::catalog::Version;
use crate::syntax::value::{length, milliseconds, number, seconds, size};
use crate::syntax::{Directive, Word};

use crate::validate::{Check, error, slots, warning, wrong};

use super::{rewrite, says, template_value};

/// `ngx_http_core_set_aio`
pub(super) fn aio<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    let is_sendfile = text == "sendfile" && check.versions.precede(Version::new(1, 21, 5));
    if matches!(&*text, "off" | "on" | "threads") || is_sendfile {
        return;
    }
    if let Some(pool) = text.strip_prefix("threads=") {
        check.text(directive, *word, pool);
    } else {
        let help = "write off, on, threads or threads=pool";
        says(check, directive, *word, "invalid value", help);
    }
}

/// `ngx_http_disable_symlinks`
pub(super) fn disable_symlinks<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let args = directive.args();
    let mut mode = None;
    let mut from = None;
    for &word in args {
        let text = word.value(directive.source);
        if matches!(&*text, "off" | "on" | "if_not_owner") {
            mode = Some(text);
        } else if let Some(path) = text.strip_prefix("from=") {
            if !check.text(directive, word, path) {
                return;
            }
            from = Some(word);
        } else {
            let message = format!("invalid parameter \"{text}\"");
            let help = "write off, on or if_not_owner, and perhaps from=path";
            check.invalid_for(directive, word, message, help);
            return;
        }
    }
    match (mode, from) {
        (None, _) => {
            let message =
                "\"disable_symlinks\" must have \"off\", \"on\" or \"if_not_owner\" parameter";
            check.say(wrong("incomplete", directive, message));
        }
        (Some(_), None) if args.len() > 1 => {
            let values: Vec<_> = directive.arg_values().collect();
            let message = format!("duplicate parameters \"{}\"", values.join(" "));
            check.say(wrong("duplicate", directive, message).help("keep one of them"));
        }
        (Some(mode), Some(from)) if mode == "off" => {
            let message = "\"from=\" cannot be used with \"off\" parameter";
            check.say(error("conflict", directive.place_of(from), message));
        }
        _ => {}
    }
}

/// `ngx_http_core_open_file_cache`
pub(super) fn open_file_cache<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    const HELP: &str = "write off, or max=1000 and perhaps inactive=20s";
    let invalid = "invalid \"open_file_cache\" parameter";
    if cache(check, directive, &["max", "inactive"], invalid, HELP) == Some(false) {
        let message = "\"open_file_cache\" must have the \"max\" parameter";
        check.say(wrong("incomplete", directive, message).help(HELP));
    }
}

/// `ngx_http_log_open_file_cache`, and the same of stream.
pub(super) fn open_log_file_cache<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    const HELP: &str = "write off, or max=1000 and perhaps inactive=20s, min_uses=2 and valid=1m";
    let invalid = "invalid \"open_log_file_cache\" parameter";
    let parameters = ["max", "min_uses", "inactive", "valid"];
    if cache(check, directive, &parameters, invalid, HELP) == Some(false) {
        let message = "\"open_log_file_cache\" must have \"max\" parameter";
        check.say(wrong("incomplete", directive, message).help(HELP));
    }
}

/// Reads `off`, or the parameters of a cache of files; true if it is off or has room for
/// some. None if a word is wrong, which is said with `invalid` before it.
pub(super) fn cache(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    parameters: &[&str],
    invalid: &str,
    help: &str,
) -> Option<bool> {
    // The cache of logs takes a `max` of 0, and then asks for one.
    let takes_zero = parameters.contains(&"min_uses");
    let mut is_complete = false;
    for &word in directive.args() {
        let text = word.value(directive.source);
        let is_valid = match text.split_once('=') {
            Some((name, _)) if !parameters.contains(&name) => false,
            Some(("max", max)) => {
                let max = number(max);
                is_complete |= max.is_some_and(|max| max > 0);
                max.is_some_and(|max| max > 0 || takes_zero)
            }
            Some(("min_uses", uses)) => number(uses).is_some(),
            Some((_, time)) => seconds(time).is_some(),
            None => {
                is_complete |= text == "off";
                text == "off"
            }
        };
        if !is_valid {
            check.invalid_for(directive, word, format!("{invalid} \"{text}\""), help);
            return None;
        }
    }
    Some(is_complete)
}

/// `ngx_http_core_directio`
pub(super) fn directio<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    if text != "off" && length(&text).is_none() {
        let help = format!("write off or a size: {}", slots::LENGTH);
        says(check, directive, *word, "invalid value", &help);
    }
}

/// `ngx_http_core_keepalive`
pub(super) fn keepalive_timeout<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [timeout, header @ ..] = directive.args() else { return };
    if milliseconds(&timeout.value(directive.source)).is_none() {
        says(check, directive, *timeout, "invalid value", slots::TIME);
        return;
    }
    if let [header] = header
        && seconds(&header.value(directive.source)).is_none()
    {
        says(check, directive, *header, "invalid value", slots::LONG_TIME);
    }
}

/// `ngx_http_index_set_index`
pub(super) fn index<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let args = directive.args();
    for (place, &word) in args.iter().enumerate() {
        let text = word.value(directive.source);
        if text.starts_with('/') && place + 1 < args.len() {
            let message = "only the last index in \"index\" directive should be absolute";
            let help = "nginx does not look behind an absolute path: put it last";
            check.say(warning("meaningless", directive.place_of(word), message).help(help));
        }
        if text.is_empty() {
            let message = "index \"\" in \"index\" directive is invalid";
            check.invalid_for(directive, word, message, "write the name of a file");
            return;
        }
        if !check.template(directive, word) {
            return;
        }
    }
}

/// `ngx_http_gzip_disable`
pub(super) fn gzip_disable<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    for &word in directive.args() {
        let text = word.value(directive.source);
        if text != "msie6"
            && text != "degradation"
            && check.pattern(directive, word, &text, true).is_none()
        {
            return;
        }
    }
}

/// `ngx_http_degradation`
pub(super) fn degradation<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    let message = match text.strip_prefix("sbrk=") {
        Some(text) if size(text).is_some() => return,
        Some(_) => format!("invalid sbrk size \"{text}\""),
        None => format!("invalid parameter \"{text}\""),
    };
    check.invalid_for(directive, *word, message, "write sbrk=size, as in sbrk=500m");
}

/// `ngx_http_mirror`
pub(super) fn mirror<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    super::proxy::excludes_off(check, directive);
}

/// `ngx_http_sub_filter`
pub(super) fn sub_filter<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    const MOST: usize = 255;
    let [pattern, replacement] = directive.args() else { return };
    if pattern.value(directive.source).is_empty() {
        check.invalid(directive, *pattern, "empty search pattern");
        return;
    }
    if check.seen.count("sub_filter") > MOST {
        let message = format!("number of search patterns exceeds {MOST}");
        check.say(wrong("invalid-value", directive, message));
        return;
    }
    let has_variables = check.versions.have(Version::new(1, 9, 4));
    if !has_variables || check.template(directive, *pattern) {
        check.template(directive, *replacement);
    }
}

/// A path with variables (`ngx_http_auth_basic_user_file`).
pub(super) fn path<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    template_value(check, directive, 0);
}

/// `ngx_http_auth_request_set`
pub(super) fn auth_request_set<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [name, _] = directive.args() else { return };
    if rewrite::define(check, directive, *name) {
        template_value(check, directive, 1);
    }
}

/// False for a size that is not one of some.
fn is_one_of(directive: Directive<'_>, word: Word, mut sizes: impl Iterator<Item = u64>) -> bool {
    let value = size(&word.value(directive.source));
    value.is_none_or(|value| sizes.any(|other| other == value))
}

/// `ngx_http_gzip_window`
pub(super) fn gzip_window<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    if !is_one_of(directive, *word, (9..=15).map(|bits| 1 << bits)) {
        let text = "must be 512, 1k, 2k, 4k, 8k, 16k, or 32k";
        says(check, directive, *word, text, "write one of these sizes");
    }
}

/// `ngx_http_gzip_hash`
pub(super) fn gzip_hash<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    if !is_one_of(directive, *word, (9..=17).map(|bits| 1 << bits)) {
        let text = "must be 512, 1k, 2k, 4k, 8k, 16k, 32k, 64k, or 128k";
        says(check, directive, *word, text, "write one of these sizes");
    }
}
