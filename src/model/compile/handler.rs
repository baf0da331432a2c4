//! What happens to a request in one place: everything effective there, with nginx's defaults
//! (`ngx_http_core_merge_loc_conf` and the like of other modules).

use std::borrow::Cow;

use crate::catalog::{Context, Version};
use crate::model::{Model, PASSES, ScopeId, variable_name};
use crate::runtime::config::{
    AccessRule, Action, AddHeader, AuthBasic, AuthRequest, Client, ErrorPage, ErrorResponse,
    Handler, LimitExcept, ProxyPass, RealIp, Root, Satisfy, SetVariable, Template, TryFile,
    TryFiles, TryLast,
};
use crate::syntax::Directive;
use crate::syntax::address::network;
use crate::syntax::value::{milliseconds, number, size};

use super::{Compilation, limits, rewrite};

/// Directives that say what answers, other than those that pass requests on.
const HANDLERS: [&str; 11] = [
    "tunnel_pass",
    "stub_status",
    "empty_gif",
    "flv",
    "mp4",
    "perl",
    "js_content",
    "content_by_lua",
    "content_by_lua_file",
    "content_by_lua_block",
    "echo",
];

/// True for a directive that says what answers; the last of a place counts.
pub(super) fn is_handler(name: &str) -> bool {
    PASSES.contains(&name) || HANDLERS.contains(&name)
}

