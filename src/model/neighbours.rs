//! Which places are around, beside and behind others.

use crate::catalog::Context;
use crate::syntax::value::MatchKind;

use super::{Model, ScopeId};

impl Model<'_> {
    /// The location around a scope, or the scope itself if it is one.
    pub fn location_around(&self, scope: ScopeId) -> Option<ScopeId> {
        self.ancestors(scope).find(|&id| self.scope(id).context == Context::Location)
    }

    /// The locations that stand in the same block as this one, and itself.
    pub fn locations_beside(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        let lines = self.scope(scope).parent.map(|parent| self.scope(parent).lines());
        let blocks = lines.into_iter().flatten().filter_map(|line| line.block);
        blocks.filter(|&id| self.scope(id).context == Context::Location)
    }

    /// True for a location that only nginx itself sends requests to, or for whose path it makes
    /// some: it is `internal` or named, or the target of `auth_request` or `mirror`.
    pub fn is_called_by_nginx(&self, scope: ScopeId) -> bool {
        let Some(location) = self.location_around(scope) else { return false };
        let Some(matched) = self.scope(location).location() else { return false };
        if self.scope(location).last("internal").is_some() || matched.kind == MatchKind::Named {
            return true;
        }
        let targets = |id| {
            let lines = self.scope(id).all_of(&["auth_request", "mirror", "post_action"]);
            lines.into_iter().filter_map(|line| line.arg(0))
        };
        self.scope_ids().flat_map(targets).any(|target| {
            let path = target.split('?').next().unwrap_or_default();
            match matched.kind {
                MatchKind::Exact => path == matched.pattern,
                _ => path.starts_with(&matched.pattern) && matched.pattern.len() > 1,
            }
        })
    }
}
