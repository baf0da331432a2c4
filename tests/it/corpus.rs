//! The laws over other people's configurations, when `NGXC_CORPUS` names a folder of them.
//!
//! Its `index.tsv` says what nginx 1.22.1 and 1.31.5 answer of each file.

use std::path::{Path, PathBuf};

use ngxc::catalog::Version;
use ngxc::diagnostic::{Kind, Severity};
use ngxc::project::{Files, Project};

use crate::laws::{LAWS, file, pipeline_runs};
use crate::support::{noted, root, skipped};

/// The versions of nginx that the index has answers of.
const VERSIONS: [Version; 2] = [Version::new(1, 22, 1), Version::NEWEST];

/// One line of the index.
pub struct Row {
    pub path: PathBuf,
    /// `ok`, `syntax`, `semantic`, …
    pub class: String,
    message: String,
    /// The same of nginx 1.31.5.
    newer_class: String,
    newer_message: String,
    /// What nginx was given besides: files, hosts, variables and the like that the file names.
    stubs: String,
    /// What was put around the file to make it a configuration.
    pub wrapped_as: String,
}

/// The corpus, if there is one; its absence is said aloud.
pub fn rows() -> Option<Vec<Row>> {
    let Some(root) = std::env::var_os("NGXC_CORPUS").map(PathBuf::from) else {
        skipped("NGXC_CORPUS names no corpus");
        return None;
    };
    let index = std::fs::read(root.join("index.tsv")).expect("a corpus has an index.tsv");
    let index = String::from_utf8_lossy(&index);
    let mut lines = index.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    let column = |name: &str| {
        header.iter().position(|found| *found == name).expect("the index has this column")
    };
    let (path, class, message) = (column("file"), column("v1.22_class"), column("v1.22_message"));
    let (newer_class, newer_message) = (column("v1.31_class"), column("v1.31_message"));
    let (wrapped_as, stubs) = (column("wrapped_as"), column("environment_stubs"));
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        Row {
            path: root.join(fields[path]),
            class: fields[class].to_owned(),
            message: fields[message].to_owned(),
            newer_class: fields[newer_class].to_owned(),
            newer_message: fields[newer_message].to_owned(),
            wrapped_as: fields[wrapped_as].to_owned(),
            stubs: fields.get(stubs).copied().unwrap_or_default().to_owned(),
        }
    };
    Some(lines.map(row).collect())
}

impl Row {
    /// True for a configuration of its own.
    pub fn is_whole(&self) -> bool {
        self.wrapped_as == "full"
    }

    /// True if a message is about something that nginx was given besides the file.
    pub fn is_stubbed(&self, message: &str) -> bool {
        let last = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
        let mut names = self.stubs.split(',').filter_map(|stub| {
            let (_, name) = stub.split_once(':')?;
            Some(last(name.split('(').next().unwrap_or_default()))
        });
        let quoted: Vec<String> = message.split('"').skip(1).step_by(2).map(last).collect();
        names.any(|name| quoted.contains(&name))
    }

    /// The class and the message for one of the two versions.
    fn answer(&self, version: Version) -> (&str, &str) {
        if version == VERSIONS[0] {
            (&self.class, &self.message)
        } else {
            (&self.newer_class, &self.newer_message)
        }
    }

    /// The errors in this file for a version, rules aside: their line and message.
    fn errors(&self, version: Version) -> Vec<(u32, String)> {
        let project = Project::load(&Files::disk(), std::slice::from_ref(&self.path), None);
        let report = ngxc::check(&project, &version.into());
        let errors = report.into_iter().filter(|finding| {
            finding.severity == Severity::Error
                && finding.kind != Kind::Lint
                && project.source(finding.label.place.source).path == self.path
        });
        errors
            .map(|finding| {
                let place = finding.label.place;
                (project.source(place.source).line(place.span.start), finding.message)
            })
            .collect()
    }
}

