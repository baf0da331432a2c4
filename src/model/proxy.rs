//! What `proxy_pass` does in a scope, with all that concerns it (`ngx_http_proxy_module.c`,
//! above all `ngx_http_proxy_merge_loc_conf`).
//!
//! A value that nginx would not take is left at its default here; who has to know of it looks
//! at what `validate` says.

use crate::catalog::{Context, Version};
use crate::runtime::config::{
    Backend, Buffers, Header, NextUpstream, Pass, Proxy, Template, UpstreamTls,
};
use crate::syntax::Directive;
use crate::syntax::address::{Host, http_url};
use crate::syntax::value::{MatchKind, number, size};

use super::settings::template;
use super::{Model, ScopeId};

/// One page of memory, on the machines that nginx mostly runs on.
const PAGE: u64 = 4096;
/// What nginx's times are if nobody says another.
const MINUTE: u64 = 60_000;

/// Headers of an answer that clients do not get unless `proxy_pass_header` says so
/// (`ngx_http_proxy_hide_headers`).
const HIDDEN: [&str; 8] = [
    "Date",
    "Server",
    "X-Pad",
    "X-Accel-Expires",
    "X-Accel-Redirect",
    "X-Accel-Limit-Rate",
    "X-Accel-Buffering",
    "X-Accel-Charset",
];

impl<'p> Model<'p> {
    /// The `proxy_pass` that counts in a scope, and the scope that has it: an `if` or a
    /// `limit_except` has that of the location around it.
    pub fn proxy_pass(&self, scope: ScopeId) -> Option<(ScopeId, Directive<'p>)> {
        let own = self.scope(scope);
        match own.last("proxy_pass") {
            Some(pass) => Some((scope, pass)),
            None if matches!(own.context, Context::IfInLocation | Context::LimitExcept) => {
                self.proxy_pass(own.parent?)
            }
            None => None,
        }
    }

    /// Where the `proxy_pass` of a scope leads; none if it has none, or one whose URL cannot be
    /// read.
    pub fn pass(&self, scope: ScopeId) -> Option<Pass> {
        let (owner, directive) = self.proxy_pass(scope)?;
        self.pass_of(owner, directive)
    }

    /// The settings that count for a `proxy_pass` in a scope.
    pub fn proxy(&self, scope: ScopeId, pass: &Pass) -> Proxy {
        let milliseconds = |name| self.milliseconds_of(scope, name, MINUTE);
        let flag = |name, default| self.flag_of(scope, name, default);
        Proxy {
            http_version: self.http_version_of(scope),
            method: self.template_of(scope, "proxy_method").unwrap_or_default(),
            headers: self.sent_headers(scope),
            pass_request_headers: flag("proxy_pass_request_headers", true),
            pass_request_body: flag("proxy_pass_request_body", true),
            body: self.template_of(scope, "proxy_set_body"),
            hidden_response_headers: self.hidden_headers(scope),
            ignored_response_headers: self
                .words_of(scope, "proxy_ignore_headers")
                .unwrap_or_default(),
            connect_timeout_ms: milliseconds("proxy_connect_timeout"),
            read_timeout_ms: milliseconds("proxy_read_timeout"),
            send_timeout_ms: milliseconds("proxy_send_timeout"),
            buffering: flag("proxy_buffering", true),
            request_buffering: flag("proxy_request_buffering", true),
            buffer_bytes: self.size_of(scope, "proxy_buffer_size", PAGE),
            buffers: self.buffers(scope),
            next_upstream: self.next_upstream(scope),
            intercept_errors: flag("proxy_intercept_errors", false),
            ignore_client_abort: flag("proxy_ignore_client_abort", false),
            socket_keepalive: flag("proxy_socket_keepalive", false),
            cache: self.cache(scope),
            tls: self.upstream_tls(scope, pass),
        }
    }

