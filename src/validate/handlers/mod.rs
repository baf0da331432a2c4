//! What nginx makes of the arguments of single directives: one function for each function
//! of nginx that reads them, in a file for each part of nginx.

mod files;
pub(super) mod mail;
pub(super) mod main;
pub(super) mod modules;
mod rewrite;
pub(super) mod ssl;

use crate::catalog::{Entry, ValueType};
use crate::model::ScopeId;
use crate::syntax::{Directive, Word};

use super::Check;

/// Reads the arguments of a directive, whose number is right.
type Handler = for<'m, 'p> fn(&mut Check<'m, 'p>, Directive<'p>);

/// By nginx's function or, where that is a common one, by the directive; sorted.
const HANDLERS: &[(&str, Handler)] = &[
    ("ngx_error_log", main::error_log),
    ("ngx_event_connections", main::connections),
    ("ngx_event_debug_connection", main::network_or_host),
    ("ngx_event_use", main::event),
    ("ngx_http_auth_basic_user_file", files::path),
    ("ngx_http_auth_request_set", files::auth_request_set),
    ("ngx_http_charset_map_block", modules::charset_map),
    ("ngx_http_core_directio", files::directio),
    ("ngx_http_core_error_log", main::error_log),
    ("ngx_http_core_keepalive", files::keepalive_timeout),
    ("ngx_http_core_open_file_cache", files::open_file_cache),
    ("ngx_http_core_pool_size", modules::pool_size),
    ("ngx_http_core_set_aio", files::aio),
    ("ngx_http_degradation", files::degradation),
    ("ngx_http_disable_symlinks", files::disable_symlinks),
    ("ngx_http_geoip_city", modules::geoip),
    ("ngx_http_geoip_country", modules::geoip),
    ("ngx_http_geoip_org", modules::geoip),
    ("ngx_http_geoip_proxy", modules::geoip_proxy),
    ("ngx_http_grpc_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_http_gzip_disable", files::gzip_disable),
    ("ngx_http_gzip_hash", files::gzip_hash),
    ("ngx_http_gzip_window", files::gzip_window),
    ("ngx_http_image_filter", modules::image_filter),
    ("ngx_http_image_filter_jpeg_quality", modules::image_quality),
    ("ngx_http_image_filter_sharpen", modules::image_sharpen),
    ("ngx_http_image_filter_webp_quality", modules::image_quality),
    ("ngx_http_index_set_index", files::index),
    ("ngx_http_log_open_file_cache", files::open_log_file_cache),
    ("ngx_http_mirror", files::mirror),
    ("ngx_http_modern_browser", modules::modern_browser),
    ("ngx_http_perl_set", modules::perl_set),
    ("ngx_http_proxy_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_http_realip_from", main::network_or_host),
    ("ngx_http_rewrite", rewrite::rewrite),
    ("ngx_http_rewrite_if", rewrite::condition),
    ("ngx_http_rewrite_return", rewrite::ret),
    ("ngx_http_rewrite_set", rewrite::set),
    ("ngx_http_set_charset_slot", modules::charset),
    ("ngx_http_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_http_ssl_ocsp_cache", ssl::ocsp_cache),
    ("ngx_http_ssl_session_cache", ssl::session_cache),
    ("ngx_http_sub_filter", files::sub_filter),
    ("ngx_http_userid_expires", modules::userid_expires),
    ("ngx_http_userid_mark", modules::userid_mark),
    ("ngx_http_uwsgi_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_http_v2_chunk_size", modules::chunk_size),
    ("ngx_http_v2_obsolete", modules::obsolete),
    ("ngx_http_v2_pool_size", modules::pool_size),
    ("ngx_http_v2_preread_size", modules::preread_size),
    ("ngx_http_v2_recv_buffer_size", modules::receive_buffer),
    ("ngx_http_v2_spdy_deprecated", modules::spdy),
    ("ngx_http_v2_streams_index_mask", modules::streams_index),
    ("ngx_http_xslt_param", modules::stylesheet_parameter),
    ("ngx_http_xslt_stylesheet", modules::stylesheet),
    ("ngx_load_module", main::load_module),
    ("ngx_mail_auth_http", mail::auth_http),
    ("ngx_mail_core_error_log", main::error_log),
    ("ngx_mail_core_protocol", mail::protocol),
    ("ngx_mail_realip_from", main::network_or_host),
    ("ngx_mail_ssl_session_cache", ssl::session_cache),
    ("ngx_set_cpu_affinity", main::cpu_affinity),
    ("ngx_set_priority", main::priority),
    ("ngx_set_worker_processes", main::worker_processes),
    ("ngx_stream_core_error_log", main::error_log),
    ("ngx_stream_geoip_city", modules::geoip),
    ("ngx_stream_geoip_country", modules::geoip),
    ("ngx_stream_geoip_org", modules::geoip),
    ("ngx_stream_log_open_file_cache", files::open_log_file_cache),
    ("ngx_stream_proxy_ssl_alpn_set_slot", ssl::alpn),
    ("ngx_stream_proxy_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_stream_realip_from", main::network_or_host),
    ("ngx_stream_return", rewrite::stream_return),
    ("ngx_stream_set", rewrite::set),
    ("ngx_stream_ssl_alpn", ssl::alpn),
    ("ngx_stream_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_stream_ssl_ocsp_cache", ssl::ocsp_cache),
    ("ngx_stream_ssl_session_cache", ssl::session_cache),
    ("ngx_thread_pool", main::thread_pool),
    ("ssl", mail::enable),
    ("starttls", mail::starttls),
];

fn handler(name: &str) -> Option<Handler> {
    let found = HANDLERS.binary_search_by(|(other, _)| (*other).cmp(name));
    found.ok().map(|index| HANDLERS[index].1)
}

/// Checks what is special about a directive.
pub(super) fn check<'p>(
    check: &mut Check<'_, 'p>,
    directive: Directive<'p>,
    entry: &'static Entry,
    _block: Option<ScopeId>,
) {
    let own = match entry.value {
        ValueType::Handler("") => {
            third_party(check, directive, entry);
            return;
        }
        ValueType::Handler(name) => handler(name),
        _ => handler(entry.name).or_else(|| handler(entry.detail)),
    };
    if let Some(own) = own {
        own(check, directive);
    }
}

/// What stands at the end of a block's check.
pub(super) fn end_of_block(_check: &mut Check<'_, '_>) {}

/// A directive of another module may define the variables that it names.
fn third_party<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, _entry: &Entry) {
    let is_stream = check.context.is_stream();
    for word in directive.arg_values() {
        if let Some(name) = word.strip_prefix('$') {
            check.variables.define(name, is_stream);
        }
    }
}

/// Says that nginx does not take a word, in the words that its function returns: they
/// follow the name of the directive (`ngx_conf_handler`).
fn says(check: &mut Check<'_, '_>, directive: Directive<'_>, word: Word, fact: &str, help: &str) {
    let message = format!("\"{}\" directive {fact}", directive.name());
    check.invalid_for(directive, word, message, help);
}

/// Reads an argument as a text with variables.
fn template_value<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, index: usize) {
    if let Some(&word) = directive.args().get(index) {
        check.template(directive, word);
    }
}

/// The directives of the same name that come before one in its block.
fn earlier<'p>(check: &Check<'_, 'p>, directive: Directive<'p>) -> Vec<Directive<'p>> {
    let lines = check.model.scope(check.scope).lines().iter().map(|line| line.directive);
    let name = directive.name();
    lines
        .take_while(|other| other.place() != directive.place())
        .filter(|other| other.is(&name))
        .collect()
}
