//! `;` where a block is due, and the reverse (the tests in `ngx_conf_handler`).
//!
//! A simple directive that runs into a `{` nearly always lacks its `;` further up:
//! the word that begins the next directive shows where.

use crate::catalog::{self, Context, Entry, Form};
use crate::diagnostic::{Diagnostic, Edit, Fix, Kind, Severity};
use crate::project::File;
use crate::source::Span;
use crate::syntax::{Body, Directive, Item, Word};

pub(super) fn check(file: &File, report: &mut Vec<Diagnostic>) {
    // A file without them may be included into a map, where any word may be a key.
    let is_outermost =
        |it: &Directive<'_>| ["events", "http", "stream", "mail"].iter().any(|name| it.is(name));
    let is_main =
        file.directives().any(|it| is_outermost(&it) && (it.is_block() || it.args().is_empty()));
    walk(file.directives(), is_main.then_some(Context::Main), report);
}

/// What a block holds, where the block's own place says so.
fn context(outer: Option<Context>, block: &str) -> Option<Context> {
    let blocks = catalog::directive(block).iter();
    let mut here = blocks.filter_map(|entry| match entry.form {
        Form::Block(context) if entry.contexts.contain(outer.unwrap_or(Context::Main)) => {
            Some(context)
        }
        _ => None,
    });
    here.next().or_else(|| (block == "location").then_some(Context::Location))
}

/// The forms that a directive may have in a context, or anywhere if it may not stand there.
fn forms(name: &str, context: Option<Context>) -> Vec<Form> {
    let entries = catalog::directive(name);
    let fits = |entry: &&Entry| context.is_some_and(|context| entry.contexts.contain(context));
    let here: Vec<Form> = entries.iter().filter(fits).map(|entry| entry.form).collect();
    if here.is_empty() { entries.iter().map(|entry| entry.form).collect() } else { here }
}

fn walk<'a>(
    directives: impl Iterator<Item = Directive<'a>>,
    outer: Option<Context>,
    report: &mut Vec<Diagnostic>,
) {
    // A lost "{" leaves what was in its block where that may not stand: one report is enough.
    let mut lost_brace = false;
    for directive in directives {
        let name = directive.name();
        let forms = forms(&name, outer);
        let is_simple = !forms.is_empty() && forms.iter().all(|&form| form == Form::Simple);
        let is_block = !forms.is_empty() && forms.iter().all(|&form| form != Form::Simple);
        match directive.body() {
            Body::Block { open, .. } if is_simple => not_terminated(directive, &name, open, report),
            Body::None if is_block && outer.is_some() && !lost_brace => {
                lost_brace = true;
                report.push(no_opening(directive, &name));
            }
            Body::None => {}
            // In one that is never closed, what follows it only seems to be inside.
            Body::Block { close: Some(_), .. }
                if is_block && forms.iter().all(|&form| form == Form::Entries) =>
            {
                entries(directive, report);
            }
            _ => walk(directive.directives(), context(outer, &name), report),
        }
    }
}

fn error(rule: &'static str, directive: Directive<'_>, span: Span, message: String) -> Diagnostic {
    let place = directive.source.place(span);
    Diagnostic::new(Kind::Syntax, rule, Severity::Error, place, message)
}

/// Reports each place where a line of the statement begins another directive or, if none
/// does, the brace.
fn not_terminated(directive: Directive<'_>, name: &str, open: u32, report: &mut Vec<Diagnostic>) {
    let words = directive.words();
    let mut name = name.to_owned();
    let before = report.len();
    for pair in words.windows(2) {
        let next = pair[1].value(directive.source);
        let begins_line = directive.source.begins_line(pair[1].span.start);
        if begins_line && !catalog::directive(&next).is_empty() {
            report.push(missing_semicolon(directive, &name, pair[0], pair[1]));
            name = next.into_owned();
        }
    }
    if report.len() == before {
        let brace = Span::new(open, open + 1);
        report.push(
            error("missing-semicolon", directive, brace, format!("directive \"{name}\" is not terminated by \";\""))
                .here("a block begins here")
                .also(directive.place(), "this directive takes no block")
                .help("end the directive with \";\"; a \"{\" that belongs to a value needs quotes around the value"),
        );
    }
}

fn missing_semicolon(directive: Directive<'_>, name: &str, last: Word, next: Word) -> Diagnostic {
    let place = directive.source.place(Span::at(last.span.end));
    let next_name = next.value(directive.source);
    error(
        "missing-semicolon",
        directive,
        last.span,
        format!("directive \"{name}\" is not terminated by \";\""),
    )
    .here("a \";\" is missing behind this")
    .also(directive.place_of(next), format!("\"{next_name}\" begins a directive of its own"))
    .help("end the directive with \";\"")
    .fix(Fix::safe("add the \";\"", vec![Edit { place, text: ";".to_owned() }]))
}

fn no_opening(directive: Directive<'_>, name: &str) -> Diagnostic {
    let message = format!("directive \"{name}\" has no opening \"{{\"");
    error("missing-brace", directive, directive.head(), message)
        .here("this directive takes a block")
        .help(format!("write `{name} … {{` and close the block with \"}}\""))
}

/// In `map`, `geo`, `types` and their like no entry has a block.
fn entries(directive: Directive<'_>, report: &mut Vec<Diagnostic>) {
    for item in directive.items() {
        let Item::Directive(entry) = item else {
            continue;
        };
        if let Body::Block { open, .. } = entry.body() {
            let name = directive.name();
            report.push(
                error(
                    "unexpected-brace",
                    entry,
                    Span::new(open, open + 1),
                    "unexpected \"{\"".to_owned(),
                )
                .here(format!("an entry of \"{name}\" has no block"))
                .also(directive.place(), "in this block")
                .help("end the entry with \";\", or close the block above it with \"}\""),
            );
        }
    }
}
