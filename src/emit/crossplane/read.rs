//! A payload of crossplane back to configuration: each word with quotes where it needs them.
//!
//! What is printed is read again and compared with the payload before anyone gets it.

use crate::emit::{EmitError, Style, format};
use crate::project::File;
use crate::source::{Source, SourceId, Templating};
use crate::syntax::{self, TokenKind};

use super::{Config, CrossplaneOptions, Payload, Project, Statement, Status, Writer};

/// Blocks deeper than this are not printed, as they would not be read.
const MAX_DEPTH: usize = syntax::MAX_DEPTH;

/// Why a payload is not configuration.
#[derive(Debug)]
pub enum PayloadError {
    /// It is no JSON, or not of this format.
    Json(serde_json::Error),
    /// It has several files, of these names, and none was asked for.
    SeveralFiles(Vec<String>),
    /// It has no file of this name, or none at all.
    NoFile(Option<String>),
    /// Something was wrong with the file when the payload was made, which may not be whole.
    Failed(String),
    /// A directive or a comment that nginx's language has no words for.
    Unwritable {
        /// Its name.
        directive: String,
        /// Its line as the payload has it.
        line: u32,
    },
    /// What was printed cannot be formatted.
    Emit(EmitError),
}

impl std::fmt::Display for PayloadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not a payload of crossplane: {error}"),
            Self::SeveralFiles(names) => write!(
                f,
                "it has {} files; say which one with --file: {}",
                names.len(),
                names.join(", ")
            ),
            Self::NoFile(Some(name)) => write!(f, "it has no file \"{name}\""),
            Self::NoFile(None) => write!(f, "it has no file"),
            Self::Failed(name) => {
                write!(f, "\"{name}\" may not be whole: its status is failed")
            }
            Self::Unwritable { directive, line } => {
                write!(f, "\"{directive}\" of line {line} cannot be written as configuration")
            }
            Self::Emit(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for PayloadError {}

/// True for JSON with the keys of a payload.
pub fn is_payload(json: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Keys {
        #[expect(dead_code, reason = "it has to be there")]
        status: serde::de::IgnoredAny,
        #[expect(dead_code, reason = "it has to be there")]
        config: serde::de::IgnoredAny,
    }
    serde_json::from_slice::<Keys>(json).is_ok()
}

/// The file `name` of a payload as configuration, or the only one.
pub fn rebuild(json: &[u8], name: Option<&str>) -> Result<String, PayloadError> {
    let payload: Payload = serde_json::from_slice(json).map_err(PayloadError::Json)?;
    let config = chosen(&payload.config, name)?;
    if config.status == Status::Failed {
        return Err(PayloadError::Failed(config.file.clone()));
    }
    let mut text = String::new();
    print(&config.parsed, 0, 0, &mut text)?;
    let mut source = Source::new(SourceId(0), &config.file, text.into_bytes());
    // A payload has the words of nginx's language.
    source.templating = Templating::None;
    let (tree, report) = syntax::parse(&source);
    let file = File { source, tree, has_syntax_errors: !report.is_empty() };
    compare(&config.parsed, &read_again(&file))?;
    format(&file, &Style::default()).map_err(PayloadError::Emit)
}

fn chosen<'a>(configs: &'a [Config], name: Option<&str>) -> Result<&'a Config, PayloadError> {
    let missing = || PayloadError::NoFile(name.map(str::to_owned));
    match (configs, name) {
        (_, Some(name)) => configs.iter().find(|it| it.file == name).ok_or_else(missing),
        ([], None) => Err(missing()),
        ([config], None) => Ok(config),
        _ => Err(PayloadError::SeveralFiles(configs.iter().map(|it| it.file.clone()).collect())),
    }
}

/// Prints statements a line each; a comment on the line of what is before it, which began on
/// line `last`, stands behind it.
fn print(
    statements: &[Statement],
    last: u32,
    depth: usize,
    out: &mut String,
) -> Result<(), PayloadError> {
    let mut last = Some(last);
    for statement in statements {
        match &statement.comment {
            Some(text) if statement.directive == "#" => {
                if text.contains('\n') {
                    return Err(unwritable(statement));
                }
                let is_trailing = last == Some(statement.line) && !out.is_empty();
                out.extend([if is_trailing { " #" } else { "\n#" }, text]);
                // Nothing stands behind a comment.
                last = None;
            }
            _ => {
                out.push('\n');
                directive(statement, depth, out)?;
                last = Some(statement.line);
            }
        }
    }
    Ok(())
}

