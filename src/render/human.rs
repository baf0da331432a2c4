//! Findings with the code they are about, for people; the frames are miette's.

use std::fmt;
use std::sync::Arc;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::project::Project;
use crate::source::{Source, Span, is_invisible};

use super::{evidence, visible};

/// Of a longer line, only this many bytes on each side of a place are shown.
const MAX_LINE: u32 = 160;

/// The findings, each with a frame; `width` is the width of lines of text.
pub fn human(project: &Project, findings: &[&Diagnostic], colour: bool, width: usize) -> String {
    let theme = GraphicalTheme {
        characters: ThemeCharacters::unicode(),
        styles: if colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_context_lines(1)
        .with_links(false)
        .without_cause_chain();
    let mut out = String::new();
    for finding in findings {
        let report = Report::new(project, finding);
        // A String takes whatever is written to it.
        let _ = handler.render_report(&mut out, &report);
        if let Some(evidence) = &finding.evidence {
            out.push_str(&evidence::table(project, evidence));
        }
        out.push_str(&report.footer(colour, width));
        out.push('\n');
    }
    out
}

/// A finding as miette wants it. Its frame holds the lines of all files that it is about.
#[derive(Debug)]
struct Report {
    message: String,
    rule: String,
    severity: miette::Severity,
    /// What to do, each entry on lines of its own.
    help: Vec<String>,
    frame: Frame,
}

impl Report {
    fn new(project: &Project, finding: &Diagnostic) -> Self {
        let page = crate::lint::rule(finding.rule)
            .map(|rule| format!("more: ngxc explain {0}\npage: docs/rules/{0}.md", rule.name));
        let help: Vec<String> = finding
            .help
            .iter()
            .map(|help| visible(help).into_owned())
            .chain(finding.fix.as_ref().map(fix_line))
            .chain(page)
            .collect();
        Self {
            message: visible(&finding.message).into_owned(),
            rule: format!("{}[{}]", finding.severity.as_str(), finding.rule),
            severity: match finding.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
                Severity::Info => miette::Severity::Advice,
            },
            help,
            frame: Frame::new(project, finding),
        }
    }

    /// The help, as miette prints it; not by miette, because the evidence comes before it.
    fn footer(&self, colour: bool, width: usize) -> String {
        let mut text = String::new();
        for (index, entry) in self.help.iter().enumerate() {
            let start = match (index, colour) {
                (0, true) => "  \u{1b}[36mhelp: \u{1b}[0m",
                (0, false) => "  help: ",
                _ => INDENT,
            };
            text.push_str(start);
            text.push_str(&wrapped(entry, width.saturating_sub(INDENT.len())));
            text.push('\n');
        }
        text
    }
}

/// What stands before the lines of help behind the first.
const INDENT: &str = "        ";

/// A text in lines of at most this many characters, as far as its words allow.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut column = 0;
        for word in line.split(' ') {
            let len = word.chars().count();
            if column > 0 && column + 1 + len > width {
                out.push('\n');
                out.push_str(INDENT);
                column = 0;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += len;
        }
        out.push('\n');
        out.push_str(INDENT);
    }
    out.truncate(out.trim_end().len());
    out
}

fn fix_line(fix: &crate::diagnostic::Fix) -> String {
    let option = match fix.applicability {
        crate::diagnostic::Applicability::Safe => "--fix",
        crate::diagnostic::Applicability::Unsafe => "--fix --unsafe-fixes",
    };
    format!("fix: {} ({option})", fix.title)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Report {}

impl miette::Diagnostic for Report {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.rule))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (!self.frame.text.trim().is_empty()).then_some(&self.frame as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.frame.labels.iter().cloned()))
    }
}

/// The lines that labels need, and the labels with offsets in these lines.
#[derive(Debug, Default)]
struct Frame {
    /// The lines, each with a line end; those of one file are next to each other.
    text: String,
    rows: Vec<Row>,
    labels: Vec<LabeledSpan>,
    /// The column, from 0, of each label in its file.
    columns: Vec<usize>,
}

#[derive(Debug)]
struct Row {
    /// The name of the line's file.
    name: Arc<str>,
    /// The line's number in the file, from 1.
    number: u32,
    /// What is shown of the line, in the source.
    shown: Span,
    /// Where it begins in the text of the frame.
    start: usize,
}

impl Frame {
    /// The culprit's file comes first.
    fn new(project: &Project, finding: &Diagnostic) -> Self {
        let mut frame = Self::default();
        let mut labels = vec![&finding.label];
        labels.extend(&finding.labels);
        while let Some(source) = labels.first().map(|label| label.place.source) {
            let (here, elsewhere): (Vec<&Label>, Vec<&Label>) =
                labels.into_iter().partition(|label| label.place.source == source);
            frame.add(project.source(source), &here);
            labels = elsewhere;
        }
        frame
    }

