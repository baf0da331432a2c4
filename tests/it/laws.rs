//! The laws of `docs/ARCHITECTURE.md`, for one file at a time: here for all fixtures, in
//! `corpus.rs` for other people's files.

use std::path::{Path, PathBuf};

use ngxc::catalog::Version;
use ngxc::diagnostic::{Diagnostic, Severity};
use ngxc::emit::{Indent, Style};
use ngxc::project::{File, Files, Project};
use ngxc::source::{Source, SourceId, Templating};
use ngxc::syntax::tokens;
use ngxc::{check, emit, fix, render};

use crate::reader::meaning;
use crate::support::fixtures;

/// Reads bytes as a file of its own.
pub fn file(bytes: &[u8]) -> File {
    let mut source = Source::new(SourceId(0), "law.conf", bytes.to_vec());
    source.templating = Templating::Detect;
    ngxc::read(source).0
}

/// Lints bytes as a project of one file.
fn lint(bytes: &[u8]) -> (Project, Vec<Diagnostic>) {
    let mut files = Files::memory().with(Templating::Detect);
    files.set(Path::new("law.conf"), bytes.to_vec());
    let project = Project::load(&files, &[PathBuf::from("law.conf")], None);
    let report = check(&project, &Version::OLDEST_COMMON.into());
    (project, report)
}

/// Law 1: tokens and the white space between them are the whole text.
pub fn tokens_are_the_text(bytes: &[u8]) -> Result<(), String> {
    let file = file(bytes);
    let text = file.source.text();
    let mut done = 0;
    let gap = |from: usize, to: usize| {
        let gap = &text[from..to];
        if gap.trim_matches([' ', '\t', '\r', '\n']).is_empty() {
            Ok(())
        } else {
            Err(format!("lost: {gap:?}"))
        }
    };
    for token in tokens(text) {
        gap(done, token.span.start as usize)?;
        done = token.span.end as usize;
    }
    gap(done, text.len())?;
    if file.source.encode(text).as_deref() == Some(bytes) {
        Ok(())
    } else {
        Err("bytes changed".to_owned())
    }
}

/// Laws 2 and 3: formatting is idempotent, and keeps every token and comment in order.
pub fn formatting_keeps_tokens(bytes: &[u8]) -> Result<(), String> {
    let before = file(bytes);
    if before.has_syntax_errors {
        return match emit::format(&before, &Style::default()) {
            Err(emit::EmitError::Syntax) => Ok(()),
            other => Err(format!("a broken file was formatted: {other:?}")),
        };
    }
    let once = emit::format(&before, &Style::default()).map_err(|error| error.to_string())?;
    let encoded = before.source.encode(&once).ok_or("no bytes for the text")?.into_owned();
    let after = file(&encoded);
    let twice =
        emit::format(&after, &Style::default()).map_err(|error| format!("again: {error}"))?;
    if once != twice {
        return Err("formatting twice gives something else".to_owned());
    }
    same_tokens(&before, &after)
}

/// Tokens, comments and Lua bodies, as the tests' own reader reads them.
fn same_tokens(before: &File, after: &File) -> Result<(), String> {
    let (before_text, after_text) = (before.source.text(), after.source.text());
    if before.tree.has_placeholders {
        // Tags are not nginx's language, which the reader reads.
        let black = |text: &str| text.split_whitespace().collect::<String>();
        let is_same = black(before_text) == black(after_text);
        return if is_same { Ok(()) } else { Err("more than white space changed".to_owned()) };
    }
    let (before, after) = (meaning(before_text), meaning(after_text));
    if before == after {
        return Ok(());
    }
    let differs = before.iter().zip(&after).find(|(before, after)| before != after);
    Err(format!("tokens changed: {differs:?}, {} and {}", before.len(), after.len()))
}

/// The same of other styles, and of some lines.
pub fn styles_keep_tokens(bytes: &[u8]) -> Result<(), String> {
    let before = file(bytes);
    if before.has_syntax_errors {
        return Ok(());
    }
    let spaces = Style { indent: Indent::Spaces(2), normalizes_quotes: true };
    let tab = Style { indent: Indent::Tab, normalizes_quotes: false };
    let keep = Style { indent: Indent::Keep, normalizes_quotes: false };
    for style in [spaces, tab, keep] {
        let again = |text: &str| file(&before.source.encode(text).unwrap_or_default());
        let format = |file: &File| emit::format(file, &style);
        let once = format(&before).map_err(|error| format!("{style:?}: {error}"))?;
        let twice = format(&again(&once)).map_err(|error| format!("{style:?} again: {error}"))?;
        if once != twice {
            return Err(format!("{style:?} twice gives something else"));
        }
        let last = before.source.line_count();
        let lines = |range| emit::format_lines(&before, &style, range);
        if lines(1..=last) != Ok(once) {
            return Err(format!("{style:?}: all lines are not the file"));
        }
        for part in 1..=4 {
            let range = last * (part - 1) / 4 + 1..=last * part / 4;
            lines(range.clone()).map_err(|error| format!("{style:?} {range:?}: {error}"))?;
        }
    }
    Ok(())
}