fn directive(statement: &Statement, depth: usize, out: &mut String) -> Result<(), PayloadError> {
    let name = word(&statement.directive).ok_or_else(|| unwritable(statement))?;
    let is_lua = name.ends_with("_by_lua_block") && statement.block.is_none();
    out.push_str(&name);
    let (lua, args) = match statement.args.split_last() {
        Some((lua, args)) if is_lua => (Some(lua), args),
        _ => (None, statement.args.as_slice()),
    };
    let words: Option<Vec<String>> = args.iter().map(|arg| word(arg)).collect();
    let mut words = words.ok_or_else(|| unwritable(statement))?;
    if name == "if" && statement.block.is_some() {
        parenthesise(args, &mut words);
    }
    for word in words {
        out.extend([" ", &word]);
    }
    match (lua, &statement.block) {
        (Some(code), _) => out.extend([" {", code, "}"]),
        (None, None) => out.push(';'),
        (None, Some(_)) if depth == MAX_DEPTH => return Err(unwritable(statement)),
        (None, Some(block)) => {
            out.push_str(" {");
            print(block, statement.line, depth + 1, out)?;
            out.push_str("\n}");
        }
    }
    Ok(())
}

fn unwritable(statement: &Statement) -> PayloadError {
    PayloadError::Unwritable { directive: statement.directive.clone(), line: statement.line }
}

/// An argument as it has to be written: bare if that is one word, or else in quotes.
fn word(text: &str) -> Option<String> {
    let bare = text.to_owned();
    if is_one(&bare, TokenKind::Word) {
        return Some(bare);
    }
    let quoted = ['"', '\''].into_iter().filter_map(|quote| quoted(text, quote));
    quoted.filter(|it| is_one(it, TokenKind::Quoted)).min_by_key(String::len)
}

/// The argument in quotes; none if such a quote is escaped in it, which would be lost.
fn quoted(text: &str, quote: char) -> Option<String> {
    let mut out = String::from(quote);
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => {
                let escaped = rest.next()?;
                if escaped == quote {
                    return None;
                }
                out.extend([c, escaped]);
            }
            _ if c == quote => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out.push(quote);
    Some(out)
}

/// True if nginx reads the text as one word of a kind, whatever is behind it.
fn is_one(text: &str, kind: TokenKind) -> bool {
    let followed = format!("{text};");
    let mut tokens = syntax::tokens(&followed);
    let first = tokens.next();
    first.is_some_and(|it| it.kind == kind && it.span.range() == (0..text.len()))
}

/// Puts the parentheses of an `if` where they make no other word of what they touch.
fn parenthesise(args: &[String], words: &mut Vec<String>) {
    let open = args.first().map(|first| format!("({first}"));
    match open.filter(|open| is_one(open, TokenKind::Word)) {
        Some(open) => words[0] = open,
        None => words.insert(0, "(".to_owned()),
    }
    if let Some(last) = words.last_mut() {
        // A `)` may follow a quote at once (`ngx_conf_read_token`).
        if *last == "(" {
            words.push(")".to_owned());
        } else {
            last.push(')');
        }
    }
}

/// What a payload of the printed text would have.
fn read_again(file: &File) -> Vec<Statement> {
    let project = Project::default();
    let options = CrossplaneOptions { comments: true, ..CrossplaneOptions::default() };
    Writer::new(&project, options).items(file.tree.items(&file.source))
}

fn compare(wanted: &[Statement], printed: &[Statement]) -> Result<(), PayloadError> {
    for (index, statement) in wanted.iter().enumerate() {
        let Some(again) = printed.get(index) else { return Err(unwritable(statement)) };
        let is_same = statement.directive == again.directive
            && statement.args == again.args
            && statement.comment == again.comment
            && statement.block.is_some() == again.block.is_some();
        if !is_same {
            return Err(unwritable(statement));
        }
        if let (Some(block), Some(again)) = (&statement.block, &again.block) {
            compare(block, again)?;
        }
    }
    match printed.get(wanted.len()) {
        Some(more) => Err(unwritable(more)),
        None => Ok(()),
    }
}
