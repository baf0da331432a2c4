//! `location` and what only makes sense in view of it: `root`, `alias`, `limit_except`.

use std::collections::HashMap;

use crate::catalog::Context;
use crate::syntax::Directive;
use crate::syntax::value::{Match, MatchKind};
use crate::validate::{Check, error};

/// `ngx_http_core_location`
pub(super) fn location<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(own) = parsed(directive) else {
        let word = directive.args()[0];
        let modifier = word.value(directive.source);
        let message = format!("invalid location modifier \"{modifier}\"");
        check.invalid_for(directive, word, message, "a modifier is =, ^~, ~ or ~*");
        return;
    };
    let word = directive.args()[directive.args().len() - 1];
    let is_regex = matches!(own.kind, MatchKind::Regex | MatchKind::RegexCaseless);
    if is_regex {
        let caseless = own.kind == MatchKind::RegexCaseless;
        if !check.regex(directive, word, &own.pattern, caseless) {
            return;
        }
    }
    if check.context == Context::Location
        && let Some(opener) = check.model.scope(check.scope).opener
        && let Some(outer) = parsed(opener)
    {
        nested(check, directive, &own, opener, &outer);
    }
}

fn parsed(directive: Directive<'_>) -> Option<Match> {
    let args: Vec<_> = directive.arg_values().collect();
    let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
    crate::syntax::value::location(&args)
}

fn nested(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    own: &Match,
    opener: Directive<'_>,
    outer: &Match,
) {
    let (name, outer_name) = (&own.pattern, &outer.pattern);
    let is_regex = matches!(own.kind, MatchKind::Regex | MatchKind::RegexCaseless);
    let message = match (outer.kind, own.kind) {
        (MatchKind::Exact, _) => {
            format!("location \"{name}\" cannot be inside the exact location \"{outer_name}\"")
        }
        (MatchKind::Named, _) => {
            format!("location \"{name}\" cannot be inside the named location \"{outer_name}\"")
        }
        (_, MatchKind::Named) => {
            format!("named location \"{name}\" can be on the server level only")
        }
        _ if !is_regex && !name.starts_with(outer_name.as_str()) => {
            format!("location \"{name}\" is outside location \"{outer_name}\"")
        }
        _ => return,
    };
    check.say(
        error("misplaced-directive", directive.place(), message)
            .also(opener.place(), "inside this location")
            .help("put it beside the other location; inside one stand only longer paths of it, and regular expressions"),
    );
}

/// Locations of one block that nginx could not tell apart (`ngx_http_add_location`, and the
/// tree of static locations).
pub(super) fn duplicates(check: &mut Check<'_, '_>) {
    let model = check.model;
    let is_regex = |id| {
        let kind = model.scope(id).location().map(|location| location.kind);
        matches!(kind, Some(MatchKind::Regex | MatchKind::RegexCaseless))
    };
    // Below a regular expression no tree is built.
    if model.ancestors(check.scope).any(is_regex) {
        return;
    }
    let mut seen: HashMap<(bool, String), Directive<'_>> = HashMap::new();
    for line in model.scope(check.scope).lines() {
        let Some(block) = line.block.filter(|_| line.directive.is("location")) else { continue };
        let Some(found) = model.scope(block).location() else { continue };
        let is_exact = match found.kind {
            MatchKind::Exact => true,
            MatchKind::Prefix | MatchKind::PrefixNoRegex => false,
            _ => continue,
        };
        let name = found.pattern;
        let first = *seen.entry((is_exact, name.clone())).or_insert(line.directive);
        if first.place() != line.directive.place() {
            let message = format!("duplicate location \"{name}\"");
            check.say(
                error("duplicate", line.directive.place(), message)
                    .also(first.place(), "the first one is here")
                    .help("keep one of them, or make them one"),
            );
        }
    }
}

/// `ngx_http_core_root`
pub(super) fn root<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(&word) = directive.args().first() else { return };
    let name = directive.name().into_owned();
    let (other, is_alias) = if name == "alias" { ("root", true) } else { ("alias", false) };
    if let Some(first) = check.seen.first(other) {
        let message = format!(
            "\"{name}\" directive is duplicate, \"{other}\" directive was specified earlier"
        );
        check.say(error("duplicate", directive.place(), message).also(first.place(), "here"));
        return;
    }
    let location = check.model.scope(check.scope).location();
    if is_alias && location.is_some_and(|it| it.kind == MatchKind::Named) {
        let message = "the \"alias\" directive cannot be used inside the named location";
        check.say(
            error("conflict", directive.place(), message)
                .help("a named location has no path for the alias to replace; use root"),
        );
        return;
    }
    let text = word.value(directive.source);
    for variable in ["document_root", "realpath_root"] {
        if text.contains(&format!("${variable}")) || text.contains(&format!("${{{variable}}}")) {
            let message =
                format!("the ${variable} variable cannot be used in the \"{name}\" directive");
            check.invalid_for(directive, word, message, "its value comes from this directive");
            return;
        }
    }
    check.template(directive, word);
}

/// `ngx_http_core_limit_except`
pub(super) fn limit_except(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    const METHODS: [&str; 14] = [
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "DELETE",
        "MKCOL",
        "COPY",
        "MOVE",
        "OPTIONS",
        "PROPFIND",
        "PROPPATCH",
        "LOCK",
        "UNLOCK",
        "PATCH",
    ];
    for &word in directive.args() {
        let text = word.value(directive.source);
        let is_known = METHODS.iter().any(|it| text.eq_ignore_ascii_case(it));
        if !is_known {
            let help = format!("methods are {}", METHODS.join(", "));
            check.invalid_for(directive, word, format!("invalid method \"{text}\""), help);
        }
    }
}
