//! The phases of a request: server rewrite, location, rewrite, access, files, content; and the
//! error pages (`ngx_http_core_run_phases`, `ngx_http_special_response_handler`).

use super::config::{Action, Handler, LocationMatch, Place, TryFiles, TryLast};
use super::flow::{Flow, unknown};
use super::outcome::{Answer, Step, Unknown, Value, Why};
use super::rewrite::{Program, Ran};
use super::search::Hit;
use super::{builtin, fates, uri};

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
    Elsewhere { target: Vec<u8>, why: Option<Place> },
}

impl End<'_> {
    pub(super) fn error(status: u16, why: Why) -> Self {
        Self::Error { status, location: None, why }
    }
}

impl<'r> Flow<'r> {
    /// Runs the phases from the server's rewrite program on, again for each internal redirect,
    /// to the end.
    pub(super) fn handle(&mut self, first: Option<End<'r>>) -> Answer<'r> {
        let mut end = first.map_or_else(|| self.run_server(), Ok);
        loop {
            end = match end {
                Ok(End::Answer(answer)) => return answer,
                Ok(End::Text { status, text, why }) => {
                    let status = self.conditional(self.status.unwrap_or(status));
                    if status == 412 {
                        let why = Why::Nginx("a condition of the request does not hold");
                        end = Ok(End::error(status, why));
                        continue;
                    }
                    let location = self.location_header();
                    return Answer::Status { status, body: Some(text), location, why };
                }
                Ok(End::Error { status, location, why }) => {
                    self.redirected_to = location.or(self.redirected_to.take());
                    match self.error_page(status) {
                        Some(end) => end,
                        None => return self.special_response(status, why),
                    }
                }
                Ok(End::Elsewhere { target, why }) => self.elsewhere(&target, why),
                Err(unknown) => {
                    self.note(&unknown);
                    return Answer::Unknown;
                }
            }
        }
    }

    /// From the server's rewrite program on.
    fn run_server(&mut self) -> Result<End<'r>, Unknown> {
        let Some(server) = self.server() else {
            return Ok(End::error(400, Why::Nginx("no server")));
        };
        self.valid_location = true;
        self.location = None;
        self.handler = Some(&server.handler);
        self.settle();
        if let Ran::End(end) = self.run(&server.rewrite, &mut Program::new())? {
            return Ok(end);
        }
        self.run_location()
    }

