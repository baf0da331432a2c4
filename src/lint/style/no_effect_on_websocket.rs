//! `no-effect-on-websocket`: settings that an open socket does not know.

use crate::diagnostic::{Diagnostic, Severity};
use crate::lint::{Category, Rule};
use crate::model::Model;

pub(in crate::lint) const RULE: Rule = Rule {
    name: "no-effect-on-websocket",
    category: Category::Style,
    severity: Severity::Info,
    summary: "a setting in a location for sockets does nothing to them",
    docs: include_str!("../../../docs/rules/no-effect-on-websocket.md"),
    check,
};

fn check(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    const NO_EFFECT: [&str; 10] = [
        "proxy_buffering",
        "proxy_buffers",
        "proxy_request_buffering",
        "chunked_transfer_encoding",
        "gzip",
        "limit_rate",
        "proxy_limit_rate",
        "tcp_nodelay",
        "client_max_body_size",
        "proxy_ignore_client_abort",
    ];
    for proxied in model.proxied().iter().filter(|it| it.is_dedicated() && it.is_active(model)) {
        let location = model.scope(proxied.settings_scope(model));
        let lines = NO_EFFECT.iter().filter_map(|name| location.last(name));
        // Without a cache there is nothing to go past.
        let cache = model.effective_one(proxied.scope, "proxy_cache");
        let bypass = location.last("proxy_cache_bypass").filter(|_| cache.is_none());
        for line in lines.chain(bypass) {
            let name = line.name();
            let message = format!("{name} does nothing to sockets in `{}`", proxied.title(model));
            report.push(
                RULE.at(line.place(), message)
                    .here("once a socket is open, nginx passes bytes on and looks at nothing else")
                    .help("remove it, if nothing but sockets is behind this location"),
            );
        }
    }
}
