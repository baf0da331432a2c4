//! `cleartext-http2-listener`: a socket for HTTP/2 without TLS takes no handshake.

use std::collections::HashSet;

use crate::catalog::Version;
use crate::diagnostic::{Diagnostic, Evidence, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "cleartext-http2-listener",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "before nginx 1.25.1, `listen … http2` without TLS takes no HTTP/1.1, so no WebSocket",
    docs: include_str!("../../../docs/rules/cleartext-http2-listener.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    if model.version >= Version::HTTP_2_DIRECTIVE {
        return;
    }
    let mut servers = HashSet::new();
    let mut known = HashSet::new();
    for proxied in model.proxied() {
        let Some(server) = model.server_of(proxied.scope) else { continue };
        if servers.contains(&server) || !proxied.is_active(model) {
            continue;
        }
        servers.insert(server);
        for socket in model.sockets(server) {
            // What is not for everybody may be for a proxy that speaks HTTP/2.
            let is_for_all = socket.is_public() && !socket.has_proxy_protocol();
            let Some(listen) = socket.directive.filter(|_| is_for_all) else { continue };
            if !socket.has_http2() || socket.has_tls() || !known.insert(listen.place()) {
                continue;
            }
            report.push(
                RULE.at(listen.place(), "no WebSocket client can connect here")
                    .here("without TLS this speaks HTTP/2 and nothing else before nginx 1.25.1")
                    .also(proxied.pass.place(), "handshakes are HTTP/1.1, and are to go here")
                    .evidence(Evidence::NoHandshake)
                    .help("leave `http2` out: browsers speak HTTP/2 over TLS only"),
            );
        }
    }
}
