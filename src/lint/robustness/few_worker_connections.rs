//! `few-worker-connections`: each socket takes two connections of a worker.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;
use crate::syntax::Directive;
use crate::syntax::value::number;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "few-worker-connections",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "a worker has room for a few hundred sockets only",
    docs: include_str!("../../../docs/rules/few-worker-connections.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    const FEW: i64 = 1024;
    let mut events = model.scope_ids().filter(|id| model.scope(*id).context == Context::Events);
    let Some(events) = events.next().filter(|_| model.is_complete()) else { return };
    let line = model.scope(events).last("worker_connections");
    let count = line.and_then(|line| number(&line.arg(0)?)).unwrap_or(512);
    let Some(place) = line.or(model.scope(events).opener).map(Directive::place) else { return };
    let Some(proxied) = model.proxied().iter().find(|proxied| proxied.is_active(model)) else {
        return;
    };
    if count > FEW {
        return;
    }
    report.push(
        RULE.at(place, format!("a worker has room for {} sockets", count / 2))
            .here(format!("{count} connections: a socket takes one to the client and one to the backend"))
            .also(proxied.pass.place(), "sockets are opened here")
            .help("set `worker_connections` to twice the sockets that you expect, and `worker_rlimit_nofile` to as many"),
    );
}
