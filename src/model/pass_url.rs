//! The URLs that a `proxy_pass` may come to, taken apart.

use crate::runtime::config::{Part, Template};
use crate::syntax::address::{Host, Use, address};

use super::{Model, Proxied};

/// A URL that requests go to; variables that are not known stand in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassUrl {
    /// Whether its scheme is `https`; none if that is not known.
    pub tls: Option<bool>,
    /// Host and port.
    pub authority: Template,
    /// What is behind them.
    pub uri: Template,
}

impl PassUrl {
    /// Takes a URL apart; none if it is not known where its scheme ends.
    fn of(text: &Template) -> Option<Self> {
        let ends_scheme = |part: &Part| matches!(part, Part::Text(text) if text.contains("://"));
        let at = text.0.iter().position(ends_scheme)?;
        let Part::Text(first) = &text.0[at] else { return None };
        let (scheme, rest) = first.split_once("://")?;
        let tls = match at {
            0 if scheme.eq_ignore_ascii_case("https") => Some(true),
            0 if scheme.eq_ignore_ascii_case("http") => Some(false),
            _ => None,
        };
        let rest = Part::Text(rest.to_owned());
        let mut url = Self { tls, authority: Template::default(), uri: Template::default() };
        for part in std::iter::once(&rest).chain(&text.0[at + 1..]) {
            url.push(part);
        }
        Some(url)
    }

    fn push(&mut self, part: &Part) {
        let is_socket =
            matches!(self.authority.0.first(), Some(Part::Text(it)) if it.starts_with("unix:"));
        match part {
            part if !self.uri.is_empty() => self.uri.0.push(part.clone()),
            Part::Text(text) if text.is_empty() => {}
            Part::Text(text) if !is_socket && !text.starts_with("unix:") => {
                let (host, uri) = text.split_at(text.find(['/', '?']).unwrap_or(text.len()));
                if !host.is_empty() {
                    self.authority.0.push(Part::Text(host.to_owned()));
                }
                if !uri.is_empty() {
                    self.uri.0.push(Part::Text(uri.to_owned()));
                }
            }
            Part::Variable(name) if begins_uri(name) => self.uri.0.push(part.clone()),
            part => self.authority.0.push(part.clone()),
        }
    }

    /// The host and its port, if they are known.
    pub fn host_and_port(&self) -> Option<(&str, Option<u16>)> {
        let text = self.authority.as_literal().filter(|text| !text.is_empty())?;
        let address = address(text, Use::Connect).ok()?;
        let host = match address.host {
            Host::Name(name) => name,
            _ if text.starts_with('[') => &text[..=text.find(']')?],
            _ => text.split(':').next()?,
        };
        Some((host, address.port))
    }

    /// The name of its host, if it is known and no address.
    pub fn host_name(&self) -> Option<&str> {
        let text = self.authority.as_literal().filter(|text| !text.is_empty())?;
        match address(text, Use::Connect).ok()?.host {
            Host::Name(name) => Some(name),
            _ => None,
        }
    }
}

/// True for variables that begin with a `/` or a `?`.
fn begins_uri(variable: &str) -> bool {
    matches!(variable, "uri" | "document_uri" | "request_uri" | "is_args")
}

impl Model<'_> {
    /// The URLs that a `proxy_pass` may come to, as far as they can be known.
    pub fn pass_urls(&self, proxied: &Proxied<'_>) -> Vec<PassUrl> {
        let Some(text) = proxied.pass.arg(0) else { return Vec::new() };
        let texts = self.expand(&text, proxied.scope);
        texts.iter().filter_map(PassUrl::of).collect()
    }
}
