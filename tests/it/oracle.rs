//! The fixtures as nginx sees them: ngxc agrees with `nginx -t` on what is a syntax
//! error and on what is none, and nothing that it writes is refused where the file it
//! was given was not.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::corpus;
use crate::nginx::{self, Nginx, Verdict};
use crate::support::{self, noted, root};

#[test]
fn syntax_errors_are_those_of_nginx() {
    for nginx in nginx::all() {
        let mut failures = Failures::default();
        let (mut accepted, mut rejected) = (0, 0);
        for fixture in fixtures() {
            let site = Site::of(&fixture);
            let verdict = site.verdict(&nginx);
            match verdict {
                Verdict::Accepted => accepted += 1,
                Verdict::Syntax(_) => rejected += 1,
                Verdict::Invalid { .. } => {}
            }
            match site.findings(&nginx) {
                Ok(findings) => failures.add(&fixture, disagreement(&verdict, &findings)),
                Err(failure) => failures.add(&fixture, Some(failure)),
            }
        }
        failures.assert_none();
        assert!(
            accepted > 0 && rejected > 0,
            "nginx accepts {accepted} fixtures and rejects the syntax of {rejected}"
        );
    }
}

#[test]
fn formatting_does_not_change_the_verdict_of_nginx() {
    for nginx in nginx::all() {
        let mut failures = Failures::default();
        let (mut accepted, mut changed) = (0, 0);
        for fixture in fixtures() {
            let site = Site::of(&fixture);
            let (before, bytes) = (site.verdict(&nginx), site.bytes());
            // With 2 it leaves alone what it cannot read.
            let codes: &[i32] = if before == Verdict::Accepted { &[0, 1] } else { &[0, 1, 2] };
            let run = site.run(&["fmt"], codes);
            accepted += u32::from(before == Verdict::Accepted);
            changed += u32::from(site.bytes() != bytes);
            let after = site.verdict(&nginx);
            let differs = (before != after).then(|| format!("{before:?} before, {after:?} after"));
            failures.add(&fixture, run.err().or(differs));
        }
        failures.assert_none();
        assert!(
            accepted > 0 && changed > 0,
            "nginx accepts {accepted} fixtures, and {changed} are formatted"
        );
    }
}

#[test]
fn nginx_accepts_what_it_accepted_before_fixes() {
    for nginx in nginx::all() {
        let mut failures = Failures::default();
        let mut changed = [0, 0];
        for fixture in fixtures() {
            if Site::of(&fixture).verdict(&nginx) != Verdict::Accepted {
                continue;
            }
            let (safe, unsafe_too) = (["lint", "--fix"], ["lint", "--fix", "--unsafe-fixes"]);
            for (arguments, changed) in [safe.as_slice(), &unsafe_too].iter().zip(&mut changed) {
                let site = Site::of(&fixture);
                let before = site.bytes();
                let run = site.run(
                    &[arguments, ["--nginx-version", &nginx.version].as_slice()].concat(),
                    &[0, 1],
                );
                *changed += u32::from(before != site.bytes());
                let verdict = site.verdict(&nginx);
                let refused =
                    (verdict != Verdict::Accepted).then(|| format!("{arguments:?}: {verdict:?}"));
                failures.add(&fixture, run.err().or(refused));
            }
        }
        failures.assert_none();
        assert!(
            changed.iter().all(|&changed| changed > 0),
            "{changed:?} accepted fixtures are mended"
        );
    }
}

/// The same of other people's files, alone or beside what they include; and mended once, there
/// is nothing more to mend.
#[test]
fn nginx_accepts_files_of_the_corpus_after_fixes() {
    let (Some(rows), Some(nginx)) = (corpus::rows(), nginx::find()) else { return };
    let mut failures = Failures::default();
    let (mut changed, mut apart) = (0, 0);
    for row in rows.iter().filter(|row| row.class == "ok") {
        for option in ["--fix", "--unsafe-fixes"] {
            let arguments: &[&str] = &["lint", "--fix", "--pedantic", option][..];
            // An option that is given twice is an error.
            let arguments = if option == "--fix" { &arguments[..3] } else { arguments };
            let site = Site::of(&row.path);
            let before = site.bytes();
            if let Err(failure) = site.run(arguments, &[0, 1, 2]) {
                failures.add(&row.path, Some(failure));
            }
            let mended = site.bytes();
            if mended == before {
                continue;
            }
            // What else the corpus made up for it to be accepted is not here.
            if Site::of(&row.path).verdict(&nginx) != Verdict::Accepted {
                apart += 1;
                continue;
            }
            changed += 1;
            let verdict = site.verdict(&nginx);
            let refused = verdict != Verdict::Accepted;
            failures.add(&row.path, refused.then(|| format!("{arguments:?}: {verdict:?}")));
            let again = site.run(arguments, &[0, 1, 2]).err();
            let again = again.or((site.bytes() != mended).then(|| "it is mended twice".to_owned()));
            failures.add(&row.path, again);
        }
    }
    noted(&format!("{changed} mended files are accepted, {apart} need more than is here"));
    failures.assert_none();
    assert!(changed > 50, "only {changed} files are mended");
}

