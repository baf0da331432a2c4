//! `hardcoded-connection-header`: `Connection: upgrade` with every request.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule, variable};
use crate::model::{Model, ScopeId, has_upgrade_token, value_word};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "hardcoded-connection-header",
    category: Category::Websocket,
    severity: Severity::Warning,
    summary: "Connection is always upgrade, so plain requests ask for an upgrade too",
    docs: include_str!("../../../docs/rules/hardcoded-connection-header.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for id in model.scope_ids() {
        for &line in model.scope(id).all("proxy_set_header") {
            let Some((word, value)) = value_word(line).zip(line.arg(1)) else {
                continue;
            };
            let is_connection =
                line.arg(0).is_some_and(|name| name.eq_ignore_ascii_case("connection"));
            if !is_connection || value.contains('$') || !has_upgrade_token(&value) {
                continue;
            }
            let message = format!("hard-coded Connection header {}", line.source.slice(word.span));
            report.push(
                RULE.at(line.place(), message)
                    .here("every request asks for an upgrade, not only handshakes")
                    .help(
                        "let a map choose: `map $http_upgrade $connection_upgrade { default upgrade; '' close; }` at http level, and `proxy_set_header Connection $connection_upgrade;` here",
                    )
                    .fix(fix(model, id, line)),
            );
        }
    }
}

fn fix(model: &Model<'_>, scope: ScopeId, line: Directive<'_>) -> Option<Fix> {
    let keeps_alive = variable::keeps_alive(model, model.users_of_headers(scope));
    let mut variable = variable::connection(model, keeps_alive)?;
    variable.edits.push(replace(line, value_word(line)?, &variable.name));
    Some(Fix::safe(format!("send {} instead", variable.name), variable.edits))
}
