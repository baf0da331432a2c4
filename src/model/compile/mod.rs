//! nginx configuration to the runtime configuration: what nginx would do, as data.
//!
//! Nothing is dropped in silence: what the format cannot say is listed in the result, with its
//! place and why. Nothing here reads files or says what is wrong with a configuration: a value
//! that nginx would not take is listed like what the format cannot say.

mod handler;
mod limits;
mod listeners;
mod locations;
mod names;
mod rewrite;
mod servers;
mod unsupported;
mod upstreams;
mod values;
mod variables;

pub(super) use rewrite::condition_words;

use std::collections::HashMap;
use std::hash::Hash;

use crate::catalog::Context;
use crate::model::{Model, ScopeId};
use crate::runtime::config::{
    Client, Condition, Config, FORMAT_VERSION, Instruction, Pattern, Place, Proxy, Template,
    Unsupported,
};
use crate::syntax::Directive;

/// Compiles a whole configuration, or as much of one as a snippet is.
pub fn compile(model: &Model<'_>) -> Config {
    let mut compilation = Compilation::new(model);
    let mut http = model.scope_ids().filter(|&id| model.scope(id).context == Context::Http);
    let mut config = empty(model);
    unsupported::list(&mut compilation);
    if let Some(scope) = http.next() {
        fill(&mut compilation, scope, &mut config);
    }
    for second in http {
        let at = compilation.place_of(second);
        compilation.unsupported(at, "http", "nginx does not take a second one");
    }
    config.proxies = compilation.proxies.all;
    config.clients = compilation.clients.all;
    config.unsupported = compilation.unsupported;
    let key = |it: &Unsupported| (it.at, it.what.clone(), it.reason.clone());
    config.unsupported.sort_by_cached_key(key);
    config.unsupported.dedup();
    config
}

fn empty(model: &Model<'_>) -> Config {
    let files = model.project.files().iter().map(|file| file.source.name().into_owned());
    Config {
        format_version: FORMAT_VERSION,
        nginx_version: model.version.to_string(),
        files: files.collect(),
        listeners: Vec::new(),
        servers: Vec::new(),
        proxies: Vec::new(),
        clients: Vec::new(),
        upstreams: Vec::new(),
        maps: Vec::new(),
        geos: Vec::new(),
        split_clients: Vec::new(),
        limit_req_zones: Vec::new(),
        limit_conn_zones: Vec::new(),
        unsupported: Vec::new(),
    }
}

/// Adds what an `http {}` holds.
fn fill(compilation: &mut Compilation<'_, '_>, http: ScopeId, config: &mut Config) {
    config.upstreams = upstreams::all(compilation);
    variables::all(compilation, http, config);
    limits::zones(compilation, http, config);
    let servers = compilation.blocks(http, Context::Server);
    let sockets = listeners::all(compilation, &servers);
    let mut have_tls = vec![false; servers.len()];
    for socket in sockets.iter().filter(|it| it.listener.tls || it.listener.quic) {
        socket.servers.iter().for_each(|&server| have_tls[server] = true);
    }
    for (&scope, has_tls) in servers.iter().zip(have_tls) {
        config.servers.push(servers::server(compilation, scope, has_tls));
    }
    config.listeners = sockets.into_iter().map(|socket| socket.listener).collect();
}

/// The variables that a configuration defines, alone, with the directives of each map's entries
/// in match order.
pub(super) fn variables<'p>(model: &Model<'p>) -> (Config, Vec<Vec<Directive<'p>>>) {
    let mut compilation = Compilation::new(model);
    let mut config = empty(model);
    config.files.clear();
    let mut entries = Vec::new();
    for scope in model.scope_ids().filter(|&id| model.scope(id).context == Context::Http) {
        entries.extend(variables::all(&mut compilation, scope, &mut config));
    }
    (config, entries)
}

/// The rewrite program of a scope.
pub(super) fn program(model: &Model<'_>, scope: ScopeId) -> Vec<Instruction> {
    rewrite::program(&mut Compilation::new(model), scope)
}

/// What an `if` asks; none if nginx would not take it.
pub(super) fn condition(model: &Model<'_>, line: Directive<'_>) -> Option<Condition> {
    rewrite::condition(&mut Compilation::new(model), line)
}

/// One compilation: what it reads, and what the format cannot say.
struct Compilation<'m, 'p> {
    model: &'m Model<'p>,
    unsupported: Vec<Unsupported>,
    proxies: Shared<Proxy>,
    clients: Shared<Client>,
}

/// Settings that are the same in many places.
struct Shared<T> {
    all: Vec<T>,
    indices: HashMap<T, usize>,
}

impl<T: Clone + Eq + Hash> Shared<T> {
    fn new() -> Self {
        Self { all: Vec::new(), indices: HashMap::new() }
    }

    /// The index of some settings.
    fn index(&mut self, settings: T) -> usize {
        *self.indices.entry(settings).or_insert_with_key(|settings| {
            self.all.push(settings.clone());
            self.all.len() - 1
        })
    }
}

impl<'m, 'p> Compilation<'m, 'p> {
    fn new(model: &'m Model<'p>) -> Self {
        Self { model, unsupported: Vec::new(), proxies: Shared::new(), clients: Shared::new() }
    }

    /// Where a directive stands.
    fn place(&self, directive: Directive<'_>) -> Place {
        self.model.runtime_place(directive)
    }

    /// Where a scope begins: its directive, or the begin of the root if it has none.
    fn place_of(&self, scope: ScopeId) -> Place {
        match self.model.scope(scope).opener {
            Some(opener) => self.place(opener),
            None => Place { file: self.model.root.source.0, line: 1 },
        }
    }

    /// Lists what the format cannot say.
    fn unsupported(&mut self, at: Place, what: impl Into<String>, reason: impl Into<String>) {
        self.unsupported.push(Unsupported { what: what.into(), reason: reason.into(), at });
    }

    /// Reads a text with variables; as it stands if nginx would not read it, which is listed.
    fn template(&mut self, directive: Directive<'_>, text: &str) -> Template {
        Template::parse(text).unwrap_or_else(|error| {
            let reason = format!("nginx does not take \"{text}\": {error}");
            self.unsupported(self.place(directive), directive.name(), reason);
            Template::literal(text)
        })
    }

    /// An argument as a text with variables.
    fn template_arg(&mut self, directive: Directive<'_>, index: usize) -> Template {
        let text = directive.arg(index).unwrap_or_default();
        self.template(directive, &text)
    }

    /// Compiles an expression; none if nginx would not, which is listed.
    fn pattern(&mut self, directive: Directive<'_>, text: &str, caseless: bool) -> Option<Pattern> {
        match Pattern::new(text, caseless) {
            Ok(pattern) => Some(pattern),
            Err(reason) => {
                self.unsupported(self.place(directive), directive.name(), reason);
                None
            }
        }
    }

    /// The blocks of a context in a scope, in order, and those that a snippet implies.
    fn blocks(&self, scope: ScopeId, context: Context) -> Vec<ScopeId> {
        let model: &'m Model<'p> = self.model;
        let lines = model.scope(scope).lines().iter().filter_map(|line| line.block);
        let all = model.implied_children(scope).chain(lines);
        all.filter(|&id| model.scope(id).context == context).collect()
    }
}
