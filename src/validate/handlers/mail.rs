//! Everything of `mail` (`ngx_mail_core_module.c`, `ngx_mail_auth_http_module.c`,
//! `ngx_mail_ssl_module.c`).

use crate::catalog::{Context, Version};
use crate::model::ScopeId;
use crate::syntax::Directive;
use crate::syntax::address::{Use, address};

use crate::validate::{Check, error, wrong};

use super::ssl;

/// `ngx_mail_auth_http`
pub(super) fn auth_http<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    let url = text.strip_prefix("http://").unwrap_or(&text);
    let place = format!("auth_http \"{url}\"");
    check.address(directive, *word, url, Use::ConnectWithUri, &place);
}

/// `ngx_mail_core_protocol`
pub(super) fn protocol<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    if !matches!(&*text, "imap" | "pop3" | "smtp") {
        let message = format!("unknown protocol \"{text}\"");
        check.invalid_for(directive, *word, message, "write imap, pop3 or smtp");
    }
}

/// `ngx_mail_ssl_enable`; http has a directive of this name without such a check.
pub(super) fn enable<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    if !matches!(check.context, Context::Mail | Context::MailServer) {
        return;
    }
    let starttls = check.seen.first("starttls");
    if is_on(Some(directive)) && starts_tls(starttls) {
        let message = "\"starttls\" directive conflicts with \"ssl on\"";
        conflict(check, directive, starttls, message);
    }
}

/// `ngx_mail_ssl_starttls`
pub(super) fn starttls<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let enable = check.seen.first("ssl");
    if is_on(enable) && starts_tls(Some(directive)) {
        conflict(check, directive, enable, "\"ssl\" directive conflicts with \"starttls\"");
    }
}

fn conflict<'p>(
    check: &mut Check<'_, 'p>,
    directive: Directive<'p>,
    other: Option<Directive<'p>>,
    message: &str,
) {
    let help = "a connection begins with TLS or turns to it later, not both: keep one";
    let mut diagnostic = wrong("conflict", directive, message).help(help);
    if let Some(other) = other {
        diagnostic = diagnostic.also(other.place(), "the other one");
    }
    check.say(diagnostic);
}

fn is_on(flag: Option<Directive<'_>>) -> bool {
    flag.and_then(|it| it.arg(0)).is_some_and(|value| value.eq_ignore_ascii_case("on"))
}

fn starts_tls(starttls: Option<Directive<'_>>) -> bool {
    let value = starttls.and_then(|it| it.arg(0));
    value.is_some_and(|it| it.eq_ignore_ascii_case("on") || it.eq_ignore_ascii_case("only"))
}

/// What nginx finds when it merges the servers of mail.
pub(in crate::validate) fn late(check: &mut Check<'_, '_>) {
    let model = check.model;
    for id in model.scope_ids() {
        let scope = model.scope(id);
        let Some(opener) = scope.opener.filter(|_| scope.context == Context::MailServer) else {
            continue;
        };
        if model.has_unknown_settings(id) || !model.root.is_main {
            continue;
        }
        server(check, id, opener);
        tls(check, id);
    }
}

/// `ngx_mail_core_server`, `ngx_mail_core_merge_srv_conf`, `ngx_mail_auth_http_merge_conf`
fn server(check: &mut Check<'_, '_>, id: ScopeId, opener: Directive<'_>) {
    let model = check.model;
    let scope = model.scope(id);
    let listens = scope.all("listen");
    let mut missing = Vec::new();
    if let Some(listen) = listens.first() {
        if scope.all("protocol").is_empty() && !listens.iter().any(tells_protocol) {
            let help = "say which it is, as in `protocol imap;`: the port does not tell";
            missing.push((*listen, "unknown mail protocol for server", help));
        }
    } else {
        let help = "say where it listens, as in `listen 143;`";
        missing.push((opener, "no \"listen\" is defined for server", help));
    }
    if model.effective(id, "auth_http").is_none() {
        let help = "say who knows the users, as in `auth_http localhost:9000/auth;`";
        missing.push((opener, "no \"auth_http\" is defined for server", help));
    }
    for (at, message, help) in missing {
        check.say(error("incomplete", at.place(), message).help(help));
    }
}

/// True if the port of a `listen` is that of a protocol, or cannot be read
/// (`ngx_mail_core_listen`).
fn tells_protocol(listen: &Directive<'_>) -> bool {
    let Some(text) = listen.arg(0) else { return true };
    match address(&text, Use::Listen) {
        Ok(address) => matches!(address.port, Some(25 | 110 | 143 | 465 | 587 | 993 | 995)),
        Err(_) => true,
    }
}

/// `ngx_mail_ssl_merge_conf`
fn tls(check: &mut Check<'_, '_>, id: ScopeId) {
    let model = check.model;
    let mut listens = model.scope(id).all("listen").iter();
    let listens = listens.find(|listen| listen.arg_values().skip(1).any(|word| word == "ssl"));
    let has_enable = check.versions.precede(Version::new(1, 25, 1));
    let enable = model.effective_one(id, "ssl").filter(|it| has_enable && is_on(Some(*it)));
    let starttls = model.effective_one(id, "starttls").filter(|it| starts_tls(Some(*it)));
    let (mode, at) = match (listens, enable, starttls) {
        (Some(listen), ..) => ("listen ... ssl", *listen),
        (_, Some(enable), _) => ("ssl", enable),
        (.., Some(starttls)) => ("starttls", starttls),
        _ => return,
    };
    let count = |name: &str| model.effective(id, name).map_or(&[][..], |(_, found)| found);
    let (certificates, keys) = (count("ssl_certificate"), count("ssl_certificate_key"));
    let message = match (certificates.last().and_then(|it| it.arg(0)), keys.len()) {
        (None, _) => {
            format!("no \"ssl_certificate\" is defined for the \"{mode}\" directive")
        }
        (_, 0) => {
            format!("no \"ssl_certificate_key\" is defined for the \"{mode}\" directive")
        }
        (Some(last), keys) if keys < certificates.len() => format!(
            "no \"ssl_certificate_key\" is defined for certificate \"{last}\" and the \"{mode}\" directive"
        ),
        _ => String::new(),
    };
    if !message.is_empty() {
        let help =
            "name a certificate with `ssl_certificate`, and its key with `ssl_certificate_key`";
        check.say(error("incomplete", at.place(), message).help(help));
    }
    ssl::cipher_list(check, id, "ssl_ciphers");
    verification(check, id);
}

/// Certificates of clients that nothing can verify.
fn verification(check: &mut Check<'_, '_>, id: ScopeId) {
    let model = check.model;
    let Some(verify) = model.effective_one(id, "ssl_verify_client") else { return };
    let verifies = |it: &str| it.eq_ignore_ascii_case("on") || it.eq_ignore_ascii_case("optional");
    let takes_trusted = check.versions.have(Version::new(1, 27, 2));
    let has = |name| {
        let file = model.effective_one(id, name).and_then(|it| it.arg(0));
        file.is_some_and(|file| !file.is_empty())
    };
    let has_file = has("ssl_client_certificate") || takes_trusted && has("ssl_trusted_certificate");
    if verify.arg(0).is_some_and(|it| verifies(&it)) && !has_file {
        let message = if takes_trusted {
            "no ssl_client_certificate or ssl_trusted_certificate for ssl_verify_client"
        } else {
            "no ssl_client_certificate for ssl_verify_client"
        };
        let help = "name the certificates of those who sign for clients";
        check.say(error("incomplete", verify.place(), message).help(help));
    }
}
