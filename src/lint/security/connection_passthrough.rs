//! `connection-passthrough`: the client chooses which headers the next hop drops.

use crate::diagnostic::{Applicability, Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule, variable};
use crate::model::{Model, value_word};
use crate::syntax::value::{Part, template};

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
            let is_clients = |part: &Part<'_>| matches!(part, Part::Variable(name) if name.eq_ignore_ascii_case("http_connection"));
            if !template(&value).is_ok_and(|parts| parts.iter().any(is_clients)) {
                continue;
            }
            let keeps_alive = variable::keeps_alive_with(model, proxied);
            let fix = variable::connection(model, keeps_alive).map(|variable| {
                let edits = vec![replace(line, word, &variable.name)];
                let fix = variable.fix("let a map choose", edits);
                Fix { applicability: Applicability::Unsafe, ..fix }
            });
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
