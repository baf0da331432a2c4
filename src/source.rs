//! A file as read: its bytes as text, its lines, and the way back to the bytes.
//!
//! nginx reads bytes; people read characters. A file that is valid UTF-8 is its
//! own text. Any other is decoded as Latin-1, which maps every byte to one
//! character and back, so no byte is lost and every offset can be given as it is
//! on disk. This module knows nothing of nginx's language.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The longest text that spans can address, in bytes: spans are 32 bits wide.
pub const MAX_LEN: usize = u32::MAX as usize / 2;

/// Names one source of a [`crate::project::Project`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A range of bytes in the text of a source, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` to `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The empty range at `offset`.
    pub const fn at(offset: u32) -> Self {
        Self::new(offset, offset)
    }

    /// The smallest range that holds both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// The same range for indexing a `str`.
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A range in one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The source.
    pub source: SourceId,
    /// The range in its text.
    pub span: Span,
}

/// How the bytes of a file became text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes are the text.
    Utf8,
    /// The bytes are not UTF-8; each is the character of its number.
    Latin1,
}

/// Which placeholders a file may have, for which another program puts text before nginx reads it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Templating {
    /// None: it is as nginx gets it.
    #[default]
    None,
    /// What it seems to have: tags of one language, where nginx could not read the file with them,
    /// and the names `${NAME}`, `%name%`, `__NAME__` and `@@NAME@@`.
    Detect,
    /// Tags of Jinja: `{{ … }}`, `{% … %}` and `{# … #}`.
    Jinja,
    /// Actions of Go's templates, or Mustache: `{{ … }}`.
    Go,
    /// Tags of ERB: `<% … %>`.
    Erb,
    /// The names that envsubst replaces, if they are in capitals: `$NAME` and `${NAME}`.
    Envsubst,
}

/// A position that people read: line and column from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Offset in bytes of the file as it is on disk.
    pub offset: u32,
}

/// One file: where it is, its text, its lines.
#[derive(Debug, Clone)]
pub struct Source {
    /// The name that diagnostics carry.
    pub id: SourceId,
    /// The path as the user or an `include` gave it.
    pub path: PathBuf,
    /// How bytes and text relate.
    pub encoding: Encoding,
    /// Which placeholders it may have.
    pub templating: Templating,
    text: String,
    /// Offset in the text of the first byte of each line.
    lines: Vec<u32>,
    /// Number of characters before each block of [`BLOCK`] bytes of the text.
    blocks: Vec<u32>,
    line_ending: &'static str,
}

/// Characters are counted from the nearest block on, so that a long line costs no more
/// than others.
const BLOCK: usize = 512;

