//! Servers of one address, and servers of none (`ngx_http_optimize_servers`,
//! `ngx_http_ssl_init`, `ngx_stream_optimize_servers`).

use std::collections::HashMap;

use crate::catalog::{Context, Version};
use crate::diagnostic::Severity;
use crate::model::ScopeId;
use crate::source::Place;
use crate::syntax::Directive;
use crate::syntax::regex::Regex;
use crate::validate::entries::Keys;
use crate::validate::handlers::Listen;
use crate::validate::{Check, error, warning};

pub(super) fn check(check: &mut Check<'_, '_>) {
    imply(check);
    let listens = std::mem::take(&mut check.listens);
    let mut sorted: Vec<_> = listens.iter().collect();
    sorted.sort_by_key(|(key, listen)| (listen.servers.first().map(|(scope, _)| *scope), *key));
    for ((context, _, text), listen) in sorted {
        if matches!(context, Context::Server | Context::StreamServer) {
            certificates(check, listen);
        }
        // A block that is not closed holds servers that are not its own.
        let has_names = *context == Context::Server
            || *context == Context::StreamServer && check.versions.have(Version::new(1, 25, 5));
        if has_names && check.unread.is_empty() {
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

/// A server of http that says nothing listens on port 80 (`ngx_http_core_server`; whoever is
/// not root gets 8000, which is not known here).
fn imply(check: &mut Check<'_, '_>) {
    let model = check.model;
    for id in model.scope_ids() {
        let scope = model.scope(id);
        let is_silent = scope.context == Context::Server && scope.last("listen").is_none();
        if let Some(opener) = scope.opener.filter(|_| is_silent && !scope.has_unknown_include) {
            let key = (Context::Server, false, "0.0.0.0:80".to_owned());
            check.listens.entry(key).or_default().servers.push((id, opener));
        }
    }
}

/// Names that several servers of one address have, and wildcards that cannot be one
/// (`ngx_http_server_names`).
fn names<'p>(check: &mut Check<'_, 'p>, address: &str, listen: &Listen<'p>) {
    let model = check.model;
    // One server alone needs no names, unless an expression of its own has groups.
    if listen.servers.len() < 2 && !listen.servers.iter().any(|(id, _)| has_groups(check, *id)) {
        return;
    }
    let mut keys = Keys::default();
    let mut owners: HashMap<String, Place> = HashMap::new();
    for &(id, listen) in &listen.servers {
        let lines = model.scope(id).all("server_name");
        // Without a name a server has the empty one.
        if lines.is_empty() && keys.add_host("").is_err() {
            let opener = model.scope(id).opener.unwrap_or(listen);
            conflict(check, opener.place(), "", address, owners.get(""));
        } else if lines.is_empty() {
            owners.insert(String::new(), listen.place());
        }
        for directive in lines {
            for &word in directive.args() {
                let name = word.value(directive.source).to_ascii_lowercase();
                // Other wildcards were said to be wrong where they stand.
                let is_said = name.starts_with('*') && !name.starts_with("*.") || name == ".";
                if name.starts_with('~') || is_said {
                    continue;
                }
                let place = directive.place_of(word);
                match keys.add_host(&name) {
                    Ok(()) => {
                        if !name.contains('*') && !name.starts_with('.') {
                            let size = model.effective_one(id, "server_names_hash_bucket_size");
                            let size = size.and_then(|it| it.arg(0)?.parse().ok());
                            check.fits_hash("server_names", &name, size, place);
                        }
                        owners.insert(name, place);
                    }
                    Err(Keys::CONFLICT) => {
                        conflict(check, place, &name, address, owners.get(&name));
                    }
                    Err(_) => {
                        let message =
                            format!("invalid server name or wildcard \"{name}\" on {address}");
                        let help = "a wildcard is only the first or the last part of a name";
                        check.say(error("invalid-value", place, message).help(help));
                    }
                }
            }
        }
    }
}

/// True for a server one of whose names is an expression with groups.
fn has_groups(check: &Check<'_, '_>, id: ScopeId) -> bool {
    let lines = check.model.scope(id).all("server_name").iter();
    let regexes = lines.flat_map(|line| line.arg_values());
    regexes
        .filter_map(|name| Regex::new(name.strip_prefix('~')?, false).ok())
        .any(|it| it.groups() > 0)
}

fn conflict(
    check: &mut Check<'_, '_>,
    place: Place,
    name: &str,
    address: &str,
    first: Option<&Place>,
) {
    let message = format!("conflicting server name \"{name}\" on {address}, ignored");
    let mut diagnostic =
        warning("meaningless", place, message).help("give each name of an address to one server");
    // Servers without a name are often examples for people.
    if name.is_empty() {
        diagnostic.severity = Severity::Info;
    }
    if let Some(&first) = first {
        diagnostic = diagnostic.also(first, "the server that gets its requests");
    }
    check.say(diagnostic);
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
