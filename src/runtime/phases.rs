//! The phases of a request: server rewrite, location, rewrite, access, files, content; and the
//! error pages (`ngx_http_core_run_phases`, `ngx_http_special_response_handler`).

use std::net::IpAddr;

use super::config::{Action, ErrorPage, ErrorResponse, Handler, Satisfy, TryFiles, TryLast};
use super::flow::{Flow, unknown};
use super::outcome::{Answer, Step, Unknown, Value, Why};
use super::request::Local;
use super::rewrite::{Program, Ran};
use super::search::Hit;
use super::{builtin, fates, uri};
use crate::syntax::address::network;

/// How the phases ended.
#[derive(Debug)]
pub(super) enum End<'r> {
    /// With an answer.
    Answer(Answer<'r>),
    /// With a text.
    Text { status: u16, text: Value, why: Why },
    /// With a status that an error page may be for, redirects among them.
    Error { status: u16, location: Option<Value>, why: Why },
    /// The request is sent on, to a path or to a named location.
    Elsewhere { target: Vec<u8>, why: Option<super::config::Place> },
}

impl End<'_> {
    pub(super) fn error(status: u16, why: Why) -> Self {
        Self::Error { status, location: None, why }
    }
}

/// What one of those who guard a place says.
enum Guard {
    Allows,
    Denies(u16, super::config::Place),
}

impl<'r> Flow<'r> {
    /// Runs the phases from the server's rewrite program on, again for each internal redirect,
    /// to the end.
    pub(super) fn handle(&mut self, first: Option<End<'r>>) -> Answer<'r> {
        let mut end = first.map_or_else(|| self.from_server(), Ok);
        loop {
            end = match end {
                Ok(End::Answer(answer)) => return answer,
                Ok(End::Text { status, text, why }) => {
                    let status = self.status.unwrap_or(status);
                    return Answer::Status { status, body: Some(text), location: None, why };
                }
                Ok(End::Error { status, location, why }) => {
                    match self.error_page(status, why.clone()) {
                        Some(end) => end,
                        None => return self.special_response(status, location, why),
                    }
                }
                Ok(End::Elsewhere { target, why }) => self.elsewhere(target, why),
                Err(unknown) => {
                    self.note(&unknown);
                    return Answer::Unknown;
                }
            }
        }
    }

    /// From the server's rewrite program on.
    fn from_server(&mut self) -> Result<End<'r>, Unknown> {
        let Some(server) = self.server() else {
            return Ok(End::error(400, Why::Nginx("no server")));
        };
        self.valid_location = true;
        self.location = None;
        self.handler = Some(&server.handler);
        self.limit_except();
        if let Ran::End(end) = self.run(&server.rewrite, &mut Program::new(false))? {
            return Ok(end);
        }
        self.from_location()
    }

