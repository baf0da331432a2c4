//! Modules of http that are their own: geoip, image_filter, xslt, perl, userid, browser,
//! charset; and HTTP/2.

use std::collections::HashSet;

use crate::catalog::{Context, Version};
use crate::diagnostic::Severity;
use crate::syntax::address::network;
use crate::syntax::value::{number, seconds, size};
use crate::syntax::{Directive, Word};

use crate::validate::{Check, entries, error, slots, warning, wrong};

use super::{rewrite, says, template_value};

/// `ngx_http_geoip_country`, `ngx_http_geoip_city`, `ngx_http_geoip_org`, and the same of
/// stream.
pub(super) fn geoip<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [_, charset] = directive.args() else { return };
    let text = charset.value(directive.source);
    if text != "utf8" {
        let message = format!("invalid parameter \"{text}\"");
        check.invalid_for(directive, *charset, message, "only utf8 may stand behind the file");
    }
}

/// `ngx_http_geoip_proxy`
pub(super) fn geoip_proxy<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    match network(&text) {
        _ if text == "255.255.255.255" => {}
        Some(network) if network.has_host_bits() => entries::low_bits(check, directive, *word),
        Some(_) => {}
        None => {
            let help = "write an address, or one with the length of its prefix, as in 10.0.0.0/8";
            check.invalid_for(directive, *word, format!("invalid network \"{text}\""), help);
        }
    }
}

/// `ngx_http_image_filter`
pub(super) fn image_filter<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    const HELP: &str = "write off, test, size, rotate 90, resize 100 - or crop 100 100";
    let [action, values @ ..] = directive.args() else { return };
    let text = action.value(directive.source);
    let is_rotation = text == "rotate";
    let is_valid = match values.len() {
        0 => matches!(&*text, "off" | "test" | "size"),
        1 => is_rotation,
        _ => matches!(&*text, "resize" | "crop"),
    };
    if !is_valid {
        check.invalid_for(directive, *action, format!("invalid parameter \"{text}\""), HELP);
        return;
    }
    for &word in values {
        if !check.template(directive, word) {
            return;
        }
        let text = word.value(directive.source);
        let is_valid = match image_value(&text) {
            _ if text.contains('$') => true,
            Some(angle) if is_rotation => matches!(angle, 90 | 180 | 270),
            Some(value) => value > 0 || value == -1,
            None => false,
        };
        if !is_valid {
            check.invalid_for(directive, word, format!("invalid parameter \"{text}\""), HELP);
            return;
        }
    }
}

/// A number, or -1 for `-` (`ngx_http_image_filter_value`).
fn image_value(text: &str) -> Option<i64> {
    if text == "-" { Some(-1) } else { number(text) }
}

/// `ngx_http_image_filter_jpeg_quality`, `ngx_http_image_filter_webp_quality`
pub(super) fn image_quality<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    image_number(check, directive, |value| value.is_some_and(|value| value > 0));
}

/// `ngx_http_image_filter_sharpen`, to which what is no number is 0.
pub(super) fn image_sharpen<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    image_number(check, directive, |value| value != Some(-1));
}

fn image_number<'p>(
    check: &mut Check<'_, 'p>,
    directive: Directive<'p>,
    is_valid: fn(Option<i64>) -> bool,
) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    if check.template(directive, *word) && !text.contains('$') && !is_valid(image_value(&text)) {
        let message = format!("invalid value \"{text}\"");
        check.invalid_for(directive, *word, message, "write a number up to 100");
    }
}

/// `ngx_http_xslt_stylesheet`
pub(super) fn stylesheet<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    for &word in directive.args().iter().skip(1) {
        if !check.template(directive, word) {
            return;
        }
    }
}

/// `ngx_http_xslt_param`
pub(super) fn stylesheet_parameter<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    template_value(check, directive, 1);
}

/// `ngx_http_perl_set`
pub(super) fn perl_set<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    if let [name, _] = directive.args() {
        rewrite::define(check, directive, *name);
    }
}

/// `ngx_http_userid_expires`
pub(super) fn userid_expires<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    if !matches!(&*text, "max" | "off") && seconds(&text).is_none() {
        let help = format!("write off, max or a time: {}", slots::LONG_TIME);
        says(check, directive, *word, "invalid value", &help);
    }
}

