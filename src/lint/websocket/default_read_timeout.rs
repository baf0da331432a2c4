//! `default-read-timeout`: idle sockets are cut after a minute.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::{replace, set_in_location};
use crate::lint::{Category, Rule};
use crate::model::{Model, Proxied};

use super::{MINUTE, raised_timeout};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "default-read-timeout",
    category: Category::Websocket,
    severity: Severity::Warning,
    summary: "a socket on which nobody speaks for 60 seconds is cut",
    docs: include_str!("../../../docs/rules/default-read-timeout.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let (Some(time @ 1..=MINUTE), set) = proxied.read_timeout(model) else {
            continue;
        };
        if !proxied.is_active(model)
            || proxied.is_uncertain(model)
            || raised_timeout(model, proxied).is_some()
        {
            continue;
        }
        let severity = severity(proxied);
        let seconds = time.div_ceil(1000);
        let message =
            format!("idle sockets are cut after {seconds} s in `{}`", proxied.title(model));
        let own = model.scope(proxied.settings_scope(model)).last("proxy_read_timeout");
        let edit = match own.and_then(|own| own.args().first().map(|&word| (own, word))) {
            Some((own, word)) => replace(own, word, "1h"),
            None => set_in_location(model, proxied, "proxy_read_timeout 1h;"),
        };
        let finding = match (own, set) {
            (Some(own), _) => RULE
                .with(severity, own.place(), message)
                .here("nginx closes the socket after this silence"),
            (None, Some(set)) => RULE
                .with(severity, proxied.pass.place(), message)
                .here("proxy_read_timeout is inherited")
                .also(set.place(), "from here"),
            (None, None) => RULE
                .with(severity, proxied.pass.place(), message)
                .here("proxy_read_timeout is not set: 60 s"),
        };
        report.push(
            finding
                .evidence(proxied.evidence(model))
                .help("set `proxy_read_timeout 1h;`, or let the client or the backend send pings more often than that")
                .fix(Fix::risky("allow an hour of silence", vec![edit])),
        );
    }
}

/// A place that has more than sockets is left alone, and so are sockets of libraries that send
/// pings more often than once a minute.
fn severity(proxied: &Proxied<'_>) -> Severity {
    const PING: [&str; 9] = [
        "socket.io",
        "engine.io",
        "sockjs",
        "signalr",
        "hubs",
        "cable",
        "kernels",
        "_stcore",
        // Home Assistant's, and others that do as it does.
        "api/websocket",
    ];
    let path = proxied.location.as_ref().map(|location| location.pattern.replace('\\', ""));
    let pings = path.is_some_and(|path| PING.iter().any(|name| path.contains(name)));
    if proxied.is_dedicated() && !pings { Severity::Warning } else { Severity::Info }
}