    /// `ngx_http_proxy_pass`
    fn pass_of(&self, owner: ScopeId, directive: Directive<'p>) -> Option<Pass> {
        let text = directive.arg(0)?;
        if text.contains('$') {
            return Some(Pass::Computed { url: template(&text) });
        }
        let url = http_url(&text)?;
        let (host, port) = url.host_and_port();
        let is_name = !matches!(url.address.host, Host::Unix(_)) && url.address.port.is_none();
        let named = self.upstream(url.host).filter(|_| is_name);
        let backend = match named {
            Some(upstream) => Backend::Upstream(upstream.index),
            None => Backend::at(&url.address, url.default_port()),
        };
        let replaces = self.replaced_path(owner);
        let has_uri = !url.address.uri.is_empty() && replaces.is_some();
        Some(Pass::Fixed {
            tls: url.tls,
            backend,
            host,
            port,
            uri: has_uri.then(|| url.address.uri.to_owned()),
            replaces: replaces.filter(|_| has_uri).unwrap_or_default(),
        })
    }

    /// The part of a path that the URI of a `proxy_pass` takes the place of; none where nginx
    /// takes no URI.
    pub fn replaced_path(&self, owner: ScopeId) -> Option<String> {
        let location = self.scope(owner).location()?;
        let has_path = matches!(
            location.kind,
            MatchKind::Exact | MatchKind::Prefix | MatchKind::PrefixNoRegex
        );
        has_path.then_some(location.pattern)
    }

    /// `proxy_http_version`
    pub(super) fn http_version_of(&self, scope: ScopeId) -> String {
        let is_new = self.version >= Version::KEEPALIVE_BY_DEFAULT;
        let default = if is_new { "1.1" } else { "1.0" };
        self.text_of(scope, "proxy_http_version").unwrap_or_else(|| default.to_owned())
    }

    /// The headers that are set: those of the files in order, then each default of nginx whose
    /// name they do not have (`ngx_http_proxy_init_headers`).
    pub(super) fn sent_headers(&self, scope: ScopeId) -> Vec<Header> {
        let lines = self.effective(scope, "proxy_set_header").map_or(&[][..], |(_, lines)| lines);
        let mut headers: Vec<Header> = lines
            .iter()
            .filter_map(|line| {
                let (name, value) = (line.arg(0)?.into_owned(), template(&line.arg(1)?));
                Some(Header { name, value, at: Some(self.runtime_place(*line)) })
            })
            .collect();
        for (name, value) in self.default_headers(scope) {
            if !headers.iter().any(|header| header.name.eq_ignore_ascii_case(name)) {
                headers.push(Header { name: name.to_owned(), value: template(value), at: None });
            }
        }
        if self.version >= Version::HOST_IS_ONE_LINE {
            host_first(&mut headers);
        }
        headers
    }

    /// `ngx_http_proxy_headers` and `ngx_http_proxy_cache_headers`
    fn default_headers(&self, scope: ScopeId) -> Vec<(&'static str, &'static str)> {
        let close = if self.version < Version::KEEPALIVE_BY_DEFAULT { "close" } else { "" };
        let mut headers = vec![("Host", "$proxy_host"), ("Connection", close)];
        if self.version >= Version::PROXY_CONNECTION_IS_DROPPED {
            headers.push(("Proxy-Connection", ""));
        }
        headers.extend([
            ("Content-Length", "$proxy_internal_body_length"),
            ("Transfer-Encoding", "$proxy_internal_chunked"),
            ("TE", ""),
            ("Keep-Alive", ""),
            ("Expect", ""),
            ("Upgrade", ""),
        ]);
        if self.cache(scope).is_some() {
            headers.extend([
                ("If-Modified-Since", "$upstream_cache_last_modified"),
                ("If-Unmodified-Since", ""),
                ("If-None-Match", "$upstream_cache_etag"),
                ("If-Match", ""),
                ("Range", ""),
                ("If-Range", ""),
            ]);
        }
        headers
    }

