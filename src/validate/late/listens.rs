//! Servers of one address, and servers of none (`ngx_http_optimize_servers`,
//! `ngx_http_ssl_init`, `ngx_stream_optimize_servers`).

use std::collections::HashMap;

use crate::catalog::{Context, Version};
use crate::model::ScopeId;
use crate::syntax::Directive;
use crate::validate::handlers::Listen;
use crate::validate::{Check, error, warning};

pub(super) fn check(check: &mut Check<'_, '_>) {
    let listens = std::mem::take(&mut check.listens);
    let mut sorted: Vec<_> = listens.iter().collect();
    sorted.sort_by_key(|(_, listen)| listen.servers.first().map(|(scope, _)| *scope));
    for ((context, _, text), listen) in sorted {
        if matches!(context, Context::Server | Context::StreamServer) {
            certificates(check, listen);
        }
        if *context == Context::Server {
            names(check, text, listen);
        }
    }
    for id in check.model.scope_ids() {
        if check.model.scope(id).context == Context::StreamServer {
            stream_server(check, id);
        }
    }
}

/// An address with TLS needs certificates in its default server.
fn certificates(check: &mut Check<'_, '_>, listen: &Listen<'_>) {
    let Some((tls, kind)) = listen.tls else { return };
    let Some((default, _)) = listen.default_server() else { return };
    if !super::is_known(check, default) {
        return;
    }
    let model = check.model;
    let has = |id, name| model.effective(id, name).is_some();
    let rejects = |id| {
        let reject = model.effective_one(id, "ssl_reject_handshake");
        reject.and_then(|it| it.arg(0)).is_some_and(|on| on.eq_ignore_ascii_case("on"))
    };
    let lacks = |id: &ScopeId| !has(*id, "ssl_certificate") && !rejects(*id);
    let culprit = if has(default, "ssl_certificate") {
        None
    } else if rejects(default) {
        listen.servers.iter().map(|(id, _)| *id).find(lacks)
    } else {
        Some(default)
    };
    let Some(culprit) = culprit else { return };
    let own = listen.servers.iter().find(|(id, _)| *id == culprit).map(|(_, own)| *own);
    let at = model.scope(culprit).opener.or(own).unwrap_or(tls);
    let message =
        format!("no \"ssl_certificate\" is defined for the \"listen ... {kind}\" directive");
    check.say(
        error("incomplete", at.place(), message)
            .here("this server answers handshakes on the address")
            .also(tls.place(), "this asks for TLS on the address")
            .help("add ssl_certificate and ssl_certificate_key to the server, or ssl_reject_handshake"),
    );
}

/// Names that several servers of one address have, and wildcards that cannot be one.
fn names<'p>(check: &mut Check<'_, 'p>, address: &str, listen: &Listen<'p>) {
    if listen.servers.len() < 2 {
        return;
    }
    let model = check.model;
    let mut seen: HashMap<String, (ScopeId, Directive<'p>)> = HashMap::new();
    for &(id, _) in &listen.servers {
        for &directive in model.scope(id).all("server_name") {
            for &word in directive.args() {
                let name = word.value(directive.source).to_ascii_lowercase();
                let place = directive.place_of(word);
                // Other wildcards were said to be wrong where they stand.
                let is_said = name.starts_with('*') && !name.starts_with("*.") || name == ".";
                if name.starts_with('~') || is_said {
                    continue;
                }
                if !is_hash_key(&name) {
                    let message =
                        format!("invalid server name or wildcard \"{name}\" on {address}");
                    let help = "a wildcard is only the first or the last part of a name";
                    check.say(error("invalid-value", place, message).help(help));
                    continue;
                }
                match seen.get(&name) {
                    Some((other, first)) if *other != id || first.place() != directive.place() => {
                        let message =
                            format!("conflicting server name \"{name}\" on {address}, ignored");
                        let first = first.place();
                        check.say(
                            warning("meaningless", place, message)
                                .also(first, "the server that gets its requests")
                                .help("give each name of an address to one server"),
                        );
                    }
                    _ => {
                        seen.insert(name, (id, directive));
                    }
                }
            }
        }
    }
}

/// True for a name that `ngx_hash_add_key` takes: at most one `*`, at an end.
fn is_hash_key(name: &str) -> bool {
    let stars = name.matches('*').count();
    let inner = name.strip_prefix("*.").or(name.strip_suffix(".*")).unwrap_or(name);
    !name.contains("..") && stars <= 1 && !inner.contains('*')
}

/// A server of stream has to listen and, before 1.25.5, to do something.
fn stream_server(check: &mut Check<'_, '_>, id: ScopeId) {
    let scope = check.model.scope(id);
    let Some(opener) = scope.opener.filter(|_| !scope.has_unknown_include) else { return };
    if scope.last("listen").is_none() {
        let message = "no \"listen\" is defined for server";
        check.say(error("incomplete", opener.place(), message).help("add a `listen` line"));
        return;
    }
    let handles = ["proxy_pass", "return", "pass"].iter().any(|name| scope.last(name).is_some());
    let is_old = !check.versions.have(Version::new(1, 25, 5));
    let is_other = |directive: Directive<'_>| {
        crate::catalog::directive(&directive.name()).iter().all(|entry| !entry.origin.is_empty())
    };
    if is_old && !handles && !scope.lines().iter().any(|line| is_other(line.directive)) {
        let message = "no handler for server";
        check.say(error("incomplete", opener.place(), message).help("add proxy_pass or return"));
    }
}
