//! `;` where a block is due, and the reverse (the tests in `ngx_conf_handler`).
//!
//! A simple directive that runs into a `{` nearly always lacks its `;` further up:
//! the word that begins the next directive shows where.

use crate::catalog;
use crate::diagnostic::{Diagnostic, Edit, Fix, Kind, Severity};
use crate::project::File;
use crate::source::Span;
use crate::syntax::{Body, Directive, Item, Word};

pub(super) fn check(file: &File, report: &mut Vec<Diagnostic>) {
    walk(file.directives(), report);
}

fn walk<'a>(directives: impl Iterator<Item = Directive<'a>>, report: &mut Vec<Diagnostic>) {
    for directive in directives {
        let name = directive.name();
        match directive.body() {
            Body::Block { open, .. } if catalog::is_simple(&name) => {
                report.push(not_terminated(directive, &name, open));
            }
            Body::None if catalog::is_block(&name) => report.push(no_opening(directive, &name)),
            Body::Block { .. } if holds_entries(directive) => entries(directive, report),
            _ => walk(directive.directives(), report),
        }
    }
}

fn error(rule: &'static str, directive: Directive<'_>, span: Span, message: String) -> Diagnostic {
    let place = directive.source.place(span);
    Diagnostic::new(Kind::Syntax, rule, Severity::Error, place, message)
}

fn not_terminated(directive: Directive<'_>, name: &str, open: u32) -> Diagnostic {
    let message = format!("directive \"{name}\" is not terminated by \";\"");
    let brace = Span::new(open, open + 1);
    let words = directive.words();
    let Some(index) = continuation(directive, words) else {
        return error("missing-semicolon", directive, brace, message)
            .here("a block begins here")
            .also(directive.place(), "this directive takes no block")
            .help("end the directive with \";\"; a \"{\" that belongs to a value needs quotes around the value");
    };
    let last = words[index - 1].span;
    let next = words[index].value(directive.source);
    let edit = Edit { place: directive.source.place(Span::at(last.end)), text: ";".to_owned() };
    error("missing-semicolon", directive, last, message)
        .here("a \";\" is missing behind this")
        .also(directive.place_of(words[index]), format!("\"{next}\" begins a directive of its own"))
        .help("end the directive with \";\"")
        .fix(Fix::safe("add the \";\"", vec![edit]))
}

/// The first word that begins a line and is the name of a directive.
fn continuation(directive: Directive<'_>, words: &[Word]) -> Option<usize> {
    (1..words.len()).find(|&index| {
        directive.source.begins_line(words[index].span.start)
            && !catalog::directive(&words[index].value(directive.source)).is_empty()
    })
}

fn no_opening(directive: Directive<'_>, name: &str) -> Diagnostic {
    let message = format!("directive \"{name}\" has no opening \"{{\"");
    error("missing-brace", directive, directive.head(), message)
        .here("this directive takes a block")
        .help(format!("write `{name} … {{` and close the block with \"}}\""))
}

fn holds_entries(directive: Directive<'_>) -> bool {
    let entries = catalog::directive(&directive.name());
    !entries.is_empty() && entries.iter().all(|entry| entry.form == catalog::Form::Entries)
}

/// In `map`, `geo`, `types` and their like no entry has a block.
fn entries(directive: Directive<'_>, report: &mut Vec<Diagnostic>) {
    for item in directive.items() {
        let Item::Directive(entry) = item else { continue };
        if let Body::Block { open, .. } = entry.body() {
            let name = directive.name();
            report.push(
                error("unexpected-brace", entry, Span::new(open, open + 1), "unexpected \"{\"".to_owned())
                    .here(format!("an entry of \"{name}\" has no block"))
                    .also(directive.place(), "in this block")
                    .help("end the entry with \";\", or close the block above it with \"}\""),
            );
        }
    }
}
