//! Which places are around, beside and behind others.

use std::collections::BTreeSet;

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
        let targets = self.called.get_or_init(|| self.targets_of_nginx());
        match matched.kind {
            MatchKind::Exact => targets.contains(&matched.pattern),
            _ if matched.pattern.len() < 2 => false,
            _ => {
                let mut behind = targets.range(matched.pattern.clone()..);
                behind.next().is_some_and(|path| path.starts_with(&matched.pattern))
            }
        }
    }

    /// The paths that nginx itself sends requests to.
    fn targets_of_nginx(&self) -> BTreeSet<String> {
        let lines = |id| self.scope(id).all_of(&["auth_request", "mirror", "post_action"]);
        let targets = self.scope_ids().flat_map(lines).filter_map(|line| line.arg(0));
        targets.map(|path| path.split('?').next().unwrap_or_default().to_owned()).collect()
    }
}