/// Writes what is to be looked at, one file for each test.
fn write_misses(name: &str, misses: &[String]) -> PathBuf {
    let target = root().join("target");
    std::fs::create_dir_all(&target).expect("the repository is writable");
    let path = target.join(format!("corpus-{name}.txt"));
    std::fs::write(&path, misses.join("\n") + "\n").expect("the report is writable");
    path
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn what_nginx_accepts_has_no_syntax_error() {
    let Some(rows) = rows() else { return };
    let accepted: Vec<_> = rows.iter().filter(|row| row.class == "ok").collect();
    assert!(
        accepted.len() > 1000,
        "the corpus has only {} files that nginx accepts",
        accepted.len()
    );
    let wrong: Vec<_> =
        accepted.iter().filter(|row| file(&read(&row.path)).has_syntax_errors).collect();
    let wrong: Vec<_> = wrong.iter().map(|row| &row.path).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn syntax_errors_are_found_where_they_are() {
    let Some(rows) = rows() else { return };
    let mut wrong = Vec::new();
    // An error in another file, which the corpus does not have, is not in view.
    let rejected: Vec<_> =
        rows.iter().filter(|row| row.class == "syntax" && has_cause(row)).collect();
    assert!(rejected.len() > 50, "the corpus has only {} syntax errors", rejected.len());
    for row in rejected {
        let project = Project::load(&Files::disk(), std::slice::from_ref(&row.path), None);
        let report = ngxc::check(&project, &Version::OLDEST_COMMON.into());
        let named: u32 =
            row.message.rsplit(':').next().and_then(|line| line.parse().ok()).expect("a line");
        // nginx names the line where it stops; the cause is on it or before it. In a map,
        // which a file cannot say that it belongs to, it stops at any block.
        let named = if row.wrapped_as.contains("map{") { u32::MAX } else { named };
        let found = report.iter().any(|finding| {
            let place = finding.label.place;
            finding.kind == Kind::Syntax
                && project.source(place.source).line(place.span.start) <= named
        });
        if !found {
            wrong.push(format!("{}: {}", row.path.display(), row.message));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// False alarms: what nginx accepts has no error.
#[test]
fn what_nginx_accepts_has_no_error() {
    let Some(rows) = rows() else { return };
    let mut wrong = Vec::new();
    for version in VERSIONS {
        let accepted = rows.iter().filter(|row| row.answer(version).0 == "ok");
        let accepted: Vec<&Row> = accepted.collect();
        assert!(accepted.len() > 1000, "{} accepted by nginx {version}", accepted.len());
        for row in accepted {
            let errors = row.errors(version).into_iter();
            for (line, message) in errors.filter(|(_, message)| !row.is_stubbed(message)) {
                wrong.push(format!("{version}: {}:{line}: {message}", row.path.display()));
            }
        }
    }
    let path = write_misses("false-alarms", &wrong);
    assert!(wrong.is_empty(), "{} false alarms, see {}", wrong.len(), path.display());
}

/// Of the genuine errors that nginx finds, at least 95 % are found on the line that it names or
/// before it: it names the end of a directive, and what a missing brace leads to.
#[test]
fn errors_of_nginx_are_found_where_it_finds_them() {
    let Some(rows) = rows() else { return };
    let mut misses = Vec::new();
    let mut shares = Vec::new();
    for version in VERSIONS {
        let (mut all, mut found) = (0, 0);
        for row in &rows {
            let (class, message) = row.answer(version);
            let is_genuine = ["syntax", "semantic", "version"].contains(&class);
            let Some(named) = named_line(message).filter(|_| is_genuine) else { continue };
            all += 1;
            let errors = row.errors(version);
            // In a map, which a file cannot say that it belongs to, nginx stops at any block.
            let named = if row.wrapped_as.contains("map{") { u32::MAX } else { named };
            if errors.iter().any(|&(line, _)| line <= named) {
                found += 1;
            } else {
                misses.push(format!(
                    "{version}: {} ({}): {message}\n    ngxc: {errors:?}",
                    row.path.display(),
                    row.wrapped_as
                ));
            }
        }
        assert!(all > 150, "{all} genuine errors of nginx {version}");
        shares.push((version, found, all));
    }
    let path = write_misses("misses", &misses);
    for (version, found, all) in shares {
        noted(&format!("{} of {all} errors are not found at {version}", all - found));
        assert!(found * 100 >= all * 95, "{version}: {found} of {all}, see {}", path.display());
    }
}

/// The line of the file itself that nginx names.
fn named_line(message: &str) -> Option<u32> {
    let (_, after) = message.split_once("<file>:")?;
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    after[..digits].parse().ok()
}

/// True if the file that nginx names is in the corpus: the file itself or a neighbour.
fn has_cause(row: &Row) -> bool {
    let named = row.message.rsplit(" in ").next().unwrap_or_default();
    let Some(name) = named.strip_prefix("/etc/nginx/").and_then(|name| name.split(':').next())
    else {
        return true;
    };
    row.path.parent().is_some_and(|directory| directory.join(name).is_file())
}

#[test]
fn laws_hold_for_what_nginx_accepts() {
    let Some(rows) = rows() else { return };
    let mut broken = Vec::new();
    for row in rows.iter().filter(|row| row.class == "ok") {
        let bytes = read(&row.path);
        for (name, law) in LAWS {
            if let Err(reason) = law(&bytes) {
                broken.push(format!("{}: {name}: {reason}", row.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_file_and_its_prefixes_go_through() {
    let Some(rows) = rows() else { return };
    for row in &rows {
        let bytes = read(&row.path);
        for part in 1..=4 {
            pipeline_runs(&bytes[..bytes.len() * part / 4]);
        }
    }
}
