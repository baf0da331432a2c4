//! The request that a backend receives (`ngx_http_proxy_handler`,
//! `ngx_http_proxy_create_request`).

use super::config::{Backend, Header, Pass, Proxy, ProxyPass};
use super::flow::{Flow, no_room, unknown};
use super::outcome::{Answer, HeaderSource, SentHeader, Unknown, UpstreamRequest, Value, Why};
use super::phases::End;
use super::uri::{Escape, escape};
use crate::catalog::Version;
use crate::syntax::address::{Host, http_url};

/// A `proxy_pass`, its variables evaluated.
struct Target {
    tls: bool,
    backend: Result<Backend, Unknown>,
    host: Vec<u8>,
    port: Vec<u8>,
    /// The part of the URL behind the host.
    uri: Vec<u8>,
    /// It is the whole of what the backend gets, not a part that takes the location's place.
    is_whole: bool,
    /// The length of the path that it takes the place of.
    replaces: usize,
}

impl<'r> Flow<'r> {
    pub(super) fn proxy(&mut self, action: &'r ProxyPass) -> Result<End<'r>, Unknown> {
        let proxy = &self.router.config().proxies[action.settings];
        let Some(target) = self.target(&action.pass)? else {
            return Ok(End::error(500, Why::Nginx("the URL of proxy_pass is none")));
        };
        let uri = self.upstream_uri(&target);
        if uri.is_empty() {
            let why = Why::Nginx("the path for the backend is empty");
            return Ok(End::error(500, why));
        }
        if proxy.cache.is_some() {
            self.assume("proxy_cache", "only the machine knows its cache", "it has no answer");
        }
        self.proxy = Some((target.host, target.port));
        let method = match &proxy.method.is_empty() {
            true => Ok(self.method_name.as_bytes().to_vec()),
            false => self.text(&proxy.method),
        };
        // `Content-Length` comes before the body, which nginx puts together last.
        let first = proxy.body.as_ref().map(|body| self.join(body, false));
        if let Some(Ok(body)) = &first {
            self.body_len = Some(body.len());
        }
        let headers = self.upstream_headers(proxy);
        let body = proxy.body.as_ref().map(|body| match (self.join(body, false), &first) {
            (Ok(text), Some(Ok(first))) if text.len() != first.len() => Err(no_room(body)),
            (text, _) => text,
        });
        for value in headers.iter().map(|header| &header.value).chain([&method]).chain(&body) {
            if let Err(unknown) = value {
                self.unknown.retain(|known| known != unknown);
                self.unknown.push(unknown.clone());
            }
        }
        if let Err(unknown) = &target.backend {
            self.note(unknown);
        }
        Ok(End::Answer(Answer::Proxy(Box::new(UpstreamRequest {
            action,
            proxy,
            tls: target.tls,
            backend: target.backend,
            method,
            uri: Ok(uri),
            http_version: &proxy.http_version,
            headers,
            body,
        }))))
    }

    /// Where a `proxy_pass` leads; none if that is no URL.
    fn target(&mut self, pass: &Pass) -> Result<Option<Target>, Unknown> {
        match pass {
            Pass::Fixed { tls, backend, host, port, uri, replaces } => Ok(Some(Target {
                tls: *tls,
                backend: Ok(backend.clone()),
                host: host.as_bytes().to_vec(),
                port: port.as_bytes().to_vec(),
                uri: uri.as_ref().map_or(Vec::new(), |uri| uri.as_bytes().to_vec()),
                is_whole: false,
                replaces: replaces.len(),
            })),
            Pass::Computed { url } => {
                let url = self.text(url)?;
                Ok(self.computed(&url))
            }
        }
    }

    /// Reads a URL that was made of variables (`ngx_http_proxy_eval`); none if it is none.
    fn computed(&self, url: &[u8]) -> Option<Target> {
        // Each byte as a character, because a path need not be text.
        let url: String = url.iter().copied().map(char::from).collect();
        let url = http_url(&url)?;
        let backend = match url.address.host {
            Host::Name(name) => match self.router.upstream(name) {
                Some(index) if url.address.port.is_none() => Ok(Backend::Upstream(index)),
                _ => Err(unknown(format!("the address of {name}"), "nginx asks DNS for it")),
            },
            _ => Ok(Backend::at(&url.address, url.default_port())),
        };
        let (host, port) = url.host_and_port();
        let slash = if url.address.uri.starts_with('?') { "/" } else { "" };
        let uri = bytes(&format!("{slash}{}", url.address.uri));
        Some(Target {
            tls: url.tls,
            backend,
            host: bytes(&host),
            port: port.into_bytes(),
            is_whole: !uri.is_empty(),
            uri,
            replaces: 0,
        })
    }

    /// Path and arguments for the backend.
    fn upstream_uri(&self, target: &Target) -> Vec<u8> {
        if target.is_whole {
            return target.uri.clone();
        }
        if target.uri.is_empty() && self.valid_unparsed {
            return self.unparsed.to_vec();
        }
        let mut uri = Vec::new();
        let mut kept = self.uri.as_slice();
        if self.valid_location {
            uri.extend(&target.uri);
            if !target.uri.is_empty() {
                kept = self.uri.get(target.replaces..).unwrap_or_default();
            }
        }
        if self.is_quoted || self.internal {
            uri.extend(escape(kept, Escape::Uri));
        } else {
            uri.extend(kept);
        }
        if !self.args.is_empty() {
            uri.push(b'?');
            uri.extend(&self.args);
        }
        uri
    }

    /// The values of the headers that are set. nginx looks at all of them for their length before
    /// it writes one: a map that is looked at for the first time may change groups in all of them.
    fn header_values(&mut self, proxy: &'r Proxy) -> Vec<Value> {
        self.flush(proxy.headers.iter().flat_map(|header| header.value.variables()));
        let first = self.join_headers(proxy);
        if !proxy.headers.iter().any(|header| self.looks_up(&header.value)) {
            return first;
        }
        let second = self.join_headers(proxy);
        let value = |((first, second), header): ((Value, Value), &Header)| match (first, second) {
            (Ok(first), Ok(second)) if first.len() != second.len() => Err(no_room(&header.value)),
            (_, second) => second,
        };
        first.into_iter().zip(second).zip(&proxy.headers).map(value).collect()
    }

    fn join_headers(&mut self, proxy: &'r Proxy) -> Vec<Value> {
        proxy.headers.iter().map(|header| self.join(&header.value, false)).collect()
    }

    /// The headers that are set and not empty, and then those of the client that are not set.
    fn upstream_headers(&mut self, proxy: &'r Proxy) -> Vec<SentHeader> {
        let mut sent = Vec::with_capacity(proxy.headers.len() + self.headers.len());
        let values = self.header_values(proxy);
        for (header, mut value) in proxy.headers.iter().zip(values) {
            if self.router.version() >= Version::HOST_IS_ONE_LINE
                && header.name.eq_ignore_ascii_case("host")
                && matches!(&value, Ok(value) if value.is_empty())
            {
                value = self.variable("proxy_host");
            }
            if !matches!(&value, Ok(value) if value.is_empty()) {
                let from = header.at.map_or(HeaderSource::Default, HeaderSource::Directive);
                sent.push(SentHeader { name: header.name.clone(), value, from });
            }
        }
        if proxy.pass_request_headers {
            let request = self.request;
            for (name, value) in self.headers.iter().map(|&index| &request.headers[index]) {
                let is_set = proxy.headers.iter().any(|set| set.name.eq_ignore_ascii_case(name));
                let value: Value = match is_set {
                    true if self.is_valid_name(name).unwrap_or(true) => continue,
                    // The hash that nginx looks for it with is that of another name.
                    true => Err(unknown(name, "whether nginx finds that it is set is chance")),
                    false => Ok(value.clone()),
                };
                let from = HeaderSource::Client;
                sent.push(SentHeader { name: name.clone(), value, from });
            }
        }
        sent
    }
}

/// The bytes that stand as characters in a text.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().filter_map(|character| u8::try_from(character).ok()).collect()
}
