//! Names that nginx does not know for a reason one cannot see: spaces that are none to it.
//!
//! Pages and word processors put no-break spaces where the text looks indented; nginx takes
//! them for part of a word (white space is four bytes in `ngx_conf_read_token`).

use crate::catalog::{self, Form};
use crate::diagnostic::{Diagnostic, Edit, Fix, Kind, Severity};
use crate::project::File;
use crate::source::Span;
use crate::source::offset;
use crate::syntax::Directive;

pub(super) fn check(file: &File, report: &mut Vec<Diagnostic>) {
    walk(file.directives(), report);
}

fn walk<'a>(directives: impl Iterator<Item = Directive<'a>>, report: &mut Vec<Diagnostic>) {
    for directive in directives {
        let name = directive.name();
        if name.contains(is_false_space) {
            report.push(false_space(directive, &name));
        }
        // In a map and its like the first word is data.
        let holds_data = catalog::directive(&name).iter().any(|entry| entry.form == Form::Entries);
        if !holds_data {
            walk(directive.directives(), report);
        }
    }
}

/// White space to people, and characters that have no width, but no white space to nginx.
fn is_false_space(c: char) -> bool {
    !c.is_ascii() && c.is_whitespace()
        || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

fn false_space(directive: Directive<'_>, name: &str) -> Diagnostic {
    let source = directive.source;
    let word = directive.words()[0].span;
    let edits = source.slice(word).match_indices(is_false_space).map(|(at, text)| {
        let start = word.start + offset(at);
        let span = Span::new(start, start + offset(text.len()));
        let replacement = if text.starts_with(char::is_whitespace) { " " } else { "" };
        Edit { place: source.place(span), text: replacement.to_owned() }
    });
    let message =
        format!("unknown directive \"{name}\": it has a space that nginx takes for a letter");
    Diagnostic::new(Kind::Validate, "false-space", Severity::Error, source.place(word), message)
        .here("a no-break space or its like is in here")
        .help("use plain spaces; text that was copied from a page often has others")
        .fix(Fix::safe("use plain spaces", edits.collect()))
}
