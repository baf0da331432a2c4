//! `upgrade-any-protocol`: `Upgrade: h2c` opens a tunnel past nginx's access rules.

use std::collections::{HashMap, HashSet};

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::edit::replace;
use crate::lint::{Category, Rule, variable};
use crate::model::{Model, Probe, Proxied, ScopeId, Value, value_word};
use crate::syntax::Directive;
use crate::syntax::value::MatchKind;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "upgrade-any-protocol",
    category: Category::Security,
    severity: Severity::Warning,
    summary: "any protocol may be upgraded to, so an h2c tunnel gets past access rules",
    docs: include_str!("../../../docs/rules/upgrade-any-protocol.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let guards = Guards::of(model);
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
        let fix = variable::upgrade(model).map(|variable| {
            let edits = vec![replace(line, word, &variable.name)];
            variable.fix("let only WebSocket through", edits)
        });
        let guard = guards.passed_by(model, proxied);
        let severity = if guard.is_some() { Severity::Warning } else { Severity::Info };
        let message =
            format!("`{}` upgrades to any protocol that the client names", proxied.title(model));
        let mut finding = RULE
            .with(severity, line.place(), message)
            .here("`Upgrade: h2c` reaches the backend too");
        if let Some(guard) = guard {
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

/// The access rules of the configuration that a tunnel may pass by.
struct Guards<'p> {
    /// In front of a backend.
    by_target: HashMap<Target, Vec<Guard<'p>>>,
    /// In front of what passes nothing on, but would if it let anything pass.
    by_server: HashMap<ScopeId, Vec<Guard<'p>>>,
}

/// A scope and the access rule in it.
type Guard<'p> = (ScopeId, Directive<'p>);

/// Host or upstream in lower case, and port.
type Target = (String, Option<String>);

impl<'p> Guards<'p> {
    fn of(model: &Model<'p>) -> Self {
        let mut guards = Self { by_target: HashMap::new(), by_server: HashMap::new() };
        let found: HashMap<ScopeId, Directive<'p>> =
            model.scope_ids().filter_map(|id| guard(model, id).map(|guard| (id, guard))).collect();
        let mut in_front = HashSet::new();
        for proxied in model.proxied() {
            for id in model.ancestors(proxied.scope) {
                let Some(&guard) = found.get(&id) else { continue };
                in_front.insert(id);
                if let Some(target) = target(proxied) {
                    guards.by_target.entry(target).or_default().push((id, guard));
                }
            }
        }
        for id in model.scope_ids().filter(|id| !in_front.contains(id)) {
            let Some(&guard) = found.get(&id) else { continue };
            if !is_about_files(model, id)
                && let Some(server) = server(model, id)
            {
                guards.by_server.entry(server).or_default().push((id, guard));
            }
        }
        guards
    }

    /// An access rule that a tunnel through `proxied` gets past. One that `proxied` itself
    /// is behind is none.
    fn passed_by(&self, model: &Model<'p>, proxied: &Proxied<'p>) -> Option<Directive<'p>> {
        let same_target = target(proxied).and_then(|target| self.by_target.get(&target));
        let same_server =
            server(model, proxied.scope).and_then(|server| self.by_server.get(&server));
        let guards = same_target.into_iter().chain(same_server).flatten();
        let is_elsewhere =
            |&&(id, _): &&Guard<'p>| !model.ancestors(proxied.scope).any(|around| around == id);
        guards.copied().find(|guard| is_elsewhere(&guard)).map(|(_, guard)| guard)
    }
}

fn target(proxied: &Proxied<'_>) -> Option<Target> {
    proxied.target(|url| (url.host.to_lowercase(), url.port.map(str::to_owned)))
}

fn server(model: &Model<'_>, scope: ScopeId) -> Option<ScopeId> {
    model.ancestors(scope).find(|&id| model.scope(id).context == Context::Server)
}

/// The access rule in a scope, if it has one.
fn guard<'p>(model: &Model<'p>, id: ScopeId) -> Option<Directive<'p>> {
    let scope = model.scope(id);
    if scope.last("stub_status").is_some() {
        return None;
    }
    let is_on = |guard: &Directive<'_>| guard.arg(0).is_some_and(|arg| arg != "off");
    scope
        .opener
        .filter(|_| scope.context == Context::LimitExcept)
        .or_else(|| scope.last("deny"))
        .or_else(|| scope.last("auth_basic").filter(is_on))
        .or_else(|| scope.last("auth_request").filter(is_on))
        .or_else(|| scope.last("internal"))
}

/// True for a scope that answers by itself, or that hides kinds of files by a regular
/// expression, as in `location ~ /\.ht`: nothing of it is the backend's.
fn is_about_files(model: &Model<'_>, id: ScopeId) -> bool {
    let scope = model.scope(id);
    let answers = ["internal", "root", "alias", "return"];
    let is_regex = scope.location().is_some_and(|location| {
        matches!(location.kind, MatchKind::Regex | MatchKind::RegexCaseless)
    });
    is_regex || answers.iter().any(|name| scope.last(name).is_some())
}
