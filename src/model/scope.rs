//! Contexts with their includes expanded.

use std::borrow::Cow;

use crate::catalog::{self, Form};
use crate::project::{Included, Project, Root};
use crate::source::offset;
use crate::syntax::value::{Match, location};
use crate::syntax::{Body, Directive};

/// How many directives a root may have after its includes are expanded, for each that its
/// files have: a few files that include each other many times could have more than fit
/// in memory.
const MAX_GROWTH: usize = 20;

/// Names one scope of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeId(u32);

impl ScopeId {
    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) fn first(count: usize) -> impl Iterator<Item = Self> + use<> {
        (0..offset(count)).map(Self)
    }
}

/// Which context a scope is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    /// Outside all blocks of a main configuration.
    Main,
    /// `http {}`
    Http,
    /// `server {}` in http.
    Server,
    /// `location {}`
    Location,
    /// `if {}` in a server.
    IfInServer,
    /// `if {}` in a location.
    IfInLocation,
    /// `limit_except {}`
    LimitExcept,
    /// `upstream {}` in http.
    Upstream,
    /// `map {}` in http.
    Map,
    /// Any other block.
    Other,
}

impl ScopeKind {
    /// The context's name in the catalogue.
    const fn context(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Http => "http",
            Self::Server => "server",
            Self::Location => "location",
            Self::IfInServer => "if in server",
            Self::IfInLocation => "if in location",
            Self::LimitExcept => "limit_except",
            Self::Upstream => "upstream",
            Self::Map | Self::Other => "",
        }
    }

    fn of_block(name: &str, parent: Self) -> Self {
        match (name, parent) {
            ("http", Self::Main) => Self::Http,
            ("server", Self::Http) => Self::Server,
            ("upstream", Self::Http) => Self::Upstream,
            ("map", Self::Http) => Self::Map,
            // Not allowed in http, but that is how examples are pasted.
            ("location", Self::Http | Self::Server | Self::Location) => Self::Location,
            ("if", Self::Server) => Self::IfInServer,
            ("if", Self::Location) => Self::IfInLocation,
            ("limit_except", Self::Location) => Self::LimitExcept,
            _ => Self::Other,
        }
    }
}

/// A block, or what stands outside all blocks, with what its includes hold.
#[derive(Debug)]
pub struct Scope<'p> {
    /// Which context it is.
    pub kind: ScopeKind,
    /// The scope around it.
    pub parent: Option<ScopeId>,
    /// The directive whose block it is; none outside all blocks.
    pub opener: Option<Directive<'p>>,
    /// It includes something that could not be read.
    pub has_unknown_include: bool,
    /// The same without a wildcard: one file, which may hold settings.
    pub has_unknown_file: bool,
    /// Directives without a block, in the order of the configuration.
    directives: Vec<Directive<'p>>,
    /// The same by name, then by order.
    sorted: Vec<Directive<'p>>,
    /// The name of each sorted directive.
    names: Vec<Cow<'p, str>>,
}

impl<'p> Scope<'p> {
    fn new(kind: ScopeKind, parent: Option<ScopeId>, opener: Option<Directive<'p>>) -> Self {
        Self {
            kind,
            parent,
            opener,
            has_unknown_include: false,
            has_unknown_file: false,
            directives: Vec::new(),
            sorted: Vec::new(),
            names: Vec::new(),
        }
    }

    /// The directives without a block, in order.
    pub fn directives(&self) -> &[Directive<'p>] {
        &self.directives
    }

    /// All directives of this name, in order.
    pub fn all(&self, name: &str) -> &[Directive<'p>] {
        let from = self.names.partition_point(|other| other.as_ref() < name);
        let len = self.names[from..].partition_point(|other| other.as_ref() == name);
        &self.sorted[from..from + len]
    }

    /// The last directive of this name.
    pub fn last(&self, name: &str) -> Option<Directive<'p>> {
        self.all(name).last().copied()
    }

    fn sort(&mut self) {
        let mut named: Vec<_> = self.directives.iter().map(|&it| (it.name(), it)).collect();
        named.sort_by(|(a, _), (b, _)| a.cmp(b));
        (self.names, self.sorted) = named.into_iter().unzip();
    }

    /// What a location matches.
    pub fn location(&self) -> Option<Match> {
        let opener = self.opener.filter(|_| self.kind == ScopeKind::Location)?;
        let args: Vec<_> = opener.arg_values().collect();
        location(&args.iter().map(AsRef::as_ref).collect::<Vec<_>>())
    }
}

