//! Every fixture beside what ngxc prints of it, as a user sees it: `x.conf`, `x.snap`.
//!
//! `cargo insta review` accepts a change after a look at it.

use std::fmt::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::support::{fixtures, options, root, run};

#[test]
fn fixtures_print_what_they_did() {
    let mut changed = Vec::new();
    for fixture in fixtures() {
        let directory = fixture.parent().expect("a fixture is in a directory");
        let name = fixture.file_stem().expect("a fixture has a name").to_string_lossy();
        let text = printed(&fixture);
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(directory);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let check = || settings.bind(|| insta::assert_snapshot!(name.as_ref(), text));
        if catch_unwind(AssertUnwindSafe(check)).is_err() {
            changed.push(fixture.clone());
        }
    }
    assert!(
        changed.is_empty(),
        "these fixtures are new or print something else now: {changed:#?}\n\
         INSTA_UPDATE=always cargo test fixtures writes it; look at it before you commit"
    );
}

/// What `lint`, `lint --diff` and, for the fixtures about layout, `fmt` print.
fn printed(fixture: &Path) -> String {
    let path =
        fixture.strip_prefix(root()).expect("fixtures are in the repository").to_string_lossy();
    let options = options(fixture);
    let mut text = String::new();
    let mut section = |arguments: &[&str]| {
        let arguments: Vec<&str> =
            arguments.iter().copied().chain(options.iter().map(String::as_str)).collect();
        let run = run(root(), &[&arguments[..], &[&path]].concat());
        let _ = writeln!(
            text,
            "$ ngxc {}  # exit status {}\n{}{}",
            arguments.join(" "),
            run.code,
            run.out,
            run.err
        );
    };
    section(&["lint", "--pedantic"]);
    section(&["lint", "--diff"]);
    section(&["lint", "--diff", "--unsafe-fixes", "--pedantic"]);
    if options.is_empty() {
        section(&["fmt", "--diff"]);
    }
    text
}
