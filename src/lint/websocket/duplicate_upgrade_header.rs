//! `duplicate-upgrade-header`: two `Upgrade` lines, which many backends refuse.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::repeated;
use crate::lint::{Category, Rule};
use crate::model::{Model, Probe};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "duplicate-upgrade-header",
    category: Category::Websocket,
    severity: Severity::Warning,
    summary: "the backend gets two Upgrade headers with a handshake, and may refuse it",
    docs: include_str!("../../../docs/rules/duplicate-upgrade-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(lines) = repeated::lines(model, proxied, "Upgrade", &Probe::HANDSHAKE) else {
            continue;
        };
        let message = format!("a handshake has Upgrade twice in `{}`", proxied.title(model));
        let mut finding = RULE
            .at(lines[lines.len() - 1].place(), message)
            .here("both are sent: many backends answer 400 or 426");
        for line in &lines[..lines.len() - 1] {
            finding = finding.also(line.place(), "another one is here");
        }
        report.push(
            finding
                .also(proxied.pass.place(), "the handshake goes out here")
                .evidence(proxied.evidence(model))
                .help("keep one of them; the lines of an include count like others")
                .fix(repeated::keep_one(model, proxied, &lines)),
        );
    }
}
