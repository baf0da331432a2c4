//! What `nginx -t` rejects, without nginx.
//!
//! [`file()`] holds what needs no context. [`model()`] walks a configuration as nginx reads it,
//! line by line with includes in their place, and says of each directive what nginx would
//! say: `placement` whether it may stand there, `slots` and `handlers` what it makes of
//! its arguments; then what nginx finds when all is read. What nginx accepts and one regrets
//! is not for here but for `lint`, and what depends on the machine only for `environment`.

mod entries;
mod environment;
mod handlers;
mod late;
mod names;
mod placement;
mod seen;
mod slots;
mod terminator;
mod variables;

use std::collections::HashMap;

use crate::catalog::{Context, Entry, Form, Target, Versions};
use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::model::{Line, Model, Scope, ScopeId};
use crate::project::File;
use crate::source::{Place, Span};
use crate::syntax::address::{self, Address, Use};
use crate::syntax::regex::Regex;
use crate::syntax::value::{TemplateError, template};
use crate::syntax::{Body, Directive, Word};

/// The page about all that nginx rejects, with a section for each name of a finding.
pub const PAGE: &str = include_str!("../../docs/validation.md");

/// The section of the page about findings of a name; none if there are no such findings.
pub fn section(name: &str) -> Option<&'static str> {
    PAGE.split("\n## ").skip(1).find(|section| section.lines().next() == Some(name))
}

/// Checks of one file that need no context.
pub fn file(file: &File, report: &mut Vec<Diagnostic>) {
    terminator::check(file, report);
}

/// Checks of what the files mean.
pub fn model(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let unread = unread(report);
    let mut check = Check {
        model,
        target: model.target,
        versions: model.target.versions,
        report,
        scope: ScopeId::ROOT,
        context: Context::Main,
        seen: seen::Seen::default(),
        is_merged: true,
        names: names::Names::default(),
        variables: variables::Variables::default(),
        listens: handlers::Listens::new(),
        regexes: HashMap::new(),
        near: HashMap::new(),
        unread,
        has_unknown_modules: false,
        is_mixed: false,
    };
    check.scope(ScopeId::ROOT);
    names::check(&mut check);
    late::check(&mut check);
    variables::check(&mut check);
    if model.target.check_files {
        environment::check(&mut check);
    }
    if model.is_truncated {
        let place = model.project.source(model.root.source).place(Span::at(0));
        let message = "the includes of this configuration expand to too many directives";
        report.push(
            Diagnostic::new(Kind::Validate, "too-many-directives", Severity::Error, place, message)
                .help("include each file once; what comes last was not checked"),
        );
    }
}

/// One walk over a configuration, and what was learnt on the way.
struct Check<'m, 'p> {
    model: &'m Model<'p>,
    target: &'m Target,
    versions: Versions,
    report: &'m mut Vec<Diagnostic>,
    /// The scope being walked.
    scope: ScopeId,
    /// The context that it is.
    context: Context,
    /// What it held so far.
    seen: seen::Seen<'p>,
    /// Something that serves takes what stands in it.
    is_merged: bool,
    names: names::Names<'p>,
    variables: variables::Variables,
    listens: handlers::Listens<'p>,
    /// Compiled expressions by pattern and whether letter case does not matter.
    regexes: HashMap<(String, bool), Result<Regex, String>>,
    /// The known directive that is meant by one that is not, by name and context.
    near: HashMap<(String, Context), Option<(&'static str, bool)>>,
    /// Where the text cannot be read, which was said: nothing more is said of it.
    unread: Vec<Place>,
    /// Modules that nobody knows may define variables.
    has_unknown_modules: bool,
    /// It was said that the file mixes contexts.
    is_mixed: bool,
}

impl<'p> Check<'_, 'p> {
    /// Walks a scope and what is inside it.
    fn scope(&mut self, id: ScopeId) {
        let model = self.model;
        let scope = model.scope(id);
        let outer = (self.scope, self.context, self.is_merged, std::mem::take(&mut self.seen));
        (self.scope, self.context, self.is_merged) = (id, scope.context, is_merged(scope));
        if scope.context != Context::Unknown {
            // What surrounds a snippet holds nothing but the next scope inwards.
            for inner in model.implied_children(id) {
                self.scope(inner);
            }
            for &line in scope.lines() {
                self.line(line);
            }
            handlers::end_of_block(self);
        }
        (self.scope, self.context, self.is_merged, self.seen) = outer;
    }

