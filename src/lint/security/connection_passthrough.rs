//! `connection-passthrough`: the client chooses which headers the next hop drops.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule, variable};
use crate::model::{Model, value_word};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "connection-passthrough",
    category: Category::Security,
    severity: Severity::Warning,
    summary: "the client's Connection header reaches the backend as it is",
    docs: include_str!("../../../docs/rules/connection-passthrough.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        for line in proxied.lines("Connection") {
            let Some((word, value)) = value_word(line).zip(line.arg(1)) else {
                continue;
            };
            let value = value.to_ascii_lowercase();
            if !value.contains("$http_connection") && !value.contains("${http_connection}") {
                continue;
            }
            let fix = variable::connection(model, variable::keeps_alive(model, [proxied])).map(
                |mut variable| {
                    variable.edits.push(replace(line, word, &variable.name));
                    Fix::risky(format!("send {} instead", variable.name), variable.edits)
                },
            );
            let message = format!(
                "the client's Connection header is passed on in `{}`",
                proxied.title(model)
            );
            report.push(
                RULE.at(line.place(), message)
                    .here("a client can name headers here that the next hop then drops")
                    .help(
                        "let a map choose: `map $http_upgrade $connection_upgrade { default upgrade; '' close; }` at http level, and `proxy_set_header Connection $connection_upgrade;` here",
                    )
                    .fix(fix),
            );
        }
    }
}