    /// From the search for a location on, again as long as `rewrite` changes the URI.
    fn from_location(&mut self) -> Result<End<'r>, Unknown> {
        loop {
            if let Some(end) = self.find_location()? {
                return Ok(end);
            }
            // A server's own program has run already if no location was found.
            let Some(location) = self.location else { return self.content() };
            let mut program = Program::new(false);
            if let Ran::End(end) = self.run(&location.handler.rewrite, &mut program)? {
                return Ok(end);
            }
            if !program.uri_changed {
                return self.content();
            }
            if let Some(end) = self.count_change() {
                return Ok(end);
            }
            let to = self.uri.clone();
            self.step(|| Step::Redirect { to, at: None });
        }
    }

    /// One more change of the URI; the eleventh is too many.
    fn count_change(&mut self) -> Option<End<'r>> {
        self.uri_changes = self.uri_changes.saturating_sub(1);
        (self.uri_changes == 0)
            .then(|| End::error(500, Why::Nginx("the URI was changed more than ten times")))
    }

    fn find_location(&mut self) -> Result<Option<End<'r>>, Unknown> {
        let (Some(server), Some(index)) = (self.server(), self.server) else { return Ok(None) };
        let mut matched = None;
        let hit = self.router.search(index).find(&server.locations, &self.uri, &mut matched);
        if let Some(matched) = matched {
            self.matched(matched);
        }
        let (location, is_redirect) = match hit {
            Hit::None => (None, false),
            Hit::Prefix(location) | Hit::Final(location) => (Some(location), false),
            Hit::Redirect(location) => (Some(location), true),
            Hit::Failed(location) => {
                let reason = "the expression takes too long";
                return Err(unknown(location.matches.pattern(), reason));
            }
        };
        if let Some(steps) = &mut self.steps {
            fates::tell(&server.locations, &self.uri, location, is_redirect, steps);
        }
        self.location = location;
        let handler = location.map_or(&server.handler, |location| &location.handler);
        self.handler = Some(handler);
        if !self.internal && handler.internal {
            return Ok(Some(End::error(404, Why::Nginx("the location is internal"))));
        }
        self.limit_except();
        if self.is_too_large() {
            return Ok(Some(End::error(413, Why::Nginx("the body is too large"))));
        }
        let Some(location) = location.filter(|_| is_redirect) else { return Ok(None) };
        let mut to = uri::escape(location.matches.pattern().as_bytes(), uri::Escape::Uri);
        if !self.args.is_empty() {
            to.push(b'?');
            to.extend(&self.args);
        }
        let why = Why::AutoRedirect(location.at);
        Ok(Some(End::Error { status: 301, location: Some(Ok(to)), why }))
    }

    /// `limit_except` (`ngx_http_update_location_config`).
    pub(super) fn limit_except(&mut self) {
        let Some(limit) = self.handler.and_then(|handler| handler.limit_except.as_ref()) else {
            return;
        };
        let is_named =
            |method: &String| method == self.method || method == "GET" && self.method == "HEAD";
        if !limit.methods.iter().any(is_named) {
            self.handler = Some(&limit.handler);
        }
    }

    fn is_too_large(&self) -> bool {
        let limit = self.handler.map_or(0, |handler| handler.client.max_body_bytes);
        let length = self
            .header("content-length")
            .next()
            .and_then(|length| std::str::from_utf8(length).ok()?.parse::<u64>().ok());
        limit > 0 && length.is_some_and(|length| length > limit)
    }

    /// Behind the rewrite phase: access, files, content.
    fn content(&mut self) -> Result<End<'r>, Unknown> {
        let Some(handler) = self.handler else {
            return Ok(End::error(404, Why::Nginx("nothing handles it")));
        };
        self.real_ip(handler);
        if let Some(end) = self.access(handler)? {
            return Ok(end);
        }
        if let Some(try_files) = &handler.try_files {
            return self.try_files(try_files);
        }
        match &handler.action {
            Action::Proxy(proxy) => self.proxy(proxy),
            Action::Other { directive, .. } => Ok(End::Answer(Answer::Other { directive })),
            Action::Static => self.files(),
        }
    }

    fn files(&mut self) -> Result<End<'r>, Unknown> {
        if !matches!(self.method, "GET" | "HEAD" | "POST") {
            return Ok(End::error(405, Why::Nginx("files are only read")));
        }
        if self.request.no_files {
            let is_directory = self.uri.ends_with(b"/");
            return Ok(if is_directory && self.method == "POST" {
                // Only GET and HEAD look for an index.
                End::error(403, Why::Nginx("a directory takes no POST"))
            } else {
                End::error(404, Why::Nginx("there is no such file"))
            });
        }
        let path = builtin::file_name(self);
        Ok(End::Answer(Answer::Static { path }))
    }

    /// `try_files` (`ngx_http_try_files_handler`), as if none of its files were there.
    fn try_files(&mut self, try_files: &'r TryFiles) -> Result<End<'r>, Unknown> {
        for file in &try_files.files {
            let path = self.text(&file.path)?;
            if !self.request.no_files {
                let path = format!("{}{}", file.path, if file.directory { "/" } else { "" });
                let reason = "only the machine knows its files";
                self.assume(format!("try_files {path}"), reason, "it is not there");
            }
            drop(path);
        }
        match &try_files.last {
            TryLast::Status(status) => Ok(End::error(*status, Why::Directive(try_files.at))),
            TryLast::Named(name) => {
                let target = name.as_bytes().to_vec();
                Ok(End::Elsewhere { target, why: Some(try_files.at) })
            }
            TryLast::Uri(target) => {
                let target = self.text(target)?;
                Ok(End::Elsewhere { target, why: Some(try_files.at) })
            }
        }
    }

    /// Sends the request on inside nginx (`ngx_http_internal_redirect`,
    /// `ngx_http_named_location`).
    fn elsewhere(
        &mut self,
        target: Vec<u8>,
        at: Option<super::config::Place>,
    ) -> Result<End<'r>, Unknown> {
        if let Some(end) = self.count_change() {
            return Ok(end);
        }
        self.step(|| Step::Redirect { to: target.clone(), at });
        if !target.starts_with(b"@") {
            self.internal = true;
            self.valid_unparsed = false;
            match target.iter().position(|byte| *byte == b'?') {
                Some(at) => {
                    self.args = target[at + 1..].to_vec();
                    self.uri = target[..at].to_vec();
                }
                None => {
                    self.args.clear();
                    self.uri = target;
                }
            }
            return self.from_server();
        }
        if self.uri.is_empty() {
            return Ok(End::error(500, Why::Nginx("a request without a path has no location")));
        }
        let named = self.server().map(|server| server.locations.named.iter());
        let mut named = named.into_iter().flatten();
        let Some(location) = named.find(|it| it.matches.pattern().as_bytes() == target) else {
            return Ok(End::error(500, Why::Nginx("there is no such named location")));
        };
        self.internal = true;
        self.location = Some(location);
        self.handler = Some(&location.handler);
        self.limit_except();
        let mut program = Program::new(false);
        if let Ran::End(end) = self.run(&location.handler.rewrite, &mut program)? {
            return Ok(end);
        }
        if !program.uri_changed {
            return self.content();
        }
        if let Some(end) = self.count_change() {
            return Ok(end);
        }
        let to = self.uri.clone();
        self.step(|| Step::Redirect { to, at: None });
        self.from_location()
    }

    /// The access phase, in the order of nginx's modules.
    fn access(&mut self, handler: &'r Handler) -> Result<Option<End<'r>>, Unknown> {
        let mut denied: Option<(u16, super::config::Place)> = None;
        let guards = [Self::access_rules, Self::auth_basic, Self::auth_request];
        for guard in guards {
            match (guard(self, handler)?, handler.satisfy) {
                (None, _) | (Some(Guard::Allows), Satisfy::All) => {}
                (Some(Guard::Allows), Satisfy::Any) => return Ok(None),
                (Some(Guard::Denies(status, at)), Satisfy::All) => {
                    return Ok(Some(End::error(status, Why::Directive(at))));
                }
                (Some(Guard::Denies(status, at)), Satisfy::Any) => {
                    if denied.is_none_or(|(status, _)| status != 401) {
                        denied = Some((status, at));
                    }
                }
            }
        }
        Ok(denied.map(|(status, at)| End::error(status, Why::Directive(at))))
    }

    /// `allow` and `deny` (`ngx_http_access_handler`).
    fn access_rules(&mut self, handler: &'r Handler) -> Result<Option<Guard>, Unknown> {
        if handler.access.is_empty() {
            return Ok(None);
        }
        let is_unix = matches!(self.request.local, Local::Unix(_));
        if self.client.is_none() && !is_unix && handler.access.iter().any(|it| it.from != "all") {
            let reason = "the client's address was not given";
            self.assume("allow and deny", reason, "they let the request in");
            return Ok(Some(Guard::Allows));
        }
        let applies = |from: &str| match self.client {
            _ if from == "all" => true,
            Some(client) => network(from).is_some_and(|network| network.contains(client)),
            None => from == "unix:",
        };
        let Some(rule) = handler.access.iter().find(|rule| applies(&rule.from)) else {
            return Ok(None);
        };
        self.step(|| Step::Access { allowed: rule.allow, at: rule.at });
        Ok(Some(if rule.allow { Guard::Allows } else { Guard::Denies(403, rule.at) }))
    }

    fn auth_basic(&mut self, handler: &'r Handler) -> Result<Option<Guard>, Unknown> {
        let Some(auth) = &handler.auth_basic else { return Ok(None) };
        if auth.user_file.is_none() || self.text(&auth.realm)? == b"off" {
            return Ok(None);
        }
        if builtin::user(self).is_none() {
            self.step(|| Step::Access { allowed: false, at: auth.at });
            return Ok(Some(Guard::Denies(401, auth.at)));
        }
        let reason = "only the machine knows who may come in";
        self.assume("auth_basic", reason, "it lets the request in");
        Ok(Some(Guard::Allows))
    }

    fn auth_request(&mut self, handler: &'r Handler) -> Result<Option<Guard>, Unknown> {
        let Some(auth) = &handler.auth_request else { return Ok(None) };
        let what = format!("auth_request {}", auth.uri);
        self.assume(what, "a backend decides", "it lets the request in");
        for set in &auth.set {
            let reason = "its value comes with the answer to auth_request";
            let value = Err(unknown(format!("${}", set.variable), reason));
            self.variables.insert(&set.variable, value);
        }
        Ok(Some(Guard::Allows))
    }

    /// The client's address as a proxy in front of nginx says it (`ngx_http_realip_handler`).
    pub(super) fn real_ip(&mut self, handler: &'r Handler) {
        let Some(real_ip) = &handler.real_ip else { return };
        let Some(mut client) = self.client.filter(|_| self.client == self.request.client) else {
            return;
        };
        let is_trusted = |address: IpAddr| {
            real_ip.from.iter().any(|from| network(from).is_some_and(|it| it.contains(address)))
        };
        let header = real_ip.header.to_ascii_lowercase();
        let lines: Vec<&[u8]> = self.header(&header).collect();
        let is_list = header == "x-forwarded-for";
        let addresses: Vec<&[u8]> = match is_list {
            true => lines.iter().flat_map(|line| line.split(|byte| *byte == b',')).collect(),
            false => lines.first().copied().into_iter().collect(),
        };
        for address in addresses.iter().rev() {
            let text = std::str::from_utf8(address.trim_ascii()).ok();
            let Some(next) = text.and_then(parse_address).filter(|_| is_trusted(client)) else {
                break;
            };
            client = next;
            if !real_ip.recursive {
                break;
            }
        }
        self.client = Some(client);
    }

    /// The error page for a status, if there is one.
    fn error_page(&mut self, status: u16, why: Why) -> Option<Result<End<'r>, Unknown>> {
        // For these, nginx closes the connection.
        if matches!(status, 408 | 444 | 499) {
            return None;
        }
        self.status = Some(status);
        let handler = self.handler?;
        if self.error_page || handler.error_pages.is_empty() || self.uri_changes == 0 {
            return None;
        }
        self.error_page = !handler.recursive_error_pages;
        let page = handler.error_pages.iter().find(|page| page.statuses.contains(&status))?;
        Some(self.send_error_page(page, why))
    }

    /// `ngx_http_send_error_page`
    fn send_error_page(&mut self, page: &'r ErrorPage, why: Why) -> Result<End<'r>, Unknown> {
        match page.response {
            ErrorResponse::Keep => {}
            ErrorResponse::OfPage => self.status = None,
            ErrorResponse::Status(status) => self.status = Some(status),
        }
        let target = self.text(&page.target)?;
        if target.starts_with(b"/") && self.method != "HEAD" {
            self.method = "GET";
        }
        if target.starts_with(b"/") || target.starts_with(b"@") {
            return Ok(End::Elsewhere { target, why: Some(page.at) });
        }
        let status = match page.response {
            ErrorResponse::Status(status @ (301 | 302 | 303 | 307 | 308)) => status,
            _ => 302,
        };
        drop(why);
        let location = Some(self.to_client(target));
        let why = Why::Directive(page.at);
        Ok(End::Answer(Answer::Status { status, body: None, location, why }))
    }

    fn special_response(&mut self, status: u16, location: Option<Value>, why: Why) -> Answer<'r> {
        let status = match status {
            // Codes of nginx's own, which are a 400 to clients.
            494..=497 => 400,
            status => status,
        };
        let location = location.map(|to| to.and_then(|to| self.to_client(to)));
        Answer::Status { status, body: None, location, why }
    }

    /// A `Location` as the client gets it (`ngx_http_header_filter`).
    fn to_client(&self, to: Vec<u8>) -> Value {
        let Some(client) = self.handler.map(|handler| &handler.client) else { return Ok(to) };
        if !to.starts_with(b"/") || !client.absolute_redirect {
            return Ok(to);
        }
        let host = if client.server_name_in_redirect {
            builtin::server_name(self).unwrap_or(Ok(Vec::new()))?
        } else if self.host.is_empty() {
            builtin::server_address(self).map_or_else(
                || Err(unknown("$server_addr", "the address was not given")),
                |address| Ok(address.into_bytes()),
            )?
        } else {
            self.host.clone()
        };
        let (scheme, usual): (&str, u16) =
            if self.request.tls { ("https://", 443) } else { ("http://", 80) };
        let mut url = [scheme.as_bytes(), &host].concat();
        if let Local::Tcp { port, .. } = self.request.local
            && client.port_in_redirect
            && port != usual
        {
            url.extend(format!(":{port}").into_bytes());
        }
        url.extend(to);
        Ok(url)
    }
}

/// An address, with or without a port behind it.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim_start_matches('[');
    let alone = text.split(']').next().unwrap_or_default();
    alone.parse().ok().or_else(|| alone.rsplit_once(':')?.0.parse().ok())
}
