//! Settings: which lines of a directive count in a scope, and what counts without any.
//!
//! Follows the merge functions of nginx's modules (`ngx_conf_merge_*` and their like), by what
//! the catalogue says of each directive.

use std::collections::BTreeSet;

use crate::catalog::{self, Context, Entry, Form, Inherit, Versions};
use crate::syntax::Directive;

use super::{Model, PASSES, ScopeId};

/// Directives that nginx keeps in one list or one place: the nearest scope that has any of
/// them counts for all.
const TOGETHER: [&[&str]; 2] = [&["allow", "deny"], &["root", "alias"]];

/// What a directive comes to in a scope.
#[derive(Debug, Clone)]
pub struct Setting<'p> {
    /// Its name.
    pub name: String,
    /// The lines that count, each with the scope that it stands in; none if the default does.
    pub lines: Vec<(ScopeId, Directive<'p>)>,
    /// The lines that would count if these did not stand there.
    pub replaced: Vec<(ScopeId, Directive<'p>)>,
    /// The arguments that count without a line, several lines separated by `; `; empty if
    /// nothing does, or if nobody knows.
    pub default: &'static str,
}

impl<'p> Model<'p> {
    /// What a directive comes to in a scope; none if it is unknown and stands nowhere around.
    pub fn setting(&self, id: ScopeId, name: &str) -> Option<Setting<'p>> {
        let entry = self.entry(id, name);
        let inherit = entry.map_or(Inherit::Unknown, |entry| entry.inherit);
        let mut lines = match inherit {
            Inherit::No => self.own(id, name),
            Inherit::Value | Inherit::Replace | Inherit::Unknown => self.nearest(id, name),
        };
        if inherit == Inherit::Value {
            // A second one is an error of nginx, so that there is no more than one.
            lines.drain(..lines.len().saturating_sub(1));
        }
        if lines.is_empty() && entry.is_none() {
            return None;
        }
        let outer = lines.first().and_then(|(scope, _)| self.scope(*scope).parent);
        let replaced = match outer {
            Some(outer) if inherit != Inherit::No && !self.merges(id, name) => {
                self.nearest(outer, name)
            }
            _ => Vec::new(),
        };
        let is_displaced = lines.is_empty() && self.is_displaced(id, name);
        let default = entry.filter(|_| !is_displaced).map_or("", |entry| entry.default);
        Some(Setting { name: name.to_owned(), lines, replaced, default })
    }

    /// What all directives come to that may stand in a scope or count there, by name.
    pub fn settings(&self, id: ScopeId) -> Vec<Setting<'p>> {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for scope in self.ancestors(id).map(|id| self.scope(id)) {
            names.extend(scope.names());
        }
        names.remove("include");
        let context = self.level(id);
        let is_of = |name: &&str| {
            let now = Versions::from(self.version);
            catalog::directive(name).iter().any(|entry| {
                entry.form == Form::Simple
                    && entry.contexts != catalog::Contexts::ANY
                    && entry.contexts.contain(context)
                    && entry.epoch.meets(now)
                    && entry.origin.is_empty()
                    && entry.deprecated.is_empty()
            })
        };
        for name in catalog::directive_names().filter(is_of) {
            names.insert(name);
        }
        let settings = names.iter().filter_map(|name| self.setting(id, name));
        settings
            .filter(|setting| !setting.lines.is_empty() || !setting.default.is_empty())
            .collect()
    }

    /// The directive's own lines in a scope, and those of the location around an `if`.
    fn own(&self, id: ScopeId, name: &str) -> Vec<(ScopeId, Directive<'p>)> {
        let scope = self.scope(id);
        let lines: Vec<_> = scope.all(name).iter().map(|line| (id, *line)).collect();
        let is_nameless = matches!(scope.context, Context::IfInLocation | Context::LimitExcept);
        match scope.parent {
            Some(parent) if lines.is_empty() && is_nameless && PASSES.contains(&name) => {
                self.own(parent, name)
            }
            _ => lines,
        }
    }

    /// True if another directive is what counts in its place, as `alias` for `root`.
    fn is_displaced(&self, id: ScopeId, name: &str) -> bool {
        let together = TOGETHER.into_iter().filter(|names| names.contains(&name)).flatten();
        let mut others = together.filter(|other| **other != name);
        others.any(|other| !self.nearest(id, other).is_empty())
    }

    /// The lines of the nearest scope that has one, of those that pass it on to this one.
    fn nearest(&self, id: ScopeId, name: &str) -> Vec<(ScopeId, Directive<'p>)> {
        let together = TOGETHER.into_iter().find(|names| names.contains(&name));
        let has_any = |scope: ScopeId| match together {
            Some(names) => names.iter().any(|name| !self.scope(scope).all(name).is_empty()),
            None => !self.scope(scope).all(name).is_empty(),
        };
        let reaches = |scope: &ScopeId| *scope == id || self.passes_on(*scope, id, name);
        let mut found = Vec::new();
        for scope in self.ancestors(id).filter(reaches).filter(|scope| has_any(*scope)) {
            let lines = self.scope(scope).all(name).iter().map(|line| (scope, *line));
            found.splice(..0, lines);
            if !self.merges(scope, name) {
                break;
            }
        }
        found
    }

    /// True if a scope adds its lines to those around it (`add_header_inherit merge`).
    fn merges(&self, id: ScopeId, name: &str) -> bool {
        let control = match name {
            "add_header" => "add_header_inherit",
            "add_trailer" => "add_trailer_inherit",
            _ => return false,
        };
        let line = self.effective_one(id, control);
        line.and_then(|line| line.arg(0)).is_some_and(|value| value == "merge")
    }

    /// True if what stands in an outer scope counts in an inner one: `user` of the main level
    /// is no setting of a location, and `error_log` is one.
    fn passes_on(&self, outer: ScopeId, inner: ScopeId, name: &str) -> bool {
        let (outer, inner) = (self.scope(outer).context, self.level(inner));
        match outer {
            Context::Main => {
                catalog::directive(name).iter().any(|entry| entry.contexts.contain(inner))
            }
            _ => true,
        }
    }

    /// What the catalogue says of a directive in a scope: where it may stand there, or in one
    /// that it is passed on from.
    fn entry(&self, id: ScopeId, name: &str) -> Option<&'static Entry> {
        let now = Versions::from(self.version);
        let entries = || catalog::directive(name).iter().filter(|entry| entry.epoch.meets(now));
        let scopes =
            self.ancestors(id).filter(|scope| *scope == id || self.passes_on(*scope, id, name));
        let mut contexts = scopes.map(|scope| self.scope(scope).context);
        contexts.find_map(|context| entries().find(|entry| entry.contexts.contain(context)))
    }

    /// The context of a scope; that of the location for an `if` or `limit_except` in one,
    /// where few settings may stand and all of the location's count.
    fn level(&self, id: ScopeId) -> Context {
        match self.scope(id).context {
            Context::IfInLocation | Context::LimitExcept => Context::Location,
            Context::IfInServer => Context::Server,
            context => context,
        }
    }
}
