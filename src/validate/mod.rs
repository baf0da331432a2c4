//! What `nginx -t` rejects, without nginx.
//!
//! One file for each kind of promise. What nginx accepts and one regrets is not for
//! here but for `lint`.

mod terminator;
mod values;

use crate::diagnostic::Diagnostic;
use crate::model::Model;
use crate::project::File;

/// Checks of one file that need no context.
pub fn file(file: &File, report: &mut Vec<Diagnostic>) {
    terminator::check(file, report);
}

/// Checks of what the files mean.
pub fn model(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    values::check(model, report);
}
