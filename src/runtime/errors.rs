//! Answers of nginx itself: error pages, and redirects as the client gets them
//! (`ngx_http_special_response_handler`, `ngx_http_header_filter`).

use super::builtin;
use super::config::{ErrorPage, ErrorResponse};
use super::flow::{Flow, unknown};
use super::outcome::{Answer, Unknown, Value, Why};
use super::phases::End;
use super::request::Local;

impl<'r> Flow<'r> {
    /// The error page for a status, if there is one.
    pub(super) fn error_page(&mut self, status: u16) -> Option<Result<End<'r>, Unknown>> {
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
        Some(self.send_error_page(page))
    }

    /// `ngx_http_send_error_page`
    fn send_error_page(&mut self, page: &'r ErrorPage) -> Result<End<'r>, Unknown> {
        match page.response {
            ErrorResponse::Keep => {}
            ErrorResponse::OfPage => self.status = None,
            ErrorResponse::Status(status) => self.status = Some(status),
        }
        let target = self.text(&page.target)?;
        if target.starts_with(b"/") && self.method != "HEAD" {
            (self.method, self.method_name) = ("GET", "GET");
        }
        if target.starts_with(b"/") || target.starts_with(b"@") {
            return Ok(End::Elsewhere { target, why: Some(page.at) });
        }
        let status = match page.response {
            ErrorResponse::Status(status @ (301 | 302 | 303 | 307 | 308)) => status,
            _ => 302,
        };
        let location = Some(self.to_client(target));
        let why = Why::Directive(page.at);
        Ok(End::Answer(Answer::Status { status, body: None, location, why }))
    }

    /// The status of a text, which has neither a date nor a tag, if the request has conditions
    /// (`ngx_http_not_modified_header_filter`).
    pub(super) fn conditional(&self, status: u16) -> u16 {
        let has = |name| self.header(name).next().is_some();
        let is_any = |name| self.header(name).next() == Some(b"*");
        match status {
            200 if has("if-unmodified-since") || has("if-match") && !is_any("if-match") => 412,
            200 if !has("if-modified-since") && is_any("if-none-match") => 304,
            status => status,
        }
    }

    /// The page for a status that no `error_page` is for.
    pub(super) fn special_response(&mut self, status: u16, why: Why) -> Answer<'r> {
        let status = match status {
            // Codes of nginx's own, which are a 400 to clients.
            494..=497 => 400,
            status => status,
        };
        let location = self.location_header();
        Answer::Status { status, body: None, location, why }
    }

    /// The `Location` that was set on the way, as the client gets it: nginx sends it with
    /// whatever answers in the end.
    pub(super) fn location_header(&mut self) -> Option<Value> {
        self.redirected_to.take().map(|to| to.and_then(|to| self.to_client(to)))
    }

    /// A `Location` as the client gets it (`ngx_http_header_filter`).
    fn to_client(&self, to: Vec<u8>) -> Value {
        let Some(client) = self.client_settings() else { return Ok(to) };
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
