//! Whether nginx knows a directive, takes it where it stands, and takes so many arguments
//! (`ngx_conf_handler`).

use crate::catalog::{self, Context, Entry, Version, Versions, distance};
use crate::diagnostic::{Diagnostic, Edit, Fix, Kind, Severity};
use crate::source::{Span, offset};
use crate::syntax::{Directive, Word};

use super::{Check, error, warning, wrong};

/// More unknown names than these are not compared with those that are known.
const MAX_HELPED: usize = 200;

/// True for a directive that some nginx or module has.
pub(super) fn is_known(name: &str) -> bool {
    !catalog::directive(name).is_empty()
}

/// What a directive is where it stands; none if it may not stand there, which is said.
pub(super) fn entry(check: &mut Check<'_, '_>, directive: Directive<'_>) -> Option<&'static Entry> {
    let name = directive.name();
    let entries = catalog::directive(&name);
    let exists = |entry: &&Entry| entry.epoch.meets(check.versions);
    let here = entries.iter().filter(exists).filter(|it| it.contexts.contain(check.context));
    // Of nginx's own and a module's of the same name, nginx's counts.
    if let Some(entry) = here.min_by_key(|entry| !entry.origin.is_empty()) {
        deprecated(check, directive, entry);
        return Some(entry);
    }
    if check.target.module_of(&name).is_some() {
        check.has_unknown_modules = true;
        return None;
    }
    // What nginx once had is unknown to it now, even if a module has one of that name.
    let is_own = |entry: &&Entry| entry.origin.is_empty();
    let counts =
        |entry: &Entry| exists(&entry) && (is_own(&entry) || !entries.iter().any(|it| is_own(&it)));
    if entries.iter().any(counts) {
        misplaced(check, directive, entries);
    } else {
        super::handlers::define_named(check, directive);
        let diagnostic = unknown(check, directive, &name);
        check.say(diagnostic);
    }
    None
}

/// Says it if a directive does not take so many arguments; true if it does.
pub(super) fn has_count(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    entry: &'static Entry,
) -> bool {
    let count = directive.args().len();
    if entry.counts.contain(count) {
        return true;
    }
    let name = entry.name;
    let message = format!("invalid number of arguments in \"{name}\" directive");
    let mut help = format!("it takes {}", entry.counts.describe());
    if !entry.syntax.is_empty() {
        let end = if directive.is_block() { " { … }" } else { ";" };
        help += &format!(": `{name} {}{end}`", entry.syntax);
    }
    let mut diagnostic = wrong("wrong-argument-count", directive, message)
        .here(format!("{count} {}", if count == 1 { "argument" } else { "arguments" }));
    if let Some(word) = continued_by(directive) {
        diagnostic = diagnostic
            .also(directive.place_of(word), "this begins a directive of its own")
            .help("end the directive with \";\" before this line");
        let before = directive.words().iter().rev().find(|it| it.span.end <= word.span.start);
        if let Some(before) = before {
            let place = directive.source.place(Span::at(before.span.end));
            let edit = Edit { place, text: ";".to_owned() };
            diagnostic = diagnostic.fix(Fix::safe("add the \";\"", vec![edit]));
        }
    } else {
        diagnostic = diagnostic.help(help);
    }
    check.say(diagnostic);
    false
}

/// The word of a directive that begins a line and is itself a directive: a `;` is missing
/// before it.
fn continued_by(directive: Directive<'_>) -> Option<Word> {
    let begins = |word: &&Word| {
        directive.source.begins_line(word.span.start)
            && !word.is_quoted()
            && is_known(&word.value(directive.source))
    };
    directive.args().iter().find(begins).copied()
}

fn deprecated(check: &mut Check<'_, '_>, directive: Directive<'_>, entry: &Entry) {
    let name = entry.name;
    if entry.deprecated.is_empty() {
        return;
    }
    let instead = entry.deprecated;
    let message =
        format!("the \"{name}\" directive is deprecated, use the \"{instead}\" directive instead");
    let all = catalog::directive(name);
    let fine = all.iter().any(|it| {
        it.deprecated.is_empty()
            && it.contexts.contain(check.context)
            && it.epoch.meets(check.versions)
    });
    let place = directive.place();
    let mut diagnostic = warning("deprecated", place, message);
    if fine {
        diagnostic.severity = Severity::Info;
    }
    let since = entry.epoch.since.map(|since| format!("deprecated since nginx {since}"));
    let until = entry.epoch.until.map(|until| format!("gone with nginx {until}"));
    let when: Vec<String> = [since, until].into_iter().flatten().collect();
    check.say(diagnostic.here(when.join(", ")));
}

/// A directive that exists, but not where it stands.
fn misplaced(check: &mut Check<'_, '_>, directive: Directive<'_>, entries: &[Entry]) {
    let name = directive.name();
    let mut contexts: Vec<Context> = entries
        .iter()
        .filter(|entry| entry.epoch.meets(check.versions))
        .flat_map(|entry| entry.contexts.iter())
        .collect();
    contexts.sort_unstable();
    contexts.dedup();
    let places: Vec<&str> = contexts.iter().map(|context| context.as_str()).collect();
    let is_outermost = check.model.scope(check.scope).opener.is_none();
    if is_outermost && check.model.is_guessed {
        mixed(check, directive, &contexts);
        return;
    }
    // Blocks that a missing brace leaves open hold what follows them.
    if check.model.project.file(directive.source.id).has_syntax_errors {
        return;
    }
    let opener = check.model.scope(check.scope).opener;
    let mut diagnostic = wrong(
        "misplaced-directive",
        directive,
        format!("\"{name}\" directive is not allowed here"),
    )
    .here(format!("this is {}", described(check.context)))
    .help(format!("it may stand in {}", places.join(", ")));
    if let Some(opener) = opener {
        diagnostic = diagnostic.also(opener.place(), "in this block");
    }
    check.say(diagnostic);
}

/// A file of parts that belong to different contexts is an excerpt for people, said once.
fn mixed(check: &mut Check<'_, '_>, directive: Directive<'_>, contexts: &[Context]) {
    if check.is_mixed {
        return;
    }
    check.is_mixed = true;
    let name = directive.name();
    let message = format!(
        "no context takes all of this file: most of it belongs into {}, \"{name}\" directive is not allowed there",
        check.context
    );
    let places: Vec<&str> = contexts.iter().map(|context| context.as_str()).collect();
    check.say(
        Diagnostic::new(Kind::Validate, "mixed-contexts", Severity::Info, directive.place(), message)
            .here(format!("belongs into {}", places.join(", ")))
            .help("say where the file is included with a comment in it, as in `# ngxc: context=server`, or with --context"),
    );
}

fn described(context: Context) -> String {
    match context {
        Context::Main => "outside all blocks".to_owned(),
        _ => format!("{context} context"),
    }
}

/// A directive that no nginx of the target has.
fn unknown(check: &mut Check<'_, '_>, directive: Directive<'_>, name: &str) -> Diagnostic {
    let (context, target) = (check.context, check.target);
    if name.contains(is_false_space) {
        return false_space(directive, name);
    }
    let place = directive.place_of(directive.words()[0]);
    let diagnostic = error("unknown-directive", place, format!("unknown directive \"{name}\""));
    let entries = catalog::directive(name);
    if let Some(known) = entries.iter().find(|it| it.contexts.contain(context)).or(entries.first())
    {
        return history(diagnostic, known, target.versions);
    }
    let diagnostic = diagnostic.here("no module of nginx that ngxc knows has this directive");
    // To look for a similar name takes time for each.
    let is_helped = check.near.len() < MAX_HELPED;
    let near = check.near.entry((name.to_owned(), context));
    let find = || if is_helped { nearest(name, context, target.versions) } else { None };
    match *near.or_insert_with(find) {
        Some((near, is_sure)) => {
            let edit = Edit { place, text: near.to_owned() };
            let fix = is_sure.then(|| Fix::risky(format!("write \"{near}\""), vec![edit]));
            diagnostic.help(format!("is it `{near}`?")).fix(fix)
        }
        None => diagnostic.help(
            "if a module of your own has it, declare it: --module name=directive, or in ngxc.toml",
        ),
    }
}

/// Tells when a directive came or went.
fn history(diagnostic: Diagnostic, entry: &Entry, versions: Versions) -> Diagnostic {
    let all = || catalog::directive(entry.name).iter();
    let first = all().map(|it| it.epoch.since).min().flatten();
    let last = all()
        .map(|it| it.epoch.until)
        .max_by_key(|until| until.is_none().then_some(Version::NEWEST).or(*until))
        .flatten();
    match (first, last) {
        (Some(since), _) if since > versions.newest => diagnostic
            .here(format!("it came with nginx {since}"))
            .help(format!("the configuration is for {versions}")),
        (_, Some(until)) if until <= versions.oldest => {
            let instead = all().map(|it| it.deprecated).find(|it| !it.is_empty());
            let help = instead.map_or_else(
                || format!("the configuration is for {versions}"),
                |instead| format!("use {instead}"),
            );
            diagnostic.here(format!("it went with nginx {until}")).help(help)
        }
        _ => diagnostic.help(format!("the configuration is for {versions}")),
    }
}

/// The known directive that a name most likely stands for; true if nothing else comes near.
fn nearest(name: &str, context: Context, versions: Versions) -> Option<(&'static str, bool)> {
    if name.len() < 3 || name.len() > 60 {
        return None;
    }
    let limit = 1 + name.len() / 8;
    let mut found: Vec<(usize, bool, &str)> = Vec::new();
    for other in catalog::directive_names() {
        let distance = distance(name, other, limit);
        let words = if distance > limit { same_words(name, other) } else { None };
        let Some(distance) = words.or((distance <= limit).then_some(distance)) else { continue };
        let entries = catalog::directive(other).iter().filter(|it| it.epoch.meets(versions));
        let fits: Vec<bool> = entries.map(|it| it.contexts.contain(context)).collect();
        if !fits.is_empty() {
            found.push((distance, !fits.contains(&true), other));
        }
    }
    found.sort_unstable();
    let &(distance, elsewhere, best) = found.first()?;
    let is_alone = found.get(1).is_none_or(|second| (second.0, second.1) > (distance, elsewhere));
    Some((best, is_alone && distance <= 2 && !elsewhere))
}

/// The name among others that is nearest, if one is near.
pub(super) fn nearest_of<'a>(name: &str, others: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = 1 + name.len() / 8;
    let near = others.map(|other| (distance(name, other, limit), other));
    near.filter(|(distance, _)| *distance <= limit).min().map(|(_, other)| other)
}

/// Names that have the same words but for one more: `proxy_response_buffering` has all of
/// `proxy_buffering`.
fn same_words(name: &str, other: &str) -> Option<usize> {
    // Most names differ in the first word.
    if name.split('_').next() != other.split('_').next() {
        return None;
    }
    let words: Vec<&str> = name.split('_').collect();
    let others: Vec<&str> = other.split('_').collect();
    let (more, fewer) =
        if words.len() > others.len() { (&words, &others) } else { (&others, &words) };
    let is_near = fewer.len() >= 2
        && more.len() == fewer.len() + 1
        && fewer.iter().all(|word| more.contains(word));
    is_near.then_some(3)
}

/// White space to people, and characters that have no width, but no white space to nginx
/// (four bytes are in `ngx_conf_read_token`). Pages and word processors put them where text
/// looks indented.
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
    error("false-space", source.place(word), message)
        .here("a no-break space or its like is in here")
        .help("use plain spaces; text that was copied from a page often has others")
        .fix(Fix::safe("use plain spaces", edits.collect()))
}