impl Source {
    /// Takes a file's bytes, at most [`MAX_LEN`] of them.
    pub fn new(id: SourceId, path: impl Into<PathBuf>, bytes: Vec<u8>) -> Self {
        let (text, encoding) = match String::from_utf8(bytes) {
            Ok(text) => (text, Encoding::Utf8),
            Err(error) => {
                let text = error.into_bytes().into_iter().map(char::from).collect();
                (text, Encoding::Latin1)
            }
        };
        let mut lines = vec![0];
        lines.extend(newlines(&text).map(|at| at + 1));
        let mut blocks = vec![0];
        let mut count = 0;
        for block in text.as_bytes().chunks(BLOCK) {
            count += chars(block);
            blocks.push(count);
        }
        let crlf = lines
            .iter()
            .filter(|&at| *at > 1 && text.as_bytes()[*at as usize - 2] == b'\r')
            .count();
        let line_ending = if crlf * 2 > lines.len() - 1 { "\r\n" } else { "\n" };
        let templating = Templating::default();
        Self { id, path: path.into(), encoding, templating, text, lines, blocks, line_ending }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a range.
    pub fn slice(&self, span: Span) -> &str {
        &self.text[span.range()]
    }

    /// The range in this source.
    pub const fn place(&self, span: Span) -> Place {
        Place { source: self.id, span }
    }

    /// Offset behind the last byte of the text.
    pub fn end(&self) -> u32 {
        offset(self.text.len())
    }

    /// The file's bytes, if `text` took the place of its text.
    ///
    /// `None` when the file is Latin-1 and `text` has a character that is not.
    pub fn encode<'a>(&self, text: &'a str) -> Option<Cow<'a, [u8]>> {
        match self.encoding {
            Encoding::Utf8 => Some(Cow::Borrowed(text.as_bytes())),
            Encoding::Latin1 => text
                .chars()
                .map(|c| u8::try_from(c).ok())
                .collect::<Option<Vec<u8>>>()
                .map(Cow::Owned),
        }
    }

    /// The same file with another text, as if it had been read again; `None` as above.
    pub fn with_text(&self, text: &str) -> Option<Self> {
        let mut source = Self::new(self.id, &self.path, self.encode(text)?.into_owned());
        source.templating = self.templating;
        Some(source)
    }

    /// Number of bytes that the range has on disk.
    pub fn disk_len(&self, span: Span) -> u32 {
        match self.encoding {
            Encoding::Utf8 => span.end - span.start,
            Encoding::Latin1 => self.chars_before(span.end) - self.chars_before(span.start),
        }
    }

    /// Number of characters before an offset in the text.
    fn chars_before(&self, at: u32) -> u32 {
        if self.blocks.last() == Some(&self.end()) {
            // All of it is ASCII.
            return at;
        }
        let block = at as usize / BLOCK;
        self.blocks[block] + chars(&self.text.as_bytes()[block * BLOCK..at as usize])
    }

    /// Line from 1 of an offset in the text.
    pub fn line(&self, at: u32) -> u32 {
        offset(self.lines.partition_point(|&start| start <= at))
    }

    /// Offset of the first byte of a line, counted from 1.
    pub fn line_start(&self, line: u32) -> u32 {
        let index = (line.max(1) as usize - 1).min(self.lines.len() - 1);
        self.lines[index]
    }

    /// Number of lines; a last line without line end counts.
    pub fn line_count(&self) -> u32 {
        offset(self.lines.len())
    }

    /// Range of a line, counted from 1, without its line end.
    pub fn line_span(&self, line: u32) -> Span {
        let start = self.line_start(line);
        let end = match self.lines.get(line as usize) {
            Some(&next) => next - 1,
            None => self.end(),
        };
        Span::new(start, end)
    }

    /// The position of an offset in the text, for people and for other programs.
    pub fn position(&self, at: u32) -> Position {
        let line = self.line(at);
        let before = self.chars_before(at);
        let column = before - self.chars_before(self.line_start(line)) + 1;
        // A Latin-1 file has as many bytes as its text has characters.
        let offset = if self.encoding == Encoding::Utf8 { at } else { before };
        Position { line, column, offset }
    }

    /// White space before the first other character of the line that holds `at`.
    pub fn indentation(&self, at: u32) -> &str {
        let line = self.slice(self.line_span(self.line(at)));
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    /// True when only white space stands before `at` on its line.
    pub fn begins_line(&self, at: u32) -> bool {
        self.text[..at as usize]
            .bytes()
            .rev()
            .take_while(|&b| b != b'\n')
            .all(|b| matches!(b, b' ' | b'\t' | b'\r'))
    }

    /// The line end that most lines of the file have.
    pub fn line_ending(&self) -> &'static str {
        self.line_ending
    }

    /// The path as text, with `/` between its parts as it was given.
    pub fn name(&self) -> Cow<'_, str> {
        Path::to_string_lossy(&self.path)
    }
}

/// Text from a configuration with its control characters made visible, so that it can
/// neither steer a terminal nor break a line.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_invisible) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| {
        if is_invisible(c) { c.escape_default().to_string() } else { c.to_string() }
    };
    Cow::Owned(text.chars().map(escape).collect())
}

/// A JSON document with its control characters as `\uXXXX`, so that it cannot steer a terminal
/// either: outside strings, JSON has only line ends.
pub(crate) fn visible_json(text: String) -> String {
    let must_be_escaped = |c: char| c != '\n' && is_invisible(c);
    if !text.contains(must_be_escaped) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if must_be_escaped(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Control characters, and those that change the direction of text or have no width.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A length or index as an offset; texts are at most [`MAX_LEN`] long.
pub(crate) fn offset(n: usize) -> u32 {
    u32::try_from(n).expect("a source is at most MAX_LEN bytes long")
}

/// Number of characters that begin in these bytes of UTF-8.
fn chars(bytes: &[u8]) -> u32 {
    offset(bytes.iter().filter(|&&b| b & 0xc0 != 0x80).count())
}

fn newlines(text: &str) -> impl Iterator<Item = u32> + '_ {
    text.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(at, _)| offset(at))
}