/// `ngx_http_userid_mark`
pub(super) fn userid_mark<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    let is_mark =
        matches!(text.as_bytes(), [mark] if mark.is_ascii_alphanumeric() || *mark == b'=');
    if text != "off" && !is_mark {
        let fact = "value must be \"off\" or a single letter, digit or \"=\"";
        says(check, directive, *word, fact, "write one of these");
    }
}

/// `ngx_http_modern_browser`
pub(super) fn modern_browser<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    const BROWSERS: [&str; 5] = ["opera", "msie", "gecko", "safari", "konqueror"];
    let [name, version @ ..] = directive.args() else { return };
    let text = name.value(directive.source);
    let [version] = version else {
        // nginx stops here without a word.
        if text != "unlisted" {
            let message = format!("\"modern_browser\" has no version of \"{text}\"");
            let help = "write `unlisted`, or a browser and the first version that is modern";
            check.invalid_for(directive, *name, message, help);
        }
        return;
    };
    if !BROWSERS.iter().any(|browser| browser.eq_ignore_ascii_case(&text)) {
        let message = format!("unknown browser name \"{text}\"");
        let help = format!("nginx knows {}", BROWSERS.join(", "));
        check.invalid_for(directive, *name, message, help);
        return;
    }
    let text = version.value(directive.source);
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        let message = format!("invalid browser version \"{text}\"");
        check.invalid_for(directive, *version, message, "write numbers with dots, as in 5.5");
    }
}

/// `ngx_http_set_charset_slot`
pub(super) fn charset<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let text = word.value(directive.source);
    match text.strip_prefix('$') {
        Some("") => check.invalid(directive, *word, "invalid variable name \"$\""),
        Some(name) => check.variables.use_one(name, false, directive.place_of(*word)),
        None => {}
    }
}

/// The charsets that a `charset_map` is between, sorted: it works both ways.
fn charsets(map: Directive<'_>) -> Option<[String; 2]> {
    let mut pair = [map.arg(0)?.to_ascii_lowercase(), map.arg(1)?.to_ascii_lowercase()];
    pair.sort_unstable();
    Some(pair)
}

/// `ngx_http_charset_map_block`
pub(super) fn charset_map<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some(pair) = charsets(directive) else { return };
    let names: Vec<_> = directive.arg_values().map(|name| format!("\"{name}\"")).collect();
    let names = names.join(" and ");
    if pair[0] == pair[1] {
        let message = format!("\"charset_map\" between the same charsets {names}");
        check.say(wrong("invalid-value", directive, message));
        return;
    }
    if let Some(other) = check.seen.value(directive, pair.join(" ")) {
        let message = format!("duplicate \"charset_map\" between {names}");
        let diagnostic = wrong("duplicate", directive, message);
        check.say(diagnostic.also(other.place(), "the first one is here"));
    }
}

/// Charsets between which no `charset_map` is (`ngx_http_charset_postconfiguration`).
pub(in crate::validate) fn late(check: &mut Check<'_, '_>) {
    let model = check.model;
    if !model.is_complete() {
        return;
    }
    let scopes = || model.scope_ids().map(|id| (id, model.scope(id)));
    let lines = scopes().flat_map(|(_, scope)| scope.lines());
    let maps = lines.filter(|line| line.block.is_some() && line.directive.is("charset_map"));
    let known: HashSet<[String; 2]> = maps.filter_map(|line| charsets(line.directive)).collect();
    let mut said = HashSet::new();
    for (id, scope) in scopes() {
        let inside =
            [Context::Server, Context::Location, Context::IfInLocation, Context::LimitExcept];
        let charset = model.effective_one(id, "charset");
        let source = model.effective_one(id, "source_charset");
        let (Some(charset), Some(source)) = (charset, source) else { continue };
        let (Some(to), Some(from)) = (charset.arg(0), source.arg(0)) else { continue };
        let is_text = !to.starts_with('$') && !from.starts_with('$') && to != "off";
        let mut pair = [from.to_ascii_lowercase(), to.to_ascii_lowercase()];
        pair.sort_unstable();
        let is_fine =
            pair[0] == pair[1] || known.contains(&pair) || !inside.contains(&scope.context);
        if !is_text || is_fine || !said.insert(pair) {
            continue;
        }
        let message = format!("no \"charset_map\" between the charsets \"{from}\" and \"{to}\"");
        let help = "say how their characters match with `charset_map`, at http level";
        check.say(
            error("incomplete", charset.place(), message)
                .also(source.place(), "the other charset")
                .help(help),
        );
    }
}

