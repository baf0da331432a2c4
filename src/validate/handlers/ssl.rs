//! TLS of http, stream and mail (`ngx_http_ssl_module.c` and its kin), and of what is
//! behind nginx.

use crate::catalog::{Context, Version};
use crate::diagnostic::Diagnostic;
use crate::model::ScopeId;
use crate::syntax::value::{number, size, template};
use crate::syntax::{Directive, Word};

use crate::validate::{Check, error, wrong};

use super::{files, says};

/// The least size of a cache in shared memory: eight pages.
const LEAST_CACHE: u64 = 8 * 4096;

/// `ngx_http_ssl_session_cache`, and the same of stream and mail.
pub(super) fn session_cache<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    const HELP: &str = "write off, none, builtin, builtin:1000 or shared:name:10m";
    for &word in directive.args() {
        let text = word.value(directive.source);
        if matches!(&*text, "off" | "none" | "builtin") {
            continue;
        }
        let builtin = text.strip_prefix("builtin:").filter(|count| !count.is_empty());
        if builtin.is_some_and(|count| number(count).is_some()) {
            continue;
        }
        let user = match check.context.chain().get(1) {
            Some(Context::Mail) => "sessions of mail",
            Some(Context::Stream) => "sessions of stream",
            _ => "sessions of http",
        };
        if !shared(check, directive, word, "session cache", user, HELP) {
            return;
        }
    }
}

/// `ngx_http_ssl_ocsp_cache`, and the same of stream.
pub(super) fn ocsp_cache<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    if word.value(directive.source) != "off" {
        let user = if check.context.is_stream() { "OCSP of stream" } else { "OCSP of http" };
        shared(check, directive, *word, "OCSP cache", user, "write off or shared:name:10m");
    }
}

/// Reads `shared:name:size`; false if it is wrong, which is said.
fn shared(
    check: &mut Check<'_, '_>,
    directive: Directive<'_>,
    word: Word,
    what: &str,
    user: &'static str,
    help: &str,
) -> bool {
    let text = word.value(directive.source);
    let zone = text.strip_prefix("shared:").and_then(|zone| zone.split_once(':'));
    let zone = zone.filter(|(name, _)| !name.is_empty());
    let Some((name, size)) = zone.and_then(|(name, text)| Some((name, size(text)?))) else {
        check.invalid_for(directive, word, format!("invalid {what} \"{text}\""), help);
        return false;
    };
    if size < LEAST_CACHE {
        let message = format!("{what} \"{text}\" is too small");
        check.invalid_for(directive, word, message, "it takes 32k or more");
        return false;
    }
    check.zone(name, Some(size), user, directive.place_of(word))
}

/// `ngx_http_ssl_certificate_cache`, `ngx_http_proxy_ssl_certificate_cache` and their kin.
pub(super) fn certificate_cache<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    const HELP: &str = "write off, or max=1000 and perhaps inactive=20s and valid=1m";
    let parameters = ["max", "inactive", "valid"];
    if files::cache(check, directive, &parameters, "invalid parameter", HELP) == Some(false) {
        let message = format!("\"{}\" must have the \"max\" parameter", directive.name());
        let help = "say how many certificates it holds, as in max=1000";
        check.say(wrong("incomplete", directive, message).help(help));
    }
}

/// `ngx_stream_ssl_alpn`, `ngx_stream_proxy_ssl_alpn_set_slot`
pub(super) fn alpn<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let is_long = |word: &&Word| word.value(directive.source).len() > 255;
    if let Some(&word) = directive.args().iter().find(is_long) {
        says(check, directive, word, "protocol too long", "a name has up to 255 bytes");
    }
}

/// Words for many ciphers at once that OpenSSL knows, or knew.
const GROUPS: &[&str] = &[
    "3DES",
    "ADH",
    "AECDH",
    "AES",
    "AES128",
    "AES256",
    "AESCCM",
    "AESCCM8",
    "AESGCM",
    "ALL",
    "ARIA",
    "ARIA128",
    "ARIA256",
    "ARIAGCM",
    "CAMELLIA",
    "CAMELLIA128",
    "CAMELLIA256",
    "CBC",
    "CHACHA20",
    "COMPLEMENTOFALL",
    "COMPLEMENTOFDEFAULT",
    "DEFAULT",
    "DES",
    "DH",
    "DHE",
    "DSS",
    "ECDH",
    "ECDHE",
    "ECDSA",
    "EDH",
    "EECDH",
    "EXP",
    "EXPORT",
    "EXPORT40",
    "EXPORT56",
    "FIPS",
    "FZA",
    "GOST",
    "GOST12",
    "GOST2012",
    "GOST89",
    "GOST89MAC",
    "GOST89MAC12",
    "GOST94",
    "HIGH",
    "IDEA",
    "KRB5",
    "LOW",
    "MAGMA",
    "KUZNYECHIK",
    "MD5",
    "MEDIUM",
    "NULL",
    "PSK",
    "RC2",
    "RC4",
    "RSA",
    "SEED",
    "SHA",
    "SHA1",
    "SHA256",
    "SHA384",
    "SRP",
    "SSLv2",
    "SSLv3",
    "STREEBOG256",
    "STREEBOG512",
    "SUITEB128",
    "SUITEB128C2",
    "SUITEB128ONLY",
    "SUITEB192",
    "TLSv1",
    "TLSv1.0",
    "TLSv1.2",
];

