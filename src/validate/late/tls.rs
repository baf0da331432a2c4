//! TLS of servers and towards backends, as far as it needs no files
//! (`ngx_http_ssl_merge_srv_conf`, `ngx_http_proxy_set_ssl` and their like).

use crate::catalog::{Context, Version};
use crate::model::ScopeId;
use crate::syntax::Directive;
use crate::validate::handlers::ssl;
use crate::validate::{Check, error};

pub(super) fn check(check: &mut Check<'_, '_>, id: ScopeId) {
    match check.model.scope(id).context {
        Context::Server => {
            server(check, id);
            lua(check, id);
            backend(check, id, "proxy");
        }
        Context::StreamServer => {
            let listens = check.model.scope(id).all("listen");
            let has_tls = listens.iter().any(|it| it.arg_values().any(|word| word == "ssl"));
            // Before 1.25.5 certificates are only looked at where the server listens with TLS.
            if has_tls || check.versions.have(Version::new(1, 25, 5)) {
                server(check, id);
            }
            let on = check.model.effective_one(id, "proxy_ssl");
            if on.and_then(|on| on.arg(0)).is_some_and(|on| on.eq_ignore_ascii_case("on")) {
                towards(check, id, "proxy");
            }
        }
        Context::Location | Context::IfInLocation | Context::LimitExcept => {
            for protocol in ["proxy", "grpc", "uwsgi"] {
                backend(check, id, protocol);
            }
        }
        _ => {}
    }
}

/// In a snippet: a certificate whose key is nowhere in view, next to it least of all.
pub(super) fn in_snippet(check: &mut Check<'_, '_>, id: ScopeId) {
    let model = check.model;
    let scope = model.scope(id);
    let lacks_key = scope.last("ssl_certificate").is_some()
        && model.effective(id, "ssl_certificate_key").is_none()
        && !model.ancestors(id).any(|id| model.scope(id).has_unknown_include);
    if scope.context == Context::Server && scope.opener.is_some() && lacks_key {
        server(check, id);
    }
}

/// A certificate needs its key, and one who verifies clients needs to know whom to believe.
fn server(check: &mut Check<'_, '_>, id: ScopeId) {
    let model = check.model;
    // The directive went with 1.25.1.
    let enabled = model.effective_one(id, "ssl").filter(|on| {
        let is_on = on.arg(0).is_some_and(|on| on.eq_ignore_ascii_case("on"));
        is_on && !check.versions.have(Version::new(1, 25, 1))
    });
    let certificates = model.effective(id, "ssl_certificate");
    let keys = model.effective(id, "ssl_certificate_key").map_or(0, |(_, keys)| keys.len());
    if let Some(enabled) = enabled
        && (certificates.is_none() || keys == 0)
    {
        let missing =
            if certificates.is_none() { "ssl_certificate" } else { "ssl_certificate_key" };
        let message = format!("no \"{missing}\" is defined for the \"ssl\" directive");
        check.say(error("incomplete", enabled.place(), message).help(format!("add {missing}")));
        return;
    }
    let Some(&last) = certificates.and_then(|(_, lines)| lines.last()) else { return };
    let certificates = certificates.map_or(&[][..], |(_, lines)| lines);
    if keys < certificates.len() {
        let name = last.arg(0).unwrap_or_default();
        let message = format!("no \"ssl_certificate_key\" is defined for certificate \"{name}\"");
        check.say(
            error("incomplete", last.place(), message)
                .help("add an ssl_certificate_key for each certificate"),
        );
        return;
    }
    let Some(verify) = model.effective_one(id, "ssl_verify_client") else { return };
    let how = verify.arg(0).unwrap_or_default().to_ascii_lowercase();
    let has = |name| model.effective_one(id, name).is_some();
    let old = !check.versions.have(Version::new(1, 27, 2));
    let trusts = has("ssl_client_certificate") || !old && has("ssl_trusted_certificate");
    if matches!(&*how, "on" | "optional") && !trusts {
        let message = if old {
            "no ssl_client_certificate for ssl_verify_client"
        } else {
            "no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client"
        };
        let help = "name the certificates of those who sign clients, with ssl_client_certificate";
        check.say(error("incomplete", verify.place(), message).help(help));
    }
}

/// The Lua module's handlers of handshakes need a server that has TLS.
fn lua(check: &mut Check<'_, '_>, id: ScopeId) {
    let model = check.model;
    let has_tls = model.effective(id, "ssl_certificate").is_some()
        || model.effective_one(id, "ssl_reject_handshake").is_some();
    if has_tls {
        return;
    }
    let lines = model.scope(id).lines().iter().map(|line| line.directive);
    let of_handshake = |directive: &Directive<'_>| {
        let name = directive.name();
        name.starts_with("ssl_certificate_by_lua") || name.starts_with("ssl_client_hello_by_lua")
    };
    let found: Vec<_> = lines.filter(of_handshake).collect();
    if let Some(directive) = found.first() {
        let message = "no ssl configured for the server";
        check.say(
            error("incomplete", directive.place(), message).help(
                "add ssl_certificate and ssl_certificate_key: the handler runs in handshakes",
            ),
        );
    }
}

/// A place that passes on over TLS itself.
fn backend(check: &mut Check<'_, '_>, id: ScopeId, protocol: &str) {
    let Some(pass) = check.model.scope(id).last(&format!("{protocol}_pass")) else { return };
    let url = pass.arg(0).unwrap_or_default().to_ascii_lowercase();
    let is_tls = match protocol {
        "proxy" => url.starts_with("https://") || url.contains('$'),
        "grpc" => url.starts_with("grpcs://") || url.contains('$'),
        _ => url.starts_with("suwsgi://") || url.contains('$'),
    };
    if is_tls {
        towards(check, id, protocol);
    }
}

fn towards(check: &mut Check<'_, '_>, id: ScopeId, protocol: &str) {
    let model = check.model;
    let one = |name: &str| model.effective_one(id, &format!("{protocol}_ssl_{name}"));
    ssl::cipher_list(check, id, &format!("{protocol}_ssl_ciphers"));
    if let Some(certificate) = one("certificate")
        && let Some(name) = certificate.arg(0).filter(|name| !name.is_empty())
        && one("certificate_key").is_none()
    {
        let message =
            format!("no \"{protocol}_ssl_certificate_key\" is defined for certificate \"{name}\"");
        check.say(error("incomplete", certificate.place(), message));
        return;
    }
    let verify =
        one("verify").filter(|it| it.arg(0).is_some_and(|on| on.eq_ignore_ascii_case("on")));
    if let Some(verify) = verify
        && one("trusted_certificate").is_none()
    {
        let message = format!("no {protocol}_ssl_trusted_certificate for {protocol}_ssl_verify");
        let help = format!(
            "name the certificates of those who sign the backend's, with {protocol}_ssl_trusted_certificate"
        );
        check.say(error("incomplete", verify.place(), message).help(help));
    }
}