    /// `ngx_http_upstream_hide_headers_hash`
    pub fn hidden_headers(&self, scope: ScopeId) -> Vec<String> {
        let words = |name| self.words_of(scope, name).unwrap_or_default();
        let mut hidden: Vec<String> = HIDDEN.iter().map(|&name| name.to_owned()).collect();
        for name in words("proxy_hide_header") {
            if !hidden.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                hidden.push(name);
            }
        }
        let passed = words("proxy_pass_header");
        hidden.retain(|name| !passed.iter().any(|passed| passed.eq_ignore_ascii_case(name)));
        hidden
    }

    fn buffers(&self, scope: ScopeId) -> Buffers {
        let line = self.effective_one(scope, "proxy_buffers");
        let read = |line: Directive<'_>| {
            let count = u64::try_from(number(&line.arg(0)?)?).ok()?;
            Some(Buffers { count, bytes: size(&line.arg(1)?)? })
        };
        line.and_then(read).unwrap_or(Buffers { count: 8, bytes: PAGE })
    }

    fn next_upstream(&self, scope: ScopeId) -> NextUpstream {
        let default = || vec!["error".to_owned(), "timeout".to_owned()];
        let mut on = self.words_of(scope, "proxy_next_upstream").unwrap_or_else(default);
        if on.iter().any(|word| word.eq_ignore_ascii_case("off")) {
            on.clear();
        }
        NextUpstream {
            on,
            tries: self.number_of(scope, "proxy_next_upstream_tries", 0),
            timeout_ms: self.milliseconds_of(scope, "proxy_next_upstream_timeout", 0),
        }
    }

    /// The zone of `proxy_cache`; none if it is off.
    pub(super) fn cache(&self, scope: ScopeId) -> Option<Template> {
        self.template_of(scope, "proxy_cache").filter(|zone| zone.as_literal() != Some("off"))
    }

    /// TLS, if a connection may have it.
    fn upstream_tls(&self, scope: ScopeId, pass: &Pass) -> Option<UpstreamTls> {
        let may_be = match pass {
            Pass::Fixed { tls, .. } => *tls,
            Pass::Computed { url } => {
                !url.to_string().get(..7).is_some_and(|it| it.eq_ignore_ascii_case("http://"))
            }
        };
        let name = |name| self.template_of(scope, name).filter(|value| !value.is_empty());
        may_be.then(|| UpstreamTls {
            server_name: self.flag_of(scope, "proxy_ssl_server_name", false),
            name: name("proxy_ssl_name").unwrap_or_else(|| Template::variable("proxy_host")),
            verify: self.flag_of(scope, "proxy_ssl_verify", false),
            verify_depth: self.number_of(scope, "proxy_ssl_verify_depth", 1),
            trusted_certificate: self.text_of(scope, "proxy_ssl_trusted_certificate"),
            certificate: name("proxy_ssl_certificate"),
            certificate_key: name("proxy_ssl_certificate_key"),
            protocols: self.tls_protocols(scope, "proxy_ssl_protocols"),
            ciphers: self
                .text_of(scope, "proxy_ssl_ciphers")
                .unwrap_or_else(|| "DEFAULT".to_owned()),
            session_reuse: self.flag_of(scope, "proxy_ssl_session_reuse", true),
        })
    }

    /// The versions of TLS that a directive names, or nginx's default.
    pub fn tls_protocols(&self, scope: ScopeId, name: &str) -> Vec<String> {
        const ALL: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
        let default = match self.version {
            version if version >= Version::OLD_TLS_IS_OFF => &ALL[2..],
            version if version >= Version::TLS_1_3_BY_DEFAULT => &ALL[..],
            _ => &ALL[..3],
        };
        let default = || default.iter().map(|&protocol| protocol.to_owned()).collect();
        self.words_of(scope, name).unwrap_or_else(default)
    }
}

/// Of several `Host` lines the last counts, it is the first line, and an empty one is the
/// default.
fn host_first(headers: &mut Vec<Header>) {
    let is_host = |header: &Header| header.name.eq_ignore_ascii_case("host");
    let Some(at) = headers.iter().rposition(is_host) else { return };
    let mut host = headers.remove(at);
    headers.retain(|header| !is_host(header));
    if host.value.is_empty() {
        host.value = Template::variable("proxy_host");
    }
    headers.insert(0, host);
}
