//! What depends on the machine: files, users and hosts that the configuration names.

use super::Check;

pub(super) fn check(_check: &mut Check<'_, '_>) {}
