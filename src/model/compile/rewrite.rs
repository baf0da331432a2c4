//! The directives of the rewrite module as a program (`ngx_http_rewrite_module.c`).

use std::borrow::Cow;

use crate::catalog::Context;
use crate::model::{Line, ScopeId, variable_name};
use crate::runtime::config::{Condition, FileTest, Instruction, Place, RewriteFlag, Template};
use crate::syntax::Directive;
use crate::syntax::value::number;

use super::{Compilation, handler};

/// A redirect by its URL alone has this status.
const FOUND: u16 = 302;

/// What is rewritten in a server, a location or an `if`, in order.
pub(super) fn program(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Vec<Instruction> {
    let model = compilation.model;
    let mut program = Vec::new();
    // In a snippet of an `if`, that `if` is implied.
    for block in model.implied_children(scope) {
        if matches!(model.scope(block).context, Context::IfInServer | Context::IfInLocation) {
            let (at, reason) = (compilation.place_of(block), "what it asks is not in view");
            compilation.unsupported(at, "if", reason);
        }
    }
    for line in model.scope(scope).lines() {
        program.extend(instruction(compilation, line));
    }
    program
}

fn instruction(compilation: &mut Compilation<'_, '_>, line: &Line<'_>) -> Option<Instruction> {
    let directive = line.directive;
    let at = compilation.place(directive);
    match (&*directive.name(), line.block) {
        ("set", None) => {
            let variable = variable_name(&directive.arg(0)?);
            Some(Instruction::Set { variable, value: compilation.template_arg(directive, 1), at })
        }
        ("rewrite", None) => rewrite(compilation, directive, at),
        ("return", None) => answer(compilation, directive, at),
        ("break", None) => Some(Instruction::Break { at }),
        ("if", Some(block)) => {
            let condition = condition(compilation, directive)?;
            let in_location = compilation.model.scope(block).context == Context::IfInLocation;
            let then = program(compilation, block);
            let handler = in_location.then(|| Box::new(handler::effective(compilation, block)));
            Some(Instruction::If { condition, then, handler, at })
        }
        _ => None,
    }
}

/// True for what redirects a client if it is all there is.
fn is_url(text: &str) -> bool {
    ["http://", "https://", "$scheme"].iter().any(|start| text.starts_with(start))
}

/// `ngx_http_rewrite`
fn rewrite(
    compilation: &mut Compilation<'_, '_>,
    directive: Directive<'_>,
    at: Place,
) -> Option<Instruction> {
    let pattern = compilation.pattern(directive, &directive.arg(0)?, false)?;
    let text = directive.arg(1)?;
    let flag = match directive.arg(2).as_deref() {
        Some("permanent") => RewriteFlag::Permanent,
        _ if is_url(&text) => RewriteFlag::Redirect,
        Some("redirect") => RewriteFlag::Redirect,
        Some("last") => RewriteFlag::Last,
        Some("break") => RewriteFlag::Break,
        None => RewriteFlag::None,
        Some(flag) => {
            compilation.unsupported(at, format!("rewrite {flag}"), "nginx does not take the flag");
            RewriteFlag::None
        }
    };
    let kept = text.strip_suffix('?');
    Some(Instruction::Rewrite {
        pattern,
        replacement: compilation.template(directive, kept.unwrap_or(&text)),
        drops_arguments: kept.is_some(),
        flag,
        at,
    })
}

/// `ngx_http_rewrite_return`
fn answer(
    compilation: &mut Compilation<'_, '_>,
    directive: Directive<'_>,
    at: Place,
) -> Option<Instruction> {
    let code = directive.arg(0)?;
    let text = directive.arg(1).map(|text| compilation.template(directive, &text));
    let status = number(&code).and_then(|code| u16::try_from(code).ok()).filter(|&it| it <= 999);
    match status {
        Some(status) => Some(Instruction::Return { status, text, at }),
        None if text.is_none() && is_url(&code) => {
            let text = Some(compilation.template(directive, &code));
            Some(Instruction::Return { status: FOUND, text, at })
        }
        None => {
            compilation.unsupported(at, format!("return {code}"), "nginx does not take the code");
            None
        }
    }
}

/// What stands between the parentheses of an `if` (`ngx_http_rewrite_if_condition`).
pub(super) fn condition(
    compilation: &mut Compilation<'_, '_>,
    line: Directive<'_>,
) -> Option<Condition> {
    let condition = condition_words(line).and_then(|words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        test(compilation, line, &words)
    });
    if condition.is_none() {
        let words: Vec<_> = line.arg_values().collect();
        let (at, what) = (compilation.place(line), format!("if {}", words.join(" ")));
        compilation.unsupported(at, what, "nginx does not take the condition");
    }
    condition
}

/// The words of a condition without the parentheses, each of which may stand alone.
pub(in crate::model) fn condition_words(line: Directive<'_>) -> Option<Vec<String>> {
    let mut words: Vec<_> = line.arg_values().map(Cow::into_owned).collect();
    match words.first_mut()?.strip_prefix('(')?.to_owned() {
        rest if rest.is_empty() => drop(words.remove(0)),
        rest => words[0] = rest,
    }
    match words.last_mut()?.strip_suffix(')')?.to_owned() {
        rest if rest.is_empty() => drop(words.pop()),
        rest => *words.last_mut()? = rest,
    }
    Some(words)
}

fn test(
    compilation: &mut Compilation<'_, '_>,
    line: Directive<'_>,
    words: &[&str],
) -> Option<Condition> {
    if let [name, rest @ ..] = words
        && let Some(name) = name.strip_prefix('$').filter(|name| !name.is_empty())
    {
        let variable = variable_name(name);
        let (operator, value) = match rest {
            [] => return Some(Condition::IsSet { variable }),
            [operator, value] => (*operator, *value),
            _ => return None,
        };
        let negated = operator.starts_with('!');
        return match operator.trim_start_matches('!') {
            "=" => {
                let value = compilation.template(line, value);
                Some(Condition::Equals { variable, value, negated })
            }
            regex @ ("~" | "~*") => {
                let pattern = compilation.pattern(line, value, regex == "~*")?;
                Some(Condition::Matches { variable, pattern, negated })
            }
            _ => None,
        };
    }
    let [operator, path] = words else { return None };
    let is = match operator.trim_start_matches('!') {
        "-f" => FileTest::File,
        "-d" => FileTest::Directory,
        "-e" => FileTest::Exists,
        "-x" => FileTest::Executable,
        _ => return None,
    };
    let path: Template = compilation.template(line, path);
    Some(Condition::File { is, path, negated: operator.starts_with('!') })
}
