//! Crossplane 0.5.8 itself, in a Python that runs as long as the tests need it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{root, skipped};

/// What answers there.
const SCRIPT: &str = include_str!("original.py");

/// Where `.ci/crossplane` puts the Python that has crossplane.
const INSTALLED: &str = "target/oracle/crossplane/bin/python";

/// A Python with crossplane.
pub struct Original {
    process: Child,
    /// Where requests go; it ends when there are no more.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// The faults that it can do without.
    pub mends: Vec<String>,
}

impl Original {
    /// The Python that `NGXC_CROSSPLANE` names or that is installed; where crossplane is needed,
    /// its absence is a failure.
    pub fn start() -> Option<Self> {
        let named = std::env::var_os("NGXC_CROSSPLANE").map(PathBuf::from);
        let found = Self::with(&named.unwrap_or_else(|| root().join(INSTALLED)));
        if found.is_none() {
            let required = std::env::var_os("NGXC_REQUIRE_ORACLES").is_some();
            assert!(!required, "no crossplane 0.5.8, and NGXC_REQUIRE_ORACLES is set");
            skipped("no Python with crossplane 0.5.8 (NGXC_CROSSPLANE)");
        }
        found
    }

    fn with(python: &Path) -> Option<Self> {
        let mut command = Command::new(python);
        command.args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().ok()?;
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().expect("its output is piped"));
        let mut original = Self { process, input, output, mends: Vec::new() };
        let about = original.answer(&json!({})).filter(|it| it["version"] == "0.5.8")?;
        let mends = about["mends"].as_array().into_iter().flatten();
        original.mends = mends.filter_map(|it| it.as_str().map(str::to_owned)).collect();
        Some(original)
    }

    fn answer(&mut self, request: &Value) -> Option<Value> {
        writeln!(self.input.as_mut()?, "{request}").ok()?;
        let mut line = String::new();
        self.output.read_line(&mut line).ok()?;
        serde_json::from_str(&line).ok()
    }

    /// What `crossplane.parse` says of a file, with options of its own and without some faults.
    pub fn parse(&mut self, path: &Path, options: &Value, mends: &[String]) -> Value {
        let request = json!({"parse": path, "options": options, "mends": mends});
        self.answer(&request).expect("crossplane answers")
    }

    /// What `crossplane.build` makes of the `parsed` of a file.
    pub fn build(&mut self, parsed: &Value, mends: &[String]) -> Value {
        self.answer(&json!({"build": parsed, "mends": mends})).expect("crossplane answers")
    }
}

impl Drop for Original {
    fn drop(&mut self) {
        // It takes its files away, and so is not killed.
        self.input = None;
        let _ = self.process.wait();
    }
}
