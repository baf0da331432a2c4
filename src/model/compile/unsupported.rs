//! What the files say and the format cannot: each directive that is neither compiled nor of no
//! concern to requests is listed, with its place and why.
//!
//! `docs/runtime-json.md` names what is left out in silence: [`OF_THE_PROCESS`] and
//! [`OF_NO_CONCERN`].

use crate::catalog::{self, Context, Entry};
use crate::model::{Line, ScopeId};
use crate::project::Included;
use crate::runtime::config::Place;
use crate::source::{Encoding, SourceId};
use crate::syntax::Directive;

use super::{Compilation, handler, values};

/// Directives outside `http {}` that say how nginx's processes run.
const OF_THE_PROCESS: &[&str] = &[
    "daemon",
    "debug_points",
    "env",
    "error_log",
    "events",
    "google_perftools_profiles",
    "load_module",
    "lock_file",
    "master_process",
    "pcre_jit",
    "pid",
    "quic_bpf",
    "ssl_engine",
    "ssl_object_cache_inheritable",
    "thread_pool",
    "timer_resolution",
    "user",
    "worker_aio_requests",
    "worker_connections",
    "worker_cpu_affinity",
    "worker_priority",
    "worker_processes",
    "worker_rlimit_core",
    "worker_rlimit_nofile",
    "worker_rlimit_sigpending",
    "worker_shutdown_timeout",
    "working_directory",
];

/// Directives in `http {}` that say how nginx logs, stores and moves bytes, and not what it
/// answers.
const OF_NO_CONCERN: &[&str] = &[
    "access_log",
    "aio",
    "aio_write",
    "client_body_buffer_size",
    "client_body_in_file_only",
    "client_body_in_single_buffer",
    "client_body_temp_path",
    "client_header_buffer_size",
    "connection_pool_size",
    "directio",
    "directio_alignment",
    "disable_symlinks",
    "error_log",
    "http2_body_preread_size",
    "http2_chunk_size",
    "http2_pool_size",
    "http2_recv_buffer_size",
    "limit_conn_log_level",
    "limit_req_log_level",
    "lingering_close",
    "lingering_time",
    "lingering_timeout",
    "log_format",
    "log_not_found",
    "log_subrequest",
    "map_hash_bucket_size",
    "map_hash_max_size",
    "open_file_cache",
    "open_file_cache_errors",
    "open_file_cache_events",
    "open_file_cache_min_uses",
    "open_file_cache_valid",
    "open_log_file_cache",
    "output_buffers",
    "postpone_output",
    "proxy_busy_buffers_size",
    "proxy_headers_hash_bucket_size",
    "proxy_headers_hash_max_size",
    "proxy_max_temp_file_size",
    "proxy_send_lowat",
    "proxy_temp_file_write_size",
    "proxy_temp_path",
    "read_ahead",
    "request_pool_size",
    "reset_timedout_connection",
    "rewrite_log",
    "send_lowat",
    "sendfile",
    "sendfile_max_chunk",
    "server_names_hash_bucket_size",
    "server_names_hash_max_size",
    "ssl_buffer_size",
    "ssl_certificate_cache",
    "ssl_session_cache",
    "subrequest_output_buffer_size",
    "tcp_nodelay",
    "tcp_nopush",
    "types_hash_bucket_size",
    "types_hash_max_size",
    "uninitialized_variable_warn",
    "variables_hash_bucket_size",
    "variables_hash_max_size",
    "proxy_ssl_certificate_cache",
    "zone",
];

