//! `empty-host-header`: a request of HTTP/1.1 without the one header that it has to have.

use crate::catalog::Version;
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule};
use crate::model::{Model, Probe, Value, value_word};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "empty-host-header",
    category: Category::Proxy,
    severity: Severity::Error,
    summary: "proxy_set_header Host with an empty value: the backend gets HTTP/1.1 without Host",
    docs: include_str!("../../../docs/rules/empty-host-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    if model.version >= Version::HOST_IS_ONE_LINE {
        return;
    }
    for proxied in model.proxied() {
        // HTTP/1.0 has no need of it, and HTTP/2 has its own way.
        if proxied.http_version(model).0 != "1.1" || proxied.is_uncertain(model) {
            continue;
        }
        let is_empty = |line: Directive<'_>| {
            let value = line.arg(1).unwrap_or_default();
            model.evaluate(&value, proxied.scope, &Probe::PLAIN) == Value::Known(String::new())
        };
        let Some(line) = proxied.lines("Host").last() else { continue };
        if !proxied.lines("Host").all(is_empty) {
            continue;
        }
        let fix = value_word(line).map(|word| {
            Fix::risky("pass the client's Host on", vec![replace(line, word, "$host")])
        });
        let message = format!("the backend gets no Host header in `{}`", proxied.title(model));
        report.push(
            RULE.at(line.place(), message)
                .here("an empty value drops the header, and HTTP/1.1 needs it: backends answer 400")
                .also(proxied.pass.place(), "the request goes out here")
                .evidence(proxied.evidence(model))
                .help("set `proxy_set_header Host $host;`, or remove the line: nginx then sends the backend's name")
                .fix(fix),
        );
    }
}
