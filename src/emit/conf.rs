//! The formatter: one directive a line, a level of indentation for each block, and nothing else
//! changed.
//!
//! Words, comments, single blank lines and the author's line breaks between arguments
//! are kept; white space is not. What is printed is read again and compared before
//! anyone gets it.

use std::collections::BTreeMap;

use crate::catalog::{self, Form};
use crate::project::{File, Included, Project, Root};
use crate::source::{Place, Source, Span};
use crate::syntax::{Body, Comment, Directive, Item, Word};

use super::Style;
use super::verify::verify;

/// Why a file could not be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmitError {
    /// The file has syntax errors.
    Syntax,
    /// What was printed does not read as what was there: a fault of ngxc.
    Changed {
        /// Line of the input, from 1, where they part.
        line: u32,
    },
    /// An included file has another encoding, so that its bytes would change.
    Encoding {
        /// The include directive.
        place: Place,
    },
    /// The includes expand to too much text.
    TooLarge,
    /// An include leads to something that is not here.
    MissingInclude {
        /// The include directive.
        place: Place,
    },
}

impl std::fmt::Display for EmitError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax => write!(f, "it has syntax errors"),
            Self::Changed { line } => {
                write!(f, "formatting would change what stands on line {line}: a fault of ngxc")
            }
            Self::Encoding { .. } => write!(f, "an included file has another encoding"),
            Self::TooLarge => write!(f, "its includes expand to too much text"),
            Self::MissingInclude { .. } => {
                write!(f, "an include leads to something that is not here")
            }
        }
    }
}

impl std::error::Error for EmitError {}

/// Formats a file; the text is for [`Source::encode`].
pub fn format(file: &File, style: &Style) -> Result<String, EmitError> {
    if file.has_syntax_errors {
        return Err(EmitError::Syntax);
    }
    let mut printer = Printer::new(file, style.clone(), None);
    printer.items(file.tree.items(&file.source), 0)?;
    let text = printer.finish();
    verify(file, &text, style)?;
    Ok(text)
}

/// Prints a root as one configuration without includes, each part headed by its file.
pub fn flat(project: &Project, root: &Root) -> Result<String, EmitError> {
    let file = project.file(root.source);
    if file.has_syntax_errors {
        return Err(EmitError::Syntax);
    }
    let mut printer = Printer::new(file, Style::default(), Some((project, root)));
    printer.items(file.tree.items(&file.source), 0)?;
    Ok(printer.finish())
}

struct Printer<'p> {
    out: String,
    line_ending: &'static str,
    style: Style,
    /// The white space of one level.
    unit: String,
    /// Where includes lead, if they are to be expanded.
    expand: Option<(&'p Project, &'p Root)>,
    /// The last thing printed, in this block, is what an include led to.
    after_include: bool,
}

impl<'p> Printer<'p> {
    fn new(file: &File, style: Style, expand: Option<(&'p Project, &'p Root)>) -> Self {
        Self {
            out: String::new(),
            line_ending: super::style::line_ending(file),
            unit: style.unit(file),
            style,
            expand,
            after_include: false,
        }
    }

    fn finish(mut self) -> String {
        if !self.out.is_empty() {
            self.out.push_str(self.line_ending);
        }
        self.out
    }

    /// Begins a line; the first one has no line end before it.
    fn line(&mut self, depth: usize) {
        if !self.out.is_empty() {
            self.out.push_str(self.line_ending);
        }
        for _ in 0..depth {
            self.out.push_str(&self.unit);
        }
    }

    fn blank_line(&mut self, source: &Source, at: u32) {
        if !self.out.is_empty() && has_blank_line_before(source, at) {
            self.out.push_str(self.line_ending);
        }
    }

    fn items(
        &mut self,
        items: impl Iterator<Item = Item<'p>>,
        depth: usize,
    ) -> Result<(), EmitError> {
        self.items_in_columns(items, depth, None)
    }

    fn items_in_columns(
        &mut self,
        items: impl Iterator<Item = Item<'p>>,
        depth: usize,
        column: Option<usize>,
    ) -> Result<(), EmitError> {
        let mut before: Option<Item<'p>> = None;
        let mut items = items.peekable();
        while let Some(item) = items.next() {
            match item {
                Item::Comment(comment) if self.after_include => {
                    self.begin(item, before, depth);
                    self.out.push_str(comment.text());
                }
                // A tag may be the first half of a word, and a space before `#` would end it.
                Item::Comment(comment) if is_glued(before, item) => {
                    self.out.push_str(comment.text());
                }
                Item::Comment(comment) => self.comment(comment, depth),
                Item::Directive(directive) if self.is_expanded(directive) => {
                    if std::mem::take(&mut self.after_include) {
                        self.out.push_str(self.line_ending);
                    } else {
                        self.blank_line(directive.source, directive.span().start);
                    }
                    self.comments_of_include(directive, depth);
                    // What stands behind an include on its line is about the include.
                    while let Some(Item::Comment(comment)) =
                        items.next_if(|next| matches!(next, Item::Comment(it) if it.is_trailing()))
                    {
                        self.line(depth);
                        self.out.push_str(comment.text());
                    }
                    self.include(directive, depth)?;
                }
                Item::Directive(directive) => {
                    self.begin(item, before, depth);
                    self.directive(directive, depth, column)?;
                }
                Item::Placeholder(placeholder) => {
                    self.begin(item, before, depth);
                    self.out.push_str(placeholder.text());
                }
            }
            before = Some(item);
        }
        Ok(())
    }

