//! What servers and locations of http hold: names, access, error pages, files, resolvers
//! and headers.

use crate::catalog::Version;
use crate::syntax::address::{Use, network};
use crate::syntax::value::{number, seconds};
use crate::syntax::{Directive, Word};
use crate::validate::slots::LONG_TIME;
use crate::validate::{Check, entries, error, warning};

/// `ngx_http_core_server_name`
pub(super) fn server_name<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    for &word in directive.args() {
        let text = word.value(directive.source);
        let is_invalid =
            text.starts_with('*') && (text.len() < 3 || !text.starts_with("*.")) || text == ".";
        if is_invalid {
            let help =
                "a wildcard is *.name, .name or name.*; `_` or \"\" names what no other server has";
            check.invalid_for(directive, word, format!("server name \"{text}\" is invalid"), help);
            continue;
        }
        if text.contains('/') {
            let message = format!("server name \"{text}\" has suspicious symbols");
            let mut diagnostic = warning("meaningless", directive.place_of(word), message);
            diagnostic.help = Some("a name is a host alone, without scheme and path".to_owned());
            check.say(diagnostic);
        }
        match text.strip_prefix('~') {
            Some("") => {
                let message = format!("empty regex in server name \"{text}\"");
                check.invalid(directive, word, message);
            }
            Some(regex) => {
                let caseless = regex.bytes().any(|byte| byte.is_ascii_uppercase());
                check.regex(directive, word, regex, caseless);
            }
            None => {}
        }
    }
}

/// `ngx_http_access_rule`, and the same of stream.
pub(super) fn access(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source);
    if matches!(&*text, "all" | "unix:") {
        return;
    }
    match network(&text) {
        Some(network) if network.has_host_bits() => entries::low_bits(check, directive, word),
        Some(_) => {}
        None => check.invalid_for(
            directive,
            word,
            format!("invalid parameter \"{text}\""),
            "write an address, one with the length of its prefix as in 10.0.0.0/8, unix: or all; names are not looked up",
        ),
    }
}

/// `ngx_http_core_error_page`
pub(super) fn error_page<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [codes @ .., uri] = directive.args() else { return };
    let mut codes = codes;
    if let [before @ .., word] = codes {
        let text = word.value(directive.source);
        if let Some(code) = text.strip_prefix('=') {
            if before.is_empty() || !code.is_empty() && number(code).is_none() {
                let help = "before =CODE stand the codes that it replaces, as in `error_page 404 =200 /empty.gif`";
                check.invalid_for(directive, *word, format!("invalid value \"{text}\""), help);
                return;
            }
            codes = before;
        }
    }
    if !check.template(directive, *uri) {
        return;
    }
    for &word in codes {
        let text = word.value(directive.source);
        let message = match number(&text) {
            None | Some(499) => format!("invalid value \"{text}\""),
            Some(300..=599) => continue,
            Some(_) => format!("value \"{text}\" must be between 300 and 599"),
        };
        check.invalid_for(directive, word, message, "a code is a number from 300 to 599 but 499");
        return;
    }
}

/// `ngx_http_try_files`
pub(super) fn try_files<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    for &word in directive.args() {
        if !check.template(directive, word) {
            return;
        }
    }
    let Some(&last) = directive.args().last() else { return };
    let text = last.value(directive.source);
    if let Some(code) = text.strip_prefix('=')
        && number(code).is_none_or(|code| code > 999)
    {
        let help = "the last argument is a URI, a named location or =CODE";
        check.invalid_for(directive, last, format!("invalid code \"{text}\""), help);
    }
}

/// `ngx_resolver_create`, of http, stream, mail and upstreams.
pub(super) fn resolver(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    if check.context.is_mail()
        && directive.args().len() == 1
        && directive.arg(0).as_deref() == Some("off")
    {
        return;
    }
    let (mut has_server, mut v4, mut v6) = (false, true, true);
    for &word in directive.args() {
        let text = word.value(directive.source);
        let (name, value) = text.split_once('=').unwrap_or((&text, ""));
        let is_ipv4 = name == "ipv4" && check.versions.have(Version::new(1, 23, 1));
        let is_valid = match name {
            _ if !text.contains('=') => None,
            "valid" => Some(seconds(value).is_some()),
            "ipv6" => Some(matches!(value, "on" | "off")),
            "ipv4" if is_ipv4 => Some(matches!(value, "on" | "off")),
            _ => None,
        };
        match is_valid {
            Some(true) => {
                v4 &= name != "ipv4" || value == "on";
                v6 &= name != "ipv6" || value == "on";
            }
            Some(false) => {
                let help = if name == "valid" { LONG_TIME } else { "write on or off" };
                check.invalid_for(directive, word, format!("invalid parameter: {text}"), help);
                return;
            }
            None => {
                has_server = true;
                let place = format!("resolver \"{text}\"");
                if check.address(directive, word, &text, Use::Connect, &place).is_none() {
                    return;
                }
            }
        }
    }
    if !v4 && !v6 {
        let message = "\"ipv4\" and \"ipv6\" cannot both be \"off\"";
        check.say(error("conflict", directive.place(), message));
    } else if !has_server {
        check.say(error("incomplete", directive.place(), "no name servers defined"));
    }
}

