//! `upgrade-any-protocol`: `Upgrade: h2c` opens a tunnel past nginx's access rules.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule, variable};
use crate::model::{Model, Probe, Proxied, ScopeId, ScopeKind, Value, value_word};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "upgrade-any-protocol",
    category: Category::Security,
    severity: Severity::Warning,
    summary: "any protocol may be upgraded to, so an h2c tunnel gets past access rules",
    docs: include_str!("../../../docs/rules/upgrade-any-protocol.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let guards = guards(model);
    for proxied in model.proxied() {
        let sent = proxied.sent(model, "Upgrade", &Probe::H2C).into_iter().find(|header| {
            matches!(&header.value, Value::Known(value) if value.eq_ignore_ascii_case("h2c"))
        });
        let Some(line) = sent.and_then(|header| header.from) else {
            continue;
        };
        let Some(word) = value_word(line) else {
            continue;
        };
        let fix = variable::upgrade(model).map(|mut variable| {
            variable.edits.push(replace(line, word, &variable.name));
            Fix::safe("let only WebSocket through", variable.edits)
        });
        let guard = guards.iter().find(|(scope, _)| is_passed_by(model, proxied, *scope));
        let severity = if guard.is_some() { Severity::Warning } else { Severity::Info };
        let message =
            format!("`{}` upgrades to any protocol that the client names", proxied.title(model));
        let mut finding = RULE
            .with(severity, line.place(), message)
            .here("`Upgrade: h2c` reaches the backend too");
        if let Some((_, guard)) = guard {
            finding = finding.also(guard.place(), "a tunnel to the backend gets past this");
        }
        report.push(
            finding
                .help(
                    "let only WebSocket through: `map $http_upgrade $ws_upgrade { default ''; websocket websocket; }` at http level, and `proxy_set_header Upgrade $ws_upgrade;` here",
                )
                .fix(fix),
        );
    }
}

/// The access rules of the configuration, each with the scope that it protects.
fn guards<'p>(model: &Model<'p>) -> Vec<(ScopeId, Directive<'p>)> {
    let guard = |id| {
        let scope = model.scope(id);
        if scope.last("stub_status").is_some() || protects_dot_files(model, id) {
            return None;
        }
        let limits = scope.opener.filter(|_| scope.kind == ScopeKind::LimitExcept);
        let switched_on =
            |name| scope.last(name).filter(|guard| guard.arg(0).is_some_and(|arg| arg != "off"));
        let found = limits
            .or_else(|| scope.last("deny"))
            .or_else(|| switched_on("auth_basic"))
            .or_else(|| switched_on("auth_request"))
            .or_else(|| scope.last("internal"))?;
        Some((id, found))
    };
    model.scope_ids().filter_map(guard).collect()
}

/// Rules like `location ~ /\.ht` keep files of nginx's own from view, not the backend's.
fn protects_dot_files(model: &Model<'_>, id: ScopeId) -> bool {
    let location = model.scope(id).location();
    location
        .is_some_and(|location| location.pattern.trim_start_matches(['^', '(']).starts_with(r"/\."))
}

/// True if a tunnel through `proxied` reaches what the scope protects: what that passes to
/// the same backend or, in the same server, what it would pass to it if it let anything
/// pass. `proxied` must not be behind the rule itself.
fn is_passed_by(model: &Model<'_>, proxied: &Proxied<'_>, guarded: ScopeId) -> bool {
    if model.ancestors(proxied.scope).any(|id| id == guarded) {
        return false;
    }
    let target = |proxied: &Proxied<'_>| {
        proxied.target(|url| (url.host.to_lowercase(), url.port.map(str::to_owned)))
    };
    let here = target(proxied);
    let mut behind = model
        .proxied()
        .iter()
        .filter(|other| model.ancestors(other.scope).any(|id| id == guarded))
        .map(target)
        .peekable();
    if behind.peek().is_some() {
        return here.is_some() && behind.any(|target| target == here);
    }
    let server = |id| model.ancestors(id).find(|&id| model.scope(id).kind == ScopeKind::Server);
    let answers = ["internal", "root", "alias", "return"];
    server(guarded).is_some_and(|guarded| Some(guarded) == server(proxied.scope))
        && !answers.iter().any(|name| model.scope(guarded).last(name).is_some())
}
