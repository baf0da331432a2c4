//! A document to text: as it was, and in canonical layout what a program put there.

use crate::source::{Source, SourceId, Templating};
use crate::syntax::{self, Body, Item};

use super::{Document, Lead, Node, Quoting, ReadError, Token, Word};

const INDENT: &str = "    ";

/// The text of a document.
pub(super) fn print(document: &Document) -> String {
    let mut text = String::new();
    nodes(&document.items, 0, &mut text);
    if document.after.is_empty() && document.items.iter().any(|node| lead(node).is_none()) {
        text.push('\n');
    }
    text.push_str(&document.after);
    text
}

/// The white space before a directive or a comment, if the document says what it is.
fn lead(node: &Node) -> Option<&str> {
    let name = node.name.as_ref().map(|name| &name.place);
    let other = node.comment.as_ref().or(node.placeholder.as_ref());
    name.or(other.map(|token| &token.place))?.before.as_deref()
}

fn nodes(nodes: &[Node], depth: usize, out: &mut String) {
    let own = new_line(nodes, depth);
    for node in nodes {
        let start = if out.is_empty() { "" } else { own.as_str() };
        let start = if node.trailing { " " } else { start };
        if let Some(text) = node.comment.as_ref().or(node.placeholder.as_ref()) {
            token(text, start, out);
            continue;
        }
        let words = node.name.iter().chain(node.args.iter().flatten());
        for (index, it) in words.enumerate() {
            place(&it.place, if index == 0 { start } else { " " }, out);
            out.push_str(&written(it));
        }
        let is_block = node.block.is_some() || node.lua.is_some();
        match &node.end {
            Some(end) => token(end, "", out),
            None => out.push_str(if is_block { " {" } else { ";" }),
        }
        if let Some(block) = &node.block {
            self::nodes(block, depth + 1, out);
        }
        out.push_str(node.lua.as_deref().unwrap_or_default());
        match &node.close {
            Some(close) => token(close, &own, out),
            None if is_block => {
                let is_empty = node.block.as_ref().is_none_or(Vec::is_empty);
                out.push_str(if is_empty { "" } else { &own });
                out.push('}');
            }
            None => {}
        }
    }
}

/// What begins a line at this level: as others beside it have it, or four spaces a level.
fn new_line(nodes: &[Node], depth: usize) -> String {
    let beside =
        nodes.iter().filter_map(lead).find_map(|before| before.rfind('\n').map(|at| &before[at..]));
    beside.map_or_else(|| format!("\n{}", INDENT.repeat(depth)), str::to_owned)
}

fn token(token: &Token, otherwise: &str, out: &mut String) {
    place(&token.place, otherwise, out);
    out.push_str(&token.text);
}

fn place(lead: &Lead, otherwise: &str, out: &mut String) {
    for comment in &lead.comments {
        token(comment, " ", out);
    }
    out.push_str(lead.before.as_deref().unwrap_or(otherwise));
}

/// A word as it stood, or quoted as its value needs.
fn written(word: &Word) -> String {
    let raw = word.raw.as_ref().unwrap_or(&word.value);
    let quote = match word.quote {
        Quoting::None => "",
        Quoting::Single => "'",
        Quoting::Double => "\"",
    };
    let text = format!("{quote}{raw}{quote}");
    if reads_as(&text, &word.value) {
        return text;
    }
    if reads_as(&word.value, &word.value) {
        return word.value.clone();
    }
    // A backslash stays one before anything but these.
    let escaped = word.value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// True if nginx reads a text as one word of this value.
fn reads_as(text: &str, value: &str) -> bool {
    let source = Source::new(SourceId(0), "word", format!("x {text};").into_bytes());
    let (tree, report) = syntax::parse(&source);
    let mut items = tree.items(&source);
    let (Some(Item::Directive(only)), None) = (items.next(), items.next()) else { return false };
    report.is_empty()
        && only.body() == Body::None
        && only.inner_comments().is_empty()
        && only.args().len() == 1
        && only.args()[0].literal(&source) == value
}

/// Reads what was printed again and compares it with the document, word by word.
pub(super) fn verify(
    document: &Document,
    bytes: &[u8],
    templating: Templating,
) -> Result<(), ReadError> {
    let mut source = Source::new(SourceId(0), "document", bytes.to_vec());
    source.templating = templating;
    let (tree, report) = syntax::parse(&source);
    if let Some(finding) = report.first() {
        return Err(ReadError::Invalid { line: source.line(finding.label.place.span.start) });
    }
    compare(&document.items, tree.items(&source), &source)
}

fn compare<'a>(
    nodes: &[Node],
    items: impl Iterator<Item = Item<'a>>,
    source: &Source,
) -> Result<(), ReadError> {
    let mut items = items;
    let mut line = source.line_count();
    for node in nodes {
        let item = items.next();
        let is_same = match &item {
            Some(Item::Comment(comment)) => {
                line = source.line(comment.span.start);
                let said = node.comment.as_ref().map(|said| said.text.trim_end());
                said == Some(comment.text())
            }
            Some(Item::Placeholder(placeholder)) => {
                line = source.line(placeholder.span.start);
                node.placeholder.as_ref().map(|said| said.text.as_str()) == Some(placeholder.text())
            }
            Some(Item::Directive(directive)) => {
                line = source.line(directive.span().start);
                let said = node.name.iter().chain(node.args.iter().flatten());
                let words = directive.words().iter().map(|word| word.literal(source));
                node.comment.is_none()
                    && node.placeholder.is_none()
                    && said.map(|word| word.value.as_str()).eq(words)
                    && node.block.is_some() == matches!(directive.body(), Body::Block { .. })
            }
            None => false,
        };
        if !is_same {
            return Err(ReadError::Invalid { line });
        }
        if let (Some(block), Some(Item::Directive(directive))) = (&node.block, item) {
            compare(block, directive.items(), source)?;
        }
    }
    items.next().map_or(Ok(()), |_| Err(ReadError::Invalid { line }))
}
