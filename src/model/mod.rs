//! What the files mean: contexts, what each inherits, and what reaches a backend.
//!
//! Includes are expanded here, so a directive that is included twice occurs twice. All
//! questions that rules ask are queries of [`Model`]; nothing here makes findings.

mod answered;
mod captures;
mod compile;
mod defined;
mod effective;
mod evaluate;
mod evidence;
mod expand;
mod looks;
mod map;
mod neighbours;
mod pass_url;
mod peers;
mod places;
mod probe;
mod proxied;
mod proxy;
mod redirects;
mod scope;
mod settings;
mod upgrade_test;
mod upstream;

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};

pub use crate::runtime::config::{Condition, Part as TextPart, Template as Text};
pub use captures::Clobbered;
pub use compile::compile;
pub use effective::Setting;
pub use looks::Comparison;
pub use map::{Entry, Key, Map};
pub use pass_url::PassUrl;
pub use peers::Balance;
pub use places::{Fate, Found, Socket};
pub use probe::Probe;
pub use proxied::{Intent, Proxied, SentHeader};
pub(crate) use proxied::{asks_for_upgrade, has_upgrade_token, path_intent, value_word};
pub use scope::{Line, Scope, ScopeId};
pub use upgrade_test::UpgradeTest;
pub use upstream::Upstream;

use evaluate::Evaluator;
use places::Places;

use crate::catalog::{Context, Target, Version};
use crate::project::{Project, Root};
use crate::syntax::Directive;
use crate::syntax::value::{Part, template};

/// Directives that pass requests on. An `if` or `limit_except` has that of the location around
/// it, though nothing else inherits them.
pub(crate) const PASSES: [&str; 6] =
    ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass", "grpc_pass"];

/// A value that a request gives, or that cannot be known from the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// This text.
    Known(String),
    /// Depends on what only nginx or the client knows.
    Unknown,
}

/// The meaning of one root: a configuration, or a snippet taken for what it looks like.
#[derive(Debug)]
pub struct Model<'p> {
    /// The files.
    pub project: &'p Project,
    /// The root that the model is of.
    pub root: &'p Root,
    /// The nginx that the configuration is for.
    pub target: &'p Target,
    /// The version of nginx whose defaults count.
    pub version: Version,
    /// Where the root's own directives stand.
    pub context: Context,
    /// Nobody says so: the directives speak for it.
    pub is_guessed: bool,
    scopes: Vec<Scope<'p>>,
    /// By variable, lower case and without `$`; of two maps, the last counts.
    maps: HashMap<String, Map<'p>>,
    /// Maps that are without effect, because a later one defines the same variable.
    replaced_maps: Vec<Map<'p>>,
    /// Variables that `proxy_set_header` lines use, as above.
    used: HashSet<String>,
    /// The variables of the maps that look at `$http_upgrade`, sorted.
    upgrade_maps: Vec<String>,
    /// Directives other than `map` that define variables, by variable.
    definitions: HashMap<String, Vec<(ScopeId, Directive<'p>)>>,
    /// The variables among them that not only `set` lines define.
    set_by_others: HashSet<String>,
    /// The `set` and `if` of each scope that has some, in order.
    programs: HashMap<ScopeId, Vec<Line<'p>>>,
    upstreams: HashMap<String, Upstream<'p>>,
    /// By scope, so that those inside a scope are next to each other.
    proxied: Vec<Proxied<'p>>,
    /// By the scope whose `proxy_set_header` lines count.
    header_users: HashMap<ScopeId, Vec<usize>>,
    /// By the index of an upstream.
    upstream_users: HashMap<usize, Vec<usize>>,
    /// Its includes expand to more directives than are read.
    pub is_truncated: bool,
    unread: Unread,
    evaluator: OnceCell<Evaluator>,
    /// The paths that nginx itself sends requests to.
    called: OnceCell<BTreeSet<String>>,
    /// See `Model::passes_otherwise`.
    passed_otherwise: OnceCell<(bool, HashSet<String>)>,
    places: OnceCell<Option<Places>>,
}

