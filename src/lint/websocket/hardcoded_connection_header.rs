//! `hardcoded-connection-header`: `Connection: upgrade` with every request.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::{remove, replace};
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
            let Some((word, value)) = value_word(line).zip(line.arg(1)) else { continue };
            if !sets_connection(line) || value.contains('$') || !has_upgrade_token(&value) {
                continue;
            }
            let text = line.source.slice(word.span);
            let user = model.users_of_headers(id).next();
            let here = if user.is_some() {
                "every request asks for an upgrade, not only handshakes"
            } else {
                "where this line is in effect, every request asks for an upgrade"
            };
            report.push(
                RULE.at(line.place(), format!("hard-coded Connection header {text}"))
                    .here(here)
                    .evidence(user.map(|proxied| proxied.evidence(model)))
                    .help(
                        "let a map choose: `map $http_upgrade $connection_upgrade { default upgrade; '' close; }` at http level, and `proxy_set_header Connection $connection_upgrade;` here",
                    )
                    .fix(fix(model, id, line)),
            );
        }
    }
}

fn sets_connection(line: Directive<'_>) -> bool {
    line.arg(0).is_some_and(|name| name.eq_ignore_ascii_case("connection"))
}

fn fix(model: &Model<'_>, scope: ScopeId, line: Directive<'_>) -> Option<Fix> {
    // Next to a line that chooses, which would be sent as well, the constant one goes.
    let chooses = |other: &Directive<'_>| {
        sets_connection(*other) && other.arg(1).is_some_and(|value| value.contains('$'))
    };
    if model.scope(scope).all("proxy_set_header").iter().any(chooses) {
        return Some(Fix::safe("remove the line", vec![remove(line)]));
    }
    let keeps_alive = variable::keeps_alive(model, model.users_of_headers(scope));
    let variable = variable::connection(model, keeps_alive)?;
    let edits = vec![replace(line, value_word(line)?, &variable.name)];
    Some(variable.fix("let a map choose", edits))
}
