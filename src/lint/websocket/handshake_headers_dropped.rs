//! `handshake-headers-dropped`: the backend does not get the client's key or version.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::{remove, replace, set_in_location};
use crate::lint::{Category, Rule};
use crate::model::{Model, Probe, Proxied, Value};
use crate::syntax::Directive;

use super::in_own_file;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "handshake-headers-dropped",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "the client's Sec-WebSocket-Key or -Version does not reach the backend",
    docs: include_str!("../../../docs/rules/handshake-headers-dropped.md"),
    check,
};

/// Headers that a backend needs of the client: an answer is made from the key.
const NEEDED: [&str; 2] = ["Sec-WebSocket-Key", "Sec-WebSocket-Version"];

/// The only version that backends know (RFC 6455).
const VERSION: &str = "13";

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        if !proxied.is_active(model) {
            continue;
        }
        for name in NEEDED {
            proxied.lines(name).for_each(|line| replaced(model, proxied, line, report));
        }
        proxied
            .lines("Sec-WebSocket-Protocol")
            .filter(|line| line.arg(1).is_some_and(|value| value.is_empty()))
            .for_each(|line| replaced(model, proxied, line, report));
        all(model, proxied, report);
    }
}

/// Says it of a line that empties one of them, or sets it to what is no client's.
fn replaced(
    model: &Model<'_>,
    proxied: &Proxied<'_>,
    line: Directive<'_>,
    report: &mut Vec<Diagnostic>,
) {
    let (name, text) = (line.arg(0).unwrap_or_default(), line.arg(1).unwrap_or_default());
    let is_constant = !text.contains('$');
    let Value::Known(value) = model.evaluate(&text, proxied.scope, &Probe::HANDSHAKE) else {
        return;
    };
    let is_version = name.eq_ignore_ascii_case("Sec-WebSocket-Version");
    if !value.is_empty() && !is_constant || is_version && value == VERSION {
        return;
    }
    let is_protocol = name.eq_ignore_ascii_case("Sec-WebSocket-Protocol");
    let (severity, why) = match value.is_empty() {
        true if is_protocol => {
            (Severity::Warning, "a client that asks for a subprotocol gets none")
        }
        true => (Severity::Error, "an empty value drops the header, and backends answer 400"),
        false if is_version => (Severity::Error, "backends know version 13 alone"),
        false => {
            (Severity::Error, "each handshake has a key of its own, from which the answer is made")
        }
    };
    let message =
        format!("the client's {name} does not reach the backend in `{}`", proxied.title(model));
    let fix = Fix::safe("remove the line", vec![remove(line)]);
    report.push(
        RULE.with(severity, line.place(), message)
            .here(why)
            .also(proxied.pass.place(), "the handshake goes out here")
            .evidence(proxied.evidence(model))
            .help("remove the line: nginx passes the client's header on by itself")
            .fix(in_own_file(model, proxied, line, fix)),
    );
}

/// Says it where no header of the client is passed on.
fn all(model: &Model<'_>, proxied: &Proxied<'_>, report: &mut Vec<Diagnostic>) {
    let missing = NEEDED.iter().find(|name| proxied.lines(name).next().is_none());
    let Some(line) = model.effective_one(proxied.scope, "proxy_pass_request_headers") else {
        return;
    };
    let is_off = line.arg(0).is_some_and(|value| value.eq_ignore_ascii_case("off"));
    let Some(missing) = missing.filter(|_| is_off && !proxied.is_uncertain(model)) else { return };
    let title = proxied.title(model);
    let scope = model.scope(proxied.settings_scope(model));
    let edit = if scope.last("proxy_pass_request_headers").is_some() {
        replace(line, line.args()[0], "on")
    } else {
        set_in_location(model, proxied, "proxy_pass_request_headers on;")
    };
    report.push(
        RULE.at(line.place(), format!("the client's headers are not passed on in `{title}`"))
            .here(format!("so it gets no {missing}, and refuses the handshake"))
            .also(proxied.pass.place(), "the handshake goes out here")
            .evidence(proxied.evidence(model))
            .help(format!(
                "set `proxy_pass_request_headers on;` in `{title}`, or pass each header on that a handshake has"
            ))
            .fix(Fix::risky("pass the client's headers on", vec![edit])),
    );
}