/// Directives that are compiled.
const COMPILED: &[&str] = &[
    "absolute_redirect",
    "add_header",
    "add_header_inherit",
    "alias",
    "allow",
    "auth_basic",
    "auth_basic_user_file",
    "auth_request",
    "auth_request_set",
    "autoindex",
    "break",
    "client_body_timeout",
    "client_header_timeout",
    "client_max_body_size",
    "default_type",
    "deny",
    "error_page",
    "geo",
    "hash",
    "http",
    "http2",
    "if",
    "ignore_invalid_headers",
    "index",
    "internal",
    "ip_hash",
    "keepalive",
    "keepalive_requests",
    "keepalive_time",
    "keepalive_timeout",
    "least_conn",
    "limit_conn",
    "limit_conn_status",
    "limit_conn_zone",
    "limit_except",
    "limit_rate",
    "limit_req",
    "limit_req_status",
    "limit_req_zone",
    "listen",
    "location",
    "map",
    "merge_slashes",
    "port_in_redirect",
    "proxy_buffer_size",
    "proxy_buffering",
    "proxy_buffers",
    "proxy_cache",
    "proxy_connect_timeout",
    "proxy_hide_header",
    "proxy_http_version",
    "proxy_ignore_client_abort",
    "proxy_ignore_headers",
    "proxy_intercept_errors",
    "proxy_method",
    "proxy_next_upstream",
    "proxy_next_upstream_timeout",
    "proxy_next_upstream_tries",
    "proxy_pass",
    "proxy_pass_header",
    "proxy_pass_request_body",
    "proxy_pass_request_headers",
    "proxy_read_timeout",
    "proxy_redirect",
    "proxy_request_buffering",
    "proxy_send_timeout",
    "proxy_set_body",
    "proxy_set_header",
    "proxy_socket_keepalive",
    "proxy_ssl_certificate",
    "proxy_ssl_certificate_key",
    "proxy_ssl_ciphers",
    "proxy_ssl_name",
    "proxy_ssl_protocols",
    "proxy_ssl_server_name",
    "proxy_ssl_session_reuse",
    "proxy_ssl_trusted_certificate",
    "proxy_ssl_verify",
    "proxy_ssl_verify_depth",
    "random",
    "real_ip_header",
    "real_ip_recursive",
    "recursive_error_pages",
    "return",
    "rewrite",
    "root",
    "satisfy",
    "send_timeout",
    "server",
    "server_name",
    "server_name_in_redirect",
    "set",
    "set_real_ip_from",
    "split_clients",
    "ssl",
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_ciphers",
    "ssl_client_certificate",
    "ssl_prefer_server_ciphers",
    "ssl_protocols",
    "ssl_reject_handshake",
    "ssl_session_tickets",
    "ssl_session_timeout",
    "ssl_verify_client",
    "try_files",
    "underscores_in_headers",
    "upstream",
];

/// Lists what the format cannot say of a whole model.
pub(super) fn list(compilation: &mut Compilation<'_, '_>) {
    let model = compilation.model;
    let at = compilation.place_of(ScopeId::ROOT);
    if model.is_truncated {
        let reason = "the files include each other so often that not all of it is read";
        compilation.unsupported(at, "include", reason);
    }
    if matches!(model.context, Context::Unknown | Context::Entries) {
        compilation.unsupported(at, "the file", "where its directives belong is not known");
        return;
    }
    encodings(compilation);
    scope(compilation, ScopeId::ROOT);
}

/// JSON holds characters: what a file that is not UTF-8 means is a guess.
fn encodings(compilation: &mut Compilation<'_, '_>) {
    let model = compilation.model;
    let included = model.root.targets().chain([model.root.source]);
    let mut files: Vec<SourceId> = included.collect();
    files.sort_unstable();
    files.dedup();
    for file in files.into_iter().map(|id| model.project.file(id)) {
        if file.source.encoding == Encoding::Utf8 {
            continue;
        }
        let is_foreign = |it: &Directive<'_>| {
            it.words().iter().any(|word| !file.source.slice(word.span).is_ascii())
        };
        if let Some(directive) = file.tree.all_directives(&file.source).find(is_foreign) {
            let reason = "the file is not UTF-8: its letters are taken for those of Latin-1";
            compilation.unsupported(compilation.place(directive), directive.name(), reason);
        }
    }
}

