//! What nginx finds when all is read: while it merges levels and sets up its hashes.

use super::{Check, handlers};

pub(super) fn check(check: &mut Check<'_, '_>) {
    handlers::main::late(check);
    handlers::mail::late(check);
    handlers::modules::late(check);
    handlers::ssl::late(check);
}