/// `ngx_http_core_pool_size`, `ngx_http_v2_pool_size`
pub(super) fn pool_size<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let Some((word, size)) = size_of(directive) else { return };
    if size < 112 {
        check.invalid(directive, word, "the pool size must be no less than 112");
    } else if size % 16 != 0 {
        check.invalid(directive, word, "the pool size must be a multiple of 16");
    }
}

fn size_of(directive: Directive<'_>) -> Option<(Word, u64)> {
    let word = *directive.args().first()?;
    Some((word, size(&word.value(directive.source))?))
}

/// `ngx_http_v2_preread_size`
pub(super) fn preread_size<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    const MOST: u64 = (1 << 31) - 1;
    if let Some((word, _)) = size_of(directive).filter(|(_, size)| *size > MOST) {
        let message = format!("the maximum body preread buffer size is {MOST}");
        check.invalid(directive, word, message);
    }
}

/// `ngx_http_v2_streams_index_mask`
pub(super) fn streams_index<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    if number(&word.value(directive.source)).is_some_and(|size| size.count_ones() != 1) {
        says(check, directive, *word, "must be a power of two", "write 32, 64 or the like");
    }
}

/// `ngx_http_v2_chunk_size`
pub(super) fn chunk_size<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    if let Some((word, _)) = size_of(directive).filter(|(_, size)| *size == 0) {
        check.invalid(directive, word, "the http2 chunk size cannot be zero");
    }
}

/// `ngx_http_v2_recv_buffer_size`: it holds what is kept of a frame, twice in older versions.
pub(super) fn receive_buffer<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let most = if check.versions.have(Version::new(1, 25, 1)) { 16 } else { 32 };
    if let Some((word, _)) = size_of(directive).filter(|(_, size)| *size <= most) {
        says(check, directive, word, "value is too small", "it is 256k if you leave it out");
    }
}

/// `ngx_http_v2_obsolete`, and what `http2_push` was before it was obsolete.
pub(super) fn obsolete<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let name = directive.name();
    let instead = match &*name {
        "http2_recv_timeout" => "client_header_timeout",
        "http2_idle_timeout" => "keepalive_timeout",
        "http2_max_requests" => "keepalive_requests",
        "http2_max_field_size" | "http2_max_header_size" => "large_client_header_buffers",
        _ => "",
    };
    let since = if instead.is_empty() { Version::new(1, 25, 1) } else { Version::new(1, 19, 7) };
    if !check.versions.have(since) {
        push(check, directive);
        return;
    }
    let message = if instead.is_empty() {
        format!("the \"{name}\" directive is obsolete, ignored")
    } else {
        format!("the \"{name}\" directive is obsolete, use the \"{instead}\" directive instead")
    };
    let mut diagnostic = warning("deprecated", directive.place(), message);
    if check.versions.precede(since) {
        diagnostic.severity = Severity::Info;
    }
    check.say(diagnostic.here(format!("without effect since nginx {since}")));
}

/// `ngx_http_v2_push`
fn push<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let [word] = directive.args() else { return };
    let is_off = word.value(directive.source) == "off";
    let off_before = check.seen.has_off(directive);
    if is_off {
        check.seen.value(directive, "off".to_owned());
    }
    match (is_off, off_before) {
        (true, true) => check.duplicate(directive),
        (true, false) if check.seen.count("http2_push") > 1 => {
            let fact = "\"off\" parameter cannot be used with URI";
            says(check, directive, *word, fact, "keep the URIs or `off`");
        }
        (false, true) => {
            let fact = "URI cannot be used with \"off\" parameter";
            says(check, directive, *word, fact, "keep the URIs or `off`");
        }
        (true, false) => {}
        (false, false) => {
            check.template(directive, *word);
        }
    }
}

/// `ngx_http_v2_spdy_deprecated`
pub(super) fn spdy<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>) {
    let name = directive.name();
    let message = format!(
        "invalid directive \"{name}\": ngx_http_spdy_module was superseded by ngx_http_v2_module"
    );
    check.say(warning("deprecated", directive.place(), message).help("leave it out"));
}
