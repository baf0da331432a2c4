//! What depends on the machine: files, users and hosts that the configuration names. Only
//! looked at on request, because a configuration is often checked elsewhere than it runs.
//!
//! Files are found and not read; hosts are asked for where nginx asks, when it starts.

use std::collections::HashMap;
use std::fs;
use std::net::ToSocketAddrs;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;
use crate::syntax::address::{Host, Use, address};
use crate::syntax::{Directive, Word};

use super::{Check, error, warning};

/// Ends of the names of directives that name a file which is read when nginx starts, from
/// the directory of the configuration.
const READ: [&str; 9] = [
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_client_certificate",
    "ssl_trusted_certificate",
    "ssl_dhparam",
    "ssl_crl",
    "ssl_password_file",
    "ssl_session_ticket_key",
    "ssl_stapling_file",
];

/// Directives that name a file or directory which nginx makes, so that the directory around
/// it has to be there.
const MADE: [&str; 12] = [
    "access_log",
    "error_log",
    "pid",
    "proxy_cache_path",
    "fastcgi_cache_path",
    "scgi_cache_path",
    "uwsgi_cache_path",
    "client_body_temp_path",
    "proxy_temp_path",
    "fastcgi_temp_path",
    "scgi_temp_path",
    "uwsgi_temp_path",
];

/// Directives that name a host to connect to.
const PASSES: [&str; 7] = [
    "proxy_pass",
    "fastcgi_pass",
    "uwsgi_pass",
    "scgi_pass",
    "grpc_pass",
    "memcached_pass",
    "auth_http",
];

pub(super) fn check(check: &mut Check<'_, '_>) {
    let directory = check.model.root.prefix.clone();
    let mut hosts = HashMap::new();
    for id in check.model.scope_ids() {
        check.scope = id;
        check.context = check.model.scope(id).context;
        for directive in check.model.scope(id).directives() {
            if let Some(diagnostic) = missing_file(directive, &directory) {
                check.say(diagnostic);
            }
            host(check, directive, &mut hosts);
        }
    }
}

fn missing_file(directive: Directive<'_>, directory: &Path) -> Option<Diagnostic> {
    let name = directive.name();
    let &word = directive.args().first()?;
    let text = word.value(directive.source);
    let place = directive.place_of(word);
    if name == "user" {
        return unknown_user(directive);
    }
    let is_name = ["data:", "engine:", "store:", "syslog:", "memory:"]
        .iter()
        .any(|start| text.starts_with(start))
        || matches!(&*text, "off" | "stderr" | "");
    if is_name || text.contains('$') {
        return None;
    }
    let path = directory.join(&*text);
    let is_read = READ.iter().any(|end| {
        name.strip_suffix(end).is_some_and(|start| start.is_empty() || start.ends_with('_'))
    });
    if is_read {
        let reason = fs::File::open(&path).err()?;
        let message = if name.ends_with("_certificate_key") {
            format!("cannot load certificate key \"{}\"", path.display())
        } else if name.ends_with("ssl_certificate") {
            format!("cannot load certificate \"{}\"", path.display())
        } else {
            format!("open() \"{}\" failed", path.display())
        };
        return Some(error("missing-file", place, message).here(reason.to_string()));
    }
    // What is relative to where nginx was installed cannot be known.
    let around = path.parent().filter(|_| Path::new(&*text).is_absolute())?;
    if MADE.contains(&&*name) && !around.is_dir() {
        let message = format!("open() \"{text}\" failed (2: No such file or directory)");
        let here = format!("there is no directory {}", around.display());
        return Some(error("missing-file", place, message).here(here));
    }
    let is_root = matches!(&*name, "root" | "alias");
    let exists = |path: &PathBuf| path.exists();
    if is_root && !exists(&PathBuf::from(&*text)) {
        let message = format!("\"{text}\" is not here");
        let here = "nginx starts without it, and answers 404";
        return Some(warning("missing-file", place, message).here(here));
    }
    None
}

/// `ngx_set_user`: the user and the group, which is named like the user if nobody says
/// otherwise. A warning: the system may know more names than those in its files.
fn unknown_user(directive: Directive<'_>) -> Option<Diagnostic> {
    let args = directive.args();
    let words = [args.first(), args.get(1).or(args.first())];
    for (word, (file, call)) in
        words.into_iter().zip([("/etc/passwd", "getpwnam"), ("/etc/group", "getgrnam")])
    {
        let &word = word?;
        let name = word.value(directive.source);
        let known = fs::read_to_string(file).ok()?;
        let is_known = known.lines().any(|line| line.split(':').next() == Some(&*name));
        if !is_known {
            let message = format!("{call}(\"{name}\") failed");
            let here = format!("{file} has no line for it");
            return Some(warning("unknown-user", directive.place_of(word), message).here(here));
        }
    }
    None
}

/// Asks for the address of a host that nginx needs to start.
fn host<'p>(
    check: &mut Check<'_, 'p>,
    directive: Directive<'p>,
    known: &mut HashMap<String, bool>,
) {
    let name = directive.name();
    let Some(&word) = directive.args().first() else { return };
    let text = word.value(directive.source).into_owned();
    if text.contains('$') || directive.arg_values().any(|word| word == "resolve") {
        return;
    }
    let is_peer = name == "server"
        && matches!(
            check.context,
            crate::catalog::Context::Upstream | crate::catalog::Context::StreamUpstream
        );
    match &*name {
        "listen" => {
            let place = format!("\"{text}\" of the \"listen\" directive");
            look_up(check, directive, word, &text, &place, known);
        }
        "resolver" => {
            for &word in directive.args() {
                let text = word.value(directive.source).into_owned();
                let is_parameter = ["valid=", "ipv4=", "ipv6=", "status_zone="]
                    .iter()
                    .any(|it| text.starts_with(it));
                if !is_parameter && text != "off" {
                    look_up(check, directive, word, &text, &format!("resolver \"{text}\""), known);
                }
            }
        }
        pass if is_peer || PASSES.contains(&pass) => {
            let rest = text.split_once("://").map_or(&*text, |(_, rest)| rest);
            let authority = if rest.starts_with("unix:") {
                rest
            } else {
                rest.split(['/', '?']).next().unwrap_or_default()
            };
            look_up(check, directive, word, authority, &format!("upstream \"{authority}\""), known);
        }
        _ => {}
    }
}

fn look_up(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    word: Word,
    text: &str,
    place: &str,
    known: &mut HashMap<String, bool>,
) {
    let purpose = if directive.is("listen") { Use::Listen } else { Use::Connect };
    let Ok(found) = address(text, purpose) else { return };
    let Host::Name(host) = found.host else { return };
    let key = (check.context.is_stream(), host.to_ascii_lowercase());
    if check.names.upstreams.contains_key(&key) {
        return;
    }
    let is_known = *known
        .entry(host.to_owned())
        .or_insert_with(|| (host, 80).to_socket_addrs().is_ok_and(|mut all| all.next().is_some()));
    if !is_known {
        let message = format!("host not found in {place}");
        check.say(
            error("unknown-host", directive.place_of(word), message)
                .here("no name server that this machine asks knows it"),
        );
    }
}