    fn line(&mut self, line: Line<'p>) {
        let directive = line.directive;
        let entry = placement::entry(self, directive);
        let Some(entry) = entry else {
            // The block of a directive that is misplaced means what it means elsewhere.
            if let Some(block) = line.block
                && placement::is_known(&directive.name())
                && self.model.scope(block).context != Context::Entries
            {
                self.scope(block);
            }
            return;
        };
        let is_first = self.seen.note(directive);
        let is_read = self.is_read(directive, entry);
        let is_counted = is_read && placement::has_count(self, directive, entry);
        if is_counted {
            self.value(directive, entry, is_first);
        }
        match (entry.form, line.block) {
            (Form::Block(_), Some(block)) => self.scope(block),
            (Form::Entries, Some(block)) if is_counted => {
                entries::check(self, directive, block);
            }
            _ => {}
        }
    }

    /// True for a directive that could be read to its end, and ends in what it takes.
    fn is_read(&self, directive: Directive<'_>, entry: &Entry) -> bool {
        let is_simple = directive.body() == Body::None;
        let place = directive.place();
        let from = self
            .unread
            .partition_point(|it| (it.source, it.span.end) < (place.source, place.span.start));
        let meets = self
            .unread
            .get(from)
            .is_some_and(|it| it.source == place.source && it.span.start <= place.span.end);
        is_simple == (entry.form == Form::Simple) && !meets
    }

    fn value(&mut self, directive: Directive<'p>, entry: &'static Entry, is_first: bool) {
        if entry.is_single && !is_first {
            self.duplicate(directive);
            return;
        }
        if slots::check(self, directive, entry) {
            handlers::check(self, directive, entry);
        }
    }

    fn say(&mut self, diagnostic: Diagnostic) {
        self.report.push(diagnostic);
    }

    /// Says that nginx does not take a word, in nginx's words.
    fn invalid(&mut self, directive: Directive<'_>, word: Word, message: impl Into<String>) {
        self.say(error("invalid-value", directive.place_of(word), message));
    }

    /// Says that nginx does not take a word, and what it takes.
    fn invalid_for(
        &mut self,
        directive: Directive<'_>,
        word: Word,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.say(error("invalid-value", directive.place_of(word), message).help(help));
    }

    /// Says that a block has the directive already.
    fn duplicate(&mut self, directive: Directive<'p>) {
        let first = self.seen.first(&directive.name());
        self.duplicate_of(directive, first);
    }

    /// Says that a block has the directive already, in the first one.
    fn duplicate_of(&mut self, directive: Directive<'p>, first: Option<Directive<'p>>) {
        let message = format!("\"{}\" directive is duplicate", directive.name());
        let mut diagnostic = wrong("duplicate", directive, message);
        if let Some(first) = first.filter(|first| first.place() != directive.place()) {
            diagnostic = diagnostic.also(first.place(), "the first one is here");
        }
        self.say(diagnostic.help("keep one of them: nginx takes it once in a block"));
    }

    /// A place as nginx writes it: the file and the line.
    fn line_of(&self, place: Place) -> String {
        let source = self.model.project.source(place.source);
        format!("{}:{}", source.path.display(), source.position(place.span.start).line)
    }

    /// Reads a text with variables, and notes those that it uses; false if it cannot be read.
    fn template(&mut self, directive: Directive<'p>, word: Word) -> bool {
        let text = word.value(directive.source);
        self.text(directive, word, &text)
    }

    /// The same for a part of a word.
    fn text(&mut self, directive: Directive<'p>, word: Word, text: &str) -> bool {
        match template(text) {
            Ok(parts) => {
                let is_stream = self.context.is_stream();
                self.variables.use_all(&parts, is_stream, directive.place_of(word));
                true
            }
            Err(error) => {
                let help = match error {
                    TemplateError::InvalidVariableName => {
                        "write $name or ${name}; there is no way to escape a \"$\" in a value"
                    }
                    TemplateError::MissingBracket(_) => "close the variable with \"}\"",
                };
                self.invalid_for(directive, word, error.to_string(), help);
                false
            }
        }
    }

    /// Says that nginx defines a variable itself.
    fn fixed_variable(&mut self, directive: Directive<'_>, word: Word, name: &str) {
        let message = format!("the duplicate \"{name}\" variable");
        self.say(
            error("duplicate", directive.place_of(word), message)
                .here("nginx defines this variable itself")
                .help("choose another name"),
        );
    }

