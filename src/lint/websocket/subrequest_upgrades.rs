//! `subrequest-upgrades`: the subrequest of `auth_request` or `mirror` is a handshake too.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::lint::edit::{insert_after, replace, set_in_location};
use crate::lint::{Category, Rule};
use crate::model::{Found, Model, Probe, Proxied, ScopeId, Value, value_word};
use crate::syntax::Directive;

use super::in_own_file;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "subrequest-upgrades",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "the subrequest of auth_request or mirror asks its backend for an upgrade",
    docs: include_str!("../../../docs/rules/subrequest-upgrades.md"),
    check,
};

/// What makes a handshake of a request. A backend that is strict takes what is left of one for a
/// broken one.
const HANDSHAKE: [&str; 4] =
    ["Upgrade", "Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version"];

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut by_scope = HashMap::new();
    for proxied in model.proxied() {
        by_scope.entry(proxied.settings_scope(model)).or_insert(proxied);
    }
    let mut known = HashSet::new();
    // Many locations of a server may have one line in common.
    let mut targets = HashMap::new();
    for proxied in model.proxied().iter().filter(|proxied| proxied.is_active(model)) {
        for line in subrequests(model, proxied.scope) {
            let key = (model.server_of(proxied.scope), line.place());
            let found = *targets.entry(key).or_insert_with(|| target(model, proxied, line));
            let Some(id) = found.filter(|id| *id != proxied.settings_scope(model)) else {
                continue;
            };
            let Some(target) = by_scope.get(&id) else { continue };
            if known.insert((id, line.place())) {
                finding(model, proxied, line, target, report);
            }
        }
    }
}

/// The lines that make subrequests of the requests that a scope handles.
fn subrequests<'p>(model: &Model<'p>, scope: ScopeId) -> Vec<Directive<'p>> {
    let lines = |name| model.effective(scope, name).map_or(&[][..], |(_, lines)| lines);
    let is_on = |line: &Directive<'_>| line.arg(0).is_some_and(|uri| uri.starts_with('/'));
    lines("auth_request").iter().chain(lines("mirror")).copied().filter(is_on).collect()
}

/// The location that a subrequest comes to.
fn target(model: &Model<'_>, proxied: &Proxied<'_>, line: Directive<'_>) -> Option<ScopeId> {
    let uri = line.arg(0).filter(|uri| !uri.contains('$'))?;
    let path = uri.split('?').next().unwrap_or_default();
    match model.find_location(model.server_of(proxied.scope)?, path) {
        Found::Location(id) => Some(id),
        _ => None,
    }
}

fn finding<'p>(
    model: &Model<'p>,
    proxied: &Proxied<'p>,
    line: Directive<'p>,
    target: &Proxied<'p>,
    report: &mut Vec<Diagnostic>,
) {
    let upgrade = target.sent(model, "Upgrade", &Probe::HANDSHAKE);
    let Some(sent) = upgrade.iter().find(|header| header.value != Value::Unknown) else { return };
    let Some(from) = sent.from.filter(|_| !target.is_uncertain(model)) else { return };
    let name = line.name();
    let backend =
        |it: &Proxied<'_>| it.target(|url| (url.host.to_owned(), url.port.map(str::to_owned)));
    let is_sure = name == "mirror" || backend(target) == backend(proxied);
    let severity = if is_sure { Severity::Error } else { Severity::Warning };
    let here = if name == "mirror" {
        "if the mirror answers 101 too, nginx cuts the socket"
    } else {
        "if that answers 101, nginx closes the connection of the client"
    };
    let message = format!("`{}` passes the handshake of its main request on", target.title(model));
    report.push(
        RULE.with(severity, target.pass.place(), message)
            .here(here)
            .also(from.place(), "the subrequest is sent with this, too")
            .also(line.place(), format!("{name}: the subrequest begins here"))
            .evidence(target.evidence(model))
            .help("set `proxy_set_header Upgrade \"\";` and `proxy_set_header Connection \"\";` for the subrequest")
            .fix(fix(model, target)),
    );
}

/// Makes the subrequest a plain one, and keeps the inherited lines that a new one would drop.
fn fix(model: &Model<'_>, target: &Proxied<'_>) -> Option<Fix> {
    let title = "send the subrequest without the handshake headers";
    let empty = |name: &str| format!("proxy_set_header {name} \"\";");
    if target.headers_scope == Some(target.settings_scope(model)) {
        let last = *target.headers.last()?;
        let own = |name| target.lines(name).collect::<Vec<_>>();
        let lines = HANDSHAKE.iter().flat_map(|name| own(name));
        let empties = |line| Some(replace(line, value_word(line)?, "\"\""));
        let mut edits: Vec<Edit> = lines.filter_map(empties).collect();
        let missing = HANDSHAKE.iter().filter(|name| own(name).is_empty());
        let text = missing.map(|name| insert_after(last, &empty(name)).text).collect();
        edits.push(Edit { place: insert_after(last, "").place, text });
        return Some(in_own_file(model, target, last, Fix::safe(title, edits)));
    }
    let is_kept = |line: &&Directive<'_>| {
        let name = line.arg(0).unwrap_or_default();
        !HANDSHAKE.iter().any(|known| known.eq_ignore_ascii_case(&name))
    };
    let kept = target.headers.iter().filter(is_kept);
    let kept = kept.map(|line| line.source.slice(line.span()).to_owned());
    let lines: Vec<String> = kept.chain(HANDSHAKE.iter().map(|name| empty(name))).collect();
    let edits: Vec<Edit> = lines.iter().map(|line| set_in_location(model, target, line)).collect();
    let place = edits[0].place;
    let text = edits.into_iter().map(|edit| edit.text).collect();
    Some(Fix::safe(title, vec![Edit { place, text }]))
}