/// False if it is certain that OpenSSL finds no cipher in a list, or cannot read it
/// (`SSL_CTX_set_cipher_list`). Which ciphers a library has differs: what looks like the
/// name of one may be one.
pub(in crate::validate) fn is_cipher_list(text: &str) -> bool {
    // BoringSSL has groups of equal preference in brackets.
    if text.contains(['[', '|']) {
        return true;
    }
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-._=".contains(&byte);
    // This word alone need not end where it ends.
    let mut has_cipher = text.starts_with("DEFAULT");
    let text = text.strip_prefix("DEFAULT").unwrap_or(text);
    for item in text.split([':', ' ', ';', ',']).filter(|item| !item.is_empty()) {
        let operator = item.bytes().next().filter(|byte| b"-+!@".contains(byte));
        let rest = if operator.is_some() { &item[1..] } else { item };
        if operator.is_some() && rest.is_empty() {
            continue;
        }
        if operator == Some(b'@') {
            let name = rest.split(|c: char| !c.is_ascii() || !is_name_byte(c as u8)).next();
            let is_level = |name: &str| {
                let level = name.strip_prefix("SECLEVEL=").map(str::as_bytes);
                matches!(level, Some([b'0'..=b'5']))
            };
            if !name.is_some_and(|name| name == "STRENGTH" || is_level(name)) {
                return false;
            }
            continue;
        }
        // Parts that are joined with "+" count up to the first that is unknown.
        let mut is_known = true;
        for part in rest.split('+') {
            let len = part.bytes().take_while(|&byte| is_name_byte(byte)).count();
            if len == 0 {
                return false;
            }
            let name = &part[..len];
            is_known = may_be_cipher(name);
            if !is_known || len < part.len() {
                break;
            }
        }
        has_cipher |= is_known && operator.is_none();
    }
    has_cipher
}

/// Ciphers of TLS 1.3, which OpenSSL does not take from a list.
const OF_TLS_1_3: [&str; 5] = [
    "TLS_AES_128_CCM_8_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
];

/// True for the name of a group, and for what has the form of a cipher's name.
fn may_be_cipher(name: &str) -> bool {
    let rest = name.strip_prefix(['k', 'a', 'e']).unwrap_or_default();
    GROUPS.contains(&name)
        || rest.starts_with(|first: char| first.is_ascii_uppercase())
        || name.contains(['-', '_', '=']) && !OF_TLS_1_3.contains(&name)
}

/// What nginx finds when it makes the contexts of servers: lists without ciphers, names of
/// certificates that it cannot read (`ngx_http_ssl_merge_srv_conf`, and the same of stream).
pub(in crate::validate) fn late(check: &mut Check<'_, '_>) {
    let model = check.model;
    for id in model.scope_ids() {
        let is_server = matches!(model.scope(id).context, Context::Server | Context::StreamServer);
        if is_server && has_context(check, id) {
            cipher_list(check, id, "ssl_ciphers");
            certificate_names(check, id);
        }
    }
}

/// Names of certificates may have variables (`ngx_http_ssl_compile_certificates`).
fn certificate_names(check: &mut Check<'_, '_>, id: ScopeId) {
    let model = check.model;
    let is_stream = model.scope(id).context.is_stream();
    for name in ["ssl_certificate", "ssl_certificate_key"] {
        let Some((_, directives)) = model.effective(id, name) else { continue };
        for directive in directives {
            let [word] = directive.args() else { continue };
            let text = word.value(directive.source);
            let place = directive.place_of(*word);
            match template(&text) {
                Ok(parts) => check.variables.use_all(&parts, is_stream, place),
                Err(reason) => say_once(check, error("invalid-value", place, reason.to_string())),
            }
        }
    }
}

/// Servers share what stands around them: it is said once.
fn say_once(check: &mut Check<'_, '_>, diagnostic: Diagnostic) {
    let is_same = |other: &Diagnostic| {
        other.label.place == diagnostic.label.place && other.message == diagnostic.message
    };
    if !check.report.iter().any(is_same) {
        check.say(diagnostic);
    }
}

/// Says it if a scope uses a list of ciphers that OpenSSL cannot read. The caller knows
/// that nginx makes a context there.
pub(in crate::validate) fn cipher_list(check: &mut Check<'_, '_>, id: ScopeId, name: &str) {
    let directive = check.model.effective_one(id, name);
    let Some(directive) = directive.filter(|_| !check.model.has_unknown_settings(id)) else {
        return;
    };
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    if is_cipher_list(&text) {
        return;
    }
    let message = format!("SSL_CTX_set_cipher_list(\"{text}\") failed");
    let diagnostic = error("invalid-value", directive.place_of(*word), message)
        .here("OpenSSL knows no cipher of this list")
        .help("write names of ciphers with \":\" between them, as in HIGH:!aNULL:!MD5");
    say_once(check, diagnostic);
}

/// True if nginx makes a context for TLS of a server.
fn has_context(check: &Check<'_, '_>, id: ScopeId) -> bool {
    let model = check.model;
    let rejects = model.effective_one(id, "ssl_reject_handshake");
    if rejects.and_then(|it| it.arg(0)).is_some_and(|it| it.eq_ignore_ascii_case("on")) {
        return true;
    }
    if model.effective(id, "ssl_certificate").is_none() {
        return false;
    }
    // Before nginx 1.25.5 stream only did where a server listens with TLS.
    let is_old = check.versions.precede(Version::new(1, 25, 5));
    let listens = || {
        let mut listens = model.scope(id).all("listen").iter();
        listens.any(|listen| listen.arg_values().any(|word| word == "ssl"))
    };
    model.scope(id).context == Context::Server || !is_old || listens()
}
