//! `wrong-proxy-http-version`: a handshake over an HTTP version that knows no Upgrade.

use crate::catalog::Version;
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::{replace, set_in_location};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "wrong-proxy-http-version",
    category: Category::Websocket,
    severity: Severity::Error,
    summary: "WebSocket handshakes go to the backend over HTTP/1.0 or HTTP/2, because proxy_http_version says so",
    docs: include_str!("../../../docs/rules/wrong-proxy-http-version.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let (version, Some(set)) = proxied.http_version(model) else {
            continue;
        };
        let Some(&word) = set.args().first() else {
            continue;
        };
        let reason = match &*version {
            "1.0" => "HTTP/1.0 has no Upgrade, and strict backends refuse it",
            "2" if model.version >= Version::HTTP_2_TO_UPSTREAM => {
                "nginx cannot upgrade a connection over HTTP/2, and the headers break every request"
            }
            _ => continue,
        };
        if !proxied.is_active(model) {
            continue;
        }
        let location = model.scope(proxied.settings_scope(model));
        let own = location.last("proxy_http_version").is_some();
        let edit = if own {
            replace(set, word, "1.1")
        } else {
            set_in_location(model, proxied, "proxy_http_version 1.1;")
        };
        let title = proxied.title(model);
        let message = format!("proxy_http_version {version} for WebSocket handshakes in `{title}`");
        let finding = if own {
            RULE.at(set.place(), message).here(reason)
        } else {
            RULE.at(proxied.pass.place(), message)
                .here(reason)
                .also(set.place(), "inherited from here")
        };
        report.push(
            finding
                .evidence(proxied.evidence(model))
                .help(format!("set `proxy_http_version 1.1;` in `{title}`"))
                .fix(Fix::safe("set proxy_http_version 1.1", vec![edit])),
        );
    }
}
