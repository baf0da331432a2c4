//! `proxy-ssl-verify-off`: TLS to a backend that nobody proves to be.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "proxy-ssl-verify-off",
    category: Category::Security,
    severity: Severity::Info,
    summary: "the certificate of an https backend is not verified",
    docs: include_str!("../../../docs/rules/proxy-ssl-verify-off.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        let urls = model.pass_urls(proxied);
        // Nobody stands between nginx and its own machine.
        let is_local =
            |host: &str| matches!(host, "localhost" | "[::1]") || host.starts_with("127.");
        let leaves = |authority: Option<(&str, Option<u16>)>| {
            authority.is_none_or(|(host, _)| !is_local(host))
        };
        let is_tls = urls.iter().any(|url| url.tls == Some(true) && leaves(url.host_and_port()));
        if !is_tls
            || model.flag_of(proxied.scope, "proxy_ssl_verify", false)
            || proxied.is_uncertain(model)
        {
            continue;
        }
        let message = format!("`{}` takes any certificate of its backend", proxied.title(model));
        report.push(
            RULE.at(proxied.pass.place(), message)
                .here("proxy_ssl_verify is off")
                .help("set `proxy_ssl_verify on;`, `proxy_ssl_trusted_certificate` with the certificates that you trust, and `proxy_ssl_name` if the name in the certificate is another"),
        );
    }
}
