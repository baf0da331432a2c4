//! `hidden-handshake-response`: the client gets a 101 without what makes it one.

use crate::diagnostic::{Applicability, Diagnostic, Fix, Severity};
use crate::lint::edit::{remove, set_all_in_location};
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "hidden-handshake-response",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "proxy_hide_header keeps a header of the backend's 101 from the client, which then refuses it",
    docs: include_str!("../../../docs/rules/hidden-handshake-response.md"),
    check,
};

/// Headers of a 101 answer, and what becomes of a client that does not get them.
const NEEDED: [(&str, &str); 4] = [
    ("Upgrade", "the client gets a 101 that does not say to what"),
    (
        "Sec-WebSocket-Accept",
        "the client takes the answer for one of a server that knows no WebSocket",
    ),
    ("Sec-WebSocket-Extensions", "the client does not know that frames are compressed"),
    ("Sec-WebSocket-Protocol", "a client that asks for a subprotocol gets none"),
];

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some((owner, lines)) = model.effective(proxied.scope, "proxy_hide_header") else {
            continue;
        };
        if !proxied.is_active(model) || proxied.is_uncertain(model) {
            continue;
        }
        let hidden = model.hidden_headers(proxied.scope);
        for &line in lines {
            let name = line.arg(0).unwrap_or_default();
            let is_hidden = hidden.iter().any(|hidden| hidden.eq_ignore_ascii_case(&name));
            let fix = if owner == proxied.settings_scope(model) {
                // The last line of a list lets the inherited ones in again.
                Fix::risky("remove the line", vec![remove(line)])
            } else {
                pass(model, proxied, &name)
            };
            let finding = finding(model, proxied, line).filter(|_| is_hidden);
            report.extend(finding.map(|finding| finding.fix(fix)));
        }
    }
}

/// The finding, if the line is about a header that a handshake needs.
fn finding(model: &Model<'_>, proxied: &Proxied<'_>, line: Directive<'_>) -> Option<Diagnostic> {
    let name = line.arg(0)?;
    let (name, what) = NEEDED.iter().find(|(needed, _)| needed.eq_ignore_ascii_case(&name))?;
    let is_protocol = *name == "Sec-WebSocket-Protocol";
    let severity = if is_protocol { Severity::Warning } else { Severity::Error };
    let title = proxied.title(model);
    let message = format!("the client does not get {name} of the 101 in `{title}`");
    Some(
        RULE.with(severity, line.place(), message)
            .here(*what)
            .also(proxied.pass.place(), "the backend's answer comes in here")
            .evidence(proxied.evidence(model))
            .help(format!("remove the line, or add `proxy_pass_header {name};` to `{title}`")),
    )
}

/// Adds a `proxy_pass_header` for the header; with the inherited ones, which it would drop.
fn pass(model: &Model<'_>, proxied: &Proxied<'_>, name: &str) -> Fix {
    let scope = proxied.settings_scope(model);
    let mut lines = vec![format!("proxy_pass_header {name};")];
    let own = model.scope(scope).all("proxy_pass_header");
    if own.is_empty()
        && let Some((_, inherited)) = model.effective(scope, "proxy_pass_header")
    {
        lines.extend(inherited.iter().map(|line| line.source.slice(line.span()).to_owned()));
    }
    let edit = set_all_in_location(model, proxied, &lines);
    let fix = Fix::safe("let the header through here", edit.into_iter().collect());
    // Plain answers get it as well from there on.
    if name.eq_ignore_ascii_case("Upgrade") && !proxied.is_dedicated() {
        return Fix { applicability: Applicability::Unsafe, ..fix };
    }
    fix
}
