//! `duplicate-connection-header`: two `Connection` lines, one of which is of no use.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::{is_included, remove};
use crate::lint::{Category, Rule, repeated};
use crate::model::{Model, Probe, Proxied, Value, has_upgrade_token};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "duplicate-connection-header",
    category: Category::Style,
    severity: Severity::Warning,
    summary: "the backend gets two Connection headers",
    docs: include_str!("../../../docs/rules/duplicate-connection-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(lines) = repeated::lines(model, proxied, "Connection", &Probe::HANDSHAKE) else {
            continue;
        };
        // A constant upgrade next to a line that chooses is another rule's.
        let value = |line: &Directive<'_>| line.arg(1).unwrap_or_default().into_owned();
        let is_upgrade = |line| !value(line).contains('$') && has_upgrade_token(&value(line));
        if lines.iter().any(is_upgrade) && lines.iter().any(|line| value(line).contains('$')) {
            continue;
        }
        let is_close = |line: &Directive<'_>| value(line).eq_ignore_ascii_case("close");
        let close = lines.iter().copied().find(is_close);
        // All of them may mean it.
        let contradicts = close.filter(|_| !lines.iter().all(is_close));
        let (severity, culprit, here) = match contradicts {
            Some(line) => {
                (Severity::Warning, line, "every request asks the backend to close, handshakes too")
            }
            None => (
                Severity::Info,
                lines[lines.len() - 1],
                "both are sent, and backends take them for one list",
            ),
        };
        let message = format!("Connection is sent twice in `{}`", proxied.title(model));
        let mut finding = RULE.with(severity, culprit.place(), message).here(here);
        for line in lines.iter().filter(|line| line.place() != culprit.place()) {
            finding = finding.also(line.place(), "another one is here");
        }
        report.push(
            finding
                .also(proxied.pass.place(), "the request goes out here")
                .evidence(proxied.evidence(model))
                .help("keep the line that says upgrade for handshakes")
                .fix(fix(model, proxied, &lines)),
        );
    }
}

/// Keeps the one line that says upgrade for handshakes; safe if plain requests get what they
/// got before.
fn fix<'p>(model: &Model<'p>, proxied: &Proxied<'p>, lines: &[Directive<'p>]) -> Option<Fix> {
    let value = |line: &Directive<'p>, probe| {
        model.evaluate(&line.arg(1).unwrap_or_default(), proxied.scope, probe)
    };
    let asks = |line: &&Directive<'p>| matches!(value(line, &Probe::HANDSHAKE), Value::Known(value) if has_upgrade_token(&value));
    let mut asking = lines.iter().filter(asks);
    let (Some(kept), None) = (asking.next(), asking.next()) else {
        return repeated::keep_one(model, proxied, lines);
    };
    let scope = model.scope(proxied.headers_scope?);
    let surplus = || lines.iter().filter(|line| line.place() != kept.place());
    if surplus().any(|line| is_included(scope, *line)) {
        return None;
    }
    let plain = value(kept, &Probe::PLAIN);
    let is_same = |line: &Directive<'p>| value(line, &Probe::PLAIN) == plain;
    let edits = surplus().map(|line| remove(*line)).collect();
    let title = "keep the line that says upgrade for handshakes";
    let is_safe = plain != Value::Unknown && surplus().all(is_same);
    Some(if is_safe { Fix::safe(title, edits) } else { Fix::risky(title, edits) })
}
