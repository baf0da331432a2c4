//! What nginx finds when all is read: while it merges levels and sets up its hashes.

use super::Check;

pub(super) fn check(_check: &mut Check<'_, '_>) {}
