//! Contexts with their includes expanded.

use std::borrow::Cow;
use std::ops::Range;

use crate::catalog::{self, Context, Contexts, Entry, Form};
use crate::project::{Included, Project, Root};
use crate::source::offset;
use crate::syntax::value::{Match, location};
use crate::syntax::{Body, Directive, Item, Role};

/// How many directives a root may have after its includes are expanded, for each that its
/// files have: a few files that include each other many times could have more than fit
/// in memory.
const MAX_GROWTH: usize = 20;

/// Names one scope of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(u32);

impl ScopeId {
    /// The outermost scope.
    pub const ROOT: Self = Self(0);

    /// The scope behind this one.
    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) fn first(count: usize) -> impl Iterator<Item = Self> + use<> {
        (0..offset(count)).map(Self)
    }
}

/// A directive in a scope.
#[derive(Debug, Clone, Copy)]
pub struct Line<'p> {
    /// The directive.
    pub directive: Directive<'p>,
    /// What its block holds, if it has one.
    pub block: Option<ScopeId>,
}

/// A block, or what stands outside all blocks, with what its includes hold.
#[derive(Debug)]
pub struct Scope<'p> {
    /// Which context it is.
    pub context: Context,
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// The directive whose block it is; none outside all blocks.
    pub opener: Option<Directive<'p>>,
    /// It includes something that could not be read, or a template puts something into it.
    pub has_unknown_include: bool,
    /// The same without a wildcard: one file, which may hold settings.
    pub has_unknown_file: bool,
    /// What it holds, in the order of the configuration.
    lines: Vec<Line<'p>>,
    /// The directives without a block by name, then by order.
    sorted: Vec<Directive<'p>>,
    /// The name of each sorted directive.
    names: Vec<Cow<'p, str>>,
    /// Where each sorted directive is in the order of the configuration.
    order: Vec<u32>,
}

impl<'p> Scope<'p> {
    fn new(context: Context, parent: Option<ScopeId>, opener: Option<Directive<'p>>) -> Self {
        Self {
            context,
            parent,
            opener,
            has_unknown_include: false,
            has_unknown_file: false,
            lines: Vec::new(),
            sorted: Vec::new(),
            names: Vec::new(),
            order: Vec::new(),
        }
    }

    /// What it holds, in order.
    pub fn lines(&self) -> &[Line<'p>] {
        &self.lines
    }

    /// The directives without a block, in order.
    pub fn directives(&self) -> impl Iterator<Item = Directive<'p>> + '_ {
        self.lines.iter().filter(|line| line.block.is_none()).map(|line| line.directive)
    }

    /// The names of the directives without a block, sorted; each as often as it occurs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// All directives of this name, in order.
    pub fn all(&self, name: &str) -> &[Directive<'p>] {
        &self.sorted[self.range(name)]
    }

    /// All directives of these names, in order.
    pub fn all_of(&self, names: &[&str]) -> Vec<Directive<'p>> {
        let of_name = |name: &&str| self.range(name).map(|at| (self.order[at], self.sorted[at]));
        let mut found: Vec<_> = names.iter().flat_map(of_name).collect();
        found.sort_by_key(|(order, _)| *order);
        found.into_iter().map(|(_, directive)| directive).collect()
    }

    /// The last directive of this name.
    pub fn last(&self, name: &str) -> Option<Directive<'p>> {
        self.all(name).last().copied()
    }

    fn range(&self, name: &str) -> Range<usize> {
        let from = self.names.partition_point(|other| other.as_ref() < name);
        let len = self.names[from..].partition_point(|other| other.as_ref() == name);
        from..from + len
    }

    fn sort(&mut self) {
        let mut named: Vec<_> =
            (0..).zip(self.directives()).map(|(at, it)| (it.name(), at, it)).collect();
        named.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        for (name, order, directive) in named {
            self.names.push(name);
            self.order.push(order);
            self.sorted.push(directive);
        }
    }

    /// What a location matches.
    pub fn location(&self) -> Option<Match> {
        let opener = self.opener.filter(|_| self.context == Context::Location)?;
        let args: Vec<_> = opener.arg_values().collect();
        location(&args.iter().map(AsRef::as_ref).collect::<Vec<_>>())
    }
}

/// Expands a root whose directives stand in a context; true if it was too large and was cut.
pub(super) fn expand<'p>(
    project: &'p Project,
    root: &'p Root,
    context: Context,
) -> (Vec<Scope<'p>>, bool) {
    let written: usize = project.files().iter().map(|file| file.tree.len()).sum();
    let mut expander =
        Expander { project, root, scopes: Vec::new(), left: 10_000 + MAX_GROWTH * written };
    let mut parent = None;
    for &outer in context.chain() {
        parent = Some(expander.push(Scope::new(outer, parent, None)));
    }
    let innermost = parent.expect("a chain of contexts has a last one");
    let file = project.file(root.source);
    expander.fill(innermost, file.tree.items(&file.source));
    expander.scopes.iter_mut().for_each(Scope::sort);
    (expander.scopes, expander.left == 0)
}

struct Expander<'p> {
    project: &'p Project,
    root: &'p Root,
    scopes: Vec<Scope<'p>>,
    left: usize,
}

impl<'p> Expander<'p> {
    fn push(&mut self, scope: Scope<'p>) -> ScopeId {
        self.scopes.push(scope);
        ScopeId(offset(self.scopes.len() - 1))
    }