fn scope(compilation: &mut Compilation<'_, '_>, id: ScopeId) {
    let model = compilation.model;
    for child in model.implied_children(id) {
        match model.scope(child).context {
            Context::Upstream => {
                let reason = "the name of the group is not in view";
                compilation.unsupported(compilation.place_of(child), "upstream", reason);
            }
            context if context.is_http() => scope(compilation, child),
            Context::Events => {}
            context => other_protocol(compilation, context, compilation.place_of(child)),
        }
    }
    for line in model.scope(id).lines() {
        directive(compilation, id, line);
    }
}

fn other_protocol(compilation: &mut Compilation<'_, '_>, context: Context, at: Place) {
    compilation.unsupported(at, context.as_str(), "this format is of http alone");
}

fn directive(compilation: &mut Compilation<'_, '_>, id: ScopeId, line: &Line<'_>) {
    let model = compilation.model;
    let here = model.scope(id).context;
    let directive = line.directive;
    let (name, at) = (directive.name(), compilation.place(directive));
    if &*name == "include" && line.block.is_none() {
        include(compilation, directive, here);
        return;
    }
    let known = catalog::directive(&name).iter().find(|entry| entry.contexts.contain(here));
    let block = line.block.map(|block| (block, model.scope(block).context));
    match (here, block) {
        (Context::Main, _) if OF_THE_PROCESS.contains(&&*name) => {}
        (Context::Main, Some((_, context))) if matches!(&*name, "stream" | "mail") => {
            other_protocol(compilation, context, at);
        }
        (_, Some((_, Context::Entries))) if name == "types" && here == Context::Http => {}
        (_, Some((block, context))) if known.is_some() && COMPILED.contains(&&*name) => {
            if context == Context::Entries {
                includes(compilation, block);
            } else {
                scope(compilation, block);
            }
        }
        (_, None) if known.is_some() && OF_NO_CONCERN.contains(&&*name) => {}
        (_, None) if COMPILED.contains(&&*name) => match known {
            Some(entry) => values::check(compilation, directive, entry),
            None => compilation.unsupported(at, name, format!("nginx does not take it in {here}")),
        },
        _ => {
            let reason = reason(compilation, &name, known);
            compilation.unsupported(at, name, reason);
        }
    }
}

/// Why a directive is not compiled.
fn reason(compilation: &Compilation<'_, '_>, name: &str, known: Option<&Entry>) -> String {
    let entry = known.or_else(|| catalog::directive(name).first());
    match (entry.map(|entry| entry.origin), compilation.model.target.module_of(name)) {
        (_, Some(module)) => format!("it is of the module {}", module.name),
        (None, None) => "ngxc does not know this directive".to_owned(),
        (Some(""), _) if handler::is_handler(name) => {
            "this format has no more than its name and arguments".to_owned()
        }
        (Some(""), _) => "this format has no word for it".to_owned(),
        (Some("plus"), _) => "it is of NGINX Plus".to_owned(),
        (Some(origin), _) => format!("it is of the module {origin}"),
    }
}

/// The includes in a block of entries.
fn includes(compilation: &mut Compilation<'_, '_>, block: ScopeId) {
    for line in compilation.model.scope(block).lines() {
        if line.directive.is("include") && line.directive.args().len() == 1 {
            include(compilation, line.directive, Context::Entries);
        }
    }
}

fn include(compilation: &mut Compilation<'_, '_>, directive: Directive<'_>, here: Context) {
    let path = directive.arg(0).unwrap_or_default();
    let reason = match compilation.model.root.included(directive) {
        Included::Files(_) => return,
        // What it holds is left out in silence where it is here.
        Included::Shipped if here == Context::Http && path.ends_with("mime.types") => return,
        Included::Shipped => "this file of nginx's packages is not here",
        Included::Unknown => "what it includes is not here or cannot be read",
    };
    compilation.unsupported(compilation.place(directive), format!("include {path}"), reason);
}
