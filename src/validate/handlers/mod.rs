//! What nginx makes of the arguments of single directives: one function for each function
//! of nginx that reads them, in a file for each part of nginx.

mod block;
mod cache;
mod core;
mod files;
mod limit;
mod listen;
mod location;
mod log;
pub(super) mod mail;
pub(super) mod main;
pub(super) mod modules;
mod proxy;
mod rewrite;
pub(super) mod ssl;
mod sticky;
mod upstream;

pub(super) use listen::{Listen, Listens};
pub(super) use log::Buffer;
pub(super) use proxy::Pass;

use crate::catalog::{Context, Entry, ValueType};
use crate::syntax::{Directive, Word};

use super::{Check, error};

/// Reads the arguments of a directive, whose number is right.
type Handler = for<'m, 'p> fn(&mut Check<'m, 'p>, Directive<'p>);

/// By nginx's function or, where that is a common one, by the directive; sorted.
const HANDLERS: &[(&str, Handler)] = &[
    ("grpc_set_header", core::set_header),
    ("least_time", upstream::least_time),
    ("ngx_conf_split_clients_block", block::map),
    ("ngx_error_log", main::error_log),
    ("ngx_event_connections", main::connections),
    ("ngx_event_debug_connection", main::network_or_host),
    ("ngx_event_use", main::event),
    ("ngx_http_access_rule", core::access),
    ("ngx_http_auth_basic_user_file", files::path),
    ("ngx_http_auth_request_set", files::auth_request_set),
    ("ngx_http_charset_map_block", modules::charset_map),
    ("ngx_http_core_directio", files::directio),
    ("ngx_http_core_error_log", main::error_log),
    ("ngx_http_core_error_page", core::error_page),
    ("ngx_http_core_keepalive", files::keepalive_timeout),
    ("ngx_http_core_limit_except", location::limit_except),
    ("ngx_http_core_listen", listen::http),
    ("ngx_http_core_location", location::location),
    ("ngx_http_core_open_file_cache", files::open_file_cache),
    ("ngx_http_core_pool_size", modules::pool_size),
    ("ngx_http_core_resolver", core::resolver),
    ("ngx_http_core_root", location::root),
    ("ngx_http_core_server_name", core::server_name),
    ("ngx_http_core_set_aio", files::aio),
    ("ngx_http_degradation", files::degradation),
    ("ngx_http_disable_symlinks", files::disable_symlinks),
    ("ngx_http_fastcgi_cache", cache::cache),
    ("ngx_http_fastcgi_cache_key", core::text),
    ("ngx_http_fastcgi_pass", proxy::plain),
    ("ngx_http_fastcgi_split_path_info", block::split_path_info),
    ("ngx_http_fastcgi_store", cache::store),
    ("ngx_http_file_cache_set_slot", cache::path),
    ("ngx_http_file_cache_valid_set_slot", cache::valid),
    ("ngx_http_geo_block", block::geo),
    ("ngx_http_geoip_city", modules::geoip),
    ("ngx_http_geoip_country", modules::geoip),
    ("ngx_http_geoip_org", modules::geoip),
    ("ngx_http_geoip_proxy", modules::geoip_proxy),
    ("ngx_http_grpc_pass", proxy::with_scheme),
    ("ngx_http_grpc_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_http_gzip_disable", files::gzip_disable),
    ("ngx_http_gzip_hash", files::gzip_hash),
    ("ngx_http_gzip_window", files::gzip_window),
    ("ngx_http_headers_add", core::add_header),
    ("ngx_http_headers_expires", core::expires),
    ("ngx_http_image_filter", modules::image_filter),
    ("ngx_http_image_filter_jpeg_quality", modules::image_quality),
    ("ngx_http_image_filter_sharpen", modules::image_sharpen),
    ("ngx_http_image_filter_webp_quality", modules::image_quality),
    ("ngx_http_index_set_index", files::index),
    ("ngx_http_limit_conn", limit::conn),
    ("ngx_http_limit_conn_zone", limit::conn_zone),
    ("ngx_http_limit_req", limit::req),
    ("ngx_http_limit_req_zone", limit::req_zone),
    ("ngx_http_log_open_file_cache", files::open_log_file_cache),
    ("ngx_http_log_set_format", log::format),
    ("ngx_http_log_set_log", log::access),
    ("ngx_http_map_block", block::map),
    ("ngx_http_memcached_pass", proxy::memcached),
    ("ngx_http_mirror", files::mirror),
    ("ngx_http_modern_browser", modules::modern_browser),
    ("ngx_http_perl_set", modules::perl_set),
    ("ngx_http_proxy_cache", cache::cache),
    ("ngx_http_proxy_cache_key", core::text),
    ("ngx_http_proxy_cookie_domain", proxy::cookie),
    ("ngx_http_proxy_cookie_flags", proxy::cookie),
    ("ngx_http_proxy_cookie_path", proxy::cookie),
    ("ngx_http_proxy_pass", proxy::http),
    ("ngx_http_proxy_redirect", proxy::redirect),
    ("ngx_http_proxy_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_http_proxy_store", cache::store),
    ("ngx_http_realip_from", main::network_or_host),
    ("ngx_http_rewrite", rewrite::rewrite),
    ("ngx_http_rewrite_if", rewrite::condition),
    ("ngx_http_rewrite_return", rewrite::ret),
    ("ngx_http_rewrite_set", rewrite::set),
    ("ngx_http_scgi_cache", cache::cache),
    ("ngx_http_scgi_cache_key", core::text),
    ("ngx_http_scgi_pass", proxy::plain),
    ("ngx_http_scgi_store", cache::store),
    ("ngx_http_set_charset_slot", modules::charset),
    ("ngx_http_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_http_ssl_ocsp_cache", ssl::ocsp_cache),
    ("ngx_http_ssl_session_cache", ssl::session_cache),
    ("ngx_http_sub_filter", files::sub_filter),
    ("ngx_http_try_files", core::try_files),
    ("ngx_http_tunnel_pass", core::text),
    ("ngx_http_upstream", upstream::upstream),
    ("ngx_http_upstream_bind_set_slot", proxy::bind),
    ("ngx_http_upstream_hash", upstream::hash),
    ("ngx_http_upstream_ip_hash", upstream::bare),
    ("ngx_http_upstream_keepalive", upstream::keepalive),
    ("ngx_http_upstream_least_conn", upstream::bare),
    ("ngx_http_upstream_param_set_slot", proxy::param),
    ("ngx_http_upstream_random", upstream::random),
    ("ngx_http_upstream_resolver", core::resolver),
    ("ngx_http_upstream_server", upstream::server),
    ("ngx_http_upstream_sticky", sticky::sticky),
    ("ngx_http_upstream_zone", upstream::zone),
    ("ngx_http_userid_expires", modules::userid_expires),
    ("ngx_http_userid_mark", modules::userid_mark),
    ("ngx_http_uwsgi_cache", cache::cache),
    ("ngx_http_uwsgi_cache_key", core::text),
    ("ngx_http_uwsgi_pass", proxy::with_scheme),
    ("ngx_http_uwsgi_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_http_uwsgi_store", cache::store),
    ("ngx_http_v2_chunk_size", modules::chunk_size),
    ("ngx_http_v2_obsolete", modules::obsolete),
    ("ngx_http_v2_pool_size", modules::pool_size),
    ("ngx_http_v2_preread_size", modules::preread_size),
    ("ngx_http_v2_recv_buffer_size", modules::receive_buffer),
    ("ngx_http_v2_spdy_deprecated", modules::spdy),
    ("ngx_http_v2_streams_index_mask", modules::streams_index),
    ("ngx_http_valid_referers", core::valid_referers),
    ("ngx_http_xslt_param", modules::stylesheet_parameter),
    ("ngx_http_xslt_stylesheet", modules::stylesheet),
    ("ngx_load_module", main::load_module),
    ("ngx_mail_auth_http", mail::auth_http),
    ("ngx_mail_core_error_log", main::error_log),
    ("ngx_mail_core_listen", listen::mail),
    ("ngx_mail_core_protocol", mail::protocol),
    ("ngx_mail_core_resolver", core::resolver),
    ("ngx_mail_realip_from", main::network_or_host),
    ("ngx_mail_ssl_session_cache", ssl::session_cache),
    ("ngx_set_cpu_affinity", main::cpu_affinity),
    ("ngx_set_priority", main::priority),
    ("ngx_set_worker_processes", main::worker_processes),
    ("ngx_stream_access_rule", core::access),
    ("ngx_stream_core_error_log", main::error_log),
    ("ngx_stream_core_listen", listen::stream),
    ("ngx_stream_core_resolver", core::resolver),
    ("ngx_stream_core_server_name", core::server_name),
    ("ngx_stream_geo_block", block::geo),
    ("ngx_stream_geoip_city", modules::geoip),
    ("ngx_stream_geoip_country", modules::geoip),
    ("ngx_stream_geoip_org", modules::geoip),
    ("ngx_stream_limit_conn", limit::conn),
    ("ngx_stream_limit_conn_zone", limit::conn_zone),
    ("ngx_stream_log_open_file_cache", files::open_log_file_cache),
    ("ngx_stream_log_set_format", log::format),
    ("ngx_stream_log_set_log", log::access),
    ("ngx_stream_map_block", block::map),
    ("ngx_stream_pass", proxy::plain),
    ("ngx_stream_proxy_bind", proxy::bind),
    ("ngx_stream_proxy_pass", proxy::plain),
    ("ngx_stream_proxy_ssl_alpn_set_slot", ssl::alpn),
    ("ngx_stream_proxy_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_stream_realip_from", main::network_or_host),
    ("ngx_stream_return", rewrite::stream_return),
    ("ngx_stream_set", rewrite::set),
    ("ngx_stream_ssl_alpn", ssl::alpn),
    ("ngx_stream_ssl_certificate_cache", ssl::certificate_cache),
    ("ngx_stream_ssl_ocsp_cache", ssl::ocsp_cache),
    ("ngx_stream_ssl_session_cache", ssl::session_cache),
    ("ngx_stream_upstream", upstream::upstream),
    ("ngx_stream_upstream_hash", upstream::hash),
    ("ngx_stream_upstream_least_conn", upstream::bare),
    ("ngx_stream_upstream_random", upstream::random),
    ("ngx_stream_upstream_resolver", core::resolver),
    ("ngx_stream_upstream_server", upstream::server),
    ("ngx_stream_upstream_zone", upstream::zone),
    ("ngx_thread_pool", main::thread_pool),
    ("proxy_set_body", core::merged_text),
    ("proxy_set_header", core::set_header),
    ("ssl", mail::enable),
    ("starttls", mail::starttls),
    ("variables_hash_bucket_size", core::variables_hash),
    ("variables_hash_max_size", core::variables_hash),
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

/// What nginx looks at when a block, or all, is read.
pub(super) fn end_of_block(check: &mut Check<'_, '_>) {
    if matches!(check.context, Context::Server | Context::Location) {
        location::duplicates(check);
        core::referers(check);
    }
    if matches!(check.context, Context::Upstream | Context::StreamUpstream) {
        upstream::end(check);
    }
}

/// A directive of another module may define the variables that it names.
fn third_party<'p>(check: &mut Check<'_, 'p>, directive: Directive<'p>, entry: &Entry) {
    if entry.origin.ends_with("lua") && !lua(check, directive, entry.name) {
        return;
    }
    if entry.name == "set_base32_alphabet"
        && let Some(&word) = directive.args().first()
    {
        let length = word.value(directive.source).len();
        if length != 32 {
            let fact = format!("takes an alphabet of {length} bytes but 32 expected");
            says(check, directive, word, &fact, "write 32 letters");
        }
    }
    define_named(check, directive);
}

/// Notes the variables that the arguments of a directive of another module name.
pub(super) fn define_named(check: &mut Check<'_, '_>, directive: Directive<'_>) {
    let is_stream = check.context.is_stream();
    for word in directive.arg_values() {
        if let Some(name) = word.strip_prefix('$') {
            check.variables.define(name, is_stream);
        }
    }
}

/// The Lua module has one handler for each phase of a block, and sets variables that are
/// written as such; false if something is wrong, which is said.
fn lua(check: &mut Check<'_, '_>, directive: Directive<'_>, name: &str) -> bool {
    const PHASES: [&str; 6] =
        ["rewrite", "access", "content", "log", "header_filter", "body_filter"];
    let phase = |name: &str| {
        let phase = name.split_once("_by_lua")?.0;
        PHASES.into_iter().find(|other| *other == phase)
    };
    if let Some(own) = phase(name) {
        let place = directive.place();
        let first = ["", "_block", "_file"].iter().find_map(|end| {
            let other = check.seen.first(&format!("{own}_by_lua{end}"));
            other.filter(|other| other.place() != place)
        });
        if let Some(first) = first {
            let message = format!("\"{name}\" directive is duplicate");
            check.say(
                error("duplicate", place, message).also(first.place(), "the first one is here"),
            );
            return false;
        }
    }
    if name.starts_with("set_by_lua")
        && let Some(&word) = directive.args().first()
    {
        let text = word.value(directive.source);
        if !text.starts_with('$') {
            let message = format!("invalid variable name \"{text}\"");
            check.invalid_for(directive, word, message, "put a \"$\" before the name");
            return false;
        }
    }
    true
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{HANDLERS, ValueType};
    use crate::catalog;

    /// Functions of nginx of which nothing can be wrong but what is checked for all directives:
    /// they take no arguments, any text, or what depends on the machine.
    const UNCHECKED: [&str; 37] = [
        "ngx_events_block",
        "ngx_http_ancient_browser",
        "ngx_http_ancient_browser_value",
        "ngx_http_auth_request",
        "ngx_http_block",
        "ngx_http_core_internal",
        "ngx_http_core_server",
        "ngx_http_core_types",
        "ngx_http_empty_gif",
        "ngx_http_flv",
        "ngx_http_grpc_ssl_password_file",
        "ngx_http_limit_zone",
        "ngx_http_modern_browser_value",
        "ngx_http_mp4",
        "ngx_http_mysql_test",
        "ngx_http_perl",
        "ngx_http_proxy_ssl_password_file",
        "ngx_http_quic_host_key",
        "ngx_http_realip",
        "ngx_http_rewrite_break",
        "ngx_http_set_status",
        "ngx_http_set_stub_status",
        "ngx_http_ssl_password_file",
        "ngx_http_uwsgi_ssl_password_file",
        "ngx_http_xslt_entities",
        "ngx_mail_auth_http_header",
        "ngx_mail_block",
        "ngx_mail_capabilities",
        "ngx_mail_core_server",
        "ngx_mail_ssl_password_file",
        "ngx_openssl_engine",
        "ngx_set_env",
        "ngx_set_user",
        "ngx_stream_block",
        "ngx_stream_core_server",
        "ngx_stream_proxy_ssl_password_file",
        "ngx_stream_ssl_password_file",
    ];

    #[test]
    fn every_function_of_nginx_has_a_handler_or_a_reason() {
        assert!(HANDLERS.is_sorted_by_key(|(name, _)| *name), "the table is searched by halves");
        let (mut functions, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for entry in catalog::directive_names().flat_map(catalog::directive) {
            keys.extend([entry.name, entry.detail]);
            if let ValueType::Handler(function) = entry.value {
                functions.insert(function);
            }
        }
        keys.extend(&functions);
        functions.remove("");
        for (name, _) in HANDLERS {
            assert!(keys.contains(name), "nothing has the handler {name}");
            functions.remove(name);
        }
        let unchecked: Vec<_> = functions.into_iter().collect();
        assert_eq!(unchecked, UNCHECKED);
    }
}