/// What happens in a location.
pub(super) fn of_location(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Handler {
    let rewrite = rewrite::program(compilation, scope);
    let limits = compilation.blocks(scope, Context::LimitExcept);
    let limit_except = limits.last().map(|&block| limit_except(compilation, block));
    Handler { rewrite, limit_except, ..effective(compilation, scope) }
}

fn limit_except(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> LimitExcept {
    let opener = compilation.model.scope(scope).opener;
    let words = opener.iter().flat_map(|opener| opener.arg_values());
    let mut methods: Vec<String> = words.map(|word| word.to_ascii_uppercase()).collect();
    let has = |methods: &[String], name: &str| methods.iter().any(|method| method == name);
    if has(&methods, "GET") && !has(&methods, "HEAD") {
        methods.push("HEAD".to_owned());
    }
    let handler = Box::new(effective(compilation, scope));
    LimitExcept { methods, handler, at: compilation.place_of(scope) }
}

/// What is effective in a server, or in an `if` that was true: there the directives of the rewrite
/// module run elsewhere.
pub(super) fn effective(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Handler {
    let model = compilation.model;
    let satisfy = match model.text_of(scope, "satisfy") {
        Some(word) if word.eq_ignore_ascii_case("any") => Satisfy::Any,
        _ => Satisfy::All,
    };
    Handler {
        rewrite: Vec::new(),
        internal: model.effective_one(scope, "internal").is_some(),
        limit_except: None,
        real_ip: real_ip(model, scope),
        limit_req: limits::requests(compilation, scope),
        limit_conn: limits::connections(compilation, scope),
        access: access(compilation, scope),
        auth_basic: auth_basic(compilation, scope),
        auth_request: auth_request(compilation, scope),
        satisfy,
        try_files: try_files(compilation, scope),
        action: action(compilation, scope),
        root: root(compilation, scope),
        error_pages: error_pages(compilation, scope),
        recursive_error_pages: model.flag_of(scope, "recursive_error_pages", false),
        add_headers: add_headers(compilation, scope),
        default_type: model
            .text_of(scope, "default_type")
            .unwrap_or_else(|| "text/plain".to_owned()),
        client: {
            let client = client(compilation, scope);
            compilation.clients.index(client)
        },
    }
}

/// What answers. An `if` leaves that to the location around it unless it has something of its
/// own (`ngx_http_update_location_config`).
fn action(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Action {
    let model = compilation.model;
    let is_handler = |it: &Directive<'_>| is_handler(&it.name());
    let mut owner = scope;
    let found = loop {
        let here = model.scope(owner);
        // What answers may be a block of Lua.
        let mut lines = here.lines().iter().map(|line| line.directive);
        let own = lines.rfind(is_handler);
        let is_passed_on = |it: &Directive<'_>| {
            model.scope(scope).context != Context::LimitExcept
                || owner == scope
                || PASSES.contains(&&*it.name())
        };
        match here.parent {
            _ if own.is_some() => break own.filter(is_passed_on),
            Some(parent)
                if matches!(here.context, Context::IfInLocation | Context::LimitExcept) =>
            {
                owner = parent;
            }
            _ => break None,
        }
    };
    let Some(directive) = found else { return Action::Static };
    if directive.is("proxy_pass") {
        if let Some(pass) = model.pass(scope) {
            let settings = compilation.proxies.index(model.proxy(scope, &pass));
            let (redirects, at) = (model.redirects(scope), compilation.place(directive));
            return Action::Proxy(Box::new(ProxyPass { pass, redirects, settings, at }));
        }
        let (at, text) = (compilation.place(directive), directive.arg(0).unwrap_or_default());
        compilation.unsupported(at, format!("proxy_pass {text}"), "its URL cannot be read");
    }
    Action::Other {
        directive: directive.name().into_owned(),
        args: directive.arg_values().map(Cow::into_owned).collect(),
        at: compilation.place(directive),
    }
}

fn real_ip(model: &Model<'_>, scope: ScopeId) -> Option<RealIp> {
    let (_, lines) = model.effective(scope, "set_real_ip_from")?;
    let from = lines.iter().filter_map(|line| line.arg(0));
    Some(RealIp {
        from: from.map(|text| as_network(&text)).collect(),
        header: model.text_of(scope, "real_ip_header").unwrap_or_else(|| "X-Real-IP".to_owned()),
        recursive: model.flag_of(scope, "real_ip_recursive", false),
    })
}

/// A network as it counts; what is none as it stands.
fn as_network(text: &str) -> String {
    network(text).map_or_else(|| text.to_owned(), |network| network.masked().to_string())
}

fn access(compilation: &Compilation<'_, '_>, scope: ScopeId) -> Vec<AccessRule> {
    let Some((_, lines)) = compilation.model.effective_of(scope, &["allow", "deny"]) else {
        return Vec::new();
    };
    let rule = |line: &Directive<'_>| {
        let from = as_network(&line.arg(0)?);
        Some(AccessRule { allow: line.is("allow"), from, at: compilation.place(*line) })
    };
    lines.iter().filter_map(rule).collect()
}

fn auth_basic(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Option<AuthBasic> {
    let model = compilation.model;
    let line = model.effective_one(scope, "auth_basic")?;
    let realm = compilation.template_arg(line, 0);
    if realm.as_literal() == Some("off") {
        return None;
    }
    let user_file = model.effective_one(scope, "auth_basic_user_file");
    let user_file = user_file.map(|line| compilation.template_arg(line, 0));
    Some(AuthBasic { realm, user_file, at: compilation.place(line) })
}

/// The URI of `auth_request` has no variables: a `$` in it is a letter.
fn auth_request(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Option<AuthRequest> {
    let model = compilation.model;
    let line = model.effective_one(scope, "auth_request")?;
    let uri = line.arg(0).filter(|uri| uri != "off")?;
    let lines = model.effective(scope, "auth_request_set").map_or(&[][..], |(_, lines)| lines);
    let set = |&line: &Directive<'_>| SetVariable {
        variable: variable_name(&line.arg(0).unwrap_or_default()),
        value: compilation.template_arg(line, 1),
    };
    let set = lines.iter().map(set).collect();
    Some(AuthRequest { uri: Template::literal(&uri), set, at: compilation.place(line) })
}

/// `try_files` is not inherited.
fn try_files(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Option<TryFiles> {
    let line = compilation.model.scope(scope).last("try_files")?;
    let words: Vec<_> = line.arg_values().collect();
    let (last, files) = words.split_last()?;
    let files = files.iter().map(|word| {
        let path = word.strip_suffix('/');
        let directory = path.is_some();
        TryFile { path: compilation.template(line, path.unwrap_or(word)), directory }
    });
    let files = files.collect();
    let status = last.strip_prefix('=').and_then(|code| u16::try_from(number(code)?).ok());
    let last = match status {
        Some(status) => TryLast::Status(status),
        None if last.starts_with('@') && !last.contains('$') => TryLast::Named((**last).to_owned()),
        None => TryLast::Uri(compilation.template(line, last)),
    };
    Some(TryFiles { files, last, at: compilation.place(line) })
}

fn root(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Root {
    let model = compilation.model;
    let found = model.effective_of(scope, &["root", "alias"]);
    let line = found.as_ref().and_then(|(owner, lines)| Some((*owner, *lines.last()?)));
    let is_alias = line.is_some_and(|(_, line)| line.is("alias"));
    let path = match line {
        Some((_, line)) => compilation.template_arg(line, 0),
        None => Template::literal("html"),
    };
    let replaces = line.filter(|_| is_alias).and_then(|(owner, _)| {
        // An `if` has the path of the location around it.
        let location = |&id: &ScopeId| model.scope(id).context == Context::Location;
        model.replaced_path(model.ancestors(owner).find(location)?)
    });
    let index = model.effective(scope, "index").map_or(&[][..], |(_, lines)| lines);
    let mut names = Vec::new();
    for &line in index {
        names.extend(line.arg_values().map(|word| compilation.template(line, &word)));
    }
    if names.is_empty() {
        names.push(Template::literal("index.html"));
    }
    Root {
        path,
        is_alias,
        replaces: replaces.unwrap_or_default(),
        index: names,
        autoindex: model.flag_of(scope, "autoindex", false),
        at: line.map(|(_, line)| compilation.place(line)),
    }
}

fn error_pages(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Vec<ErrorPage> {
    let lines = compilation.model.effective(scope, "error_page").map_or(&[][..], |(_, it)| it);
    lines.iter().filter_map(|&line| error_page(compilation, line)).collect()
}

fn error_page(compilation: &mut Compilation<'_, '_>, line: Directive<'_>) -> Option<ErrorPage> {
    let words: Vec<_> = line.arg_values().collect();
    let (target, mut codes) = words.split_last()?;
    let mut response = ErrorResponse::Keep;
    if let [before @ .., word] = codes
        && let Some(code) = word.strip_prefix('=')
    {
        codes = before;
        let status = number(code).and_then(|code| u16::try_from(code).ok());
        response = status.map_or(ErrorResponse::OfPage, ErrorResponse::Status);
    }
    let status = |word: &Cow<'_, str>| u16::try_from(number(word)?).ok();
    Some(ErrorPage {
        statuses: codes.iter().filter_map(status).collect(),
        response,
        target: compilation.template(line, target),
        at: compilation.place(line),
    })
}

/// Since 1.29.3 `add_header_inherit` says what a scope with lines of its own has of those around
/// it.
fn add_headers(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Vec<AddHeader> {
    let model = compilation.model;
    let mut found: Vec<Directive<'_>> = Vec::new();
    for id in model.ancestors(scope) {
        let own = model.scope(id).all("add_header");
        found.splice(0..0, own.iter().copied());
        let inherit = model.text_of(id, "add_header_inherit");
        match inherit.filter(|_| model.version >= Version::ADD_HEADER_INHERIT).as_deref() {
            Some("off") => break,
            Some("merge") => {}
            _ if !own.is_empty() => break,
            _ => {}
        }
    }
    let header = |line: Directive<'_>| AddHeader {
        name: line.arg(0).unwrap_or_default().into_owned(),
        value: compilation.template_arg(line, 1),
        always: line.arg(2).is_some_and(|word| word == "always"),
        at: compilation.place(line),
    };
    found.into_iter().map(header).collect()
}

fn client(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Client {
    let model = compilation.model;
    let many = model.version >= Version::THOUSAND_REQUESTS;
    let keepalive = model.text_of(scope, "keepalive_timeout");
    let limit_rate = model.text_of(scope, "limit_rate").unwrap_or_default();
    let limit_rate = match size(&limit_rate) {
        Some(0) => Template::default(),
        Some(bytes) => Template::literal(&bytes.to_string()),
        None => Template::parse(&limit_rate).unwrap_or_default(),
    };
    Client {
        max_body_bytes: model.length_of(scope, "client_max_body_size", 1 << 20),
        body_timeout_ms: model.milliseconds_of(scope, "client_body_timeout", 60_000),
        send_timeout_ms: model.milliseconds_of(scope, "send_timeout", 60_000),
        keepalive_timeout_ms: keepalive.and_then(|text| milliseconds(&text)).unwrap_or(75_000),
        keepalive_requests: model.number_of(
            scope,
            "keepalive_requests",
            if many { 1000 } else { 100 },
        ),
        limit_rate,
        absolute_redirect: model.flag_of(scope, "absolute_redirect", true),
        server_name_in_redirect: model.flag_of(scope, "server_name_in_redirect", false),
        port_in_redirect: model.flag_of(scope, "port_in_redirect", true),
    }
}
