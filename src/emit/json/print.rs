//! A document to text: as it was, and in canonical layout what a program put there.

use crate::source::{Source, SourceId, Templating};
use crate::syntax::{self, Body, Item};

use super::{Document, Lead, Node, Quoting, ReadError, Token, Word};

/// The text of a document whose placeholders are these.
pub(super) fn print(document: &Document, templating: Templating) -> String {
    let leads = || document.items.iter().filter_map(lead);
    let is_crlf = leads().find(|before| before.contains('\n')).is_some_and(|it| it.contains('\r'))
        || document.after.contains('\r');
    let line_ending = if is_crlf { "\r\n" } else { "\n" };
    let unit = unit(&document.items).unwrap_or("    ");
    let mut printer = Printer { out: String::new(), templating, unit };
    printer.nodes(&document.items, line_ending);
    if document.after.is_empty() && document.items.iter().any(|node| lead(node).is_none()) {
        printer.out.push_str(line_ending);
    }
    printer.out.push_str(&document.after);
    printer.out
}

/// The white space before a directive or a comment, if the document says what it is.
fn lead(node: &Node) -> Option<&str> {
    first(node)?.before.as_deref()
}

/// Where the first token of a node is.
fn first(node: &Node) -> Option<&Lead> {
    let name = node.name.as_ref().map(|name| &name.place);
    let other = node.comment.as_ref().or(node.placeholder.as_ref());
    name.or(other.map(|token| &token.place))
}

/// What begins the line of a node: its last line end and the white space behind it.
fn new_line(before: &str) -> Option<&str> {
    let at = before.rfind('\n')?;
    Some(&before[before[..at].strip_suffix('\r').map_or(at, str::len)..])
}

fn indentation(before: &str) -> Option<&str> {
    before.rfind('\n').map(|at| &before[at + 1..])
}

/// The white space of one level: by how much the first node that begins a line stands deeper
/// than its block.
fn unit(nodes: &[Node]) -> Option<&str> {
    nodes.iter().find_map(|node| {
        let own = lead(node).and_then(indentation).unwrap_or_default();
        let block = node.block.as_deref()?;
        let inner = block.iter().filter_map(lead).find_map(indentation);
        let deeper = inner.and_then(|inner| inner.strip_prefix(own));
        deeper.filter(|unit| !unit.is_empty()).or_else(|| unit(block))
    })
}

struct Printer<'d> {
    out: String,
    templating: Templating,
    /// The white space of one level.
    unit: &'d str,
}

