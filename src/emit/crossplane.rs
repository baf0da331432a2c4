//! Files as the payload of crossplane 0.5.8, which other tools read.
//!
//! The types here are its format. `docs/crossplane.md` says what differs from crossplane, and
//! why: nothing that nginx takes is refused, and what is not read is said.

mod read;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Diagnostic, Kind, Severity};
use crate::project::{File, Included, Project, Root};
use crate::source::{Source, SourceId, Span, visible_json};
use crate::syntax::{Body, Comment, Directive, Item, Placeholder, Quote, Word};

pub use read::{PayloadError, is_payload, rebuild};

/// So many directives may come of the includes of one configuration.
const MAX_STATEMENTS: usize = 1_000_000;

/// Whether all went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Failed,
}

/// What crossplane says of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    status: Status,
    #[serde(default)]
    errors: Vec<Error>,
    config: Vec<Config>,
}

/// What is wrong; `file` is there where the errors of all files stand together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_field_names, reason = "it is the key of the payload")]
struct Error {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    error: String,
    line: Option<u32>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Config {
    file: String,
    status: Status,
    #[serde(default)]
    errors: Vec<Error>,
    parsed: Vec<Statement>,
}

/// A directive, or a comment: then `directive` is `#`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Statement {
    /// The file that it is from, where several became one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    directive: String,
    #[serde(default)]
    line: u32,
    #[serde(default)]
    args: Vec<String>,
    /// The files that an `include` leads to, as indices of `config`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    includes: Option<Vec<usize>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block: Option<Vec<Statement>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

/// What crossplane would be asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CrossplaneOptions {
    /// Included files stand in place of their includes.
    pub combine: bool,
    /// Includes are not followed.
    pub single_file: bool,
    /// Comments are listed.
    pub comments: bool,
}

impl Payload {
    /// The payload of the first root of a project or, without one, of the file that could not
    /// be read. What of `report` is about reading the files is listed in it, and what nginx
    /// rejects.
    ///
    /// `None` if the includes expand to too much.
    pub fn new(
        project: &Project,
        report: &[Diagnostic],
        options: CrossplaneOptions,
    ) -> Option<Self> {
        let mut writer = Writer::new(project, options);
        let first = project.roots().first().map(|root| root.source);
        writer.index(first.or(project.files().first().map(|file| file.source.id))?);
        let mut config = Vec::new();
        // The list grows while files are read.
        while let Some(&id) = writer.files.get(config.len()) {
            config.push(writer.file(project.file(id), report));
        }
        if options.combine {
            config = vec![writer.combined(config)?];
        }
        let mut payload = Self { status: Status::Ok, errors: Vec::new(), config };
        for config in &payload.config {
            let of_file = |error: &Error| {
                let file = error.file.clone().unwrap_or_else(|| config.file.clone());
                Error { file: Some(file), ..error.clone() }
            };
            payload.errors.extend(config.errors.iter().map(of_file));
        }
        payload.config.iter_mut().flat_map(|it| &mut it.errors).for_each(|it| it.file = None);
        if !payload.errors.is_empty() {
            payload.status = Status::Failed;
        }
        Some(payload)
    }

    /// True if nothing is wrong with the files.
    pub fn is_ok(&self) -> bool {
        self.status == Status::Ok
    }

    /// What is wrong with the files, a line each.
    pub fn errors(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().map(|it| it.error.as_str())
    }

    /// The JSON, indented, with a line end behind it.
    pub fn json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        visible_json(json.expect("the types are plain data") + "\n")
    }
}

struct Writer<'a> {
    /// Where includes lead, unless they are not followed.
    root: Option<&'a Root>,
    options: CrossplaneOptions,
    /// The files of the payload, in its order.
    files: Vec<SourceId>,
    indices: HashMap<SourceId, usize>,
    /// The number of statements that were put into one file.
    count: usize,
}

impl<'p> Writer<'p> {
    fn new(project: &'p Project, options: CrossplaneOptions) -> Self {
        Self {
            root: project.roots().first().filter(|_| !options.single_file),
            options,
            files: Vec::new(),
            indices: HashMap::new(),
            count: 0,
        }
    }

