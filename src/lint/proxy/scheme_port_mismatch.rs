//! `scheme-port-mismatch`: TLS where none is likely, or none where it is.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::{Model, PassUrl};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "scheme-port-mismatch",
    category: Category::Proxy,
    severity: Severity::Info,
    summary: "https to a port that mostly speaks plain HTTP, or http to one of TLS",
    docs: include_str!("../../../docs/rules/scheme-port-mismatch.md"),
    check,
};

/// Ports of plain HTTP.
const PLAIN: [u16; 6] = [80, 3000, 5000, 8000, 8080, 8888];
/// Ports of TLS.
const TLS: [u16; 2] = [443, 8443];

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let urls = model.pass_urls(proxied);
        let Some((url, port)) = urls.iter().find_map(|url| Some((url, wrong_port(model, url)?)))
        else {
            continue;
        };
        let (scheme, other) =
            if url.tls == Some(true) { ("https", "plain HTTP") } else { ("http", "TLS") };
        let message = format!(
            "`{}` speaks {scheme} to port {port}, which is mostly for {other}",
            proxied.title(model)
        );
        report.push(
            RULE.at(proxied.pass.place(), message)
                .here(format!("{scheme} to port {port}"))
                .help("see what the backend speaks there, and set scheme or port accordingly"),
        );
    }
}

/// The port that does not fit the scheme: of the URL, or of a server of its upstream.
fn wrong_port(model: &Model<'_>, url: &PassUrl) -> Option<u16> {
    let tls = url.tls?;
    let (host, port) = url.host_and_port()?;
    let is_wrong = |port: &u16| if tls { PLAIN.contains(port) } else { TLS.contains(port) };
    if port.is_some() {
        return port.filter(is_wrong);
    }
    let upstream = model.upstream(host)?;
    let servers = model.scope(upstream.scope).all("server").iter();
    let ports = servers.filter_map(|line| {
        let text = line.arg(0)?;
        let (_, port) = text.rsplit_once(':')?;
        port.parse::<u16>().ok()
    });
    ports.into_iter().find(is_wrong)
}