/// Expands a root; true if it was too large and was cut.
pub(super) fn expand<'p>(project: &'p Project, root: &'p Root) -> (Vec<Scope<'p>>, bool) {
    let written: usize = project.files().iter().map(|file| file.tree.len()).sum();
    let mut expander =
        Expander { project, root, scopes: Vec::new(), left: 10_000 + MAX_GROWTH * written };
    let file = project.file(root.source);
    let innermost = expander.outer_scopes(root_kind(&file.directives()));
    expander.fill(innermost, file.directives());
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

    /// Makes the scope of the root's own directives, and those that must be around it.
    fn outer_scopes(&mut self, innermost: ScopeKind) -> ScopeId {
        let mut parent = None;
        if innermost == ScopeKind::Other {
            return self.push(Scope::new(innermost, None, None));
        }
        for kind in [ScopeKind::Main, ScopeKind::Http, ScopeKind::Server, ScopeKind::Location] {
            let id = self.push(Scope::new(kind, parent, None));
            parent = Some(id);
            if kind == innermost {
                break;
            }
        }
        parent.expect("there is a main scope at least")
    }

    fn fill(&mut self, id: ScopeId, directives: impl Iterator<Item = Directive<'p>>) {
        for directive in directives {
            if self.left == 0 {
                return;
            }
            self.left -= 1;
            let name = directive.name();
            if name == "include" && !directive.is_block() {
                self.include(id, directive);
            } else if directive.body() == Body::None {
                self.scopes[id.index()].directives.push(directive);
            } else {
                let kind = ScopeKind::of_block(&name, self.scopes[id.index()].kind);
                let child = self.push(Scope::new(kind, Some(id), Some(directive)));
                self.fill(child, directive.directives());
            }
        }
    }

    fn include(&mut self, id: ScopeId, include: Directive<'p>) {
        match self.root.included(include) {
            Included::Files(files) => {
                for &file in files {
                    self.fill(id, self.project.file(file).directives());
                }
            }
            Included::Shipped => {}
            Included::Unknown => {
                let is_mask = include.arg(0).is_some_and(|path| path.contains(['*', '?', '[']));
                let scope = &mut self.scopes[id.index()];
                scope.has_unknown_include = true;
                scope.has_unknown_file |= !is_mask;
            }
        }
    }
}

/// The context that a file's own directives speak for; of several, the outermost.
fn root_kind<'p>(directives: &(impl Iterator<Item = Directive<'p>> + Clone)) -> ScopeKind {
    const KINDS: [ScopeKind; 4] =
        [ScopeKind::Main, ScopeKind::Http, ScopeKind::Server, ScopeKind::Location];
    if directives.clone().any(is_stream_server) {
        return ScopeKind::Other;
    }
    let votes = KINDS.map(|kind| {
        let fits = |directive: &Directive<'_>| may_stand_in(*directive, kind.context());
        directives.clone().filter(fits).count()
    });
    let most = votes.into_iter().max().unwrap_or_default();
    KINDS
        .into_iter()
        .zip(votes)
        .find(|&(_, vote)| vote == most)
        .map_or(ScopeKind::Main, |(kind, _)| kind)
}

fn may_stand_in(directive: Directive<'_>, context: &str) -> bool {
    let fits = |entry: &catalog::Entry| {
        (entry.form == Form::Simple) == (directive.body() == Body::None)
            && entry.contexts().any(|other| other == context)
    };
    catalog::directive(&directive.name()).iter().any(fits)
}

/// True for a `server` of `stream {}`: it has something that one in `http {}` may not have.
fn is_stream_server(directive: Directive<'_>) -> bool {
    let only_stream = |inner: Directive<'_>| {
        may_stand_in(inner, "stream.server") && !may_stand_in(inner, "server")
    };
    directive.is("server") && directive.is_block() && directive.directives().any(only_stream)
}