    /// The place of a file in the payload, which is its last one if it is new.
    fn index(&mut self, id: SourceId) -> usize {
        *self.indices.entry(id).or_insert_with(|| {
            self.files.push(id);
            self.files.len() - 1
        })
    }

    fn file(&mut self, file: &File, report: &[Diagnostic]) -> Config {
        let source = &file.source;
        let mut of_file: Vec<&Diagnostic> = report
            .iter()
            .filter(|it| it.label.place.source == source.id && self.is_error(it))
            .collect();
        of_file.sort_by_key(|it| (it.label.place.span, &it.message));
        // A file that is included twice is checked twice.
        of_file.dedup_by_key(|it| (it.label.place.span, &it.message));
        let mut errors: Vec<Error> = of_file.iter().map(|it| error(it, source)).collect();
        errors.extend(file.tree.placeholders(source).map(unsayable));
        let is_read = !file.has_syntax_errors && !of_file.iter().any(|it| it.kind == Kind::Syntax);
        let items = file.tree.items(source);
        Config {
            file: source.name().into_owned(),
            status: if errors.is_empty() { Status::Ok } else { Status::Failed },
            errors,
            parsed: if is_read { self.items(items) } else { Vec::new() },
        }
    }

    /// True for what is wrong with reading files and for what nginx rejects, but not for advice
    /// and, where includes are not followed, for those that lead nowhere.
    fn is_error(&self, finding: &Diagnostic) -> bool {
        if ["missing-include", "invalid-include"].contains(&finding.rule) {
            return self.root.is_some();
        }
        finding.kind == Kind::Syntax
            || finding.kind == Kind::Validate && finding.severity == Severity::Error
    }

    fn items<'a>(&mut self, items: impl Iterator<Item = Item<'a>>) -> Vec<Statement> {
        let mut statements = Vec::new();
        for item in items {
            match item {
                Item::Directive(directive) => {
                    statements.push(self.directive(directive));
                    self.inner_comments(directive, &mut statements);
                }
                Item::Comment(comment) if self.options.comments => {
                    let line = comment.source.line(comment.span.start);
                    statements.push(self.comment(comment, line));
                }
                // What the payload cannot hold is an error of the file.
                Item::Comment(_) | Item::Placeholder(_) => {}
            }
        }
        statements
    }

    /// Comments between the words of a directive stand behind it, on its line.
    fn inner_comments(&self, directive: Directive<'_>, into: &mut Vec<Statement>) {
        if self.options.comments {
            let source = directive.source;
            let line = source.line(directive.span().start);
            let comments = directive.inner_comments().iter();
            into.extend(comments.map(|&span| self.comment(Comment { source, span }, line)));
        }
    }

    fn comment(&self, comment: Comment<'_>, line: u32) -> Statement {
        let source = comment.source;
        let text = source.slice(comment.span);
        let ends_line = source.text()[comment.span.end as usize..].starts_with('\n');
        let text = text.strip_suffix('\r').filter(|_| ends_line).unwrap_or(text);
        Statement {
            file: self.name_of(source),
            directive: "#".to_owned(),
            line,
            comment: Some(text[1..].to_owned()),
            ..Statement::default()
        }
    }

    fn name_of(&self, source: &Source) -> Option<String> {
        self.options.combine.then(|| source.name().into_owned())
    }

    fn directive(&mut self, directive: Directive<'_>) -> Statement {
        let source = directive.source;
        let name = argument(directive.words()[0], source);
        let mut args: Vec<String> =
            directive.args().iter().map(|&word| argument(word, source)).collect();
        let mut block = None;
        match directive.body() {
            Body::None => {}
            Body::Block { .. } => block = Some(self.items(directive.items())),
            Body::Lua { open, close } => {
                args.push(source.slice(Span::new(open + 1, close)).to_owned());
            }
        }
        if name == "if" && block.is_some() {
            without_parentheses(&mut args);
        }
        Statement {
            file: self.name_of(source),
            line: source.line(directive.span().start),
            includes: self.includes(directive),
            directive: name,
            args,
            block,
            comment: None,
        }
    }

    /// The files that an `include` leads to; none where it leads nowhere.
    fn includes(&mut self, directive: Directive<'_>) -> Option<Vec<usize>> {
        let root = self.root.filter(|_| directive.is("include"))?;
        Some(match root.included(directive) {
            Included::Files(files) => files.iter().map(|&id| self.index(id)).collect(),
            Included::Shipped | Included::Unknown => Vec::new(),
        })
    }

    /// All files as one: what an include leads to stands in its place.
    fn combined(&mut self, configs: Vec<Config>) -> Option<Config> {
        let mut parsed = Vec::new();
        self.expand(&configs[0].parsed, &configs, &mut parsed)?;
        let status = if configs.iter().all(|it| it.status == Status::Ok) {
            Status::Ok
        } else {
            Status::Failed
        };
        let file = configs[0].file.clone();
        let mut errors = Vec::new();
        for config in configs {
            let of_file = |it: Error| Error { file: Some(config.file.clone()), ..it };
            errors.extend(config.errors.into_iter().map(of_file));
        }
        Some(Config { file, status, errors, parsed })
    }

    fn expand(
        &mut self,
        statements: &[Statement],
        configs: &[Config],
        into: &mut Vec<Statement>,
    ) -> Option<()> {
        for statement in statements {
            self.count += 1;
            if self.count > MAX_STATEMENTS {
                return None;
            }
            for &index in statement.includes.iter().flatten() {
                self.expand(&configs[index].parsed, configs, into)?;
            }
            if statement.includes.is_some() {
                continue;
            }
            let mut copy = Statement { block: None, ..statement.clone() };
            if let Some(block) = &statement.block {
                self.expand(block, configs, copy.block.insert(Vec::new()))?;
            }
            into.push(copy);
        }
        Some(())
    }
}

