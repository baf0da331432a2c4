//! What stands outside all protocols, `events`, and `error_log` of all of them (`nginx.c`,
//! `ngx_event.c`, `ngx_thread_pool.c`, `ngx_log.c`, `ngx_syslog.c`).

use std::collections::HashSet;

use crate::catalog::Version;
use crate::model::ScopeId;
use crate::syntax::address::{Use, network};
use crate::syntax::value::{number, size};
use crate::syntax::{Directive, Word};

use crate::validate::{Check, entries, error, warning, wrong};

use super::says;

/// `ngx_event_connections`
pub(super) fn connections<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    match number(&text) {
        Some(0) => {
            let message = "0 worker_connections are not enough for the listening sockets";
            let help = "each listening socket takes one connection, and there is one more";
            check.invalid_for(directive, *word, message, help);
        }
        Some(_) => {}
        None => {
            let message = format!("invalid number \"{text}\"");
            check.invalid_for(directive, *word, message, "write a number without sign or unit");
        }
    }
}

/// `ngx_event_use`
pub(super) fn event<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    let is_known = match &*text {
        "select" | "poll" | "kqueue" | "epoll" | "/dev/poll" | "eventport" | "iocp" => true,
        "rtsig" => check.versions.precede(Version::new(1, 9, 1)),
        _ => false,
    };
    if !is_known {
        let help = "leave it out: nginx takes the best that the system has; it knows epoll, kqueue, poll, select, eventport and /dev/poll";
        check.invalid_for(directive, *word, format!("invalid event type \"{text}\""), help);
    }
}

/// Networks whose connections are meant (`ngx_event_debug_connection`,
/// `ngx_http_realip_from` and the same of stream and mail).
pub(super) fn network_or_host<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    if text == "unix:" {
        return;
    }
    if let Some(network) = network(&text) {
        if network.has_host_bits() {
            entries::low_bits(check, directive, *word);
        }
        return;
    }
    let name = directive.name();
    if name == "set_real_ip_from"
        && !check.context.is_stream()
        && !check.versions.have(Version::new(1, 13, 1))
    {
        let help = "before nginx 1.13.1 it is an address, a network or `unix:`";
        check.invalid_for(directive, *word, format!("invalid parameter \"{text}\""), help);
    } else if text.is_empty() || text.contains(['/', ' ']) {
        // A name that is no name of a host cannot be found on any machine.
        let message = format!("host not found in {name} \"{text}\"");
        let help = "write an address, a network as in 10.0.0.0/8, the name of a host or `unix:`";
        check.invalid_for(directive, *word, message, help);
    }
}

/// `ngx_set_cpu_affinity`
pub(super) fn cpu_affinity<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    /// `CPU_SETSIZE` of Linux.
    const MOST_CPUS: usize = 1024;
    const HELP: &str = "a mask has a digit for each CPU, the first CPU last: 1 to use it, 0 not to";
    let mut masks = directive.args();
    let is_auto = directive.arg(0).is_some_and(|word| word == "auto");
    if is_auto && check.versions.have(Version::new(1, 9, 10)) {
        if masks.len() > 2 {
            let message = "invalid number of arguments in \"worker_cpu_affinity\" directive";
            let help = "one mask may stand behind `auto`";
            check.say(wrong("wrong-argument-count", directive, message).help(help));
            return;
        }
        masks = &masks[1..];
    }
    for &word in masks {
        let text = word.value(directive.source);
        if text.len() > MOST_CPUS {
            let message = format!("\"worker_cpu_affinity\" supports up to {MOST_CPUS} CPUs only");
            check.invalid(directive, word, message);
            return;
        }
        let bad = text.chars().rev().find(|digit| !matches!(digit, ' ' | '0' | '1'));
        if let Some(bad) = bad {
            let message = format!("invalid character \"{bad}\" in \"worker_cpu_affinity\"");
            check.invalid_for(directive, word, message, HELP);
            return;
        }
    }
}

/// `ngx_set_priority`
pub(super) fn priority<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    if number(text.strip_prefix(['-', '+']).unwrap_or(&text)).is_none() {
        let help = "write a number; it may have a sign, as in -10";
        says(check, directive, *word, "invalid number", help);
    }
}

