//! What another program puts text in place of before nginx reads it: tags of template languages,
//! as in `{{ port }}`, and names, as in `${PORT}` or `@@HOST@@`.
//!
//! What they will become is not known: they are found here, and nothing is made of what they
//! say but whether they leave any text behind.

use std::collections::HashSet;
use std::ops::Range;

use crate::source::{Source, Span, Templating, offset};

/// What a placeholder counts as in a value: a variable that nothing defines.
const UNKNOWN: &str = "${placeholder}";

/// A language whose tags would be cut to pieces by nginx's lexer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Jinja,
    Go,
    Erb,
}

impl Language {
    /// The language whose tags a text seems to have.
    pub(super) fn of(text: &str) -> Option<Self> {
        if text.contains("{%") {
            Some(Self::Jinja)
        } else if text.contains("{{") {
            Some(Self::Go)
        } else if text.contains("<%") {
            Some(Self::Erb)
        } else {
            None
        }
    }

    /// How its tags begin and end.
    const fn delimiters(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Jinja => &[("{{", "}}"), ("{%", "%}"), ("{#", "#}")],
            Self::Go => &[("{{", "}}")],
            Self::Erb => &[("<%", "%>")],
        }
    }
}

/// A tag of a template language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub(super) span: Span,
    /// It leaves no text of its own, as a condition or a comment.
    pub(super) is_silent: bool,
}

/// All tags of a language, in order. What is not closed is none.
pub(super) fn tags(text: &str, language: Language) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut kinds = language.delimiters().to_vec();
    let mut is_sound = true;
    let mut at = 0;
    while let Some((start, open, close)) = next_tag(text, at, &kinds) {
        let inside = start + open.len();
        let Some(plain) = text[inside..].find(close).map(|len| inside + len + close.len()) else {
            // None that begins behind this one ends either.
            kinds.retain(|kind| kind.0 != open);
            continue;
        };
        let has_strings = open != "{#" && open != "<%" && !is_go_comment(&text[inside..]);
        let end =
            if has_strings && is_sound { tag_end(text, inside, plain, close) } else { Some(plain) };
        // Where strings and braces do not match once, they are not looked at again.
        is_sound &= end.is_some();
        let end = end.unwrap_or(plain);
        let span = Span::new(offset(start), offset(end));
        let is_silent = is_silent(&text[start..end]);
        tags.push(Tag { span, is_silent });
        at = end;
    }
    tags
}

/// Where the next tag begins, and how it begins and ends.
fn next_tag<'k>(
    text: &str,
    from: usize,
    kinds: &[(&'k str, &'k str)],
) -> Option<(usize, &'k str, &'k str)> {
    let first = if kinds.iter().any(|kind| kind.0.starts_with('<')) { '<' } else { '{' };
    let mut at = from;
    loop {
        at += text[at..].find(first)?;
        if let Some(kind) = kinds.iter().find(|kind| text[at..].starts_with(kind.0)) {
            return Some((at, kind.0, kind.1));
        }
        if kinds.is_empty() {
            return None;
        }
        at += 1;
    }
}

