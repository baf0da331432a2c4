//! Reading a request: its line, its headers, and the server that they choose.

use super::config::NameMatch;
use super::flow::Flow;
use super::outcome::{Step, Why};
use super::phases::End;
use super::request::HttpVersion;
use super::uri;
use crate::catalog::Version;

/// Headers that a request may have once (`ngx_http_process_unique_header_line`); of `Host` it
/// is said where that is read.
const UNIQUE: [&str; 10] = [
    "if-modified-since",
    "if-unmodified-since",
    "if-match",
    "if-none-match",
    "content-length",
    "content-range",
    "if-range",
    "transfer-encoding",
    "expect",
    "authorization",
];

impl<'r> Flow<'r> {
    /// Reads request line and headers and chooses the server; an end if nginx refuses the
    /// request (`ngx_http_process_request_line`, `ngx_http_process_request_header`).
    pub(super) fn receive(&mut self, listener: usize) -> Option<End<'r>> {
        let refuse = |status, why| Some(End::error(status, Why::Nginx(why)));
        let own = &self.router.config().listeners[listener];
        self.server = Some(own.default_server);
        self.handler = self.server().map(|server| &server.handler);
        if self.request.tls && !own.tls {
            return refuse(400, "the socket does not speak TLS");
        }
        let speaks_http1 =
            !own.http2 || self.request.tls || self.router.version() >= Version::HTTP_2_DIRECTIVE;
        if self.request.version != HttpVersion::Http2 && !speaks_http1 {
            return refuse(400, "the socket speaks HTTP/2 and nothing else");
        }
        if let Some(sni) = self.request.sni.as_ref().filter(|_| self.request.tls)
            && let Some(host) = uri::host(sni.as_bytes())
        {
            self.find_server(listener, &host, false);
        }
        let refused = match self.receive_line() {
            Ok(host) => self.receive_host(listener, host),
            Err(why) => return refuse(400, why),
        };
        if refused.is_some() {
            return refused;
        }
        self.is_length_read = true;
        let refused = self.check_headers();
        if refused.is_some() {
            return refused;
        }
        if own.tls && !self.request.tls {
            return refuse(497, "plain HTTP came to a socket for TLS");
        }
        let uri = self.uri.clone();
        self.step(|| Step::Normalized { uri });
        if let Some(handler) = self.handler {
            self.real_ip(handler);
        }
        None
    }

    /// Reads the request line; the host that it names, or why nginx refuses it.
    fn receive_line(&mut self) -> Result<Option<&'r [u8]>, &'static str> {
        let is_of_method = |byte: u8| byte.is_ascii_uppercase() || b"_-".contains(&byte);
        let method = &self.request.method;
        let is_method = !method.is_empty() && method.bytes().all(is_of_method);
        let Some(target) = uri::target(&self.request.target).filter(|_| is_method) else {
            (self.method_name, self.has_line) = ("", false);
            return Err("the request line is not valid");
        };
        let merges = self.server().is_none_or(|server| server.merge_slashes);
        let Some(path) = uri::path(&target, merges) else {
            return Err("the path is not valid");
        };
        (self.uri, self.args) = (path.decoded, path.args);
        (self.is_quoted, self.has_plus) = (path.is_quoted, path.has_plus);
        self.unparsed = target.unparsed;
        self.valid_unparsed = !target.has_no_path;
        Ok(target.host)
    }

    /// Takes the headers that nginx does not ignore, and chooses the server by the host.
    fn receive_host(&mut self, listener: usize, in_target: Option<&[u8]>) -> Option<End<'r>> {
        let refuse = |why| Some(End::error(400, Why::Nginx(why)));
        if let Some(name) = in_target {
            let Some(name) = uri::host(name) else { return refuse("the host is not valid") };
            self.find_server(listener, &name, true);
            self.host = name;
        }
        let mut header = None;
        let request = self.request;
        for (index, (name, value)) in request.headers.iter().enumerate() {
            match self.counts(name) {
                None => return refuse("the name of a header is not valid"),
                Some(false) => continue,
                Some(true) => {}
            }
            if value.contains(&0) {
                return refuse("the value of a header is not valid");
            }
            self.headers.push(index);
            let name = name.to_ascii_lowercase();
            if UNIQUE.contains(&&*name) && self.header(&name).nth(1).is_some() {
                return refuse("a header that may be there once is there twice");
            }
            if name != "host" {
                continue;
            }
            if header.replace(value).is_some() {
                return refuse("there are several Host headers");
            }
            let Some(name) = uri::host(value) else { return refuse("the host is not valid") };
            if self.host.is_empty() {
                self.find_server(listener, &name, true);
                self.host = name;
            }
        }
        if self.host.is_empty() {
            self.find_server(listener, b"", true);
        }
        let needs_host = request.version != HttpVersion::Http10 && header.is_none();
        if needs_host { refuse("HTTP/1.1 needs a Host header") } else { None }
    }

    /// True for a header that counts, false for one that nginx ignores; none if it refuses the
    /// request (`ngx_http_parse_header_line`).
    fn counts(&self, name: &str) -> Option<bool> {
        let ignores = self.server()?.ignore_invalid_headers;
        Some(self.is_valid_name(name)? || !ignores)
    }

    /// True for a name of a header that is valid; none if nginx refuses the request for it.
    pub(super) fn is_valid_name(&self, name: &str) -> Option<bool> {
        let has_underscores = self.server().is_none_or(|server| server.underscores_in_headers);
        let mut is_valid = true;
        if name.is_empty() {
            return None;
        }
        for (at, byte) in name.bytes().enumerate() {
            match byte {
                b'-' => {}
                b'_' => is_valid &= has_underscores,
                _ if byte.is_ascii_alphanumeric() => {}
                0..=0x20 | 0x7f => return None,
                b':' if at == 0 => return None,
                _ => is_valid = false,
            }
        }
        Some(is_valid)
    }

    fn check_headers(&self) -> Option<End<'r>> {
        let refuse = |status, why| Some(End::error(status, Why::Nginx(why)));
        let length = self.header("content-length").next();
        if length.is_some_and(|it| it.is_empty() || !it.iter().all(u8::is_ascii_digit)) {
            return refuse(400, "the Content-Length is no number");
        }
        if let Some(encoding) = self.header("transfer-encoding").next() {
            if self.request.version == HttpVersion::Http10 {
                return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
            }
            if !encoding.eq_ignore_ascii_case(b"chunked") {
                return refuse(501, "the Transfer-Encoding is unknown");
            }
            if length.is_some() {
                return refuse(400, "there is a Content-Length and a Transfer-Encoding");
            }
        }
        if matches!(self.method, "CONNECT" | "TRACE") {
            return refuse(405, "nginx takes no such method");
        }
        None
    }

    /// Chooses the server for a name (`ngx_http_find_virtual_server`); if no server has it, the
    /// one before stays.
    fn find_server(&mut self, listener: usize, host: &[u8], is_final: bool) {
        let own = &self.router.config().listeners[listener];
        let names = self.router.names(listener);
        let mut found = names.find(host);
        if found.is_none() && !host.is_empty() {
            found = names.regexes.iter().copied().find(|&index| {
                let NameMatch::Regex(pattern) = &own.names[index].matches else { return false };
                match pattern.captures(host).flatten() {
                    Some(captures) => {
                        self.matched((pattern, captures));
                        true
                    }
                    None => false,
                }
            });
        }
        let name = found.map(|index| &own.names[index]);
        if let Some(name) = name {
            self.server = Some(name.server);
        }
        let Some(server) = self.server() else { return };
        self.handler = Some(&server.handler);
        if is_final {
            let host = host.to_vec();
            self.step(|| Step::Server { server, host, name });
        }
    }
}
