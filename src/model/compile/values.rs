//! Values that nginx would not take, and arguments that the format has no word for, of the
//! directives that are compiled.

use crate::catalog::{Entry, ValueType};
use crate::runtime::config::Pattern;
use crate::syntax::Directive;
use crate::syntax::value::{length, milliseconds, number, seconds, size};

use super::Compilation;

/// Lists what is wrong with the value of a directive.
pub(super) fn check(compilation: &mut Compilation<'_, '_>, line: Directive<'_>, entry: &Entry) {
    let text = line.arg(0).unwrap_or_default();
    let is_flag = |text: &str| text.eq_ignore_ascii_case("on") || text.eq_ignore_ascii_case("off");
    let is_valid = match entry.value {
        ValueType::Flag => is_flag(&text),
        ValueType::Number => number(&text).is_some(),
        ValueType::Size => size(&text).is_some(),
        ValueType::Length => length(&text).is_some(),
        ValueType::Milliseconds => milliseconds(&text).is_some(),
        ValueType::Seconds => seconds(&text).is_some(),
        ValueType::Buffers => {
            number(&text).is_some() && line.arg(1).is_some_and(|text| size(&text).is_some())
        }
        ValueType::ComplexSize => text.contains('$') || size(&text).is_some(),
        _ => true,
    };
    let at = compilation.place(line);
    if !is_valid {
        let reason = format!("nginx does not take \"{text}\"");
        compilation.unsupported(at, line.name(), reason);
        return;
    }
    match (&*line.name(), line.args().len()) {
        ("proxy_set_header", _) => drop(compilation.template_arg(line, 1)),
        ("proxy_redirect", 2..) => redirect(compilation, line),
        ("proxy_pass", _) => drop(compilation.template_arg(line, 0)),
        ("keepalive_timeout", 2) => {
            let reason = "this format has no word for the header Keep-Alive";
            compilation.unsupported(at, "the second argument of keepalive_timeout", reason);
        }
        ("keepalive", 2) => {
            let reason = "this format has no word for the parameter";
            compilation.unsupported(at, "keepalive … local", reason);
        }
        _ if matches!(entry.value, ValueType::Complex | ValueType::ComplexSize) => {
            drop(compilation.template_arg(line, 0));
        }
        _ => {}
    }
}

fn redirect(compilation: &mut Compilation<'_, '_>, line: Directive<'_>) {
    compilation.template_arg(line, 1);
    let from = line.arg(0).unwrap_or_default();
    let Some(regex) = from.strip_prefix('~') else {
        compilation.template_arg(line, 0);
        return;
    };
    let regex = regex.strip_prefix('*').unwrap_or(regex);
    if let Err(reason) = Pattern::new(regex, false) {
        compilation.unsupported(compilation.place(line), "proxy_redirect", reason);
    }
}