/// `ngx_set_worker_processes`
pub(super) fn worker_processes<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    if text != "auto" && number(&text).is_none() {
        says(check, directive, *word, "invalid value", "write a number or `auto`");
    }
}

/// `ngx_load_module`: not behind what counts the modules (`ngx_count_modules`).
pub(super) fn load_module<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let blocks = ["events", "http", "stream", "mail"];
    if blocks.iter().any(|block| check.seen.first(block).is_some()) {
        let message = "\"load_module\" directive is specified too late";
        let help = "put it before `events`, `http`, `stream` and `mail`";
        check.say(wrong("misplaced-directive", directive, message).help(help));
    }
}

/// `ngx_thread_pool`
pub(super) fn thread_pool<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [name, parameters @ ..] = directive.args() else { return };
    let name = name.value(directive.source);
    if check.seen.value(directive, name.clone().into_owned()).is_some() {
        let message = format!("duplicate thread pool \"{name}\"");
        check.say(wrong("duplicate", directive, message));
        return;
    }
    let mut has_threads = false;
    for &word in parameters {
        let text = word.value(directive.source);
        if let Some(threads) = text.strip_prefix("threads=") {
            if number(threads).is_none_or(|threads| threads == 0) {
                let message = format!("invalid threads value \"{text}\"");
                check.invalid_for(directive, word, message, "write a number above 0");
                return;
            }
            has_threads = true;
        } else if let Some(queue) = text.strip_prefix("max_queue=")
            && number(queue).is_none()
        {
            let message = format!("invalid max_queue value \"{text}\"");
            check.invalid_for(directive, word, message, "write a number");
            return;
        }
    }
    if !has_threads {
        let message = "\"thread_pool\" must have \"threads\" parameter";
        let help = "say how many threads it has, as in `threads=32`";
        check.say(wrong("incomplete", directive, message).help(help));
    }
}

/// `ngx_log_set_log`
pub(super) fn error_log<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [target, levels @ ..] = directive.args() else { return };
    let text = target.value(directive.source);
    if let Some(buffer) = text.strip_prefix("memory:") {
        // A line of the longest length, and what stands before it.
        const LEAST: u64 = 2100;
        if size(buffer).is_none_or(|size| size < LEAST) {
            let message = format!("invalid buffer size \"{buffer}\"");
            let help = "a buffer has more than two kilobytes, as in memory:32m";
            check.invalid_for(directive, *target, message, help);
            return;
        }
    } else if text.starts_with("syslog:") && !syslog(check, directive, *target) {
        return;
    }
    log_levels(check, directive, levels);
}

/// `ngx_log_set_levels`
fn log_levels(check: &mut Check<'_, '_>, directive: Directive<'_>, words: &[Word]) {
    const LEVELS: [&str; 8] =
        ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];
    const DEBUG_LEVELS: [&str; 7] = [
        "debug_core",
        "debug_alloc",
        "debug_mutex",
        "debug_event",
        "debug_http",
        "debug_mail",
        "debug_stream",
    ];
    let (mut has_level, mut has_debug) = (false, false);
    for &word in words {
        let text = word.value(directive.source);
        let is_mysql = text == "debug_mysql" && check.versions.precede(Version::new(1, 9, 0));
        if LEVELS.contains(&&*text) {
            if has_level || has_debug {
                let message = format!("duplicate log level \"{text}\"");
                let help = "keep one level: it includes those that are more severe";
                check.say(error("duplicate", directive.place_of(word), message).help(help));
                return;
            }
            has_level = true;
        } else if (DEBUG_LEVELS.contains(&&*text) || is_mysql) && !has_level {
            has_debug = true;
        } else {
            let message = format!("invalid log level \"{text}\"");
            let help = format!("write one of {}", LEVELS.join(", "));
            check.invalid_for(directive, word, message, help);
            return;
        }
    }
}

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news", "uucp", "clock", "authpriv",
    "ftp", "ntp", "audit", "alert", "cron", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];
const SEVERITIES: [&str; 8] =
    ["emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"];

