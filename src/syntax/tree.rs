//! The tree: a read-only index into the text of one source.
//!
//! Directives and comments lie in one arena in the order of the text; a block's
//! content is the slice behind it. Nothing is copied and nothing ever changes.

use std::borrow::Cow;

use crate::source::{Place, Source, Span};

use super::placeholder::{self, Language, Role};

/// How a word is quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote {
    /// Not at all.
    None,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
}

/// A word of a directive: its name or an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Where it is, its quotes included.
    pub span: Span,
    /// Its quotes.
    pub quote: Quote,
    /// Another program puts something in place of it, or of a part of it.
    pub has_placeholder: bool,
}

impl Word {
    /// Where its text is, without quotes.
    pub fn inner(self) -> Span {
        match self.quote {
            Quote::None => self.span,
            _ => Span::new(self.span.start + 1, (self.span.end - 1).max(self.span.start + 1)),
        }
    }

    /// True if it stands in quotes.
    pub fn is_quoted(self) -> bool {
        self.quote != Quote::None
    }

    /// Its value as nginx passes it on: without quotes, escapes replaced
    /// (the copy loop at the end of `ngx_conf_read_token`). A placeholder is a variable that
    /// nobody knows.
    pub fn value(self, source: &Source) -> Cow<'_, str> {
        if self.has_placeholder {
            return Cow::Owned(unescape(&placeholder::without(source.slice(self.inner()))));
        }
        self.literal(source)
    }

    /// The same with placeholders as they are written.
    pub fn literal(self, source: &Source) -> Cow<'_, str> {
        let raw = source.slice(self.inner());
        if raw.contains('\\') { Cow::Owned(unescape(raw)) } else { Cow::Borrowed(raw) }
    }
}

fn unescape(raw: &str) -> String {
    let mut value = String::with_capacity(raw.len());
    let mut rest = raw.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match rest.next() {
            Some(c @ ('"' | '\'' | '\\')) => value.push(c),
            Some('t') => value.push('\t'),
            Some('r') => value.push('\r'),
            Some('n') => value.push('\n'),
            Some(c) => value.extend(['\\', c]),
            None => value.push('\\'),
        }
    }
    value
}

/// What ends a directive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// `;`, or nothing where it is missing.
    None,
    /// Directives between braces.
    Block {
        /// Offset of the `{`.
        open: u32,
        /// Offset of the `}`, unless it is missing.
        close: Option<u32>,
    },
    /// Lua code between braces.
    Lua {
        /// Offset of the `{`.
        open: u32,
        /// Offset of the `}`.
        close: u32,
    },
}

/// A directive, a comment or placeholders in the arena.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// A directive up to and with its `;` or `}`; a comment with its `#`, which tells it from
    /// placeholders.
    pub(super) span: Span,
    /// The directive's words as indices; empty for others.
    pub(super) words: (u32, u32),
    pub(super) body: Body,
    /// Index behind the last node inside this one.
    pub(super) end: u32,
}

/// A file's directives and comments.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) words: Vec<Word>,
    /// Comments between the words of a directive, in order.
    pub(super) inner_comments: Vec<Span>,
    /// It has placeholders, in words or between directives.
    pub has_placeholders: bool,
    /// The language of its tags.
    pub(super) language: Option<Language>,
}

/// What stands in a block.
#[derive(Debug, Clone, Copy)]
pub enum Item<'a> {
    /// A directive, with its block if it has one.
    Directive(Directive<'a>),
    /// A comment of its own.
    Comment(Comment<'a>),
    /// Placeholders where a directive could stand.
    Placeholder(Placeholder<'a>),
}

/// A comment that stands between directives.
#[derive(Debug, Clone, Copy)]
pub struct Comment<'a> {
    /// The file it is in.
    pub source: &'a Source,
    /// From the `#` up to the line end.
    pub span: Span,
}

/// Placeholders that stand between directives: one or more on a line, as they are written.
#[derive(Debug, Clone, Copy)]
pub struct Placeholder<'a> {
    /// The file it is in.
    pub source: &'a Source,
    /// From the first to the last.
    pub span: Span,
    /// What the tag does that stands there; names and several of them speak.
    pub role: Role,
}

impl<'a> Item<'a> {
    /// The file it is in.
    pub fn source(self) -> &'a Source {
        match self {
            Self::Directive(directive) => directive.source,
            Self::Comment(comment) => comment.source,
            Self::Placeholder(placeholder) => placeholder.source,
        }
    }

    /// Where it is.
    pub fn span(self) -> Span {
        match self {
            Self::Directive(directive) => directive.span(),
            Self::Comment(comment) => comment.span,
            Self::Placeholder(placeholder) => placeholder.span,
        }
    }
}

impl<'a> Placeholder<'a> {
    /// The placeholders as they are written.
    pub fn text(self) -> &'a str {
        self.source.slice(self.span)
    }
}

impl<'a> Comment<'a> {
    /// The comment from its `#`, without white space at its end.
    pub fn text(self) -> &'a str {
        self.source.slice(self.span).trim_end_matches([' ', '\t', '\r'])
    }

    /// True when something else stands before it on its line.
    pub fn is_trailing(self) -> bool {
        !self.source.begins_line(self.span.start)
    }
}

/// A directive: a handle that is copied freely.
#[derive(Debug, Clone, Copy)]
pub struct Directive<'a> {
    /// The file it is in.
    pub source: &'a Source,
    tree: &'a Tree,
    index: u32,
}

impl Tree {
    /// The number of directives and comments.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// True if there is neither a directive nor a comment.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// What stands in the file outside all blocks.
    pub fn items<'a>(&'a self, source: &'a Source) -> Items<'a> {
        Items { source, tree: self, next: 0, end: crate::source::offset(self.nodes.len()) }
    }

