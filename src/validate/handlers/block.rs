//! The arguments of blocks whose entries are data, and of small directives beside them.

use crate::syntax::Directive;
use crate::syntax::regex::Regex;
use crate::validate::{Check, error};

use super::rewrite::define;

/// `ngx_http_map_block`, `ngx_conf_split_clients_block` and the same of stream: a text, and
/// the variable that it leads to.
pub(super) fn map<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [text, variable] = directive.args() else { return };
    if check.template(directive, *text) {
        define(check, directive, *variable);
    }
}

/// `ngx_http_geo_block`, and the same of stream.
pub(super) fn geo<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [first, rest @ ..] = directive.args() else { return };
    let [variable] = rest else {
        define(check, directive, *first);
        return;
    };
    let text = first.value(directive.source).into_owned();
    match text.strip_prefix('$').filter(|name| !name.is_empty()) {
        Some(name) => {
            let is_stream = check.context.is_stream();
            check.variables.use_one(name, is_stream, directive.place_of(*first));
            define(check, directive, *variable);
        }
        None => {
            let message = format!("invalid variable name \"{text}\"");
            check.invalid_for(directive, *first, message, "put a \"$\" before the name");
        }
    }
}

/// `ngx_http_charset_map_block`
pub(super) fn charset_map(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let [from, to] = directive.args() else { return };
    let (from, to) = (from.value(directive.source), to.value(directive.source));
    let is_same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    if is_same(&from, &to) {
        let message = format!("\"charset_map\" between the same charsets \"{from}\" and \"{to}\"");
        check.say(error("conflict", directive.place(), message));
        return;
    }
    let lines = check.model.scope(check.scope).lines().iter().map(|line| line.directive);
    let place = directive.place();
    let mut before = lines.take_while(|other| other.place() != place);
    let first = before.find(|other| {
        other.is("charset_map")
            && other.arg(0).is_some_and(|it| is_same(&it, &from))
            && other.arg(1).is_some_and(|it| is_same(&it, &to))
    });
    if let Some(first) = first {
        let message = format!("duplicate \"charset_map\" between \"{from}\" and \"{to}\"");
        check.say(error("duplicate", place, message).also(first.place(), "the first one is here"));
    }
}

/// `ngx_http_fastcgi_split_path_info`
pub(super) fn split_path_info<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(&word) = directive.args().first() else { return };
    let pattern = word.value(directive.source).into_owned();
    if check.regex(directive, word, &pattern, false)
        && Regex::new(&pattern, false).is_ok_and(|regex| regex.groups() != 2)
    {
        let message = format!("pattern \"{pattern}\" must have 2 captures");
        let help = "one group is the script's name, the other the path behind it";
        check.invalid_for(directive, word, message, help);
    }
}
