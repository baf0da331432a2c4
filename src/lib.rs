//! ngxc reads nginx configuration, says what is wrong with it, mends, formats and
//! compiles it.
//!
//! The pipeline is a handful of functions: [`project::Project::load`] reads files and
//! what they include, [`check`] says what is wrong with them, [`fix::run`] mends it, and
//! [`emit`] writes configurations and JSON. The command line is in `cli`, behind the
//! feature of that name.
//!
//! ```
//! use ngxc::{catalog::Target, check, project::{Files, Project}};
//!
//! let conf = b"location /ws/ { proxy_pass http://app; proxy_set_header Upgrade $http_upgrade; }";
//! let mut files = Files::memory();
//! files.set("app.conf".as_ref(), conf.to_vec());
//! let project = Project::load(&files, &["app.conf".into()], None);
//! let rules: Vec<_> = check(&project, &Target::default())
//!     .into_iter()
//!     .filter(|finding| finding.severity == ngxc::diagnostic::Severity::Error)
//!     .map(|finding| finding.rule)
//!     .collect();
//! assert_eq!(rules, ["missing-proxy-http-version", "missing-connection-header"]);
//! ```

// The derive macro of pest without its `std` feature names this crate.
extern crate alloc;

pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod diagnostic;
pub mod emit;
pub mod fix;
pub mod lint;
pub mod model;
pub mod project;
pub mod render;
pub mod runtime;
pub mod source;
pub mod syntax;
mod template;
pub mod trace;
pub mod validate;

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use catalog::Target;
use diagnostic::{Applicability, Diagnostic, Edit, Kind, Severity};
use model::Model;
use project::{File, Project};
use source::{Source, SourceId};

/// Reads a source alone: its tree, and what is wrong with its syntax.
///
/// That includes what nginx's reader finds only because it knows the directive, as in a
/// `;` that is missing before the next one.
pub fn read(source: Source) -> (File, Vec<Diagnostic>) {
    let (tree, mut report) = syntax::parse(&source);
    let mut file = File { source, tree, has_syntax_errors: false };
    validate::file(&file, &mut report);
    file.has_syntax_errors = report.iter().any(|finding| finding.kind == Kind::Syntax);
    (file, report)
}

/// Says everything that is wrong with a project, for an nginx.
///
/// Sorted by path, place and rule. One rule says one thing about one place, with the
/// greatest severity that it has wherever the file is included.
pub fn check(project: &Project, target: &Target) -> Vec<Diagnostic> {
    let mut report: Vec<Diagnostic> = project.report().cloned().collect();
    for file in project.files() {
        validate::file(file, &mut report);
    }
    for root in project.roots() {
        let model = Model::new(project, root, target);
        let before = report.len();
        validate::model(&model, &mut report);
        lint::model(&model, &mut report);
        let mut found = report.split_off(before);
        template::retain_certain(project, root, &mut found);
        report.extend(found);
    }
    distrust_unread_files(project, &mut report);
    agree_on_shared_files(project, &mut report);
    if target.check_files {
        let missing = report.iter_mut().filter(|finding| finding.rule == "missing-include");
        missing.for_each(|finding| finding.severity = Severity::Error);
    }
    report.retain(|finding| project.is_shown(finding.label.place.source));
    report.sort_by_cached_key(|finding| {
        let place = finding.label.place;
        (
            project.source(place.source).path.clone(),
            place.span,
            finding.rule,
            // What nginx would say of one place may be several things.
            (finding.kind != Kind::Lint).then(|| finding.message.clone()),
            Reverse(finding.severity),
        )
    });
    report.dedup_by(|b, a| {
        let is_same = a.rule == b.rule && a.label.place == b.label.place;
        is_same && (a.kind == Kind::Lint || a.message == b.message)
    });
    report
}

/// What a file means is a guess where its text cannot be read, or is still to come.
fn distrust_unread_files(project: &Project, report: &mut [Diagnostic]) {
    for finding in report.iter_mut().filter(|finding| finding.kind == Kind::Lint) {
        let Some(fix) = finding.fix.as_mut() else { continue };
        let is_guess = |edit: &Edit| {
            let file = project.file(edit.place.source);
            file.has_syntax_errors || file.tree.placeholders(&file.source).next().is_some()
        };
        if fix.edits.iter().any(is_guess) {
            fix.applicability = Applicability::Unsafe;
        }
    }
}

/// A file that several roots include may mean something else in each, so that a person has
/// to look at what a fix for one of them does to the others.
fn agree_on_shared_files(project: &Project, report: &mut [Diagnostic]) {
    if project.roots().len() < 2 {
        return;
    }
    let mut users: HashMap<SourceId, usize> = HashMap::new();
    for root in project.roots() {
        let files: HashSet<SourceId> = root.targets().collect();
        for file in files {
            *users.entry(file).or_default() += 1;
        }
    }
    for fix in report.iter_mut().filter_map(|finding| finding.fix.as_mut()) {
        if fix
            .edits
            .iter()
            .any(|edit| users.get(&edit.place.source).is_some_and(|&users| users > 1))
        {
            fix.applicability = Applicability::Unsafe;
        }
    }
}