/// `ngx_http_valid_referers`
pub(super) fn valid_referers<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let host = |word: &str| word.split('/').next().unwrap_or_default().to_owned();
    for &word in directive.args() {
        let text = word.value(directive.source);
        if let Some(regex) = text.strip_prefix('~') {
            if regex.is_empty() {
                check.invalid(directive, word, format!("empty regex in \"{text}\""));
            } else {
                check.pattern(directive, word, regex, true);
            }
            continue;
        }
        let message = match &*text {
            "" => "invalid referer \"\"".to_owned(),
            "none" | "blocked" | "server_names" => continue,
            word => match check.seen.referers.add_host(&host(word)) {
                Ok(()) => continue,
                Err(reason) => format!("{reason} \"{}\"", host(word).to_ascii_lowercase()),
            },
        };
        check.invalid(directive, word, message);
    }
}

/// Referers that may be missing go with some that may not (`ngx_http_referer_merge_conf`).
pub(super) fn referers(check: &mut Check<'_, '_>) {
    let scope = check.model.scope(check.scope);
    let lines = scope.all("valid_referers");
    let words = || lines.iter().flat_map(|line| line.arg_values());
    let is_host = |word: &str| !matches!(word, "none" | "blocked") && !word.starts_with('~');
    let may_be_missing = words().any(|word| matches!(&*word, "none" | "blocked"));
    if let Some(last) = lines.last()
        && may_be_missing
        && !words().any(|word| is_host(&word))
    {
        let message = "the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive without any valid referer";
        check.say(
            error("incomplete", last.place(), message)
                .help("add a host, as in `*.example.com`, or `server_names`; an expression alone does not count"),
        );
    }
}

/// `ngx_http_headers_add`: `add_header`, `add_trailer`
pub(super) fn add_header<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [_, value, more @ ..] = directive.args() else { return };
    if !check.template(directive, *value) {
        return;
    }
    if let [word] = more {
        let text = word.value(directive.source);
        if text != "always" {
            let help = "the third word can only be `always`; quote a value that holds white space";
            check.invalid_for(directive, *word, format!("invalid parameter \"{text}\""), help);
        }
    }
}

/// `ngx_http_headers_expires`
pub(super) fn expires<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    const HELP: &str =
        "write a time, as in 30d, with + or - before it or @ for a time of day; or epoch, max, off";
    let (is_modified, word) = match directive.args() {
        [word] => (false, *word),
        [modified, word] if modified.value(directive.source) == "modified" => (true, *word),
        [first, ..] => {
            check.invalid_for(directive, *first, "\"expires\" directive invalid value", HELP);
            return;
        }
        [] => return,
    };
    let text = word.value(directive.source);
    if !check.template(directive, word) || text.contains('$') {
        return;
    }
    if !is_modified && matches!(&*text, "epoch" | "max" | "off") {
        return;
    }
    let (is_daily, time) = match text.strip_prefix('@') {
        Some(time) => (true, time),
        None => (false, text.strip_prefix(['+', '-']).unwrap_or(&text)),
    };
    let message = match seconds(time) {
        _ if is_daily && is_modified => "daily time cannot be used with \"modified\" parameter",
        None => "invalid value",
        Some(time) if is_daily && time > 24 * 60 * 60 => {
            "daily time value must be less than 24 hours"
        }
        Some(_) => return,
    };
    check.invalid_for(directive, word, format!("\"expires\" directive {message}"), HELP);
}

/// Texts with variables where nginx compiles them only when it merges levels:
/// `proxy_set_header` and its like have one behind the name.
pub(super) fn set_header<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    if let [_, value, ..] = directive.args()
        && check.is_merged
    {
        check.template(directive, *value);
    }
}

/// One text with variables that is compiled when levels are merged.
pub(super) fn merged_text<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    if check.is_merged {
        text(check, directive);
    }
}

/// `variables_hash_bucket_size`, `variables_hash_max_size`: the hash is always built
/// (`ngx_hash_init`).
pub(super) fn variables_hash(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    const LARGEST_BUCKET: i64 = 65536 - 64;
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source);
    let name = directive.name();
    let message = match number(&text) {
        Some(size) if &*name == "variables_hash_bucket_size" && size > LARGEST_BUCKET => {
            format!("could not build variables_hash, too large {name}: {size}")
        }
        Some(0) => format!("could not build variables_hash, you should increase {name}: 0"),
        _ => return,
    };
    check.invalid(directive, word, message);
}

/// One text with variables.
pub(super) fn text<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    if let Some(&word) = directive.args().first() {
        check.template(directive, word);
    }
}

/// Splits `name=value`.
pub(super) fn parameter(text: &str) -> (&str, Option<&str>) {
    match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text, None),
    }
}

/// Says that a parameter is not known or wrong.
pub(super) fn invalid_parameter(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    word: Word,
    help: &str,
) {
    let text = word.value(directive.source);
    check.invalid_for(directive, word, format!("invalid parameter \"{text}\""), help);
}
