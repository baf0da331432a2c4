//! The arguments of blocks whose entries are data, and of small directives beside them.

use crate::syntax::Directive;
use crate::syntax::regex::Regex;
use crate::validate::Check;

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
    let Some(name) = text.strip_prefix('$').filter(|name| !name.is_empty()) else {
        let message = format!("invalid variable name \"{text}\"");
        check.invalid_for(directive, *first, message, "put a \"$\" before the name");
        return;
    };
    let is_stream = check.context.is_stream();
    check.variables.use_one(name, is_stream, directive.place_of(*first));
    define(check, directive, *variable);
}

/// `ngx_http_fastcgi_split_path_info`
pub(super) fn split_path_info<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(&word) = directive.args().first() else { return };
    let pattern = word.value(directive.source).into_owned();
    let groups = check.pattern(directive, word, &pattern, false).map(Regex::groups);
    if groups.is_some_and(|groups| groups != 2) {
        let message = format!("pattern \"{pattern}\" must have 2 captures");
        let help = "one group is the script's name, the other the path behind it";
        check.invalid_for(directive, word, message, help);
    }
}
