//! `if`, `set`, `rewrite`, `return` (`ngx_http_rewrite_module.c`, and stream's `set` and
//! `return`).

use crate::syntax::value::number;
use crate::syntax::{Directive, Word};

use crate::validate::{Check, error, variables};

/// `ngx_http_rewrite`
pub(super) fn rewrite<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [regex, replacement, flags @ ..] = directive.args() else { return };
    if replacement.value(directive.source).is_empty() {
        check.invalid(directive, *replacement, "empty replacement");
        return;
    }
    let pattern = regex.value(directive.source);
    if !check.regex(directive, *regex, &pattern, false) {
        return;
    }
    if let [flag] = flags {
        let text = flag.value(directive.source);
        if !matches!(&*text, "last" | "break" | "redirect" | "permanent") {
            let help = "the flag is last, break, redirect or permanent; quote a replacement that holds white space";
            check.invalid_for(directive, *flag, format!("invalid parameter \"{text}\""), help);
            return;
        }
    }
    check.template(directive, *replacement);
}

/// `ngx_http_rewrite_return`
pub(super) fn ret<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [code, text @ ..] = directive.args() else { return };
    let value = code.value(directive.source);
    let is_url = ["http://", "https://", "$scheme"].iter().any(|start| value.starts_with(start));
    match number(&value) {
        Some(0..=999) => {
            if let [text] = text {
                check.template(directive, *text);
            }
        }
        None if is_url && text.is_empty() => {
            check.template(directive, *code);
        }
        _ => {
            let help = if value.get(..4).is_some_and(|it| it.eq_ignore_ascii_case("http")) {
                "a URL alone has to begin with http:// or https:// in lower case"
            } else if value.starts_with(['$', '/']) {
                "put a code before the URL, as in `return 302 …`"
            } else {
                "a code is a number up to 999"
            };
            check.invalid_for(directive, *code, format!("invalid return code \"{value}\""), help);
        }
    }
}

/// `ngx_http_rewrite_set`, and the same of stream.
pub(super) fn set<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [name, value] = directive.args() else { return };
    if define(check, directive, *name) {
        check.template(directive, *value);
    }
}

/// Defines the variable that a word names; false if it may not be defined, which is said
/// (`ngx_http_add_variable`).
pub(super) fn define<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, word: Word) -> bool {
    let text = word.value(directive.source);
    let is_stream = check.context.is_stream();
    let name = text.strip_prefix('$').filter(|name| !name.is_empty());
    let Some(name) = name else {
        let help = "put a \"$\" before the name";
        check.invalid_for(directive, word, format!("invalid variable name \"{text}\""), help);
        return false;
    };
    if variables::is_fixed(name, is_stream, check.versions) {
        check.fixed_variable(directive, word, name);
        return false;
    }
    check.variables.define(name, is_stream);
    true
}

/// `ngx_stream_return`
pub(super) fn stream_return<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    for &word in directive.args() {
        check.template(directive, word);
    }
}

/// `ngx_http_rewrite_if_condition`
pub(super) fn condition<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let mut words: Vec<(Word, String)> = directive
        .args()
        .iter()
        .map(|&word| (word, word.value(directive.source).into_owned()))
        .collect();
    let all = words.len();
    let Some((first, text)) = words.first_mut() else { return };
    match text.strip_prefix('(') {
        Some("") => {
            words.remove(0);
        }
        Some(rest) => *text = rest.to_owned(),
        None => {
            let (word, text) = (*first, text.clone());
            invalid(check, directive, word, &text, "put the condition in parentheses");
            return;
        }
    }
    let Some((last, text)) = words.last_mut() else {
        let word = directive.args()[all - 1];
        let text = word.value(directive.source);
        invalid(check, directive, word, &text, "close the condition with \")\"");
        return;
    };
    match text.strip_suffix(')') {
        Some("") => {
            words.pop();
        }
        Some(rest) => *text = rest.to_owned(),
        None => {
            let (word, text) = (*last, text.clone());
            invalid(check, directive, word, &text, "close the condition with \")\"");
            return;
        }
    }
    test(check, directive, &words);
}

/// What stands between the parentheses.
fn test<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, words: &[(Word, String)]) {
    const FORMS: &str = "write ($variable), ($variable = text), ($variable ~ regex) or (-f path); quote text that holds white space or parentheses";
    let Some((word, first)) = words.first() else {
        let word = directive.args()[directive.args().len() - 1];
        invalid(check, directive, word, ")", "there is no condition between the parentheses");
        return;
    };
    let is_stream = check.context.is_stream();
    if let Some(name) = first.strip_prefix('$').filter(|name| !name.is_empty()) {
        let (operator, value) = match &words[1..] {
            [] => {
                check.variables.use_one(name, is_stream, directive.place_of(*word));
                return;
            }
            [operator, value] => (operator, value),
            _ => return invalid(check, directive, *word, first, FORMS),
        };
        check.variables.use_one(name, is_stream, directive.place_of(*word));
        match operator.1.as_str() {
            "=" | "!=" => {
                check.text(directive, value.0, &value.1);
            }
            "~" | "!~" => {
                check.regex(directive, value.0, &value.1, false);
            }
            "~*" | "!~*" => {
                check.regex(directive, value.0, &value.1, true);
            }
            other => {
                let message = format!("unexpected \"{other}\" in condition");
                let help = match other {
                    "==" => "nginx compares with a single \"=\"",
                    "&&" | "||" | "and" | "or" => {
                        "nginx has no \"and\" and \"or\" in conditions: use a map"
                    }
                    _ => "operators are =, !=, ~, ~*, !~ and !~*",
                };
                check.say(
                    error("invalid-condition", directive.place_of(operator.0), message).help(help),
                );
            }
        }
        return;
    }
    let is_file_test = matches!(first.as_bytes(), [b'-', _] | [b'!', b'-', _]);
    match &words[1..] {
        [(path, text)] if is_file_test => {
            if check.text(directive, *path, text) && !first.ends_with(['f', 'd', 'e', 'x']) {
                let help = "files are tested with -f, -d, -e and -x";
                invalid(check, directive, *word, first, help);
            }
        }
        _ => invalid(check, directive, *word, first, FORMS),
    }
}

fn invalid(check: &mut Check<'_, '_>, at: Directive<'_>, word: Word, text: &str, help: &str) {
    let message = format!("invalid condition \"{text}\"");
    check.say(error("invalid-condition", at.place_of(word), message).help(help));
}
