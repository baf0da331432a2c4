//! What `nginx -t` rejects, without nginx.
//!
//! One file for each kind of promise. What nginx accepts and one regrets is not for
//! here but for `lint`.

mod names;
mod terminator;
mod values;
mod variables;

use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::model::Model;
use crate::project::File;
use crate::source::Span;

/// Checks of one file that need no context.
pub fn file(file: &File, report: &mut Vec<Diagnostic>) {
    terminator::check(file, report);
    names::check(file, report);
}

/// Checks of what the files mean.
pub fn model(model: &Model<'_>, report: &mut Vec<Diagnostic>) {
    values::check(model, report);
    variables::check(model, report);
    if model.is_truncated {
        let place = model.project.source(model.root.source).place(Span::at(0));
        let message = "the includes of this configuration expand to too many directives";
        report.push(
            Diagnostic::new(Kind::Validate, "too-many-directives", Severity::Error, place, message)
                .help("include each file once; what comes last was not checked"),
        );
    }
}