/// How many scopes include something that could not be read.
#[derive(Debug)]
struct Unread {
    /// Of main and http.
    http: usize,
    all: usize,
}

impl Unread {
    fn count(scopes: &[Scope<'_>]) -> Self {
        let unread = || scopes.iter().filter(|scope| scope.has_unknown_include);
        let outer = |scope: &&Scope<'_>| matches!(scope.context, Context::Main | Context::Http);
        Self { http: unread().filter(outer).count(), all: unread().count() }
    }
}

impl<'p> Model<'p> {
    /// Resolves one root of a project for an nginx.
    pub fn new(project: &'p Project, root: &'p Root, target: &'p Target) -> Self {
        let said =
            if root.is_main { Some(Context::Main) } else { root.context.or(target.snippets) };
        let context = said.unwrap_or_else(|| scope::guess(&project.file(root.source).directives()));
        let (scopes, is_truncated) = scope::expand(project, root, context);
        let mut model = Self {
            project,
            root,
            target,
            version: target.versions.oldest,
            context,
            is_guessed: said.is_none(),
            unread: Unread::count(&scopes),
            scopes,
            maps: HashMap::new(),
            replaced_maps: Vec::new(),
            used: HashSet::new(),
            upgrade_maps: Vec::new(),
            definitions: HashMap::new(),
            set_by_others: HashSet::new(),
            programs: HashMap::new(),
            upstreams: HashMap::new(),
            proxied: Vec::new(),
            header_users: HashMap::new(),
            upstream_users: HashMap::new(),
            is_truncated,
            evaluator: OnceCell::new(),
            called: OnceCell::new(),
            passed_otherwise: OnceCell::new(),
            places: OnceCell::new(),
        };
        model.define();
        model.programs = model.find_programs();
        let of_upgrade = |map: &&Map<'_>| map.source.eq_ignore_ascii_case("$http_upgrade");
        let upgrade_maps = model.maps.values().filter(of_upgrade);
        model.upgrade_maps = upgrade_maps.map(|map| map.variable.clone()).collect();
        model.upgrade_maps.sort_unstable();
        model.proxied = proxied::all(&model);
        for (index, proxied) in model.proxied.iter().enumerate() {
            if let Some(scope) = proxied.headers_scope {
                model.header_users.entry(scope).or_default().push(index);
            }
            if let Some(upstream) = proxied.upstream(&model).map(|upstream| upstream.index) {
                model.upstream_users.entry(upstream).or_default().push(index);
            }
        }
        model
    }

