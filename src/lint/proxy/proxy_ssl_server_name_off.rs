//! `proxy-ssl-server-name-off`: the backend does not learn which certificate is wanted.

use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::lint::edit::set_in_location;
use crate::lint::{Category, Rule};
use crate::model::{Model, PassUrl};

pub(in crate::lint) const RULE: Rule = Rule {
    name: "proxy-ssl-server-name-off",
    category: Category::Proxy,
    severity: Severity::Warning,
    summary: "TLS to a public host without its name (SNI)",
    docs: include_str!("../../../docs/rules/proxy-ssl-server-name-off.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    for proxied in model.proxied() {
        if model.flag_of(proxied.scope, "proxy_ssl_server_name", false)
            || proxied.is_uncertain(model)
        {
            continue;
        }
        let urls = model.pass_urls(proxied);
        let Some((name, is_upstream)) = urls.iter().find_map(|url| public_name(model, url)) else {
            continue;
        };
        let message =
            format!("nginx does not say that it wants `{name}` in `{}`", proxied.title(model));
        let set = model.effective_one(proxied.scope, "proxy_ssl_server_name");
        let named = model.effective_one(proxied.scope, "proxy_ssl_name");
        let needs_name = is_upstream && named.is_none();
        let help = if needs_name {
            format!(
                "set `proxy_ssl_server_name on;` and `proxy_ssl_name {name};` (without it the name of the upstream is sent)"
            )
        } else {
            "set `proxy_ssl_server_name on;`".to_owned()
        };
        let finding = RULE
            .at(proxied.pass.place(), message)
            .here("no server name (SNI) is sent: proxy_ssl_server_name is off")
            .help(help);
        let finding = if let Some(set) = set {
            finding.also(set.place(), "switched off here")
        } else {
            let mut edit = set_in_location(model, proxied, "proxy_ssl_server_name on;");
            if needs_name {
                let line = format!("proxy_ssl_name {name};");
                edit.text.push_str(&set_in_location(model, proxied, &line).text);
            }
            finding.fix(Fix::risky("send the server name", vec![edit]))
        };
        report.push(finding);
    }
}

/// The public name of the host, and whether it is one of an upstream.
fn public_name(model: &Model<'_>, url: &PassUrl) -> Option<(String, bool)> {
    if url.tls != Some(true) {
        return None;
    }
    let name = url.host_name()?;
    let Some(upstream) = model.upstream(name) else {
        return is_public(name).then(|| (name.to_owned(), false));
    };
    let servers = model.scope(upstream.scope).all("server");
    let mut names: Vec<String> = servers
        .iter()
        .filter_map(|line| Some(line.arg(0)?.split(':').next()?.to_owned()))
        .filter(|name| is_public(name))
        .collect();
    names.dedup();
    // Several backends with names of their own would need one each.
    match &names[..] {
        [name] => Some((name.clone(), true)),
        _ => None,
    }
}

/// True for a name that the DNS of the world knows, as far as it shows.
fn is_public(name: &str) -> bool {
    const PRIVATE: [&str; 14] = [
        "local",
        "localhost",
        "internal",
        "lan",
        "home",
        "corp",
        "svc",
        "consul",
        "docker",
        "intranet",
        "private",
        "arpa",
        "localdomain",
        "test",
    ];
    name.trim_end_matches('.').rsplit_once('.').is_some_and(|(_, last)| {
        last.len() > 1
            && last.bytes().all(|byte| byte.is_ascii_alphabetic())
            && !PRIVATE.contains(&last.to_ascii_lowercase().as_str())
    })
}
