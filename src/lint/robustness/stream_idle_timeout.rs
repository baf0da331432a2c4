//! `stream-idle-timeout`: a TCP proxy that closes silent sockets.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;
use crate::syntax::value::milliseconds;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "stream-idle-timeout",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "sockets that go through `stream` are closed after proxy_timeout of silence",
    docs: include_str!("../../../docs/rules/stream-idle-timeout.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    const ENOUGH: u64 = 600_000;
    for id in model.scope_ids() {
        let scope = model.scope(id);
        let is_stream = scope.context == Context::StreamServer;
        let Some(pass) = scope.last("proxy_pass").filter(|_| is_stream) else { continue };
        let name = pass.arg(0).unwrap_or_default().to_ascii_lowercase();
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        if !words.any(|word| matches!(word, "ws" | "wss" | "websocket" | "websockets")) {
            continue;
        }
        let set = model.effective_one(id, "proxy_timeout");
        let time = set.and_then(|set| milliseconds(&set.arg(0)?)).unwrap_or(ENOUGH);
        if time > ENOUGH {
            continue;
        }
        let message = format!("sockets to {name} are closed after {} s of silence", time / 1000);
        report.push(
            RULE.at(set.unwrap_or(pass).place(), message)
                .here("proxy_timeout is how long nobody may speak")
                .help("set `proxy_timeout 1h;`, or let the client or the backend send pings more often than that"),
        );
    }
}
