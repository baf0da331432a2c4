//! `server` blocks with their TLS.

use std::borrow::Cow;

use crate::catalog::Version;
use crate::model::ScopeId;
use crate::runtime::config::{Certificate, Server, ServerTls};

use super::{Compilation, handler, locations, rewrite};

/// A server; `has_tls` says that one of its sockets has TLS.
pub(super) fn server(
    compilation: &mut Compilation<'_, '_>,
    scope: ScopeId,
    has_tls: bool,
) -> Server {
    let model = compilation.model;
    let names = model.scope(scope).all("server_name").iter();
    let names = names.flat_map(|line| line.arg_values()).map(Cow::into_owned).collect();
    Server {
        names,
        tls: has_tls.then(|| tls(compilation, scope)),
        http2: model.version >= Version::HTTP_2_DIRECTIVE && model.flag_of(scope, "http2", false),
        merge_slashes: model.flag_of(scope, "merge_slashes", true),
        underscores_in_headers: model.flag_of(scope, "underscores_in_headers", false),
        ignore_invalid_headers: model.flag_of(scope, "ignore_invalid_headers", true),
        client_header_timeout_ms: model.milliseconds_of(scope, "client_header_timeout", 60_000),
        rewrite: rewrite::program(compilation, scope),
        locations: locations::inside(compilation, scope),
        handler: handler::effective(compilation, scope),
        at: compilation.place_of(scope),
    }
}

/// `ngx_http_ssl_merge_srv_conf`
fn tls(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> ServerTls {
    let model = compilation.model;
    let lines = |name| model.effective(scope, name).map_or(&[][..], |(_, lines)| lines);
    let pairs = lines("ssl_certificate").iter().zip(lines("ssl_certificate_key"));
    let certificates = pairs
        .map(|(&certificate, &key)| Certificate {
            certificate: compilation.template_arg(certificate, 0),
            key: compilation.template_arg(key, 0),
        })
        .collect();
    let text = |name, default: &str| model.text_of(scope, name).unwrap_or_else(|| default.into());
    ServerTls {
        certificates,
        protocols: model.tls_protocols(scope, "ssl_protocols"),
        ciphers: text("ssl_ciphers", "HIGH:!aNULL:!MD5"),
        prefer_server_ciphers: model.flag_of(scope, "ssl_prefer_server_ciphers", false),
        session_timeout_ms: model.seconds_of(scope, "ssl_session_timeout", 300_000),
        session_tickets: model.flag_of(scope, "ssl_session_tickets", true),
        verify_client: text("ssl_verify_client", "off"),
        client_certificate: model.text_of(scope, "ssl_client_certificate"),
        reject_handshake: model.flag_of(scope, "ssl_reject_handshake", false),
    }
}
