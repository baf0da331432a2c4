//! What becomes of a request, told to people and to scripts.
//!
//! [`crate::model::compile`] and [`crate::runtime`] say what nginx does; here it is put into words,
//! with the line of the configuration for each fact. Nothing here reads files or prints.

mod backend;
mod expect;
mod human;
mod json;
mod page;
mod settings;
mod url;
mod verdict;
mod words;

pub use expect::{Case, Failed, cases, failures};
pub use human::human;
pub use json::json;
pub use settings::{Wanted, find, settings, settings_json};
pub use url::{Asked, Listen, ParseListenError, header};

use std::collections::HashSet;

use crate::model::{Model, ScopeId, compile};
use crate::runtime::config::{Handler, Instruction, Place};
use crate::runtime::{Answer, Outcome, Request, Router, Unknown};
use crate::source::visible;
use crate::syntax::Directive;

/// Makes of a configuration what answers requests; an error says why it cannot.
pub fn router(model: &Model<'_>) -> Result<Router, String> {
    Router::new(compile(model)).map_err(|error| error.to_string())
}

/// A request and what becomes of it.
#[derive(Debug)]
pub struct Trace<'t> {
    /// What the configuration means.
    model: &'t Model<'t>,
    /// What answers.
    router: &'t Router,
    /// What is asked.
    request: &'t Request,
    /// What becomes of it.
    outcome: Outcome<'t>,
}

impl<'t> Trace<'t> {
    /// Follows a request through the configuration that the router was made of.
    pub fn new(model: &'t Model<'t>, router: &'t Router, request: &'t Request) -> Self {
        Self { model, router, request, outcome: router.explain(request) }
    }

    /// What becomes of it.
    pub fn outcome(&self) -> &Outcome<'t> {
        &self.outcome
    }

    /// The name of the file of a place, as it was given.
    fn file(&self, place: Place) -> &'t str {
        self.router.config().file(place)
    }

    /// A place as `file:line`.
    fn at(&self, place: Place) -> String {
        format!("{}:{}", visible(self.file(place)), place.line)
    }

    /// True if a directive stands at a place.
    fn is_at(&self, directive: Directive<'_>, place: Place) -> bool {
        self.model.runtime_place(directive) == place
    }

    /// The directive of one of these names at a place, as it is written; a name alone if the
    /// text is not there.
    fn written(&self, place: Place, names: &[&str]) -> String {
        let file = self.model.project.files().get(place.file as usize);
        let directives = file.into_iter().flat_map(|file| file.tree.all_directives(&file.source));
        let mut here = directives.filter(|it| self.is_at(*it, place));
        here.find(|it| names.iter().any(|name| it.is(name)))
            .map_or_else(|| names.join(" or "), words::head)
    }

    /// The scope whose settings count: that of an `if` or `limit_except` if it took the
    /// request, of the location, or of the server.
    fn scope(&self) -> Option<ScopeId> {
        let server = self.outcome.server?;
        let opened_at = |id: &ScopeId, place: Place| {
            self.model.scope(*id).opener.is_some_and(|opener| self.is_at(opener, place))
        };
        let inner = self.inner_block().or(self.outcome.location.map(|location| location.at));
        let place = inner.unwrap_or(server.at);
        self.model.scope_ids().find(|id| {
            opened_at(id, place) && self.model.ancestors(*id).any(|id| opened_at(&id, server.at))
        })
    }

    /// The `if` or `limit_except` inside the location whose settings count.
    fn inner_block(&self) -> Option<Place> {
        let counts: &Handler = self.outcome.handler?;
        let location = &self.outcome.location?.handler;
        let is_it = |handler: &Handler| std::ptr::eq(handler, counts);
        let of_if = location.rewrite.iter().find_map(|instruction| match instruction {
            Instruction::If { handler: Some(handler), at, .. } if is_it(handler) => Some(*at),
            _ => None,
        });
        let limit = location.limit_except.as_ref();
        of_if.or_else(|| limit.filter(|limit| is_it(&limit.handler)).map(|limit| limit.at))
    }

    /// What answers, in a word for scripts; of a handler that is no more than a name, that.
    fn kind(&self) -> &'t str {
        match self.outcome.answer {
            Answer::Proxy(_) => "proxy",
            Answer::Status { .. } => "return",
            Answer::Static { .. } => "static",
            Answer::Other { directive } => directive,
            Answer::Unknown => "unknown",
        }
    }

    /// All that is not known, each thing once.
    fn unknown(&self) -> &[Unknown] {
        &self.outcome.unknown
    }

    /// The directives around the request that say something that is not followed here.
    fn unsupported(&self) -> Vec<String> {
        let Some(scope) = self.scope() else { return Vec::new() };
        let lines = self.model.ancestors(scope).flat_map(|id| self.model.scope(id).directives());
        let around: HashSet<Place> = lines.map(|line| self.model.runtime_place(line)).collect();
        let unsupported = self.router.config().unsupported.iter();
        let unsupported = unsupported.filter(|it| around.contains(&it.at));
        unsupported.map(|it| visible(&it.what).into_owned()).collect()
    }
}