    /// Begins the line of an item. What a template has on one line with its tags stays there.
    fn begin(&mut self, item: Item<'p>, before: Option<Item<'p>>, depth: usize) {
        let source = item.source();
        let start = item.span().start;
        if std::mem::take(&mut self.after_include) {
            self.back(source, start, depth);
            self.line(depth);
            return;
        }
        let with_tag = before.filter(|before| {
            [*before, item].iter().any(|it| matches!(it, Item::Placeholder(_)))
                && !matches!(before, Item::Comment(_))
        });
        let gap = with_tag.map(|before| source.slice(Span::new(before.span().end, start)));
        match gap.filter(|gap| !gap.contains('\n')) {
            Some("") => {}
            Some(_) => self.out.push(' '),
            None => {
                self.blank_line(source, start);
                self.line(depth);
            }
        }
    }

    /// Says that a file goes on behind what it included.
    fn back(&mut self, source: &Source, at: u32, depth: usize) {
        self.out.push_str(self.line_ending);
        self.line(depth);
        self.out.push_str(&format!("# back in {}:{}", in_a_comment(source), source.line(at)));
    }

    fn comment(&mut self, comment: Comment<'p>, depth: usize) {
        if comment.is_trailing() && !self.out.is_empty() {
            self.out.push(' ');
            self.out.push_str(comment.text());
        } else {
            self.comment_line(comment, depth);
        }
    }

    fn comment_line(&mut self, comment: Comment<'p>, depth: usize) {
        self.blank_line(comment.source, comment.span.start);
        self.line(depth);
        self.out.push_str(comment.text());
    }

    fn directive(
        &mut self,
        directive: Directive<'p>,
        depth: usize,
        column: Option<usize>,
    ) -> Result<(), EmitError> {
        let source = directive.source;
        let ends_in_comment = self.words(directive, depth, column);
        if ends_in_comment {
            self.line(depth);
        } else if directive.body() != Body::None {
            self.out.push(' ');
        }
        match directive.body() {
            Body::None => self.out.push(';'),
            Body::Lua { open, close } => {
                self.out.push('{');
                self.out.push_str(source.slice(Span::new(open + 1, close)));
                self.out.push('}');
            }
            Body::Block { close, .. } => {
                self.out.push('{');
                if directive.items().next().is_some() {
                    let column = column_of_values(directive);
                    self.items_in_columns(directive.items(), depth + 1, column)?;
                    self.blank_line(source, close.unwrap_or(directive.span().end));
                    self.line(depth);
                }
                self.out.push('}');
            }
        }
        self.after_include = false;
        Ok(())
    }

    /// Prints name and arguments with the comments between them; true if the last thing
    /// is a comment.
    fn words(&mut self, directive: Directive<'p>, depth: usize, column: Option<usize>) -> bool {
        let source = directive.source;
        let words = directive.words().iter().map(|&word| (word.span, Some(word)));
        let comments = directive.inner_comments().iter().map(|&comment| (comment, None));
        let mut pieces: Vec<(Span, Option<Word>)> = words.chain(comments).collect();
        pieces.sort_unstable_by_key(|(span, _)| *span);
        let mut last: Option<(Span, bool)> = None;
        for (index, &(span, word)) in pieces.iter().enumerate() {
            if let Some((before, after_comment)) = last {
                let gap = source.slice(Span::new(before.end, span.start));
                if after_comment || gap.contains('\n') {
                    self.line(depth + usize::from(column.is_none()));
                    self.out.extend(std::iter::repeat_n(' ', column.unwrap_or(0)));
                } else if let Some(column) = column.filter(|_| index == 1) {
                    let width = source.slice(before).chars().count();
                    self.out.extend(std::iter::repeat_n(' ', column.saturating_sub(width).max(1)));
                } else if !gap.is_empty() {
                    self.out.push(' ');
                }
            }
            match word {
                Some(word) => self.out.push_str(&self.style.word(word, source)),
                None => {
                    self.out.push_str(source.slice(span).trim_end_matches([' ', '\t', '\r']));
                }
            }
            last = Some((span, word.is_none()));
        }
        last.is_some_and(|(_, is_comment)| is_comment)
    }

    /// True for an include in whose place the included files are printed.
    fn is_expanded(&self, directive: Directive<'p>) -> bool {
        self.expand.is_some() && directive.is("include") && directive.body() == Body::None
    }

