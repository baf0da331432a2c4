//! A file as JSON and back, to the byte.
//!
//! Every token has the white space and the comments before it, so the concatenation of
//! the document is the file. The types here are the format; `docs/json.md` describes it.

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::project::{File, Included, Project, Root};
use crate::source::{Encoding, Source, Span, Templating, visible_json};
use crate::syntax::{Body, Directive, Item, Quote};

use super::EmitError;

mod print;

/// The version of the format that this ngxc writes and reads.
const VERSION: u32 = 1;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
struct Document {
    #[cfg_attr(feature = "cli", schemars(extend("const" = "conf")))]
    ngxc: String,
    /// The version of the format.
    #[cfg_attr(feature = "cli", schemars(extend("const" = 1)))]
    version: u32,
    /// The file's path as it was given.
    path: String,
    /// How text becomes bytes: `utf-8`, or `latin-1` for a file that is not UTF-8.
    #[cfg_attr(feature = "cli", schemars(extend("enum" = ["utf-8", "latin-1"])))]
    encoding: String,
    /// Which placeholders it may have: `detect` (what it seems to have), `jinja`, `go`, `erb` or
    /// `envsubst`; none without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    template: Option<String>,
    /// Directives and comments outside all blocks.
    items: Vec<Node>,
    /// White space behind the last item.
    #[serde(default)]
    after: String,
}

/// A directive (`name`, `args`, `end`), a comment (`comment`), or placeholders of a template that
/// stand where a directive could (`placeholder`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
struct Node {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<Word>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    args: Option<Vec<Word>>,
    /// `;`, or `{` before a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<Token>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    block: Option<Vec<Node>>,
    /// The text between the braces of a Lua block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lua: Option<String>,
    /// `}` behind a block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    close: Option<Token>,
    /// The files that an `include` leads to, in their order; missing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    includes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<Token>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    placeholder: Option<Token>,
    /// The comment stands behind something else on its line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    trailing: bool,
    /// An empty line stands before it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    blank_line_before: bool,
}

/// A name or an argument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
struct Word {
    /// As nginx passes it on: without quotes, escapes replaced.
    value: String,
    /// Between its quotes as it stands in the file, where that is not the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    /// How it stands in the file; it is quoted another way if the value needs that.
    #[serde(default)]
    quote: Quoting,
    #[serde(flatten)]
    place: Lead,
}

/// `;`, `{`, `}`, a comment or placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
struct Token {
    text: String,
    #[serde(flatten)]
    place: Lead,
}

/// What stands before a token, and where the token is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
struct Lead {
    /// Comments between the words of a directive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    comments: Vec<Token>,
    /// White space; that of the canonical layout where it is missing.
    #[serde(default)]
    before: Option<String>,
    /// From 1.
    #[serde(default)]
    line: u32,
    /// From 1, in characters.
    #[serde(default)]
    column: u32,
    /// In bytes of the file.
    #[serde(default)]
    start: u32,
    /// In bytes of the file.
    #[serde(default)]
    end: u32,
}

/// How a word is quoted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "lowercase")]
enum Quoting {
    /// Not at all.
    #[default]
    None,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
}

/// Why a document could not be read.
#[derive(Debug)]
pub enum ReadError {
    /// It is no JSON, or not of this format.
    Json(serde_json::Error),
    /// It is of another version or kind.
    Unsupported(String),
    /// Its encoding has no bytes for its text.
    Encoding,
    /// What it says cannot be written so that nginx reads it.
    Invalid {
        /// The line of what would be written, from 1.
        line: u32,
        /// What is wrong with it.
        reason: String,
    },
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not a configuration in JSON: {error}"),
            Self::Unsupported(what) => {
                write!(f, "not a configuration in JSON of version {VERSION}: {what}")
            }
            Self::Encoding => write!(f, "the text has characters that its encoding lacks"),
            Self::Invalid { line, reason } => write!(f, "{reason}, on line {line} of the result"),
        }
    }
}

impl std::error::Error for ReadError {}

/// Writes a file without syntax errors as JSON, ending in a line end. Where its includes lead, a
/// root says whose file it is.
pub fn write(file: &File, root: Option<(&Project, &Root)>) -> Result<String, EmitError> {
    if file.has_syntax_errors {
        return Err(EmitError::Syntax);
    }
    let mut writer = Writer { source: &file.source, root, done: 0 };
    let items = writer.nodes(file.tree.items(&file.source));
    let document = Document {
        ngxc: "conf".to_owned(),
        version: VERSION,
        path: file.source.name().into_owned(),
        encoding: match file.source.encoding {
            Encoding::Utf8 => "utf-8".to_owned(),
            Encoding::Latin1 => "latin-1".to_owned(),
        },
        template: name_of(file.source.templating)
            .filter(|_| file.tree.has_placeholders)
            .map(str::to_owned),
        items,
        after: writer.gap(file.source.end()),
    };
    let json = serde_json::to_string_pretty(&document).expect("the types are plain data");
    Ok(visible_json(json + "\n"))
}

/// The JSON Schema of what [`write()`] writes.
#[cfg(feature = "cli")]
pub fn json_schema() -> String {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Document));
    schema.expect("a schema is JSON") + "\n"
}

