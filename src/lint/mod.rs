//! What nginx accepts and one regrets: one rule a file, and the table of them.
//!
//! A rule asks the model, never the text, and never another rule. To add one, see
//! `docs/CONTRIBUTING.md`.

mod edit;
mod map;
mod proxy;
mod robustness;
mod security;
mod style;
mod upstream;
mod variable;
mod websocket;

use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::model::Model;
use crate::source::Place;

/// What a rule is about; a name for a group of rules on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// Whether WebSocket connections come through and stay.
    Websocket,
    /// What requests become on the way to a backend.
    Proxy,
    /// Groups of backends, and which of them gets a request.
    Upstream,
    /// Maps and other variables that settings use.
    Map,
    /// What a client may do that it should not.
    Security,
    /// What works until there is load, a reload or a failure.
    Robustness,
    /// What does nothing, or is written in an old way.
    Style,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Websocket,
        Self::Proxy,
        Self::Upstream,
        Self::Map,
        Self::Security,
        Self::Robustness,
        Self::Style,
    ];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Websocket => "websocket",
            Self::Proxy => "proxy",
            Self::Upstream => "upstream",
            Self::Map => "map",
            Self::Security => "security",
            Self::Robustness => "robustness",
            Self::Style => "style",
        }
    }
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its name, kebab-case; it names the smell.
    pub name: &'static str,
    /// What it is about.
    pub category: Category,
    /// How much its findings matter at most.
    pub severity: Severity,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Its page, `docs/rules/<name>.md`.
    pub docs: &'static str,
    check: fn(&Model<'_>, &mut Vec<Diagnostic>),
}

impl Rule {
    /// A finding of this rule with the rule's severity.
    fn at(&self, place: Place, message: impl Into<String>) -> Diagnostic {
        self.with(self.severity, place, message)
    }

    /// A finding of this rule with a severity of its own.
    fn with(&self, severity: Severity, place: Place, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Kind::Lint, self.name, severity, place, message)
    }
}

/// All rules.
pub static RULES: &[&Rule] = &[
    &websocket::missing_proxy_http_version::RULE,
    &websocket::wrong_proxy_http_version::RULE,
    &websocket::missing_upgrade_header::RULE,
    &websocket::missing_connection_header::RULE,
    &websocket::missing_websocket_headers::RULE,
    &websocket::lost_websocket_headers::RULE,
    &websocket::connection_not_upgrade::RULE,
    &websocket::wrong_upgrade_value::RULE,
    &websocket::upgrade_in_add_header::RULE,
    &websocket::hardcoded_connection_header::RULE,
    &websocket::hardcoded_upgrade_header::RULE,
    &websocket::zero_read_timeout::RULE,
    &websocket::default_read_timeout::RULE,
    &websocket::timeout_on_wrong_directive::RULE,
    &websocket::cached_handshake::RULE,
    &websocket::missing_host_header::RULE,
    &websocket::unreachable_proxy_pass::RULE,
    &websocket::redirected_handshake::RULE,
    &websocket::websocket_without_proxy_pass::RULE,
    &proxy::proxy_pass_slash_mismatch::RULE,
    &proxy::proxy_pass_drops_uri::RULE,
    &proxy::proxy_pass_not_inherited::RULE,
    &proxy::clobbered_captures::RULE,
    &proxy::if_replaces_location::RULE,
    &proxy::missing_resolver::RULE,
    &proxy::proxy_ssl_server_name_off::RULE,
    &proxy::scheme_port_mismatch::RULE,
    &websocket::subrequest_upgrades::RULE,
    &websocket::cleartext_http2_listener::RULE,
    &websocket::shadowed_by_regex::RULE,
    &websocket::slash_redirect::RULE,
    &websocket::host_without_port::RULE,
    &proxy::lost_proxy_headers::RULE,
    &proxy::unreachable_location::RULE,
    &map::map_connection_always_upgrade::RULE,
    &map::map_connection_never_upgrade::RULE,
    &map::map_close_defeats_keepalive::RULE,
    &security::upgrade_any_protocol::RULE,
    &security::connection_passthrough::RULE,
    &security::proxy_pass_decoded_uri::RULE,
    &security::proxy_ssl_verify_off::RULE,
    &robustness::localhost_is_two_addresses::RULE,
    &security::alias_traversal::RULE,
    &security::forged_origin::RULE,
    &security::unanchored_origin_check::RULE,
    &security::lost_add_header::RULE,
    &security::no_origin_check::RULE,
    &security::host_from_client::RULE,
    &robustness::missing_forwarded_proto::RULE,
    &robustness::excessive_timeout::RULE,
    &robustness::websocket_behind_auth_basic::RULE,
    &robustness::websocket_under_limit::RULE,
    &robustness::intercepted_handshake_errors::RULE,
    &robustness::few_worker_connections::RULE,
    &robustness::no_worker_shutdown_timeout::RULE,
    &robustness::large_proxy_buffer::RULE,
    &style::no_effect_on_websocket::RULE,
    &robustness::stream_idle_timeout::RULE,
];

/// The rule of this name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.name == name)
}

/// Runs all rules on a model.
pub fn model(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for rule in RULES {
        (rule.check)(model, report);
    }
}