/// The end of a tag whose inside begins at `from`, and whose closing characters stand first before
/// `plain`. They may stand in strings too, and two braces in a row may end two blocks.
fn tag_end(text: &str, from: usize, plain: usize, close: &str) -> Option<usize> {
    /// In more text than this, strings and braces do not count.
    const MAX: usize = 2000;
    if !text[from..plain - close.len()].contains(['"', '\'', '`', '{']) {
        return Some(plain);
    }
    let mut depth = 0_usize;
    let mut at = from;
    while at < text.len().min(from + MAX) {
        let rest = &text[at..];
        let c = rest.chars().next()?;
        match c {
            _ if depth == 0 && rest.starts_with(close) => return Some(at + close.len()),
            '"' | '\'' | '`' => at += string_len(rest, c),
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

fn is_go_comment(inside: &str) -> bool {
    inside.trim_start_matches(['-', ' ']).starts_with("/*")
}

/// The bytes from an opening quote to before its closing one; none if it is not closed on its
/// line.
fn string_len(text: &str, quote: char) -> usize {
    let mut is_escaped = true;
    for (at, c) in text.char_indices() {
        match c {
            '\n' => break,
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return at,
            _ => {}
        }
    }
    0
}

/// Words that begin tags of Jinja which leave text behind.
const SPEAKING_JINJA: [&str; 4] = ["include", "extends", "block", "call"];
/// Words that begin tags of Go which leave none.
const SILENT_GO: [&str; 8] = ["if", "else", "end", "range", "with", "define", "break", "continue"];

/// True for a tag that leaves no text of its own.
pub(super) fn is_silent(tag: &str) -> bool {
    if !["{{", "{%", "{#", "<%"].iter().any(|open| tag.starts_with(open)) {
        return false;
    }
    let inside = tag[2..tag.len() - 2].trim_start_matches('-').trim_start();
    let word = inside.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
    let word = word.unwrap_or_default();
    match &tag[..2] {
        "{#" => true,
        "{%" => !SPEAKING_JINJA.contains(&word),
        "<%" => !tag.starts_with("<%="),
        _ => {
            let is_assignment = inside.starts_with('$') && inside.contains(":=");
            SILENT_GO.contains(&word) || inside.starts_with("/*") || is_assignment
        }
    }
}

/// The text with all tags as words, every byte where it was.
pub(super) fn masked(text: &str, tags: &[Tag]) -> String {
    let mut masked = String::with_capacity(text.len());
    for tag in tags {
        masked.push_str(&text[masked.len()..tag.span.start as usize]);
        masked.extend(std::iter::repeat_n('x', tag.span.range().len()));
    }
    masked.push_str(&text[masked.len()..]);
    masked
}

/// No name is longer, so that a long word costs no look at all of it from each place.
const MAX_NAME: usize = 100;

/// Which names count as placeholders in a file.
#[derive(Debug, Default)]
struct Names {
    /// Those with delimiters of their own.
    are_found: bool,
    /// `$NAME` too.
    are_bare: bool,
    /// Variables of these names are defined.
    defined: HashSet<String>,
}

impl Names {
    /// The names that count in a text.
    fn of(source: &Source) -> Self {
        let text = source.text();
        let is_envsubst = source.templating == Templating::Envsubst;
        let may_have = || ["$", "%", "__", "@@"].iter().any(|it| text.contains(it));
        let are_found = is_envsubst || source.templating == Templating::Detect && may_have();
        let defined = if are_found && !is_envsubst { defined(text) } else { HashSet::new() };
        // The ending that the image of nginx looks for to run envsubst.
        let is_named = source.path.extension().is_some_and(|ending| ending == "template");
        Self { are_found, are_bare: is_envsubst || are_found && is_named, defined }
    }

    /// True if one stands in the text.
    fn any_in(&self, text: &str) -> bool {
        self.are_found && self.next_in(text, 0).is_some()
    }

    /// The first one behind `from`.
    fn next_in(&self, text: &str, from: usize) -> Option<Range<usize>> {
        let starts = text[from..].match_indices(['$', '%', '_', '@']);
        starts
            .map(|(at, _)| from + at)
            .find_map(|at| Some(at..at + self.len_at(&text[at..], false)?))
    }

    /// The length of the one that a text begins with. Where a directive could stand, nginx takes no
    /// variable, so that more is a placeholder.
    fn len_at(&self, text: &str, is_alone: bool) -> Option<usize> {
        const DELIMITERS: [(&str, &str); 4] = [("${", "}"), ("%", "%"), ("__", "__"), ("@@", "@@")];
        let delimited = DELIMITERS.into_iter().find(|(open, _)| text.starts_with(open));
        let (open, close) = match delimited {
            Some(delimiters) => delimiters,
            None if (is_alone || self.are_bare) && text.starts_with('$') => ("$", ""),
            None => return None,
        };
        let rest = &text[open.len()..];
        let is_of_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
        let mut len = rest.bytes().take(MAX_NAME).take_while(is_of_name).count();
        if open == "__" {
            len = rest[..len].find("__")?;
        }
        let name = &rest[..len];
        let is_closed = rest[len..].starts_with(close);
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let is_upper = !name.bytes().any(|b| b.is_ascii_lowercase());
        let is_hex = name.len() == 2 && name.bytes().all(|b| b.is_ascii_hexdigit());
        let counts = match open {
            "%" => name.len() > 1 && !is_hex,
            "@@" => true,
            "__" => is_upper,
            "${" if is_alone => true,
            _ => is_upper && name.len() > 1 && !self.defined.contains(name),
        };
        (is_closed && is_name && counts).then_some(open.len() + len + close.len())
    }
}

/// The names in capitals that a text seems to define as variables: behind `set`, or before a `{`.
fn defined(text: &str) -> HashSet<String> {
    let mut defined = HashSet::new();
    for (at, _) in text.match_indices('$') {
        let rest = &text[at + 1..];
        let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, behind) = rest.split_at(len);
        let is_upper = len > 0 && !name.bytes().any(|b| b.is_ascii_lowercase());
        let is_set = text[..at].trim_end_matches([' ', '\t']).ends_with("set");
        if is_upper && (is_set || behind.trim_start_matches([' ', '\t']).starts_with('{')) {
            defined.insert(name.to_owned());
        }
    }
    defined
}

/// A word with variables that nobody knows in place of all placeholders in it.
pub(super) fn without(word: &str) -> String {
    let names = Names { are_found: true, ..Names::default() };
    let tags = Language::of(word).map(|language| tags(word, language)).unwrap_or_default();
    let mut tags = tags.into_iter().map(|tag| tag.span.range()).peekable();
    let mut known = String::with_capacity(word.len());
    let mut at = 0;
    loop {
        let name = names.next_in(word, at);
        let tag = tags.next_if(|tag| name.as_ref().is_none_or(|name| tag.start <= name.start));
        let Some(next) = tag.or(name) else { break };
        known.push_str(&word[at..next.start]);
        known.push_str(UNKNOWN);
        at = next.end;
        while tags.next_if(|tag| tag.start < at).is_some() {}
    }
    known + &word[at..]
}

/// Finds the placeholders of one file.
pub(super) struct Placeholders<'a> {
    text: &'a str,
    tags: &'a [Tag],
    names: Names,
}

impl<'a> Placeholders<'a> {
    pub(super) fn new(source: &'a Source, tags: &'a [Tag]) -> Self {
        Self { text: source.text(), tags, names: Names::of(source) }
    }

    /// True if one stands in a part of the text, or the part in one.
    pub(super) fn any_in(&self, span: Span) -> bool {
        let from = self.tags.partition_point(|tag| tag.span.end <= span.start);
        self.tags.get(from).is_some_and(|tag| tag.span.start < span.end)
            || self.names.any_in(&self.text[span.range()])
    }

    /// True if the name of a directive is one, or has one.
    pub(super) fn any_in_name(&self, span: Span) -> bool {
        let text = &self.text[span.range()];
        let is_one = || self.names.are_found && self.names.len_at(text, true) == Some(text.len());
        self.any_in(span) || is_one()
    }

    /// The end of what stands in place of a directive at `start`: a tag that leaves no text, or
    /// placeholders that are alone up to the end of their line or block.
    pub(super) fn line_end(&self, start: u32) -> Option<u32> {
        if let Some(tag) = self.tag_at(start).filter(|tag| tag.is_silent) {
            return Some(tag.span.end);
        }
        let mut end = start;
        let mut at = start;
        loop {
            let rest = &self.text[at as usize..];
            let name = if self.names.are_found { self.names.len_at(rest, true) } else { None };
            if let Some(tag) = self.tag_at(at) {
                at = tag.span.end;
            } else if let Some(len) = name {
                at += offset(len);
            } else if at > start && rest.starts_with([' ', '\t', '\r']) {
                at += 1;
                continue;
            } else {
                let ends = rest.is_empty() || rest.starts_with(['\n', '}']);
                let in_comment = at > end && rest.starts_with('#');
                return (end > start && (ends || in_comment)).then_some(end);
            }
            end = at;
        }
    }

    fn tag_at(&self, at: u32) -> Option<Tag> {
        let index = self.tags.binary_search_by_key(&at, |tag| tag.span.start).ok()?;
        Some(self.tags[index])
    }
}
