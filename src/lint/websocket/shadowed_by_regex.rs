//! `shadowed-by-regex`: an expression takes requests that a location for sockets is for.

use crate::diagnostic::{Diagnostic, Evidence, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Found, Intent, Model, Probe, Proxied, ScopeId};
use crate::syntax::value::MatchKind;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "shadowed-by-regex",
    category: Category::Websocket,
    severity: Severity::Warning,
    summary: "a regular expression takes requests from a location for sockets",
    docs: include_str!("../../../docs/rules/shadowed-by-regex.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(location) = &proxied.location else { continue };
        let is_for_sockets = matches!(proxied.intent, Intent::Strong(_));
        if location.kind != MatchKind::Prefix || !is_for_sockets || !proxied.is_active(model) {
            continue;
        }
        let own = proxied.settings_scope(model);
        let Some(server) = model.server_of(own) else { continue };
        let mut paths = vec![location.pattern.clone()];
        if location.pattern.trim_end_matches('/').ends_with("/socket.io") {
            paths.push(format!("{}/socket.io.js", location.pattern.trim_end_matches('/')));
        }
        let taken = paths.iter().find_map(|path| {
            let Found::Location(other) = model.find_location(server, path) else { return None };
            takes_away(model, proxied, other).then_some((path, other))
        });
        let Some((path, other)) = taken else { continue };
        let Some((opener, culprit)) = model.scope(own).opener.zip(model.scope(other).opener) else {
            continue;
        };
        let is_near = model.scope(own).parent == model.scope(other).parent;
        let word = opener.args().first().copied().filter(|_| is_near && opener.args().len() == 1);
        let fix = word.map(|word| {
            let text = format!("^~ {}", opener.source.slice(word.span));
            Fix::risky("put the location before the expressions", vec![replace(opener, word, text)])
        });
        let message = format!("`{}` does not get {path}", proxied.title(model));
        let mut finding = RULE
            .at(opener.place(), message)
            .here("expressions go before a location without `^~`")
            .also(culprit.place(), format!("{path} is for this one"));
        finding = if is_near {
            finding.help(format!("write `location ^~ {}`", location.pattern))
        } else {
            finding.help("no `^~` of an inner location stops the expressions around it: move the location out, or narrow the expression")
        };
        report.push(finding.evidence(Evidence::NoHandshake).fix(fix));
    }
}

/// True if another location takes requests by an expression and passes no handshake on.
fn takes_away(model: &Model<'_>, proxied: &Proxied<'_>, other: ScopeId) -> bool {
    let is_regex = model.scope(other).location().is_some_and(|location| {
        matches!(location.kind, MatchKind::Regex | MatchKind::RegexCaseless)
    });
    let own = proxied.settings_scope(model);
    let is_inside = model.ancestors(other).any(|id| id == own);
    let target = |proxied: &Proxied<'_>| {
        proxied.target(|url| (url.host.to_owned(), url.port.map(str::to_owned)))
    };
    let serves = model.proxied_in(other).any(|it| {
        target(it) == target(proxied) || !it.sent(model, "Upgrade", &Probe::HANDSHAKE).is_empty()
    });
    is_regex && !is_inside && !serves
}