/// Reads where a log is sent, as in `syslog:server=127.0.0.1,tag=nginx`; false if it is
/// wrong, which is said (`ngx_syslog_process_conf`).
pub(super) fn syslog<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, word: Word) -> bool {
    let text = word.value(directive.source);
    let Some(parameters) = text.strip_prefix("syslog:") else { return true };
    let mut seen = HashSet::new();
    for parameter in parameters.split(',') {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let is_known = match name {
            "server" | "facility" | "severity" | "tag" => parameter.contains('='),
            "nohostname" => name == parameter && check.versions.have(Version::new(1, 9, 7)),
            _ => false,
        };
        if !is_known {
            let message = format!("unknown syslog parameter \"{parameter}\"");
            let help = "parameters are server=, facility=, severity=, tag= and nohostname, with commas between them";
            check.invalid_for(directive, word, message, help);
            return false;
        }
        if name != "nohostname" && !seen.insert(name) {
            let message = format!("duplicate syslog \"{name}\"");
            check.say(error("duplicate", directive.place_of(word), message));
            return false;
        }
        if !syslog_parameter(check, directive, word, name, value) {
            return false;
        }
    }
    if !seen.contains("server") {
        let message = "no syslog server specified";
        let help = "say where to send it, as in syslog:server=127.0.0.1:514";
        check.say(error("incomplete", directive.place_of(word), message).help(help));
        return false;
    }
    true
}

fn syslog_parameter(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    word: Word,
    name: &str,
    value: &str,
) -> bool {
    let (message, help) = match name {
        "server" => {
            let place = format!("syslog server \"{value}\"");
            return check.address(directive, word, value, Use::Connect, &place).is_some();
        }
        "facility" if !FACILITIES.contains(&value) => {
            (format!("unknown syslog facility \"{value}\""), FACILITIES.join(", "))
        }
        "severity" if !SEVERITIES.contains(&value) => {
            (format!("unknown syslog severity \"{value}\""), SEVERITIES.join(", "))
        }
        "tag" if value.len() > 32 => {
            ("syslog tag length exceeds 32".to_owned(), "a shorter tag".to_owned())
        }
        "tag" if !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => (
            "syslog \"tag\" only allows alphanumeric characters and underscore".to_owned(),
            "letters, digits and \"_\"".to_owned(),
        ),
        _ => return true,
    };
    check.invalid_for(directive, word, message, format!("write {help}"));
    false
}

/// What nginx finds when all is read: pools of threads that nothing defines
/// (`ngx_thread_pool_init_conf`), and how many masks of CPUs there are
/// (`ngx_core_module_init_conf`).
pub(in crate::validate) fn late(check: &mut Check<'_, '_>) {
    if !check.model.is_complete() {
        return;
    }
    let model = check.model;
    let root = model.scope(ScopeId::ROOT);
    let is_defined = |name: &str| {
        let mut pools = root.all("thread_pool").iter();
        name == "default" || pools.any(|pool| pool.arg(0).is_some_and(|pool| pool == name))
    };
    for id in model.scope_ids() {
        for &directive in model.scope(id).all("aio") {
            let Some(value) = directive.arg(0) else { continue };
            let Some(name) = value.strip_prefix("threads=") else { continue };
            if !name.contains('$') && !is_defined(name) {
                let message = format!("unknown thread pool \"{name}\"");
                let help = format!("define it outside `http`: `thread_pool {name} threads=32;`");
                check.say(error("incomplete", directive.place(), message).help(help));
            }
        }
    }
    let Some(masks) = root.last("worker_cpu_affinity") else { return };
    let count = masks.args().len();
    let processes = root.last("worker_processes").and_then(|it| it.arg(0));
    let processes = processes.map_or(Some(1), |processes| number(&processes));
    let is_off = processes.is_some_and(|it| usize::try_from(it) != Ok(count));
    if is_off && count > 1 && masks.arg(0).is_some_and(|first| first != "auto") {
        let message = "the number of \"worker_processes\" is not equal to the number of \"worker_cpu_affinity\" masks, using last mask for remaining worker processes";
        let help = "write as many masks as there are worker processes";
        check.say(warning("meaningless", masks.place(), message).help(help));
    }
}
