//! All findings as one JSON document, for programs. `docs/lint-json.md` describes it.

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Evidence, Label, Received, ReceivedHeader, Sent};
use crate::project::Project;
use crate::source::{Place, Position, visible_json};

use super::Counts;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    summary: Summary,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    infos: usize,
    files: usize,
    templates: usize,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    kind: &'a str,
    severity: &'a str,
    message: &'a str,
    path: String,
    start: Point,
    end: Point,
    labels: Vec<Remark<'a>>,
    evidence: Option<Proof<'a>>,
    help: Option<&'a str>,
    fix: Option<Mend<'a>>,
}

#[derive(Serialize)]
struct Remark<'a> {
    path: String,
    start: Point,
    end: Point,
    message: &'a str,
}

#[derive(Serialize)]
struct Proof<'a> {
    handshake: Option<Got<'a>>,
    plain: Option<Got<'a>>,
}

#[derive(Serialize)]
struct Got<'a> {
    request_line: &'a str,
    http_version_set_at: Option<Origin>,
    headers: Vec<Header<'a>>,
}

#[derive(Serialize)]
struct Header<'a> {
    name: &'a str,
    /// `null` if the header is not sent, or if its value is not known.
    value: Option<&'a str>,
    /// What it is the value of, if that is not known.
    unknown: Option<&'a str>,
    set_at: Option<Origin>,
}

#[derive(Serialize)]
struct Origin {
    path: String,
    line: u32,
}

#[derive(Serialize)]
struct Mend<'a> {
    title: &'a str,
    applicability: &'a str,
    edits: Vec<Replacement<'a>>,
}

#[derive(Serialize)]
struct Replacement<'a> {
    path: String,
    start: Point,
    end: Point,
    text: &'a str,
}

#[derive(Serialize)]
struct Point {
    line: u32,
    column: u32,
    offset: u32,
}

impl From<Position> for Point {
    fn from(position: Position) -> Self {
        Self { line: position.line, column: position.column, offset: position.offset }
    }
}

/// The findings of a project as a document, ending in a line end.
pub fn json(project: &Project, findings: &[&Diagnostic]) -> String {
    let counts = Counts::of(findings.iter().copied());
    let document = Document {
        version: 1,
        summary: Summary {
            errors: counts.errors,
            warnings: counts.warnings,
            infos: counts.infos,
            files: project.shown_count(),
            templates: project.template_count(),
        },
        diagnostics: findings.iter().map(|finding| finding_of(project, finding)).collect(),
    };
    let json = serde_json::to_string_pretty(&document).expect("the types are plain data");
    visible_json(json + "\n")
}

fn finding_of<'a>(project: &Project, finding: &'a Diagnostic) -> Finding<'a> {
    let culprit = (!finding.label.message.is_empty()).then_some(&finding.label);
    let (path, start, end) = place(project, finding.label.place);
    Finding {
        rule: finding.rule,
        kind: finding.kind.as_str(),
        severity: finding.severity.as_str(),
        message: &finding.message,
        path,
        start,
        end,
        labels: culprit
            .into_iter()
            .chain(&finding.labels)
            .map(|label| remark(project, label))
            .collect(),
        evidence: finding.evidence.as_deref().map(|evidence| match evidence {
            Evidence::Received { handshake, plain } => {
                Proof { handshake: Some(got(project, handshake)), plain: Some(got(project, plain)) }
            }
            Evidence::NoHandshake => Proof { handshake: None, plain: None },
        }),
        help: finding.help.as_deref(),
        fix: finding.fix.as_ref().map(|fix| Mend {
            title: &fix.title,
            applicability: fix.applicability.as_str(),
            edits: fix
                .edits
                .iter()
                .map(|edit| {
                    let (path, start, end) = place(project, edit.place);
                    Replacement { path, start, end, text: &edit.text }
                })
                .collect(),
        }),
    }
}

fn got<'a>(project: &Project, received: &'a Received) -> Got<'a> {
    let origin = |place: Place| {
        let source = project.source(place.source);
        Origin { path: source.name().into_owned(), line: source.line(place.span.start) }
    };
    let header = |header: &'a ReceivedHeader| Header {
        name: header.name,
        value: match &header.value {
            Sent::Value(value) => Some(value),
            Sent::Unknown(_) | Sent::Nothing => None,
        },
        unknown: match &header.value {
            Sent::Unknown(text) => Some(text),
            Sent::Value(_) | Sent::Nothing => None,
        },
        set_at: header.from.map(origin),
    };
    Got {
        request_line: &received.line,
        http_version_set_at: received.version_from.map(origin),
        headers: received.headers.iter().map(header).collect(),
    }
}

fn remark<'a>(project: &Project, label: &'a Label) -> Remark<'a> {
    let (path, start, end) = place(project, label.place);
    Remark { path, start, end, message: &label.message }
}

fn place(project: &Project, place: Place) -> (String, Point, Point) {
    let source = project.source(place.source);
    let position = |at| source.position(at).into();
    (source.name().into_owned(), position(place.span.start), position(place.span.end))
}
