//! `upstream` blocks, as far as proxied connections depend on them.

use crate::syntax::Directive;

use super::scope::Scope;

/// An `upstream` block.
#[derive(Debug)]
pub struct Upstream<'p> {
    /// The `upstream` directive.
    pub directive: Directive<'p>,
    /// How many idle connections each worker keeps, if `keepalive` says so.
    pub keepalive: Option<u64>,
}

impl<'p> Upstream<'p> {
    pub(super) fn new(directive: Directive<'p>, scope: &Scope<'p>) -> Self {
        let keepalive =
            scope.last("keepalive").and_then(|keepalive| keepalive.arg(0)?.parse().ok());
        Self { directive, keepalive }
    }
}