/// Where ngxc and nginx do not say the same.
///
/// Nginx reads no further than to the first thing it does not like. When that is no
/// syntax error, it does not tell whether one follows.
fn disagreement(verdict: &Verdict, findings: &[Value]) -> Option<String> {
    let syntax = findings.iter().find(|it| it["kind"] == "syntax");
    let error = findings.iter().find(|it| it["severity"] == "error" && it["kind"] != "lint");
    match verdict {
        Verdict::Accepted => syntax.or(error).map(|it| format!("nginx accepts it, ngxc says {it}")),
        Verdict::Syntax(message) => {
            syntax.is_none().then(|| format!("nginx says `{message}`, ngxc finds no syntax error"))
        }
        Verdict::Invalid { midway: true, .. } => None,
        Verdict::Invalid { message, midway: false } => {
            syntax.map(|it| format!("nginx reads all of it and says `{message}`, ngxc says {it}"))
        }
    }
}

/// The fixtures that nginx has a say in.
fn fixtures() -> Vec<PathBuf> {
    let mut fixtures = support::fixtures();
    // nginx gets what a template comes to.
    fixtures.retain(|path| !path.starts_with(root().join("fixtures/template")));
    fixtures.retain(|path| {
        let bytes = fs::read(path).expect("the fixture can be read");
        nginx::is_for_nginx(&String::from_utf8_lossy(&bytes))
    });
    fixtures
}

/// A copy of a fixture, and of what lies beside it if it includes something.
pub struct Site {
    pub folder: TempDir,
    pub file: String,
}

impl Site {
    pub fn of(fixture: &Path) -> Self {
        let folder = tempfile::tempdir().expect("there is room for temporary files");
        let file = fixture.file_name().expect("it is a file").to_string_lossy().into_owned();
        let bytes = fs::read(fixture).expect("the fixture can be read");
        if String::from_utf8_lossy(&bytes).contains("include") {
            let beside = fixture.parent().expect("it is in a folder");
            nginx::copy(beside, folder.path(), &str::to_owned);
        } else {
            fs::write(folder.path().join(&file), bytes).expect("the copy is writable");
        }
        Self { folder, file }
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.folder.path().join(&self.file)).expect("the copy can be read")
    }

    fn verdict(&self, nginx: &Nginx) -> Verdict {
        nginx.check(self.folder.path(), &self.file)
    }

    /// Runs ngxc on the copy; `Err` if it ends with none of the codes.
    fn run(&self, arguments: &[&str], codes: &[i32]) -> Result<String, String> {
        let run = support::run(self.folder.path(), &[arguments, &[&self.file]].concat());
        if codes.contains(&run.code) {
            return Ok(run.out);
        }
        Err(format!("ngxc {arguments:?} ends with {}: {}", run.code, run.err))
    }

    /// What ngxc finds in the copy.
    fn findings(&self, nginx: &Nginx) -> Result<Vec<Value>, String> {
        let stdout =
            self.run(&["lint", "--format", "json", "--nginx-version", &nginx.version], &[0, 1])?;
        let report: Value =
            serde_json::from_str(&stdout).map_err(|error| format!("{error}: {stdout}"))?;
        let findings = report["diagnostics"].as_array().cloned();
        findings.ok_or_else(|| format!("no diagnostics in {report}"))
    }
}

/// What is wrong, said at once at the end.
#[derive(Default)]
struct Failures(Vec<String>);

impl Failures {
    fn add(&mut self, fixture: &Path, failure: Option<String>) {
        let fixture = fixture.strip_prefix(root()).unwrap_or(fixture);
        self.0.extend(failure.map(|failure| format!("{}: {failure}", fixture.display())));
    }

    fn assert_none(&self) {
        assert!(self.0.is_empty(), "{} failures:\n{}", self.0.len(), self.0.join("\n"));
    }
}