    fn fill(&mut self, id: ScopeId, items: impl Iterator<Item = Item<'p>>) {
        for item in items {
            let directive = match item {
                Item::Directive(directive) => directive,
                Item::Placeholder(placeholder) if placeholder.role == Role::Speaks => {
                    self.unknown(id, false);
                    continue;
                }
                Item::Placeholder(_) | Item::Comment(_) => continue,
            };
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            if may_be_another(directive) {
                self.unknown(id, false);
            }
            let context = self.scopes[id.index()].context;
            let name = directive.name();
            if name == "include" && !directive.is_block() && directive.args().len() == 1 {
                self.include(id, directive);
                self.scopes[id.index()].lines.push(Line { directive, block: None });
                continue;
            }
            let mut block = None;
            if directive.body() != Body::None {
                let inner = inside(&name, context);
                let child = self.push(Scope::new(inner, Some(id), Some(directive)));
                block = Some(child);
            }
            self.scopes[id.index()].lines.push(Line { directive, block });
            if let Some(child) = block {
                self.fill(child, directive.items());
            }
        }
    }

    fn include(&mut self, id: ScopeId, include: Directive<'p>) {
        match self.root.included(include) {
            Included::Files(files) => {
                for &file in files {
                    let file = self.project.file(file);
                    self.fill(id, file.tree.items(&file.source));
                }
            }
            Included::Shipped => {}
            Included::Unknown => {
                let is_mask = include.arg(0).is_some_and(|path| path.contains(['*', '?', '[']));
                self.unknown(id, is_mask);
            }
        }
    }

    /// Notes that a scope holds something that is not seen; a mask at http level holds servers.
    fn unknown(&mut self, id: ScopeId, is_mask: bool) {
        let scope = &mut self.scopes[id.index()];
        scope.has_unknown_include = true;
        scope.has_unknown_file |= !is_mask;
    }
}

/// True for a directive that a template gives its name, or that of the header that it sets.
fn may_be_another(directive: Directive<'_>) -> bool {
    let words = directive.words();
    let is_header = || directive.is("proxy_set_header");
    words[0].has_placeholder || words.get(1).is_some_and(|it| it.has_placeholder) && is_header()
}

/// The context that a block opens: that of the directive where it stands or, if it may not
/// stand there, that of its only meaning or the one in http.
fn inside(name: &str, outer: Context) -> Context {
    let blocks = || catalog::directive(name).iter().filter(|entry| entry.form != Form::Simple);
    let here = blocks().find(|entry| entry.contexts.contain(outer));
    match here.or_else(|| blocks().find(|entry| is_of_http(entry))).or_else(|| blocks().next()) {
        _ if name == "if" && outer == Context::Server => Context::IfInServer,
        // What surrounds it is not known, and so neither is what it means.
        Some(entry) if outer == Context::Unknown && entry.contexts.contain(Context::Main) => {
            Context::Unknown
        }
        Some(Entry { form: Form::Block(context), .. }) => *context,
        Some(Entry { form: Form::Entries, .. }) => Context::Entries,
        _ => Context::Unknown,
    }
}

fn is_of_http(entry: &Entry) -> bool {
    entry.contexts.iter().any(Context::is_http)
}

/// The context that a file's own directives speak for; of several, the outermost.
pub(super) fn guess<'p>(directives: &(impl Iterator<Item = Directive<'p>> + Clone)) -> Context {
    use Context::{
        Events, Http, Location, Mail, MailServer, Main, Server, Stream, StreamServer,
        StreamUpstream, Unknown, Upstream,
    };
    const GUESSES: [Context; 11] = [
        Main,
        Http,
        Server,
        Location,
        Upstream,
        Stream,
        StreamServer,
        StreamUpstream,
        Mail,
        MailServer,
        Events,
    ];
    let votes = GUESSES.map(|context| {
        directives.clone().filter(|directive| may_stand_in(*directive, context)).count()
    });
    let most = votes.into_iter().max().unwrap_or_default();
    // What is only here and there a directive may be entries of a map, which any word can begin.
    let is_entry = |it: &Directive<'_>| it.body() == Body::None && it.args().len() == 1;
    if most * 2 < directives.clone().filter(is_entry).count() {
        return Unknown;
    }
    let fitting = GUESSES.into_iter().zip(votes).filter(|&(_, vote)| vote == most);
    let mut contexts = fitting.map(|(context, _)| context);
    let first = contexts.next().unwrap_or(Main);
    if first != Http {
        return first;
    }
    // `server` blocks of stream and mail look like those of http from outside.
    let other = |context| directives.clone().any(|it| is_server_of(it, context));
    contexts
        .find(|&context| match context {
            Stream => other(StreamServer),
            Mail => other(MailServer),
            _ => false,
        })
        .unwrap_or(first)
}

fn may_stand_in(directive: Directive<'_>, context: Context) -> bool {
    let fits = |entry: &Entry| {
        (entry.form == Form::Simple) == (directive.body() == Body::None)
            && entry.contexts != Contexts::ANY
            && entry.contexts.contain(context)
    };
    let name = directive.name();
    let inner =
        if context == Context::Server { Context::IfInServer } else { Context::IfInLocation };
    catalog::directive(&name).iter().any(fits)
        // What an `if` holds says whether it stands in a server or in a location.
        && (name != "if" || directive.directives().all(|it| may_stand_in(it, inner)))
}

/// True for a `server` block that has something that one in `http {}` may not have.
fn is_server_of(directive: Directive<'_>, context: Context) -> bool {
    let fits = |inner: Directive<'_>| {
        may_stand_in(inner, context) && !may_stand_in(inner, Context::Server)
    };
    directive.is("server") && directive.is_block() && directive.directives().any(fits)
}
