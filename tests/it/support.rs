//! What several tests need: the fixtures, and running the command as a user would.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a directory with one of these endings, sorted.
pub fn files_below(directory: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let entries = std::fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    for entry in entries {
        let path = entry.expect("the directory can be read").path();
        if path.is_dir() {
            files.extend(files_below(&path, endings));
        } else if path
            .extension()
            .is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted))
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// All fixtures that are configurations.
pub fn fixtures() -> Vec<PathBuf> {
    let files = files_below(&root().join("fixtures"), &["conf"]);
    assert!(files.len() > 15, "only {} fixtures were found", files.len());
    files
}

/// The options that a fixture wants to be linted with: `# ngxc-test: --nginx-version 1.29.7`.
pub fn options(fixture: &Path) -> Vec<String> {
    let bytes = std::fs::read(fixture).expect("a fixture can be read");
    let text = String::from_utf8_lossy(&bytes);
    let first =
        text.lines().next().and_then(|line| line.strip_prefix("# ngxc-test:")).unwrap_or_default();
    first
        .split_whitespace()
        .filter(|word| !word.starts_with("context="))
        .map(str::to_owned)
        .collect()
}

/// A run of ngxc in a directory, with nothing of this process's environment that matters.
pub fn ngxc(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ngxc"));
    command.current_dir(directory).args(arguments);
    for name in ["NO_COLOR", "TERM", "COLUMNS", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
        command.env_remove(name);
    }
    command
}

/// Says that a test did nothing.
pub fn skipped(reason: &str) {
    noted(&format!("skipped: {reason}"));
}

/// Says what a test found, past the test harness, which would swallow it.
pub fn noted(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs ngxc and waits for its end.
pub fn run(directory: &Path, arguments: &[&str]) -> Run {
    finished(&ngxc(directory, arguments).output().expect("ngxc can be run"))
}

/// The same with standard input.
pub fn run_with(directory: &Path, arguments: &[&str], input: &[u8]) -> Run {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = ngxc(directory, arguments);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ngxc can be run");
    // What needs no input may end without reading it.
    let _ = child.stdin.take().expect("its input is piped").write_all(input);
    finished(&child.wait_with_output().expect("it comes to an end"))
}

fn finished(output: &Output) -> Run {
    Run {
        code: output.status.code().unwrap_or_else(|| panic!("ngxc was killed: {output:?}")),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