    /// Adds the lines of one file that these labels need.
    fn add(&mut self, source: &Source, labels: &[&Label]) {
        let name: Arc<str> = visible(&source.name()).into();
        let first = self.rows.len();
        for number in line_numbers(source, labels) {
            let shown = shown_part(source, source.line_span(number), labels);
            self.rows.push(Row { name: Arc::clone(&name), number, shown, start: self.text.len() });
            self.text.push_str(&printable(source.slice(shown)));
            self.text.push('\n');
        }
        for label in labels {
            self.label(source, label, first);
        }
    }

    /// Adds a label to a row from `first` on; one of several lines is shown on its first.
    fn label(&mut self, source: &Source, label: &Label, first: usize) {
        let span = label.place.span;
        let number = source.line(span.start);
        let Some(row) = self.rows[first..].iter().find(|row| row.number == number) else { return };
        let end = span.end.min(row.shown.end).max(span.start);
        let offset = row.start + (span.start.saturating_sub(row.shown.start)) as usize;
        let range = (offset, (end - span.start) as usize);
        let text = (!label.message.is_empty()).then(|| visible(&label.message).into_owned());
        self.columns.push(source.position(span.start).column as usize - 1);
        self.labels.push(if self.labels.is_empty() {
            LabeledSpan::new_primary_with_span(text, range)
        } else {
            LabeledSpan::new_with_span(text, range)
        });
    }

    /// The row that holds an offset in the frame's text.
    fn row(&self, offset: usize) -> usize {
        self.rows.partition_point(|row| row.start <= offset).saturating_sub(1)
    }

    fn follows(&self, row: usize) -> bool {
        let (Some(this), Some(next)) = (self.rows.get(row), self.rows.get(row + 1)) else {
            return false;
        };
        Arc::ptr_eq(&this.name, &next.name) && next.number == this.number + 1
    }
}

/// The lines of the labels and one line around each.
fn line_numbers(source: &Source, labels: &[&Label]) -> Vec<u32> {
    let around = |label: &&Label| {
        let line = source.line(label.place.span.start);
        line.saturating_sub(1).max(1)..=(line + 1).min(source.line_count())
    };
    let mut numbers: Vec<u32> = labels.iter().flat_map(around).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The part of a line around its labels, if the line is long.
fn shown_part(source: &Source, line: Span, labels: &[&Label]) -> Span {
    if line.end - line.start <= 2 * MAX_LINE {
        return line;
    }
    let spans = labels.iter().map(|label| label.place.span);
    let around =
        spans.filter(|span| (line.start..=line.end).contains(&span.start)).reduce(Span::to);
    let around = around.unwrap_or(Span::at(line.start));
    let text = source.text();
    let mut start = around.start.saturating_sub(MAX_LINE).max(line.start);
    let mut end =
        around.end.min(around.start + 2 * MAX_LINE).saturating_add(MAX_LINE).min(line.end);
    while !text.is_char_boundary(start as usize) {
        start -= 1;
    }
    while !text.is_char_boundary(end as usize) {
        end += 1;
    }
    Span::new(start, end)
}

/// The text with its invisible characters replaced by others of the same length.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match (is_invisible(c) && c != '\t', c.len_utf8()) {
            (false, _) => c,
            (true, 1) if c == '\r' => ' ',
            (true, 1) => '?',
            (true, 2) => '¿',
            (true, _) => '\u{fffd}',
        })
        .collect()
}

impl SourceCode for Frame {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let (first, last) = (self.row(start), self.row(end));
        // Lines far apart make no frame together: miette then shows them one by one.
        if !(first..last).all(|row| self.follows(row)) {
            return Err(MietteError::OutOfBounds);
        }
        let first_shown =
            if before > 0 && first > 0 && self.follows(first - 1) { first - 1 } else { first };
        let last_shown = if after > 0 && self.follows(last) { last + 1 } else { last };
        let from = if before > 0 { self.rows[first_shown].start } else { start };
        let to = self.rows.get(last_shown + 1).map_or(self.text.len(), |row| row.start);
        let label = self.labels.iter().position(|label| label.offset() == start);
        let column = label.filter(|_| before == 0).map_or(0, |label| self.columns[label]);
        Ok(Box::new(MietteSpanContents::new_named(
            self.rows[first_shown].name.to_string(),
            &self.text.as_bytes()[from..to],
            (from, to - from).into(),
            self.rows[first_shown].number as usize - 1,
            column,
            last_shown - first_shown + 1,
        )))
    }
}
