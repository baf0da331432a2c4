//! Makes the edits of fixes: those that do not touch each other, round after round.
//!
//! Works on texts in memory. What comes out is checked again before anyone may write it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix, Kind, Severity};
use crate::project::{Files, Project};
use crate::source::SourceId;

/// Fixes may make room for others; more rounds than this are a fault of a rule.
const MAX_ROUNDS: usize = 10;

/// A file that fixes changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path as given or included.
    pub path: PathBuf,
    /// Its bytes before.
    pub before: Vec<u8>,
    /// Its bytes after.
    pub after: Vec<u8>,
}

/// What came of fixing.
#[derive(Debug)]
pub struct Fixed {
    /// The files that changed, by path.
    pub changes: Vec<Change>,
    /// How many fixes were made.
    pub count: usize,
    /// The files as they are after the changes.
    pub project: Project,
    /// What is still wrong with them.
    pub report: Vec<Diagnostic>,
}

/// Fixing failed; nothing may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FixError {
    /// The named rules left errors that were not there before.
    NewErrors(Vec<&'static str>),
    /// After the last round there was still something to fix, by these rules.
    NoEnd(Vec<&'static str>),
    /// The file's encoding has no bytes for the new text.
    Encoding(PathBuf),
}

impl std::fmt::Display for FixError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NewErrors(rules) => {
                write!(f, "the fixes of {} would add errors", rules.join(", "))
            }
            Self::NoEnd(rules) => write!(f, "the fixes of {} come to no end", rules.join(", ")),
            Self::Encoding(path) => {
                write!(f, "{}: its encoding cannot hold the new text", path.display())
            }
        }
    }
}

impl std::error::Error for FixError {}

/// Makes the wanted fixes until none is left.
///
/// `check` reads the project from the given files and says what is wrong with it;
/// `wanted` chooses whose fixes are made. Where unsafe fixes add errors, they are taken back
/// and only safe ones are made from then on.
pub fn run(
    mut files: Files,
    check: impl Fn(&Files) -> (Project, Vec<Diagnostic>),
    wanted: impl Fn(&Diagnostic) -> bool,
) -> Result<Fixed, FixError> {
    let mut changes: BTreeMap<PathBuf, Change> = BTreeMap::new();
    let mut count = 0;
    let mut safe_only = false;
    let (mut project, mut report) = check(&files);
    for round in 0.. {
        let takes = |finding: &&Diagnostic| wanted(finding) && !(safe_only && is_risky(finding));
        let chosen = choose(report.iter().filter(takes));
        if chosen.is_empty() {
            break;
        }
        if round == MAX_ROUNDS {
            return Err(FixError::NoEnd(rules(&chosen)));
        }
        let round = changes_of(&project, &chosen)?;
        let mut next = files.clone();
        for change in &round {
            next.set(&change.path, change.after.clone());
        }
        let (next_project, next_report) = check(&next);
        if adds_errors(&errors(&report), &errors(&next_report)) {
            if !chosen.iter().any(|finding| is_risky(finding)) {
                return Err(FixError::NewErrors(rules(&chosen)));
            }
            safe_only = true;
            continue;
        }
        count += chosen.len();
        (files, project, report) = (next, next_project, next_report);
        for change in round {
            let before = changes.remove(&change.path).map(|earlier| earlier.before);
            let before = before.unwrap_or(change.before);
            changes.insert(change.path.clone(), Change { before, ..change });
        }
    }
    Ok(Fixed { changes: changes.into_values().collect(), count, project, report })
}

fn is_risky(finding: &Diagnostic) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Unsafe)
}

fn rules(chosen: &[&Diagnostic]) -> Vec<&'static str> {
    let mut rules: Vec<_> = chosen.iter().map(|finding| finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// What the fixes of these findings make of the files.
fn changes_of(project: &Project, chosen: &[&Diagnostic]) -> Result<Vec<Change>, FixError> {
    let fixes = chosen.iter().filter_map(|finding| finding.fix.as_ref());
    let change = |(id, text): (SourceId, String)| {
        let source = project.source(id);
        let path = source.path.clone();
        let before = source.encode(source.text()).expect("a text is in its own encoding");
        match source.encode(&text) {
            Some(after) => {
                Ok(Change { path, before: before.into_owned(), after: after.into_owned() })
            }
            None => Err(FixError::Encoding(path)),
        }
    };
    apply(project, fixes).into_iter().map(change).collect()
}

/// Errors by kind, rule and message, and how often each occurs.
type Errors = HashMap<(Kind, &'static str, String), usize>;

/// How often each error occurs that keeps nginx from reading the configuration.
fn errors(report: &[Diagnostic]) -> Errors {
    let mut errors = HashMap::new();
    for finding in report {
        if finding.severity == Severity::Error && finding.kind != Kind::Lint {
            *errors.entry((finding.kind, finding.rule, finding.message.clone())).or_default() += 1;
        }
    }
    errors
}

/// True if there are errors that were not there before. Where the syntax was broken, what
/// is mended brings to light what was wrong behind it, so only the syntax counts.
fn adds_errors(before: &Errors, after: &Errors) -> bool {
    let syntax = |errors: &Errors| -> usize {
        errors.iter().filter(|((kind, ..), _)| *kind == Kind::Syntax).map(|(_, count)| count).sum()
    };
    match syntax(before) {
        0 => after.iter().any(|(error, count)| before.get(error).is_none_or(|was| was < count)),
        count => syntax(after) > count,
    }
}

/// Takes fixes in order, leaving out each that touches another one's text. Two fixes
/// may share an edit, as those do that need the same map.
fn choose<'a>(findings: impl Iterator<Item = &'a Diagnostic>) -> Vec<&'a Diagnostic> {
    let mut taken: HashSet<&Edit> = HashSet::new();
    let mut ranges: BTreeMap<(SourceId, u32), u32> = BTreeMap::new();
    let mut chosen = Vec::new();
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        let new: Vec<&Edit> = fix.edits.iter().filter(|edit| !taken.contains(edit)).collect();
        if new.is_empty() || new.iter().any(|edit| touches(&ranges, edit)) {
            continue;
        }
        for edit in new {
            ranges.insert((edit.place.source, edit.place.span.start), edit.place.span.end);
            taken.insert(edit);
        }
        chosen.push(finding);
    }
    chosen
}

fn touches(ranges: &BTreeMap<(SourceId, u32), u32>, edit: &Edit) -> bool {
    let (source, span) = (edit.place.source, edit.place.span);
    let before = ranges.range((source, 0)..=(source, span.end)).next_back();
    before.is_some_and(|(&(_, start), &end)| start == span.start || end > span.start)
}

/// The texts of the files that the fixes change.
fn apply<'a>(
    project: &Project,
    fixes: impl Iterator<Item = &'a Fix>,
) -> BTreeMap<SourceId, String> {
    let mut edits: Vec<&Edit> = fixes.flat_map(|fix| &fix.edits).collect();
    edits.sort();
    edits.dedup();
    let mut texts: BTreeMap<SourceId, (String, u32)> = BTreeMap::new();
    for edit in edits {
        let source = project.source(edit.place.source);
        let (text, done) = texts.entry(edit.place.source).or_default();
        text.push_str(&source.text()[*done as usize..edit.place.span.start as usize]);
        text.push_str(&edit.text);
        *done = edit.place.span.end;
    }
    texts
        .into_iter()
        .map(|(id, (mut text, done))| {
            text.push_str(&project.source(id).text()[done as usize..]);
            (id, text)
        })
        .collect()
}