/// The bytes of the file that a JSON document was written from. What a program changed or added
/// since is printed as it says, in canonical layout where it says nothing of that.
pub fn read(json: &[u8]) -> Result<Vec<u8>, ReadError> {
    let document: Document = serde_json::from_slice(json).map_err(ReadError::Json)?;
    if document.ngxc != "conf" || document.version != VERSION {
        let what = format!("it says {} {}", document.ngxc, document.version);
        return Err(ReadError::Unsupported(what));
    }
    let Some(templating) = templating(document.template.as_deref()) else {
        let what = format!("template {}", document.template.unwrap_or_default());
        return Err(ReadError::Unsupported(what));
    };
    let text = print::print(&document, templating);
    print::verify(&document, &text, templating)?;
    let bytes: Vec<u8> = match document.encoding.as_str() {
        "utf-8" => text.into_bytes(),
        "latin-1" => {
            let byte = |c| u8::try_from(c).map_err(|_| ReadError::Encoding);
            text.chars().map(byte).collect::<Result<_, _>>()?
        }
        other => return Err(ReadError::Unsupported(format!("encoding {other}"))),
    };
    Ok(bytes)
}

/// The words for what a file may have.
const TEMPLATES: [(&str, Templating); 5] = [
    ("detect", Templating::Detect),
    ("jinja", Templating::Jinja),
    ("go", Templating::Go),
    ("erb", Templating::Erb),
    ("envsubst", Templating::Envsubst),
];

fn name_of(templating: Templating) -> Option<&'static str> {
    TEMPLATES.iter().find(|(_, it)| *it == templating).map(|(name, _)| *name)
}

fn templating(name: Option<&str>) -> Option<Templating> {
    let Some(name) = name else { return Some(Templating::None) };
    TEMPLATES.iter().find(|(known, _)| *known == name).map(|(_, it)| *it)
}

struct Writer<'a> {
    source: &'a Source,
    root: Option<(&'a Project, &'a Root)>,
    /// Offset behind the last token that was written.
    done: u32,
}

impl Writer<'_> {
    /// The white space up to `until`.
    fn gap(&mut self, until: u32) -> String {
        let gap = self.source.slice(Span::new(self.done, until)).to_owned();
        self.done = until;
        gap
    }

    fn nodes<'a>(&mut self, items: impl Iterator<Item = Item<'a>>) -> Vec<Node> {
        items
            .map(|item| match item {
                Item::Comment(comment) => {
                    let token = self.token(comment.span, &mut [].iter());
                    let mut node = node(token.place.before.as_deref());
                    node.trailing = comment.is_trailing();
                    node.comment = Some(token);
                    node
                }
                Item::Placeholder(placeholder) => {
                    let token = self.token(placeholder.span, &mut [].iter());
                    let mut node = node(token.place.before.as_deref());
                    node.placeholder = Some(token);
                    node
                }
                Item::Directive(directive) => self.directive(directive),
            })
            .collect()
    }

    fn directive(&mut self, directive: Directive<'_>) -> Node {
        let mut comments = directive.inner_comments().iter();
        let mut words: Vec<Word> = Vec::new();
        for word in directive.words() {
            let place = self.lead(word.span, &mut comments);
            let value = word.literal(self.source).into_owned();
            let raw = self.source.slice(word.inner());
            let raw = (raw != value).then(|| raw.to_owned());
            let quote = match word.quote {
                Quote::None => Quoting::None,
                Quote::Single => Quoting::Single,
                Quote::Double => Quoting::Double,
            };
            words.push(Word { value, raw, quote, place });
        }
        let name = words.remove(0);
        let mut node = node(name.place.before.as_deref());
        node.name = Some(name);
        node.args = Some(words);
        node.includes = self.includes(directive);
        let end = directive.span().end;
        let last = Span::new(end - 1, end);
        match directive.body() {
            Body::None => node.end = Some(self.token(last, &mut comments)),
            Body::Block { open, .. } => {
                node.end = Some(self.token(Span::new(open, open + 1), &mut comments));
                node.block = Some(self.nodes(directive.items()));
                node.close = Some(self.token(last, &mut comments));
            }
            Body::Lua { open, close } => {
                node.end = Some(self.token(Span::new(open, open + 1), &mut comments));
                node.lua = Some(self.gap(close));
                node.close = Some(self.token(last, &mut comments));
            }
        }
        node
    }

    /// The files that an `include` leads to, as far as that is known.
    fn includes(&self, directive: Directive<'_>) -> Option<Vec<String>> {
        let (project, root) = self.root.filter(|_| directive.is("include"))?;
        match root.included(directive) {
            Included::Files(files) => {
                Some(files.iter().map(|&id| project.source(id).name().into_owned()).collect())
            }
            Included::Shipped | Included::Unknown => None,
        }
    }

    fn token(&mut self, span: Span, comments: &mut std::slice::Iter<'_, Span>) -> Token {
        let place = self.lead(span, comments);
        Token { text: self.source.slice(span).to_owned(), place }
    }

    fn lead(&mut self, span: Span, comments: &mut std::slice::Iter<'_, Span>) -> Lead {
        let mut before = Vec::new();
        while comments.as_slice().first().is_some_and(|comment| comment.start < span.start) {
            let Some(&comment) = comments.next() else {
                break;
            };
            before.push(self.token(comment, &mut [].iter()));
        }
        let gap = self.gap(span.start);
        self.done = span.end;
        let start = self.source.position(span.start);
        let end = self.source.position(span.end).offset;
        Lead {
            comments: before,
            before: Some(gap),
            line: start.line,
            column: start.column,
            start: start.offset,
            end,
        }
    }
}

fn node(before: Option<&str>) -> Node {
    Node {
        name: None,
        args: None,
        end: None,
        block: None,
        lua: None,
        close: None,
        includes: None,
        comment: None,
        placeholder: None,
        trailing: false,
        blank_line_before: before.unwrap_or_default().matches('\n').count() > 1,
    }
}
