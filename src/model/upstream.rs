//! `upstream` blocks, as far as proxied connections depend on them.

use crate::syntax::Directive;

use super::scope::{Scope, ScopeId};

/// An `upstream` block.
#[derive(Debug)]
pub struct Upstream<'p> {
    /// The `upstream` directive.
    pub directive: Directive<'p>,
    /// How many idle connections each worker keeps, if `keepalive` says so.
    pub keepalive: Option<u64>,
    /// What its block holds.
    pub scope: ScopeId,
    /// Its number among all upstreams, in the order of the configuration.
    pub index: usize,
}

impl<'p> Upstream<'p> {
    pub(super) fn new(
        directive: Directive<'p>,
        id: ScopeId,
        scope: &Scope<'p>,
        index: usize,
    ) -> Self {
        let keepalive =
            scope.last("keepalive").and_then(|keepalive| keepalive.arg(0)?.parse().ok());
        Self { directive, keepalive, scope: id, index }
    }
}
