//! Hosts that are passed on to, against the upstreams there are
//! (`ngx_http_upstream_add`, `ngx_http_upstream_init_round_robin`).

use crate::validate::{Check, error};

pub(super) fn check(check: &mut Check<'_, '_>) {
    let is_complete = check.model.is_complete();
    for pass in std::mem::take(&mut check.names.passes) {
        let upstream = check.names.upstreams.get(&(pass.is_stream, pass.host.clone())).copied();
        let written = &pass.written;
        match (upstream, pass.port) {
            (Some(upstream), Some(port)) => {
                let name = upstream.arg(0).unwrap_or_default();
                let message = format!("upstream \"{name}\" may not have port {port}");
                check.say(
                    error("conflict", pass.place, message)
                        .also(upstream.place(), "this upstream gives each server its port")
                        .help("leave out the port, or name a host that is no upstream"),
                );
            }
            (None, None) if !pass.has_default_port && (pass.is_address || is_complete) => {
                let message = format!("no port in upstream \"{written}\"");
                let help = if pass.is_address {
                    "write host:port: there is no default port here"
                } else {
                    "write host:port, or define an upstream of this name"
                };
                check.say(error("invalid-value", pass.place, message).help(help));
            }
            _ => {}
        }
    }
}