    /// The directives of the file that stand outside all blocks.
    pub fn directives<'a>(
        &'a self,
        source: &'a Source,
    ) -> impl Iterator<Item = Directive<'a>> + Clone {
        directives(self.items(source))
    }

    /// All directives of the file, a block before its content.
    pub fn all_directives<'a>(&'a self, source: &'a Source) -> impl Iterator<Item = Directive<'a>> {
        self.range(source, 0..self.nodes.len())
    }

    /// All placeholders of the file that stand between directives.
    pub fn placeholders<'a>(&'a self, source: &'a Source) -> impl Iterator<Item = Placeholder<'a>> {
        let nodes = self.nodes.iter().filter(|_| self.has_placeholders);
        let others = nodes.filter(|node| node.words.0 == node.words.1);
        others.filter_map(move |node| match self.other(source, node.span) {
            Item::Placeholder(placeholder) => Some(placeholder),
            Item::Directive(_) | Item::Comment(_) => None,
        })
    }

    /// What has no words.
    fn other<'a>(&self, source: &'a Source, span: Span) -> Item<'a> {
        let text = source.slice(span);
        if text.starts_with('#') {
            return Item::Comment(Comment { source, span });
        }
        let role = self.language.map_or(Role::Speaks, |language| Role::of(text, language));
        Item::Placeholder(Placeholder { source, span, role })
    }

    /// The directives that begin in a part of the file, a block before its content.
    pub fn directives_from<'a>(
        &'a self,
        source: &'a Source,
        span: Span,
    ) -> impl Iterator<Item = Directive<'a>> {
        let before = |offset: u32| self.nodes.partition_point(|node| node.span.start < offset);
        self.range(source, before(span.start)..before(span.end))
    }

    fn range<'a>(
        &'a self,
        source: &'a Source,
        range: std::ops::Range<usize>,
    ) -> impl Iterator<Item = Directive<'a>> {
        let is_directive = |&(_, node): &(u32, &Node)| node.words.0 < node.words.1;
        let from = crate::source::offset(range.start);
        (from..).zip(&self.nodes[range]).filter(is_directive).map(move |(index, _)| Directive {
            source,
            tree: self,
            index,
        })
    }
}

/// The items of one block, in order.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    source: &'a Source,
    tree: &'a Tree,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        if self.next == self.end {
            return None;
        }
        let (source, index) = (self.source, self.next);
        let node = &self.tree.nodes[index as usize];
        self.next = node.end;
        Some(if node.words.0 < node.words.1 {
            Item::Directive(Directive { source, tree: self.tree, index })
        } else {
            self.tree.other(source, node.span)
        })
    }
}

fn directives(items: Items<'_>) -> impl Iterator<Item = Directive<'_>> + Clone {
    items.filter_map(|item| match item {
        Item::Directive(directive) => Some(directive),
        Item::Comment(_) | Item::Placeholder(_) => None,
    })
}

impl<'a> Directive<'a> {
    fn node(self) -> &'a Node {
        &self.tree.nodes[self.index as usize]
    }

    /// Its name and its arguments.
    pub fn words(self) -> &'a [Word] {
        let (start, end) = self.node().words;
        &self.tree.words[start as usize..end as usize]
    }

    /// Its arguments.
    pub fn args(self) -> &'a [Word] {
        &self.words()[1..]
    }

    /// The value of its name.
    pub fn name(self) -> Cow<'a, str> {
        self.words()[0].value(self.source)
    }

    /// True when it has this name; names are case-sensitive.
    pub fn is(self, name: &str) -> bool {
        self.name() == name
    }

    /// The value of an argument, counted from 0.
    pub fn arg(self, index: usize) -> Option<Cow<'a, str>> {
        self.args().get(index).map(|word| word.value(self.source))
    }

    /// The values of all arguments.
    pub fn arg_values(self) -> impl Iterator<Item = Cow<'a, str>> {
        self.args().iter().map(move |word| word.value(self.source))
    }

    /// From its name up to and with its `;` or `}`.
    pub fn span(self) -> Span {
        self.node().span
    }

    /// From its name to the end of its last word.
    pub fn head(self) -> Span {
        let words = self.words();
        words[0].span.to(words[words.len() - 1].span)
    }

    /// True if another program puts something in place of a word of it, or of a part of one.
    pub fn has_placeholder(self) -> bool {
        self.words().iter().any(|word| word.has_placeholder)
    }

    /// Its head as a place.
    pub fn place(self) -> Place {
        self.source.place(self.head())
    }

    /// A word of it as a place.
    pub fn place_of(self, word: Word) -> Place {
        self.source.place(word.span)
    }

    /// What ends it.
    pub fn body(self) -> Body {
        self.node().body
    }

    /// True when it ends in braces with directives between them.
    pub fn is_block(self) -> bool {
        matches!(self.body(), Body::Block { .. })
    }

    /// What stands in its block.
    pub fn items(self) -> Items<'a> {
        Items { source: self.source, tree: self.tree, next: self.index + 1, end: self.node().end }
    }

    /// The directives in its block.
    pub fn directives(self) -> impl Iterator<Item = Directive<'a>> {
        directives(self.items())
    }

    /// Comments between its words, and between the last word and its `;` or `{`.
    pub fn inner_comments(self) -> &'a [Span] {
        let all = &self.tree.inner_comments;
        let end = match self.body() {
            Body::None => self.span().end,
            Body::Block { open, .. } | Body::Lua { open, .. } => open,
        };
        let from = all.partition_point(|comment| comment.start < self.span().start);
        let to = from + all[from..].partition_point(|comment| comment.start < end);
        &all[from..to]
    }
}
