//! What defines the variables of a configuration, and what of it is without effect.

use crate::catalog::Context;
use crate::syntax::Directive;

use super::{Map, Model, ScopeId, variable_name};

impl<'p> Model<'p> {
    /// All maps of http, those without effect included.
    pub fn all_maps(&self) -> impl Iterator<Item = &Map<'p>> {
        self.maps.values().chain(&self.replaced_maps)
    }

    /// The maps that a later map of the same variable leaves without effect, each with the
    /// one that counts.
    pub fn replaced_maps(&self) -> impl Iterator<Item = (&Map<'p>, &Map<'p>)> {
        self.replaced_maps.iter().filter_map(|map| Some((map, self.maps.get(&map.variable)?)))
    }

    /// The map of a variable, named with or without `$`, that a `set` replaces on the way to
    /// a scope, and that `set`.
    pub fn overwritten_map(
        &self,
        scope: ScopeId,
        variable: &str,
    ) -> Option<(&Map<'p>, Directive<'p>)> {
        let name = variable_name(variable);
        let map = self.maps.get(&name)?;
        let scopes = self.programs_of(scope);
        let mut definitions = self.definitions.get(&name)?.iter().rev();
        let (_, set) = definitions.find(|(id, it)| it.is("set") && scopes.contains(id))?;
        Some((map, *set))
    }

    /// True for a map of `stream {}`, whose variables http does not have.
    pub(super) fn is_of_stream(&self, map: &Map<'_>) -> bool {
        map.level.is_some_and(|level| self.scope(level).context == Context::Stream)
    }
}