    /// Compiles an expression; its named groups become variables. False if that cannot be.
    fn regex(
        &mut self,
        directive: Directive<'p>,
        word: Word,
        pattern: &str,
        caseless: bool,
    ) -> bool {
        let is_stream = self.context.is_stream();
        let Some(regex) = self.pattern(directive, word, pattern, caseless) else {
            // What uses its groups is not wrong on top of that.
            for name in pattern.split("(?").skip(1).filter_map(group_name) {
                self.variables.define(name, is_stream);
            }
            return false;
        };
        let names: Vec<String> = regex.names().map(str::to_owned).collect();
        names.into_iter().all(|name| {
            let is_fixed = variables::is_fixed(&name, is_stream, self.versions);
            if is_fixed {
                self.fixed_variable(directive, word, &name);
            } else {
                self.variables.define(&name, is_stream);
            }
            !is_fixed
        })
    }

    /// Compiles an expression whose groups nginx does not look at; says it if that cannot be.
    fn pattern(
        &mut self,
        directive: Directive<'_>,
        word: Word,
        pattern: &str,
        caseless: bool,
    ) -> Option<&Regex> {
        let key = (pattern.to_owned(), caseless);
        let compiled = self.regexes.entry(key).or_insert_with(|| {
            Regex::new(pattern, caseless).map_err(|error| {
                let rest = pattern.get(error.offset..).unwrap_or_default();
                let at = if rest.is_empty() { String::new() } else { format!(" at \"{rest}\"") };
                format!("pcre2_compile() failed: {} in \"{pattern}\"{at}", error.message)
            })
        });
        if let Err(message) = compiled {
            let is_cut = directive.is_block() || word.span.end == directive.span().end - 1;
            let help = if is_cut && !word.is_quoted() {
                "a `{`, `}` or `;` in an expression ends the word: put quotes around the expression"
            } else {
                "correct the expression; nginx uses PCRE"
            };
            let place = directive.place_of(word);
            self.report.push(error("invalid-regex", place, message.clone()).help(help));
        }
        compiled.as_ref().ok()
    }

    /// Reads an address; says what is wrong in nginx's words, with `place` behind the reason.
    fn address<'t>(
        &mut self,
        directive: Directive<'_>,
        word: Word,
        text: &'t str,
        purpose: Use,
        place: &str,
    ) -> Option<Address<'t>> {
        address::address(text, purpose)
            .map_err(|reason| {
                let help = match purpose {
                    Use::Listen => "an address is a port, address:port, [IPv6]:port, *:port or unix:/path; ports go from 1 to 65535",
                    _ if text.contains("://") => "leave out the scheme",
                    _ => "an address is host, host:port, [IPv6]:port or unix:/path; ports go from 1 to 65535",
                };
                self.invalid_for(directive, word, format!("{reason} in {place}"), help);
            })
            .ok()
    }
}

/// False for what stands at http level where no server is: nginx never merges it into
/// something that serves.
fn is_merged(scope: &Scope<'_>) -> bool {
    scope.context != Context::Http
        || scope.opener.is_none()
        || scope.has_unknown_include
        || scope.lines().iter().any(|line| line.directive.is("server"))
}

/// The name of the group that begins behind a `(?`, if it has one.
fn group_name(group: &str) -> Option<&str> {
    let rest = group.strip_prefix('P').unwrap_or(group);
    let rest = rest.strip_prefix(['<', '\''])?;
    let name = rest.split(['>', '\'']).next()?;
    Some(name).filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
}

/// The places of what is wrong with the text, in order.
fn unread(report: &[Diagnostic]) -> Vec<Place> {
    let syntax = report.iter().filter(|finding| finding.kind == Kind::Syntax);
    let mut places: Vec<Place> = syntax.map(|finding| finding.label.place).collect();
    places.sort_unstable_by_key(|place| (place.source, place.span.end));
    places
}

fn error(rule: &'static str, place: Place, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Kind::Validate, rule, Severity::Error, place, message)
}

/// An error about a whole directive.
fn wrong(rule: &'static str, at: Directive<'_>, message: impl Into<String>) -> Diagnostic {
    error(rule, at.place(), message)
}

fn warning(rule: &'static str, place: Place, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Kind::Validate, rule, Severity::Warning, place, message)
}
