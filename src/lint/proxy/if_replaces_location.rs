//! `if-replaces-location`: of two `if` that are true, the last one's configuration counts.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Condition, Model, Proxied, ScopeId};
use crate::syntax::Directive;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "if-replaces-location",
    category: Category::Proxy,
    severity: Severity::Warning,
    summary: "an if behind one with a proxy_pass takes its place when both are true",
    docs: include_str!("../../../docs/rules/if-replaces-location.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let scope = model.scope(proxied.scope);
        let (Context::IfInLocation, Some(opener), Some(location)) =
            (scope.context, scope.opener, scope.parent)
        else {
            continue;
        };
        let ends = ["break", "return", "rewrite"].iter().any(|name| scope.last(name).is_some());
        let Some(later) = later_if(model, proxied, opener, location).filter(|_| !ends) else {
            continue;
        };
        let title = proxied.title(model);
        let instead = match model.scope(location).last("proxy_pass") {
            Some(pass) if pass.arg(0) == proxied.pass.arg(0) => continue,
            Some(pass) => (pass.place(), "requests go here when both are true"),
            None => (later.place(), "with both true, nginx answers 500: there is no upstream left"),
        };
        let message =
            format!("a later `if` in `{title}` takes the place of the one with this proxy_pass");
        report.push(
            RULE.at(proxied.pass.place(), message)
                .here("not used if the later `if` is true as well")
                .also(later.place(), "the last `if` that is true counts, whatever it holds")
                .also(instead.0, instead.1)
                .help("choose the backend with a map and one `proxy_pass http://$backend;`, or end the first `if` with `break;`"),
        );
    }
}

/// The first `if` behind this one that may be true as well and says nothing of a backend.
fn later_if<'p>(
    model: &Model<'p>,
    proxied: &Proxied<'p>,
    opener: Directive<'p>,
    location: ScopeId,
) -> Option<Directive<'p>> {
    let condition = model.condition(opener)?;
    let lines = model.scope(location).lines().iter();
    let behind = lines.skip_while(|line| line.block != Some(proxied.scope)).skip(1);
    for line in behind {
        if line.directive.is("break") || line.directive.is("return") {
            return None;
        }
        let Some(block) = line.block.filter(|_| line.directive.is("if")) else { continue };
        let scope = model.scope(block);
        let leaves = ["return", "rewrite", "proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass"];
        if leaves.iter().any(|name| scope.last(name).is_some()) || scope.has_unknown_include {
            continue;
        }
        if model.condition(line.directive).is_some_and(|later| may_both_be_true(&condition, &later))
        {
            return Some(line.directive);
        }
    }
    None
}

/// False for conditions that exclude each other, or may do so.
fn may_both_be_true(first: &Condition, later: &Condition) -> bool {
    use Condition::{Equals, File, IsSet};
    match (first, later) {
        (File { .. }, File { .. }) => false,
        (IsSet { .. }, IsSet { .. }) => true,
        (IsSet { variable: a }, Equals { variable: b, value, negated: false }) if a == b => {
            !matches!(value.as_literal(), Some("" | "0"))
        }
        // Handshakes are GET requests.
        (first, Equals { variable, negated: false, value })
            if variable == "request_method" && value.as_literal() != Some("GET") =>
        {
            variable_of(first).is_none_or(|it| it != "http_upgrade" && it != "request_method")
        }
        (first, later) => match (variable_of(first), variable_of(later)) {
            (Some(a), Some(b)) => a != b,
            _ => true,
        },
    }
}

fn variable_of(condition: &Condition) -> Option<&str> {
    match condition {
        Condition::IsSet { variable }
        | Condition::Equals { variable, .. }
        | Condition::Matches { variable, .. } => Some(variable),
        Condition::File { .. } => None,
    }
}
