//! Whether WebSocket connections come through nginx, and stay.

pub(super) mod cached_handshake;
pub(super) mod cleartext_http2_listener;
pub(super) mod connection_not_upgrade;
pub(super) mod default_read_timeout;
pub(super) mod hardcoded_connection_header;
pub(super) mod hardcoded_upgrade_header;
pub(super) mod host_without_port;
pub(super) mod lost_websocket_headers;
pub(super) mod missing_connection_header;
pub(super) mod missing_host_header;
pub(super) mod missing_proxy_http_version;
pub(super) mod missing_upgrade_header;
pub(super) mod missing_websocket_headers;
pub(super) mod redirected_handshake;
pub(super) mod shadowed_by_regex;
pub(super) mod slash_redirect;
pub(super) mod subrequest_upgrades;
pub(super) mod timeout_on_wrong_directive;
pub(super) mod unreachable_proxy_pass;
pub(super) mod upgrade_in_add_header;
pub(super) mod websocket_without_proxy_pass;
pub(super) mod wrong_proxy_http_version;
pub(super) mod wrong_upgrade_value;
pub(super) mod zero_read_timeout;

use crate::diagnostic::{Applicability, Fix};
use crate::lint::edit::is_included;
use crate::model::{Intent, Model, Probe, Proxied, ScopeId, Value, has_upgrade_token};
use crate::syntax::Directive;
use crate::syntax::value::milliseconds;

/// The lines that a handshake needs and that a scope around the location sets, but that
/// do not reach it because a scope further in has lines of its own.
///
/// With the scope that sets them.
fn lost_lines<'p>(
    model: &Model<'p>,
    proxied: &Proxied<'p>,
) -> Option<(ScopeId, Vec<Directive<'p>>)> {
    // A line that empties one of the headers says that no handshake is meant to go here.
    let empties = |line: Directive<'_>| line.arg(1).is_some_and(|value| value.is_empty());
    if proxied.lines("Upgrade").chain(proxied.lines("Connection")).any(empties) {
        return None;
    }
    let parent = model.scope(proxied.headers_scope?).parent?;
    let (scope, outer) = model.effective(parent, "proxy_set_header")?;
    let needed = |line: &&Directive<'p>| {
        let name = line.arg(0).unwrap_or_default();
        let value = line.arg(1).unwrap_or_default();
        let sets = match model.evaluate(&value, proxied.scope, &Probe::HANDSHAKE) {
            Value::Known(value) if name.eq_ignore_ascii_case("connection") => {
                has_upgrade_token(&value)
            }
            Value::Known(value) => !value.is_empty(),
            Value::Unknown => value.to_ascii_lowercase().contains("upgrade"),
        };
        let wanted =
            ["upgrade", "connection"].iter().any(|wanted| name.eq_ignore_ascii_case(wanted));
        wanted && sets && proxied.lines(&name).next().is_none()
    };
    let lost: Vec<_> = outer.iter().filter(needed).copied().collect();
    (!lost.is_empty()).then_some((scope, lost))
}

/// True if the location has no `proxy_set_header` line of this name and none is lost.
fn never_set<'p>(model: &Model<'p>, proxied: &Proxied<'p>, name: &str) -> bool {
    proxied.lines(name).next().is_none() && lost_lines(model, proxied).is_none()
}

/// True if an `Upgrade` value offers WebSocket, alone or in a list.
fn offers_websocket(value: &str) -> bool {
    value.split(',').any(|protocol| protocol.trim().eq_ignore_ascii_case("websocket"))
}

/// A fix that adds lines next to one of the `proxy_set_header` lines; a person decides if
/// that is in an include, where the new ones count for others too.
fn in_own_file(model: &Model<'_>, proxied: &Proxied<'_>, line: Directive<'_>, fix: Fix) -> Fix {
    let scope = proxied.headers_scope.map(|scope| model.scope(scope));
    if scope.is_some_and(|scope| is_included(scope, line)) {
        Fix { applicability: Applicability::Unsafe, ..fix }
    } else {
        fix
    }
}

/// So long may a socket be silent if nobody says otherwise, in milliseconds.
const MINUTE: u64 = 60_000;

/// The line of a location for sockets that gives another timeout more than a minute, where
/// `proxy_read_timeout`, the one that counts for them, stays below.
fn raised_timeout<'p>(model: &Model<'p>, proxied: &Proxied<'p>) -> Option<Directive<'p>> {
    const OTHERS: [&str; 5] = [
        "proxy_send_timeout",
        "proxy_connect_timeout",
        "keepalive_timeout",
        "send_timeout",
        "client_body_timeout",
    ];
    // Elsewhere they may be for uploads.
    let is_for_sockets = matches!(proxied.intent, Intent::Strong(_)) || proxied.is_dedicated();
    if !is_for_sockets
        || !matches!(proxied.read_timeout(model).0, Some(1..=MINUTE))
        || !proxied.is_active(model)
        || proxied.is_uncertain(model)
    {
        return None;
    }
    let location = model.scope(proxied.settings_scope(model));
    let is_raised = |line: &Directive<'p>| {
        line.arg(0).and_then(|time| milliseconds(&time)).is_some_and(|time| time > MINUTE)
    };
    OTHERS.iter().filter_map(|name| location.last(name)).find(is_raised)
}
