//! Who may come in: `allow`, `deny`, `auth_basic`, `auth_request`, and the client's address that
//! they look at.

use std::net::IpAddr;

use super::builtin;
use super::config::{Handler, Place, Satisfy};
use super::flow::{Flow, unknown};
use super::outcome::{Step, Unknown, Why};
use super::phases::End;
use super::request::Local;
use crate::syntax::address::network;

/// Who guards a place.
enum Module {
    Access,
    AuthBasic,
    AuthRequest,
}

/// What one of those who guard a place says.
enum Guard {
    Allows,
    Denies(u16, Place),
}

impl<'r> Flow<'r> {
    /// The access phase, in the order of nginx's modules.
    pub(super) fn access(&mut self, handler: &'r Handler) -> Result<Option<End<'r>>, Unknown> {
        let mut denied: Option<(u16, Place)> = None;
        for module in [Module::Access, Module::AuthBasic, Module::AuthRequest] {
            let guard = match module {
                Module::Access => self.access_rules(handler),
                Module::AuthBasic => self.auth_basic(handler)?,
                Module::AuthRequest => self.auth_request(handler),
            };
            match (guard, handler.satisfy) {
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
    fn access_rules(&mut self, handler: &'r Handler) -> Option<Guard> {
        if handler.access.is_empty() {
            return None;
        }
        let is_unix = matches!(self.request.local, Local::Unix(_));
        if self.client.is_none() && !is_unix && handler.access.iter().any(|it| it.from != "all") {
            let reason = "the client's address was not given";
            self.assume("allow and deny", reason, "they let the request in");
            return Some(Guard::Allows);
        }
        let applies = |from: &str| match self.client {
            _ if from == "all" => true,
            Some(client) => network(from).is_some_and(|network| network.contains(client)),
            None => from == "unix:",
        };
        let rule = handler.access.iter().find(|rule| applies(&rule.from))?;
        self.step(|| Step::Access { allowed: rule.allow, at: rule.at });
        Some(if rule.allow { Guard::Allows } else { Guard::Denies(403, rule.at) })
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

    fn auth_request(&mut self, handler: &'r Handler) -> Option<Guard> {
        let auth = handler.auth_request.as_ref()?;
        let what = format!("auth_request {}", auth.uri);
        self.assume(what, "a backend decides", "it lets the request in");
        for set in &auth.set {
            let reason = "its value comes with the answer to auth_request";
            let value = Err(unknown(format!("${}", set.variable), reason));
            self.variables.insert(&set.variable, value);
        }
        Some(Guard::Allows)
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
        let addresses: Vec<&[u8]> = if is_list {
            lines.iter().flat_map(|line| line.split(|byte| *byte == b',')).collect()
        } else {
            lines.first().copied().into_iter().collect()
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
}

/// An address, with or without a port behind it.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim_start_matches('[');
    let alone = text.split(']').next().unwrap_or_default();
    alone.parse().ok().or_else(|| alone.rsplit_once(':')?.0.parse().ok())
}
