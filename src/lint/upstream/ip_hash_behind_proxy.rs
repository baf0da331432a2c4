//! `ip-hash-behind-proxy`: all clients have the address of the proxy in front.

use crate::catalog::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Balance, Model, Proxied, ScopeId};
use crate::syntax::Directive;
use crate::syntax::value::{Part, template};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "ip-hash-behind-proxy",
    category: Category::Upstream,
    severity: Severity::Info,
    summary: "servers are chosen by the client's address, but a proxy in front has one address for all",
    docs: include_str!("../../../docs/rules/ip-hash-behind-proxy.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let Some(upstream) = proxied.upstream(model) else { continue };
        let Some(Balance::ByClient(method)) = model.balance(upstream) else { continue };
        let several = model.active_servers(upstream).is_some_and(|servers| servers.len() > 1);
        if method.is("sticky") || !several || proxied.is_uncertain(model) {
            continue;
        }
        let knows = ["set_real_ip_from", "real_ip_header"];
        if knows.iter().any(|name| model.effective_one(proxied.scope, name).is_some()) {
            continue;
        }
        let Some((sign, what)) = in_front(model, proxied) else { continue };
        report.push(
            RULE.at(method.place(), format!("{} sees the proxy in front, not the clients", method.name()))
                .here("so most clients go to one server")
                .also(sign.place(), what)
                .help("let nginx take the client's address from the proxy: `set_real_ip_from` and `real_ip_header`"),
        );
    }
}

/// What says that a proxy is in front: a header that only a proxy sends, or a server that
/// nobody else can reach.
fn in_front<'p>(model: &Model<'p>, proxied: &Proxied<'p>) -> Option<(Directive<'p>, &'static str)> {
    const HEADERS: [&str; 5] = [
        "http_x_forwarded_for",
        "http_x_forwarded_proto",
        "http_x_real_ip",
        "http_cf_connecting_ip",
        "http_true_client_ip",
    ];
    let is_sign = |part: &Part<'_>| matches!(part, Part::Variable(name) if HEADERS.iter().any(|it| it.eq_ignore_ascii_case(name)));
    let has_sign = |line: &&Directive<'p>| {
        let value = line.arg(1).unwrap_or_default();
        template(&value).is_ok_and(|parts| parts.iter().any(is_sign))
    };
    if let Some(line) = proxied.headers.iter().find(has_sign) {
        return Some((*line, "a proxy in front sends this header"));
    }
    let is_server = |id: &ScopeId| model.scope(*id).context == Context::Server;
    let server = model.ancestors(proxied.scope).find(is_server)?;
    let listens = model.scope(server).all("listen");
    let is_local = |listen: &Directive<'p>| {
        let address = listen.arg(0).unwrap_or_default();
        ["127.", "localhost", "[::1]", "unix:"].iter().any(|start| address.starts_with(start))
    };
    let all = !listens.is_empty() && listens.iter().all(is_local);
    all.then(|| (listens[0], "only this machine can connect here"))
}
