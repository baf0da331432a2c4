//! `no-worker-shutdown-timeout`: a reload leaves a worker behind for each old socket.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "no-worker-shutdown-timeout",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "after a reload old workers live on for as long as their sockets do",
    docs: include_str!("../../../docs/rules/no-worker-shutdown-timeout.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    let mut mains = model.scope_ids().filter(|id| model.scope(*id).context == Context::Main);
    let Some(main) = mains.next().filter(|_| model.is_complete()) else { return };
    if model.scope(main).last("worker_shutdown_timeout").is_some() {
        return;
    }
    let Some(proxied) = model.proxied().iter().find(|proxied| proxied.is_active(model)) else {
        return;
    };
    report.push(
        RULE.at(proxied.pass.place(), "old workers wait for their sockets after a reload")
            .here("with the configuration of before, until the client goes")
            .help("set `worker_shutdown_timeout 10m;` at main level, if clients connect again by themselves"),
    );
}
