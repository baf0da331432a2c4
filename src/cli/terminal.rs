//! What goes to the terminal: colours, widths, complaints, diffs.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use similar::{ChangeTag, TextDiff};

use crate::render::visible;

use super::Failure;
use super::args::Colour;

/// Width of text that does not go to a terminal, and the most that is used on one.
const WIDTH: usize = 100;

/// True if standard output is to be coloured.
pub(super) fn is_coloured(colour: Colour) -> bool {
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            !refused && !dumb && io::stdout().is_terminal()
        }
    }
}

/// The width of standard output.
pub(super) fn width() -> usize {
    terminal_size::terminal_size().map_or(WIDTH, |(width, _)| usize::from(width.0).clamp(40, WIDTH))
}

/// Says on standard error why something was not done.
pub(super) fn complain(reason: &impl Display) {
    let reason = reason.to_string();
    let lines: Vec<_> = reason.lines().map(visible).collect();
    let _ = writeln!(io::stderr(), "ngxc: {}", lines.join("\n"));
}

/// Says something on standard error that is no complaint.
pub(super) fn remark(text: &impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints to standard output. A reader that has gone away is no failure.
pub(super) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// The change of a file as a unified diff, empty if there is none.
pub(super) fn unified(path: &str, before: &[u8], after: &[u8], colour: bool) -> Vec<u8> {
    if before == after {
        return Vec::new();
    }
    let name = path.trim_start_matches('/');
    let diff = TextDiff::from_lines(before, after);
    let mut out = format!("--- a/{name}\n+++ b/{name}\n").into_bytes();
    for hunk in diff.unified_diff().iter_hunks() {
        out.extend_from_slice(format!("{}\n", hunk.header()).as_bytes());
        for change in hunk.iter_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => b'-',
                ChangeTag::Insert => b'+',
                ChangeTag::Equal => b' ',
            };
            out.push(sign);
            out.extend_from_slice(change.value());
            if change.missing_newline() {
                out.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }
    // A terminal is not to be steered by what a configuration holds; a patch has its bytes.
    if io::stdout().is_terminal() {
        let text = String::from_utf8_lossy(&out);
        out = text.split_inclusive('\n').map(visible_line).collect::<String>().into_bytes();
    }
    if colour { paint(&out) } else { out }
}

fn visible_line(line: &str) -> String {
    let text = line.trim_end_matches(['\r', '\n']);
    text.split('\t').map(visible).collect::<Vec<_>>().join("\t") + &line[text.len()..]
}

fn paint(diff: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in diff.split_inclusive(|&b| b == b'\n') {
        let style: &[u8] = match line {
            [b'+', b'+', b'+', ..] | [b'-', b'-', b'-', ..] => b"\x1b[1m",
            [b'+', ..] => b"\x1b[32m",
            [b'-', ..] => b"\x1b[31m",
            [b'@', ..] => b"\x1b[36m",
            _ => b"",
        };
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        out.extend_from_slice(style);
        out.extend_from_slice(text);
        if !style.is_empty() {
            out.extend_from_slice(b"\x1b[0m");
        }
        out.extend_from_slice(&line[text.len()..]);
    }
    out
}
