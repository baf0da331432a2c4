//! What becomes of a request, told to people and to scripts.
//!
//! [`crate::model::compile`] and [`crate::runtime`] say what nginx does; here it is put into words,
//! with the line of the configuration for each fact. Nothing here reads files or prints.

mod backend;
mod expect;
mod human;
mod json;
mod obstacles;
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

use std::cell::OnceCell;
use std::collections::HashSet;

use crate::model::{Model, ScopeId, compile};
use crate::runtime::config::{Handler, Instruction, Place};
use crate::runtime::{Answer, Outcome, Request, Router, Unknown};
use crate::source::{SourceId, visible};
use crate::syntax::Directive;
use crate::syntax::value::location as match_of;

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
    /// Where the settings stand that count; it takes time to find.
    scope: OnceCell<Option<ScopeId>>,
}

impl<'t> Trace<'t> {
    /// Follows a request through the configuration that the router was made of.
    pub fn new(model: &'t Model<'t>, router: &'t Router, request: &'t Request) -> Self {
        Self { model, router, request, outcome: router.explain(request), scope: OnceCell::new() }
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

    /// The directives that begin on the line of a place.
    fn line(&self, place: Place) -> impl Iterator<Item = Directive<'t>> + use<'t> {
        let file = self.model.project.files().get(place.file as usize);
        file.into_iter().flat_map(move |file| {
            file.tree.directives_from(&file.source, file.source.line_span(place.line))
        })
    }

    /// The directive of one of these names at a place, as it is written; a name alone if the
    /// text is not there.
    fn written(&self, place: Place, names: &[&str]) -> String {
        self.written_as(place, names, |_| true)
    }

    /// The same where several may stand on one line: one that is right, and in the block whose
    /// settings count, goes before others.
    fn written_as(
        &self,
        place: Place,
        names: &[&str],
        is_right: impl Fn(Directive<'_>) -> bool,
    ) -> String {
        let here = self.line(place).filter(|it| names.iter().any(|name| it.is(name)));
        let here: Vec<_> = here.collect();
        let around = self.scope().filter(|_| here.len() > 1);
        let around = around.and_then(|scope| self.model.scope(scope).opener);
        let is_inside = |it: Directive<'_>| {
            around.is_some_and(|block| {
                block.source.id == it.source.id
                    && block.span().range().contains(&(it.span().start as usize))
            })
        };
        // The last of those that are equal is the innermost one.
        let best = here.iter().rev().max_by_key(|it| (is_right(**it), is_inside(**it)));
        best.map_or_else(|| names.join(" or "), |it| words::head(*it))
    }

    /// The `proxy_set_header` at a place that sets a header.
    fn set_header(&self, place: Place, name: &str) -> String {
        let sets = |it: Directive<'_>| it.arg(0).is_some_and(|it| it.eq_ignore_ascii_case(name));
        self.written_as(place, &["proxy_set_header"], sets)
    }

    /// The scope whose settings count: that of an `if` or `limit_except` if it took the
    /// request, of the location, or of the server.
    fn scope(&self) -> Option<ScopeId> {
        *self.scope.get_or_init(|| self.find_scope())
    }

    fn find_scope(&self) -> Option<ScopeId> {
        let server = self.outcome.server?;
        let is_server = |opener: Directive<'_>| {
            let names = opener.directives().filter(|it| it.is("server_name"));
            let names: Vec<_> = names.flat_map(Directive::arg_values).collect();
            opener.is("server") && (names.is_empty() || names.iter().eq(&server.names))
        };
        let inside = self.inner_block();
        let location = self.outcome.location;
        let is_location = |opener: Directive<'_>| {
            let args: Vec<_> = opener.arg_values().collect();
            let args: Vec<&str> = args.iter().map(AsRef::as_ref).collect();
            opener.is("location")
                && match_of(&args).is_some_and(|it| {
                    location.is_some_and(|location| it.pattern == location.matches.pattern())
                })
        };
        let servers = self.places(server.at, &is_server);
        let own = match (inside, location) {
            (Some(at), _) => self.places(at, &|it| it.is("if") || it.is("limit_except")),
            (None, Some(location)) => self.places(location.at, &is_location),
            (None, None) => servers.clone(),
        };
        let is_one = |id: ScopeId, of: &[(SourceId, u32)]| {
            self.model
                .scope(id)
                .opener
                .is_some_and(|opener| of.contains(&(opener.source.id, opener.span().start)))
        };
        self.model
            .scope_ids()
            .find(|&id| is_one(id, &own) && self.model.ancestors(id).any(|id| is_one(id, &servers)))
    }

    /// Where the directives at a place begin: those that are right, or all if none is.
    fn places(
        &self,
        place: Place,
        is_right: &dyn Fn(Directive<'_>) -> bool,
    ) -> Vec<(SourceId, u32)> {
        let all: Vec<_> = self.line(place).collect();
        let right: Vec<_> = all.iter().copied().filter(|it| is_right(*it)).collect();
        let found = if right.is_empty() { all } else { right };
        found.iter().map(|it| (it.source.id, it.span().start)).collect()
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