impl Printer<'_> {
    /// Prints what stands in a block; `own` begins a line there where nothing else is said.
    fn nodes(&mut self, nodes: &[Node], own: &str) {
        let beside = nodes.iter().filter(|node| !node.trailing).filter_map(lead);
        let own = beside.clone().find_map(new_line).unwrap_or(own).to_owned();
        let mut is_behind_new = false;
        for node in nodes {
            let lead = lead(node);
            // What was the first of its line may stand behind something new.
            if is_behind_new && !node.trailing && lead.is_some_and(|it| !it.contains('\n')) {
                self.out.push_str(&own);
            }
            is_behind_new = lead.is_none();
            self.node(node, &own);
        }
    }

    fn node(&mut self, node: &Node, own: &str) {
        let from = self.out.len();
        let start = match node.trailing {
            _ if from == 0 => "",
            true => " ",
            false => own,
        };
        self.words(node, start, own);
        // What was further down has come to the beginning: the line end before it was another's.
        let was_first = |it: &Lead| it.before.as_ref().map_or(0, String::len) == it.start as usize;
        if from == 0 && !first(node).is_none_or(was_first) {
            let text = self.out.trim_start_matches(['\r', '\n']).len();
            self.out.drain(..self.out.len() - text);
        }
    }

    fn words(&mut self, node: &Node, start: &str, own: &str) {
        if let Some(text) = node.comment.as_ref().or(node.placeholder.as_ref()) {
            self.token(text, start);
            return;
        }
        let words = node.name.iter().chain(node.args.iter().flatten());
        for (index, word) in words.enumerate() {
            self.place(&word.place, if index == 0 { start } else { " " });
            let text = self.written(word);
            self.out.push_str(&text);
        }
        let is_block = node.block.is_some() || node.lua.is_some();
        match &node.end {
            Some(end) => self.token(end, ""),
            None => self.out.push_str(if is_block { " {" } else { ";" }),
        }
        if let Some(block) = &node.block {
            let close = node.close.as_ref().and_then(|close| close.place.before.as_deref());
            let is_one_line = close.is_some_and(|before| !before.contains('\n'))
                && block.iter().any(|it| lead(it).is_some());
            let inner = if is_one_line || !own.contains('\n') {
                " ".to_owned()
            } else {
                format!("{own}{}", self.unit)
            };
            self.nodes(block, &inner);
        }
        self.out.push_str(node.lua.as_deref().unwrap_or_default());
        match &node.close {
            // Lua code goes on to the brace.
            Some(close) if node.lua.is_some() => self.token(close, ""),
            Some(close) => self.token(close, own),
            None if is_block => {
                let is_empty = node.block.as_ref().is_none_or(Vec::is_empty);
                self.out.push_str(if is_empty { "" } else { own });
                self.out.push('}');
            }
            None => {}
        }
    }

    fn token(&mut self, token: &Token, otherwise: &str) {
        self.place(&token.place, otherwise);
        self.out.push_str(&token.text);
    }

    fn place(&mut self, lead: &Lead, otherwise: &str) {
        for comment in &lead.comments {
            self.token(comment, " ");
        }
        self.out.push_str(lead.before.as_deref().unwrap_or(otherwise));
    }

    /// A word as it stood, or quoted as its value needs.
    fn written(&self, word: &Word) -> String {
        let raw = word.raw.as_ref().unwrap_or(&word.value);
        let quote = match word.quote {
            Quoting::None if is_plain(raw) && *raw == word.value => return raw.clone(),
            Quoting::None => "",
            Quoting::Single => "'",
            Quoting::Double => "\"",
        };
        let text = format!("{quote}{raw}{quote}");
        if self.reads_as(&text, &word.value) {
            return text;
        }
        if self.reads_as(&word.value, &word.value) {
            return word.value.clone();
        }
        // A backslash stays one before anything but these.
        let escaped = word.value.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\"")
    }

    /// True if a text is read as one word of this value.
    fn reads_as(&self, text: &str, value: &str) -> bool {
        let mut source = Source::new(SourceId(0), "word", format!("x {text};").into_bytes());
        source.templating = self.templating;
        let (tree, report) = syntax::parse(&source);
        let mut items = tree.items(&source);
        let (Some(Item::Directive(only)), None) = (items.next(), items.next()) else {
            return false;
        };
        report.is_empty()
            && only.body() == Body::None
            && only.inner_comments().is_empty()
            && only.args().len() == 1
            && only.args()[0].literal(&source) == value
    }
}

/// True for a bare word that nothing in it could end or change.
fn is_plain(text: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=*,".contains(&b);
    !text.is_empty() && text.bytes().all(is_plain)
}

/// Reads what was printed again and compares it with the document, word by word.
pub(super) fn verify(
    document: &Document,
    text: &str,
    templating: Templating,
) -> Result<(), ReadError> {
    let mut source = Source::new(SourceId(0), "document", text.as_bytes().to_vec());
    source.templating = templating;
    let (tree, report) = syntax::parse(&source);
    if let Some(finding) = report.first() {
        let line = source.line(finding.label.place.span.start);
        return Err(ReadError::Invalid { line, reason: finding.message.clone() });
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
                let said =
                    node.comment.as_ref().map(|said| said.text.trim_end_matches([' ', '\t', '\r']));
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
            return Err(ReadError::Invalid { line, reason: other_way(node) });
        }
        if let (Some(block), Some(Item::Directive(directive))) = (&node.block, item) {
            compare(block, directive.items(), source)?;
        }
    }
    let reason = || "something stands there that the document does not have".to_owned();
    items.next().map_or(Ok(()), |_| Err(ReadError::Invalid { line, reason: reason() }))
}

/// Why a node cannot be written as it is.
fn other_way(node: &Node) -> String {
    let words = node.name.iter().chain(node.args.iter().flatten()).map(|it| it.value.as_str());
    let text = match node.comment.as_ref().or(node.placeholder.as_ref()) {
        Some(token) if node.comment.is_some() && !token.text.starts_with('#') => {
            return format!("a comment begins with \"#\", and \"{}\" does not", token.text);
        }
        Some(token) => token.text.clone(),
        None => words.collect::<Vec<_>>().join(" "),
    };
    format!("\"{text}\" would be read in another way")
}
