//! `misspelt-header`: a name that nginx takes, and that no backend looks for.

use crate::catalog::distance;
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::{remove, replace};
use crate::lint::spelling::meant_header;
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied, value_word};
use crate::syntax::value::{Part, template};
use crate::syntax::{Directive, Word};

use super::in_own_file;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "misspelt-header",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "a header's name has a slip or a colon, or a variable like $http_upgrade has a slip",
    docs: include_str!("../../../docs/rules/misspelt-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        for &line in &proxied.headers {
            if let Some(meant) = meant_header(line) {
                name(model, proxied, line, &meant, report);
            }
        }
        for line in proxied.lines("Upgrade").chain(proxied.lines("Connection")) {
            let Some(word) = value_word(line) else { continue };
            variable(model, proxied, (line, word), line, report);
            let value = word.value(line.source);
            if let Some(map) = value.starts_with('$').then(|| model.map(&value)).flatten()
                && let Some(&source) = map.directive.args().first()
            {
                variable(model, proxied, (map.directive, source), line, report);
            }
        }
    }
}

/// Says it of the name of a header.
fn name(
    model: &Model<'_>,
    proxied: &Proxied<'_>,
    line: Directive<'_>,
    meant: &str,
    report: &mut Vec<Diagnostic>,
) {
    let written = line.arg(0).unwrap_or_default();
    let is_set = proxied.lines(meant).next().is_some();
    let is_needed = ["Upgrade", "Connection"].iter().any(|name| name.eq_ignore_ascii_case(meant));
    let has_colon = written.ends_with(':');
    let severity = match () {
        () if is_needed && !is_set => Severity::Error,
        () if has_colon || !is_set && meant == "Host" => Severity::Warning,
        () => Severity::Info,
    };
    let sent = if has_colon {
        format!("the backend gets `{written}: …`, which is no {meant} header")
    } else {
        format!("the backend gets a header {written}")
    };
    let (title, edit) = if is_set {
        ("remove the line", remove(line))
    } else {
        ("write the name that was meant", replace(line, line.args()[0], meant))
    };
    let fix = if has_colon && written.trim_end_matches(':') == meant {
        Fix::safe(title, vec![edit])
    } else {
        Fix::risky(title, vec![edit])
    };
    let message = format!("the header {written} in `{}` is not {meant}", proxied.title(model));
    let help = if has_colon {
        format!("write `proxy_set_header {meant} …`: nginx adds the colon itself")
    } else {
        format!("write `{meant}`: nginx takes any name, and checks none")
    };
    report.push(
        RULE.with(severity, line.place(), message)
            .here(sent)
            .also(proxied.pass.place(), "it goes out here")
            .evidence(proxied.evidence(model))
            .help(help)
            .fix(in_own_file(model, proxied, line, fix)),
    );
}

/// Says it of a variable in a value or in the source of a map.
fn variable(
    model: &Model<'_>,
    proxied: &Proxied<'_>,
    (line, word): (Directive<'_>, Word),
    user: Directive<'_>,
    report: &mut Vec<Diagnostic>,
) {
    let value = word.value(line.source).into_owned();
    for part in template(&value).unwrap_or_default() {
        let Part::Variable(name) = part else { continue };
        let Some(meant) = meant_variable(name) else { continue };
        let message = format!("${name} is a header that no client sends");
        let text = line.source.slice(word.span).replace(name, meant);
        let mut finding = RULE.at(line.place(), message).here("so this is always empty");
        if user.place() != line.place() {
            finding = finding.also(user.place(), "it counts here");
        }
        report.push(
            finding
                .evidence(proxied.evidence(model))
                .help(format!("write `${meant}`: nginx takes any name behind `$http_`"))
                .fix(Fix::risky("write the name that was meant", vec![replace(line, word, text)])),
        );
    }
}

/// The variable of a client's header that another was meant to be.
fn meant_variable(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let header = lower.strip_prefix("http_").filter(|header| !header.starts_with("x_"))?;
    let known = [("upgrade", "http_upgrade"), ("connection", "http_connection")];
    let is_near = |known: &str| *known != *header && distance(header, known, 2) <= 2;
    known.into_iter().find(|(known, _)| is_near(known)).map(|(_, variable)| variable)
}
