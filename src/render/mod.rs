//! Findings to text: one file a format. Nothing here decides what is found or shown.

#[cfg(feature = "cli")]
mod evidence;
#[cfg(feature = "cli")]
mod human;
mod json;
mod short;

#[cfg(feature = "cli")]
pub use human::human;
pub use json::json;
pub use short::short;

pub use crate::source::visible;

use crate::diagnostic::{Diagnostic, Severity};

/// How many findings there are of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Pieces of advice.
    pub infos: usize,
}

impl Counts {
    /// Counts findings.
    pub fn of<'a>(findings: impl IntoIterator<Item = &'a Diagnostic>) -> Self {
        let mut counts = Self::default();
        for finding in findings {
            match finding.severity {
                Severity::Error => counts.errors += 1,
                Severity::Warning => counts.warnings += 1,
                Severity::Info => counts.infos += 1,
            }
        }
        counts
    }
}