    fn comments_of_include(&mut self, include: Directive<'p>, depth: usize) {
        for &comment in include.inner_comments() {
            self.line(depth);
            self.out.push_str(include.source.slice(comment).trim_end_matches([' ', '\t', '\r']));
        }
    }

    /// Prints what an include leads to, each file behind a comment with its name.
    fn include(&mut self, include: Directive<'p>, depth: usize) -> Result<(), EmitError> {
        let Some((project, root)) = self.expand else { return Ok(()) };
        let Included::Files(files) = root.included(include) else {
            return Err(EmitError::MissingInclude { place: include.place() });
        };
        let words: Vec<&str> =
            include.words().iter().map(|word| include.source.slice(word.span)).collect();
        let mask = words.join(" ").replace('\n', " ");
        if files.is_empty() {
            self.line(depth);
            self.out.push_str(&format!("# {mask}: no files"));
        }
        for (index, &id) in files.iter().enumerate() {
            let file = project.file(id);
            self.check_included(file, include)?;
            if index > 0 {
                self.out.push_str(self.line_ending);
            }
            self.line(depth);
            self.out.push_str(&format!("# {mask}: {}", in_a_comment(&file.source)));
            self.items(file.tree.items(&file.source), depth)?;
        }
        self.after_include = true;
        Ok(())
    }
}

/// False at the beginning of a file.
/// True for what stands behind a placeholder without white space.
fn is_glued(before: Option<Item<'_>>, item: Item<'_>) -> bool {
    matches!(before, Some(Item::Placeholder(it)) if it.span.end == item.span().start)
}

fn has_blank_line_before(source: &Source, at: u32) -> bool {
    let before = &source.text()[..at as usize];
    let rest = before.trim_end_matches([' ', '\t', '\r', '\n']);
    !rest.is_empty() && before[rest.len()..].matches('\n').nth(1).is_some()
}

/// The name of a file for a comment in any encoding: what is not ASCII is shown as `?`, and
/// so is a line end, which would end the comment.
fn in_a_comment(source: &Source) -> String {
    let shown = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
    source.name().chars().map(shown).collect()
}

impl Printer<'_> {
    /// Refuses a file whose text cannot stand in that of the root.
    fn check_included(&self, file: &File, include: Directive<'_>) -> Result<(), EmitError> {
        /// Files that include each other many times could print more than fits in memory;
        /// this is how often what they hold may be printed.
        const MAX_GROWTH: usize = 20;
        let Some((project, root)) = self.expand else { return Ok(()) };
        let written: usize = project.files().iter().map(|file| file.source.text().len()).sum();
        if file.has_syntax_errors {
            return Err(EmitError::Syntax);
        }
        let encoding = project.source(root.source).encoding;
        if file.source.encoding != encoding && !file.source.text().is_ascii() {
            return Err(EmitError::Encoding { place: include.place() });
        }
        if self.out.len() > 1_000_000 + MAX_GROWTH * written {
            return Err(EmitError::TooLarge);
        }
        Ok(())
    }
}

/// Columns further right than this are not kept.
const MAX_COLUMN: usize = 200;

/// Where the values of a `map` or its like begin behind the keys, if most that do not begin
/// a line stand in one column; the others come to stand there too.
///
/// That values behind one space are in a column is chance, where their keys are equally long:
/// of those in the column, one must have more before it.
fn column_of_values(block: Directive<'_>) -> Option<usize> {
    let name = block.name();
    if !catalog::directive(&name).iter().any(|entry| entry.form == Form::Entries) {
        return None;
    }
    let entries =
        block.directives().filter(|entry| !entry.args().is_empty() && !entry.is("include"));
    let found: Vec<(usize, bool)> = entries.filter_map(value_column).collect();
    let mut counts: BTreeMap<usize, (usize, bool)> = BTreeMap::new();
    for &(column, is_apart) in &found {
        let (count, any_apart) = counts.entry(column).or_default();
        *count += 1;
        *any_apart |= is_apart;
    }
    let (&column, &(in_column, any_apart)) = counts.iter().max_by_key(|(_, (count, _))| count)?;
    let is_meant = any_apart && in_column > 1 && 2 * in_column > found.len();
    (is_meant && column <= MAX_COLUMN).then_some(column)
}

/// The distance from an entry's key to its value, if they are on one line; and whether more
/// than a space is between them.
fn value_column(entry: Directive<'_>) -> Option<(usize, bool)> {
    let source = entry.source;
    let (key, value) = (entry.words()[0].span, entry.words()[1].span);
    let line = source.line_span(source.line(key.start));
    if value.start > line.end || !source.begins_line(key.start) {
        return None;
    }
    let column = |to: u32| columns(source.slice(Span::new(line.start, to)), 0);
    let (start, end, value) = (column(key.start), column(key.end), column(value.start));
    Some((value - start, value > end + 1))
}

/// The column behind `text` that begins at column `from`; a tab reaches the next eighth.
fn columns(text: &str, from: usize) -> usize {
    text.chars().fold(from, |column, c| if c == '\t' { column / 8 * 8 + 8 } else { column + 1 })
}