/// Placeholders between directives are neither a directive nor a comment.
fn unsayable(placeholder: Placeholder<'_>) -> Error {
    let (source, text) = (placeholder.source, placeholder.text());
    let line = source.line(placeholder.span.start);
    let error = format!("\"{text}\" of a template is not listed in {}:{line}", source.name());
    Error { file: None, error, line: Some(line) }
}

/// A finding in the words of nginx and crossplane.
fn error(finding: &Diagnostic, source: &Source) -> Error {
    if finding.rule == "unreadable-file" {
        return Error { file: None, error: finding.message.clone(), line: None };
    }
    let line = source.line(finding.label.place.span.start);
    let error = format!("{} in {}:{line}", finding.message, source.name());
    Error { file: None, error, line: Some(line) }
}

/// A word as crossplane has it: as it is written but without its quotes, and without the `\`
/// that keeps such a quote from ending it.
fn argument(word: Word, source: &Source) -> String {
    let text = source.slice(word.inner());
    let quote = match word.quote {
        Quote::None => return text.to_owned(),
        Quote::Single => '\'',
        Quote::Double => '"',
    };
    let mut argument = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match rest.clone().next().filter(|_| c == '\\') {
            Some(escaped) => {
                rest.next();
                argument.extend(Some(c).filter(|_| escaped != quote));
                argument.push(escaped);
            }
            None => argument.push(c),
        }
    }
    argument
}

/// Takes the parentheses of an `if` away.
fn without_parentheses(args: &mut Vec<String>) {
    let is_open = args.first().is_some_and(|first| first.starts_with('('));
    let is_closed = args.last().is_some_and(|last| last.ends_with(')'));
    // A lone `(` that is also the last has no `)`, and so the other way round.
    if !is_open || !is_closed || args.len() == 1 && args[0].len() == 1 {
        return;
    }
    if let Some(first) = args.first_mut() {
        *first = first[1..].trim_start().to_owned();
    }
    if let Some(last) = args.last_mut() {
        *last = last[..last.len() - 1].trim_end().to_owned();
    }
    if args.last().is_some_and(String::is_empty) {
        args.pop();
    }
    if args.first().is_some_and(String::is_empty) {
        args.remove(0);
    }
}
