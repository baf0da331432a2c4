//! Findings with the code they are about, for people; the frames are miette's.

use std::fmt;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::project::Project;
use crate::source::{Source, Span};

use super::{is_invisible, visible};

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
        out.push('\n');
    }
    out
}

/// A finding as miette wants it: what is in the culprit's file in one frame, and each
/// place in another file in a frame of its own.
#[derive(Debug)]
struct Report {
    message: String,
    rule: Option<String>,
    severity: miette::Severity,
    help: Option<String>,
    frame: Frame,
    related: Vec<Report>,
}

impl Report {
    fn new(project: &Project, finding: &Diagnostic) -> Self {
        let culprit = finding.label.place.source;
        let labels = std::iter::once(&finding.label).chain(&finding.labels);
        let (here, elsewhere): (Vec<&Label>, Vec<&Label>) =
            labels.partition(|label| label.place.source == culprit);
        let page = crate::lint::rule(finding.rule)
            .map(|rule| format!("more: ngxc explain {0} (docs/rules/{0}.md)", rule.name));
        let help: Vec<String> = finding
            .help
            .iter()
            .map(|help| visible(help).into_owned())
            .chain(finding.fix.as_ref().map(fix_line))
            .chain(page)
            .collect();
        Self {
            message: visible(&finding.message).into_owned(),
            rule: Some(format!("{}[{}]", finding.severity.as_str(), finding.rule)),
            severity: match finding.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
                Severity::Info => miette::Severity::Advice,
            },
            help: (!help.is_empty()).then(|| help.join("\n")),
            frame: Frame::new(project.source(culprit), &here),
            related: elsewhere
                .into_iter()
                .map(|label| Self {
                    message: visible(&label.message).into_owned(),
                    rule: None,
                    severity: miette::Severity::Advice,
                    help: None,
                    frame: Frame::new(project.source(label.place.source), &[label]),
                    related: Vec::new(),
                })
                .collect(),
        }
    }
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
        self.rule.as_ref().map(|rule| Box::new(rule) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.frame)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.frame.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let related = self.related.iter().map(|report| report as &dyn miette::Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(related) as Box<dyn Iterator<Item = _>>)
    }
}

/// The lines of one source that labels need, and the labels with offsets in these lines.
#[derive(Debug)]
struct Frame {
    name: String,
    /// The lines, each with a line end.
    text: String,
    rows: Vec<Row>,
    labels: Vec<LabeledSpan>,
    /// The column, from 0, of each label in the file.
    columns: Vec<usize>,
}

#[derive(Debug)]
struct Row {
    /// The line's number in the file, from 1.
    number: u32,
    /// What is shown of the line, in the source.
    shown: Span,
    /// Where it begins in the text of the frame.
    start: usize,
}

impl Frame {
    fn new(source: &Source, labels: &[&Label]) -> Self {
        let mut frame = Self {
            name: visible(&source.name()).into_owned(),
            text: String::new(),
            rows: Vec::new(),
            labels: Vec::new(),
            columns: Vec::new(),
        };
        for number in line_numbers(source, labels) {
            let shown = shown_part(source, source.line_span(number), labels);
            frame.rows.push(Row { number, shown, start: frame.text.len() });
            frame.text.push_str(&printable(source.slice(shown)));
            frame.text.push('\n');
        }
        for (index, label) in labels.iter().enumerate() {
            frame.label(source, label, index == 0);
        }
        frame
    }

    /// Adds a label; one of several lines is shown on its first.
    fn label(&mut self, source: &Source, label: &Label, is_primary: bool) {
        let span = label.place.span;
        let number = source.line(span.start);
        let Some(row) = self.rows.iter().find(|row| row.number == number) else {
            return;
        };
        let end = span.end.min(row.shown.end).max(span.start);
        let offset = row.start + (span.start.saturating_sub(row.shown.start)) as usize;
        let range = (offset, (end - span.start) as usize);
        let text = (!label.message.is_empty()).then(|| visible(&label.message).into_owned());
        self.columns.push(source.position(span.start).column as usize - 1);
        self.labels.push(if is_primary {
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
        row + 1 < self.rows.len() && self.rows[row + 1].number == self.rows[row].number + 1
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
            self.name.clone(),
            &self.text.as_bytes()[from..to],
            (from, to - from).into(),
            self.rows[first_shown].number as usize - 1,
            column,
            last_shown - first_shown + 1,
        )))
    }
}