/// Law 4: fixes converge, and leave no error of nginx's that was not there.
pub fn fixes_converge(bytes: &[u8]) -> Result<(), String> {
    let mut files = Files::memory().with(Templating::Detect);
    files.set(Path::new("law.conf"), bytes.to_vec());
    let load = |files: &Files| {
        let project = Project::load(files, &[PathBuf::from("law.conf")], None);
        let report = check(&project, &Version::OLDEST_COMMON.into());
        (project, report)
    };
    let fixed = fix::run(files, load, |_| true).map_err(|error| error.to_string())?;
    for change in fixed.changes {
        if change.before == change.after {
            return Err("a fix changed nothing".to_owned());
        }
    }
    Ok(())
}

/// Law 5, for one prefix: the whole pipeline comes to an end without a panic.
pub fn pipeline_runs(bytes: &[u8]) {
    let (project, report) = lint(bytes);
    let shown: Vec<_> = report.iter().collect();
    let text = render::human(&project, &shown, true, 80) + &render::json(&project, &shown);
    assert!(report.is_empty() || text.contains(report[0].rule), "{}", report[0].rule);
    let file = &project.files()[0];
    let _ = (
        emit::format(file, &Style::default()),
        emit::write(file, None),
        emit::flat(&project, &project.roots()[0]),
    );
}

/// Law 7: JSON gives back the bytes that it was made from.
pub fn json_gives_the_bytes_back(bytes: &[u8]) -> Result<(), String> {
    let file = file(bytes);
    if file.has_syntax_errors {
        return Ok(());
    }
    let json = emit::write(&file, None).map_err(|error| error.to_string())?;
    let back = emit::read(json.as_bytes()).map_err(|error| error.to_string())?;
    if back == bytes { Ok(()) } else { Err("other bytes came back".to_owned()) }
}

/// Law 8: two runs print the same.
fn runs_are_equal(bytes: &[u8]) -> Result<(), String> {
    let print = || {
        let (project, report) = lint(bytes);
        render::json(&project, &report.iter().collect::<Vec<_>>())
    };
    if print() == print() { Ok(()) } else { Err("two runs differ".to_owned()) }
}

/// A law, and its name for failures.
pub type Law = (&'static str, fn(&[u8]) -> Result<(), String>);

/// The laws that hold for any bytes.
pub const LAWS: [Law; 5] = [
    ("tokens are the text", tokens_are_the_text),
    ("formatting keeps tokens", formatting_keeps_tokens),
    ("styles keep tokens", styles_keep_tokens),
    ("fixes converge", fixes_converge),
    ("JSON gives the bytes back", json_gives_the_bytes_back),
];

fn all_fixtures() -> Vec<(PathBuf, Vec<u8>)> {
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("a fixture can be read");
        (path, bytes)
    };
    fixtures().into_iter().map(read).collect()
}

#[test]
fn laws_hold_for_fixtures() {
    let mut broken = Vec::new();
    for (path, bytes) in all_fixtures() {
        for (name, law) in
            LAWS.into_iter().chain([("two runs are equal", runs_are_equal as fn(&[u8]) -> _)])
        {
            if let Err(reason) = law(&bytes) {
                broken.push(format!("{}: {name}: {reason}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn mixed_line_ends_settle_at_once() {
    for text in [
        "\n_by_lua_block{\r\n\r\n}\n",
        "a 'b\r\n\r\nc';\n\n\nd;\n",
        "\r\n\r\n\r\na 'b\n\n\n\nc';\r\nd;",
        "a;\r\nb;\r\nc;\n",
    ] {
        assert_eq!(formatting_keeps_tokens(text.as_bytes()), Ok(()), "{text:?}");
    }
}

#[test]
fn every_prefix_of_a_fixture_goes_through() {
    for (_, bytes) in all_fixtures() {
        let step = if bytes.len() > 4000 { 97 } else { 1 };
        for end in (0..=bytes.len()).step_by(step) {
            pipeline_runs(&bytes[..end]);
        }
    }
}

#[test]
fn nothing_that_is_fixed_is_an_error_afterwards() {
    for (path, bytes) in all_fixtures() {
        let mut files = Files::memory().with(Templating::Detect);
        files.set(Path::new("law.conf"), bytes);
        let load = |files: &Files| {
            let project = Project::load(files, &[PathBuf::from("law.conf")], None);
            let report = check(&project, &Version::OLDEST_COMMON.into());
            (project, report)
        };
        let fixed = fix::run(files, load, |_| true).expect("fixes converge");
        let report = &fixed.report;
        let left = report
            .iter()
            .find(|finding| finding.fix.is_some() && finding.severity == Severity::Error);
        assert!(left.is_none(), "{}: {left:#?}", path.display());
    }
}