    /// From the search for a location on, again as long as `rewrite` changes the URI.
    fn run_location(&mut self) -> Result<End<'r>, Unknown> {
        loop {
            if let Some(end) = self.find_location()? {
                return Ok(end);
            }
            if let Some(end) = self.in_location()? {
                return Ok(end);
            }
        }
    }

    /// The location's program and what comes behind it; none if the program changed the URI, so
    /// that a location has to be looked for again.
    fn in_location(&mut self) -> Result<Option<End<'r>>, Unknown> {
        // A server's own program has run already if no location was found.
        let Some(handler) = self.handler.filter(|_| self.location.is_some()) else {
            return self.content().map(Some);
        };
        let mut program = Program::new();
        if let Ran::End(end) = self.run(&handler.rewrite, &mut program)? {
            return Ok(Some(end));
        }
        if !self.uri_changed {
            return self.content().map(Some);
        }
        let end = self.count_change();
        if end.is_none() {
            let to = self.uri.clone();
            self.step(|| Step::Redirect { to, at: None });
        }
        Ok(end)
    }

    /// One more change of the URI; the eleventh is too many.
    fn count_change(&mut self) -> Option<End<'r>> {
        self.uri_changes = self.uri_changes.saturating_sub(1);
        (self.uri_changes == 0)
            .then(|| End::error(500, Why::Nginx("the URI was changed more than ten times")))
    }

    fn find_location(&mut self) -> Result<Option<End<'r>>, Unknown> {
        let (Some(server), Some(index)) = (self.server(), self.server) else { return Ok(None) };
        let mut matched = Vec::new();
        self.uri_changed = false;
        let hit = self.router.search(index).find(&server.locations, &self.uri, &mut matched);
        for captured in matched {
            self.matched(captured);
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
        self.action = None;
        let handler = location.map_or(&server.handler, |location| &location.handler);
        self.handler = Some(handler);
        if !self.internal && handler.internal {
            return Ok(Some(End::error(404, Why::Nginx("the location is internal"))));
        }
        self.settle();
        if self.is_too_large() {
            self.is_body_gone = true;
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

    /// What follows from another handler (`ngx_http_update_location_config`).
    pub(super) fn settle(&mut self) {
        let is_named =
            |method: &String| method == self.method || method == "GET" && self.method == "HEAD";
        if let Some(limit) = self.handler.and_then(|handler| handler.limit_except.as_ref())
            && !limit.methods.iter().any(is_named)
        {
            self.handler = Some(&limit.handler);
        }
        if let Some(Handler {
            action: action @ (Action::Proxy(_) | Action::Other { .. }), ..
        }) = self.handler
        {
            self.action = Some(action);
        }
    }

    fn is_too_large(&self) -> bool {
        let limit = self.client_settings().map_or(0, |client| client.max_body_bytes);
        let length = self
            .header("content-length")
            .next()
            .and_then(|length| std::str::from_utf8(length).ok()?.parse::<u64>().ok());
        limit > 0 && !self.is_body_gone && length.is_some_and(|length| length > limit)
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
            if let Some(end) = self.misused_alias(handler) {
                return Ok(end);
            }
            return self.try_files(handler, try_files);
        }
        match (&handler.action, self.action) {
            (Action::Proxy(proxy), _) => self.proxy(proxy),
            (Action::Other { directive, .. }, _) => Ok(End::Answer(Answer::Other { directive })),
            (Action::Static, None) => self.files(handler),
            (Action::Static, Some(Action::Other { directive, .. }))
                if !directive.ends_with("_pass") =>
            {
                Ok(End::Answer(Answer::Other { directive }))
            }
            (Action::Static, Some(_)) => {
                Ok(End::error(500, Why::Nginx("a later `if` took the backend away")))
            }
        }
    }

    fn files(&mut self, handler: &'r Handler) -> Result<End<'r>, Unknown> {
        if !matches!(self.method, "GET" | "HEAD" | "POST") {
            return Ok(End::error(405, Why::Nginx("files are only read")));
        }
        // `ngx_http_index_handler` does not look whether such a one is there.
        if let Some(index) = handler.root.index.first().filter(|_| self.uri.ends_with(b"/")) {
            let path = self.text(index)?;
            if path.starts_with(b"/") {
                let args = self.args.clone();
                return self.internal_redirect(path, args, None);
            }
        }
        if let Some(end) = self.misused_alias(handler) {
            return Ok(end);
        }
        if self.request.no_files {
            return Ok(End::error(404, Why::Nginx("there is no such file")));
        }
        let path = builtin::file_name(self);
        Ok(End::Answer(Answer::Static { path }))
    }

    /// An `alias` is of no use to a path that was rewritten in its location
    /// (`ngx_http_map_uri_to_path`).
    fn misused_alias(&self, handler: &Handler) -> Option<End<'r>> {
        (handler.root.is_alias && !self.valid_location)
            .then(|| End::error(500, Why::Nginx("an alias needs the path of its location")))
    }

    /// `try_files` (`ngx_http_try_files_handler`), as if none of its files were there.
    fn try_files(
        &mut self,
        handler: &Handler,
        try_files: &'r TryFiles,
    ) -> Result<End<'r>, Unknown> {
        for file in &try_files.files {
            // Looking at variables may change what `$1` is.
            self.text(&file.path)?;
            if !self.request.no_files {
                let path = format!("{}{}", file.path, if file.directory { "/" } else { "" });
                let reason = "only the machine knows its files";
                self.assume(format!("try_files {path}"), reason, "it is not there");
            }
        }
        match &try_files.last {
            // `ngx_http_finalize_request` sends nothing for these, and the connection goes.
            TryLast::Status(200 | 202 | 203 | 205..300) => {
                Ok(End::error(444, Why::Directive(try_files.at)))
            }
            TryLast::Status(status) => Ok(End::error(*status, Why::Directive(try_files.at))),
            TryLast::Named(name) => {
                let target = name.as_bytes().to_vec();
                Ok(End::Elsewhere { target, why: Some(try_files.at) })
            }
            TryLast::Uri(template) => {
                let mut target = self.text(template)?;
                let alias = self.alias_len(handler).filter(|_| template.as_literal().is_none());
                // nginx takes it for a path that the alias stands before.
                if let Some(len) = alias
                    && let (Some(start), Some(own)) = (target.get(..len), self.uri.get(..len))
                    && start == own
                {
                    target.drain(..len);
                }
                Ok(End::Elsewhere { target, why: Some(try_files.at) })
            }
        }
    }

    /// `ngx_http_internal_redirect`
    fn internal_redirect(
        &mut self,
        path: Vec<u8>,
        args: Vec<u8>,
        at: Option<Place>,
    ) -> Result<End<'r>, Unknown> {
        if let Some(end) = self.count_change() {
            return Ok(end);
        }
        let sign: &[u8] = if args.is_empty() { b"" } else { b"?" };
        self.step(|| Step::Redirect { to: [&path, sign, &args].concat(), at });
        self.internal = true;
        self.valid_unparsed = false;
        (self.uri, self.args) = (path, args);
        self.run_server()
    }

    /// The length of the path that an `alias` stands for; none if there is none, or if it is
    /// that of an expression.
    fn alias_len(&self, handler: &Handler) -> Option<usize> {
        let matches = &self.location.filter(|_| handler.root.is_alias)?.matches;
        (!matches!(matches, LocationMatch::Regex(_))).then(|| matches.pattern().len())
    }

    /// Sends the request on inside nginx, to a path with arguments or to a named location
    /// (`ngx_http_named_location`).
    fn elsewhere(&mut self, target: &[u8], at: Option<Place>) -> Result<End<'r>, Unknown> {
        if !target.starts_with(b"@") {
            let end = target.iter().position(|byte| *byte == b'?').unwrap_or(target.len());
            let args = target.get(end + 1..).unwrap_or_default().to_vec();
            return self.internal_redirect(target[..end].to_vec(), args, at);
        }
        if let Some(end) = self.count_change() {
            return Ok(end);
        }
        self.step(|| Step::Redirect { to: target.to_vec(), at });
        if self.uri.is_empty() {
            return Ok(End::error(500, Why::Nginx("a request without a path has no location")));
        }
        let named = self.server().map(|server| server.locations.named.iter());
        let mut named = named.into_iter().flatten();
        let Some(location) = named.find(|it| it.matches.pattern().as_bytes() == target) else {
            return Ok(End::error(500, Why::Nginx("there is no such named location")));
        };
        self.internal = true;
        self.uri_changed = false;
        self.location = Some(location);
        self.action = None;
        self.handler = Some(&location.handler);
        self.settle();
        match self.in_location()? {
            Some(end) => Ok(end),
            None => self.run_location(),
        }
    }
}
