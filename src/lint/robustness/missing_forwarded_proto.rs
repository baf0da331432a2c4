//! `missing-forwarded-proto`: the backend takes `https` requests for `http` ones.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::insert_after;
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "missing-forwarded-proto",
    category: Category::Robustness,
    severity: Severity::Info,
    summary: "the backend is not told that the client uses TLS, or believes what the client says",
    docs: include_str!("../../../docs/rules/missing-forwarded-proto.md"),
    check,
};

/// Headers that say so, in the words of several backends.
const SAYS_SO: [&str; 7] = [
    "X-Forwarded-Proto",
    "X-Forwarded-Protocol",
    "X-Forwarded-Scheme",
    "X-Forwarded-Ssl",
    "X-Scheme",
    "X-Url-Scheme",
    "Forwarded",
];

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let is_plain = proxied.target(|url| !url.tls).unwrap_or(false);
        let says_so = SAYS_SO.iter().any(|name| proxied.lines(name).next().is_some());
        if says_so || !is_plain || !proxied.is_active(model) || proxied.is_uncertain(model) {
            continue;
        }
        let Some(server) = model.server_of(proxied.scope) else { continue };
        let sockets = model.sockets(server);
        let tls = sockets.iter().filter(|socket| socket.has_tls());
        let Some(listen) = tls.into_iter().find_map(|socket| socket.directive) else { continue };
        let message = format!("`{}` does not say that clients use TLS", proxied.title(model));
        let fix = proxied.headers.last().map(|line| {
            let edit = insert_after(*line, "proxy_set_header X-Forwarded-Proto $scheme;");
            Fix::risky("say which scheme the client uses", vec![edit])
        });
        report.push(
            RULE.at(proxied.pass.place(), message)
                .here("the backend sees http, and an X-Forwarded-Proto of the client's making")
                .also(listen.place(), "clients come with https and wss")
                .help("add `proxy_set_header X-Forwarded-Proto $scheme;`")
                .fix(fix),
        );
    }
}
