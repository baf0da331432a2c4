//! One line a finding, for terminals and for tools that read `file:line:column`.

use std::fmt::Write;

use crate::diagnostic::Diagnostic;
use crate::project::Project;

use super::visible;

/// `path:line:column: severity[rule]: message`, a line each.
pub fn short(project: &Project, findings: &[&Diagnostic]) -> String {
    let mut out = String::new();
    for finding in findings {
        let source = project.source(finding.label.place.source);
        let start = source.position(finding.label.place.span.start);
        let _ = writeln!(
            out,
            "{}:{}:{}: {}[{}]: {}",
            visible(&source.name()),
            start.line,
            start.column,
            finding.severity.as_str(),
            finding.rule,
            visible(&finding.message),
        );
    }
    out
}
