//! `duplicate-host-header`: two `Host` lines, of which a backend takes none.

use crate::catalog::Version;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::repeated;
use crate::lint::{Category, Rule};
use crate::model::{Model, Probe};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "duplicate-host-header",
    category: Category::Proxy,
    severity: Severity::Error,
    summary: "the backend gets two Host headers, and may refuse every request",
    docs: include_str!("../../../docs/rules/duplicate-host-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let is_one = model.version >= Version::HOST_IS_ONE_LINE;
    for proxied in model.proxied() {
        let Some(lines) = repeated::lines(model, proxied, "Host", &Probe::PLAIN) else {
            continue;
        };
        let (severity, message, here) = if is_one {
            let message = format!("Host is set twice in `{}`", proxied.title(model));
            (Severity::Info, message, "the last one counts, from nginx 1.31.4 on")
        } else {
            let message = format!("the backend gets Host twice in `{}`", proxied.title(model));
            (
                Severity::Error,
                message,
                "both are sent, and HTTP allows one: many backends answer 400",
            )
        };
        let mut finding = RULE.with(severity, lines[lines.len() - 1].place(), message).here(here);
        for line in &lines[..lines.len() - 1] {
            finding = finding.also(line.place(), "another one is here");
        }
        report.push(
            finding
                .also(proxied.pass.place(), "the request goes out here")
                .evidence(proxied.evidence(model))
                .help("keep one of them; the lines of an include count like others")
                .fix(repeated::keep_one(model, proxied, &lines)),
        );
    }
}