    fn find_programs(&self) -> HashMap<ScopeId, Vec<Line<'p>>> {
        let is_if =
            |id| matches!(self.scope(id).context, Context::IfInServer | Context::IfInLocation);
        let runs = |line: &&Line<'p>| match line.block {
            Some(block) => is_if(block),
            None => line.directive.is("set"),
        };
        let program = |id| {
            let lines: Vec<_> = self.scope(id).lines().iter().filter(runs).copied().collect();
            (!lines.is_empty()).then_some((id, lines))
        };
        self.scope_ids().filter_map(program).collect()
    }

    /// The `set` and `if` of a scope, in order.
    fn program_of(&self, id: ScopeId) -> &[Line<'p>] {
        self.programs.get(&id).map_or(&[], Vec::as_slice)
    }

    /// Collects maps, upstreams and other definitions of variables.
    fn define(&mut self) {
        for id in self.scope_ids() {
            let scope = &self.scopes[id.index()];
            match (scope.context, scope.opener) {
                (Context::Entries, Some(opener)) if opener.is("map") => {
                    let map = Map::new(opener, scope);
                    if let Some(map) = map.filter(|map| !self.is_of_stream(map)) {
                        let replaced = self.maps.insert(map.variable.clone(), map);
                        self.replaced_maps.extend(replaced);
                    }
                }
                (Context::Upstream, Some(opener)) => {
                    if let Some(name) = opener.arg(0) {
                        let name = name.to_lowercase();
                        let known = self.upstreams.get(&name).map(|known| known.index);
                        let index = known.unwrap_or(self.upstreams.len());
                        self.upstreams.insert(name, Upstream::new(opener, id, scope, index));
                    }
                }
                (Context::Entries, Some(opener))
                    if opener.is("geo") || opener.is("split_clients") =>
                {
                    if let Some(variable) = opener.args().last() {
                        let name = variable_name(&variable.value(opener.source));
                        self.set_by_others.insert(name.clone());
                        self.definitions.entry(name).or_default().push((id, opener));
                    }
                }
                _ => {}
            }
            for value in scope.all("proxy_set_header").iter().filter_map(|line| line.arg(1)) {
                for part in template(&value).unwrap_or_default() {
                    if let Part::Variable(name) = part {
                        self.used.insert(variable_name(name));
                    }
                }
            }
            for directive in scope.all("set").iter().chain(scope.all("auth_request_set")) {
                if let Some(variable) = directive.arg(0) {
                    let name = variable_name(&variable);
                    if !directive.is("set") {
                        self.set_by_others.insert(name.clone());
                    }
                    self.definitions.entry(name).or_default().push((id, *directive));
                }
            }
        }
    }

    /// All scopes, a parent before its children, in the order of the configuration.
    pub fn scope_ids(&self) -> impl Iterator<Item = ScopeId> + use<> {
        ScopeId::first(self.scopes.len())
    }

    /// A scope by its name.
    pub fn scope(&self, id: ScopeId) -> &Scope<'p> {
        &self.scopes[id.index()]
    }

    /// A scope and those around it, from the inside out.
    pub fn ancestors(&self, id: ScopeId) -> impl Iterator<Item = ScopeId> + '_ {
        std::iter::successors(Some(id), |&id| self.scope(id).parent)
    }

    /// The nearest scope from `id` outwards that has the directive, with all of its
    /// occurrences there: what nginx uses for lists, which a scope replaces as a whole.
    pub fn effective(&self, id: ScopeId, name: &str) -> Option<(ScopeId, &[Directive<'p>])> {
        self.ancestors(id).find_map(|id| {
            let found = self.scope(id).all(name);
            (!found.is_empty()).then_some((id, found))
        })
    }

    /// The occurrence that nginx uses for a single value (`ngx_conf_merge_*`).
    pub fn effective_one(&self, id: ScopeId, name: &str) -> Option<Directive<'p>> {
        self.effective(id, name).and_then(|(_, found)| found.last().copied())
    }

    /// True when `id` or a scope around it includes something that could not be read and
    /// may hold settings. Masks at http level, as in `conf.d/*.conf`, hold servers.
    pub fn has_unknown_settings(&self, id: ScopeId) -> bool {
        let mut scopes = self.ancestors(id).map(|id| self.scope(id));
        self.is_truncated
            || scopes.any(|scope| match scope.context {
                Context::Http | Context::Main => scope.has_unknown_file,
                _ => scope.has_unknown_include,
            })
    }

    /// The map that gives a variable its value, named with or without `$`; none if a `set`
    /// gives it another.
    pub fn map(&self, variable: &str) -> Option<&Map<'p>> {
        let name = variable_name(variable);
        self.maps.get(&name).filter(|_| !self.definitions.contains_key(&name))
    }

    /// The maps that look at the client's `Upgrade`, in the order of their variables.
    pub fn upgrade_maps(&self) -> impl Iterator<Item = &Map<'p>> {
        self.upgrade_maps.iter().filter_map(|variable| self.map(variable))
    }

    /// True for a main configuration all of whose http level could be read.
    pub fn is_whole(&self) -> bool {
        self.root.is_main && self.unread.http == 0
    }

    /// True if the http level is in view as a file of its own, and all of it could be read: a
    /// main configuration may include it and say more.
    pub fn is_http_snippet(&self) -> bool {
        !self.root.is_main && self.context == Context::Http && self.unread.http == 0
    }

    /// True for a main configuration whose includes could all be read: nothing can be defined
    /// where it is not seen.
    pub fn is_complete(&self) -> bool {
        self.root.is_main && !self.is_truncated && self.unread.all == 0
    }

    /// What a scope holds that no directive opened: the next of those around a snippet.
    pub fn implied_children(&self, id: ScopeId) -> impl Iterator<Item = ScopeId> + use<> {
        let next = id.next();
        let is_implied = self
            .scopes
            .get(next.index())
            .is_some_and(|scope| scope.opener.is_none() && scope.parent == Some(id));
        is_implied.then_some(next).into_iter()
    }

    /// True when some `proxy_set_header` uses the variable.
    pub fn is_used(&self, variable: &str) -> bool {
        self.used.contains(&variable_name(variable))
    }

    /// True when nothing in the configuration defines the variable.
    pub fn is_undefined(&self, variable: &str) -> bool {
        let name = variable_name(variable);
        !self.maps.contains_key(&name) && !self.definitions.contains_key(&name)
    }

    fn evaluator(&self) -> &Evaluator {
        self.evaluator.get_or_init(|| Evaluator::new(self))
    }

    /// True if something other than a map gives the variable, named without `$`, its value on
    /// the way of a request.
    fn is_set(&self, variable: &str) -> bool {
        let sets = |(_, it): &(ScopeId, Directive<'_>)| it.is("set") || it.is("auth_request_set");
        self.definitions.get(variable).is_some_and(|all| all.iter().any(sets))
    }

    /// The upstream of this name.
    pub fn upstream(&self, name: &str) -> Option<&Upstream<'p>> {
        self.upstreams.get(&name.to_lowercase())
    }

    /// All upstreams, by their index.
    pub fn upstreams(&self) -> Vec<&Upstream<'p>> {
        let mut upstreams: Vec<_> = self.upstreams.values().collect();
        upstreams.sort_unstable_by_key(|upstream| upstream.index);
        upstreams
    }

    /// True if nginx keeps connections to this upstream alive.
    pub fn keeps_alive(&self, upstream: &Upstream<'p>) -> bool {
        match upstream.keepalive {
            Some(connections) => connections > 0,
            None => self.version >= Version::KEEPALIVE_BY_DEFAULT,
        }
    }

    /// All places that pass requests on with `proxy_pass`.
    pub fn proxied(&self) -> &[Proxied<'p>] {
        &self.proxied
    }

    /// The places whose `proxy_pass` stands next to a `return` that answers first, which are
    /// not among those above.
    pub fn answered(&self) -> Vec<Proxied<'p>> {
        proxied::answered(self)
    }

    /// The places that send the `proxy_set_header` lines of a scope.
    pub fn users_of_headers(&self, scope: ScopeId) -> impl Iterator<Item = &Proxied<'p>> {
        let users = self.header_users.get(&scope).map_or(&[][..], Vec::as_slice);
        users.iter().map(|&index| &self.proxied[index])
    }

    /// The places inside a scope, or in it, that pass requests on.
    pub fn proxied_in(&self, scope: ScopeId) -> impl Iterator<Item = &Proxied<'p>> {
        let next = self.proxied.partition_point(|proxied| proxied.scope < scope);
        let is_inside =
            move |it: &&Proxied<'p>| self.ancestors(it.scope).any(|around| around == scope);
        self.proxied[next..].iter().take_while(is_inside)
    }

    /// The places that pass requests to an upstream by its name.
    pub fn users_of_upstream(&self, upstream: &Upstream<'p>) -> impl Iterator<Item = &Proxied<'p>> {
        let users = self.upstream_users.get(&upstream.index).map_or(&[][..], Vec::as_slice);
        users.iter().map(|&index| &self.proxied[index])
    }

    /// The first place inside a scope, or in it, that passes requests on.
    pub fn first_proxied_in(&self, scope: ScopeId) -> Option<&Proxied<'p>> {
        self.proxied_in(scope).next()
    }
}

/// A variable's name as nginx compares it: lower case, without `$`.
pub(crate) fn variable_name(text: &str) -> String {
    text.strip_prefix('$').unwrap_or(text).to_ascii_lowercase()
}
