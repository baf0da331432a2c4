//! What another program puts text in place of before nginx reads it: tags of template languages,
//! as in `{{ port }}`, and names, as in `${PORT}` or `@@HOST@@`.
//!
//! What they will become is not known: they are found here, and nothing is made of what they say.

mod names;
mod tags;

use crate::source::{Span, offset};

pub(super) use names::Names;
pub use tags::Role;
pub(super) use tags::{Language, Tag, tags};

/// What a placeholder counts as in a value: a variable that nothing defines.
pub(crate) const UNKNOWN: &str = "${placeholder}";

/// The text with all tags as words, every byte where it was. Behind a tag a quote opens, and behind
/// one that leaves no text a comment may begin: there the word ends one byte early, and
/// [`Placeholders::word_end`] says where it does.
pub(super) fn masked(text: &str, tags: &[Tag]) -> String {
    let mut masked = String::with_capacity(text.len());
    for tag in tags {
        masked.push_str(&text[masked.len()..tag.span.start as usize]);
        masked.extend(std::iter::repeat_n('x', tag.span.range().len() - 1));
        let behind = &text[tag.span.end as usize..];
        let begins =
            behind.starts_with(['"', '\'']) || behind.starts_with('#') && tag.role != Role::Speaks;
        masked.push(if begins { ' ' } else { 'x' });
    }
    masked.push_str(&text[masked.len()..]);
    masked
}

/// A word with variables that nobody knows in place of all placeholders in it.
pub(super) fn without(word: &str) -> String {
    let names = Names::all();
    let languages = Language::candidates(word);
    let tags = languages.first().map(|&language| tags(word, language)).unwrap_or_default();
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
    names: &'a Names,
}

impl<'a> Placeholders<'a> {
    pub(super) fn new(text: &'a str, tags: &'a [Tag], names: &'a Names) -> Self {
        Self { text, tags, names }
    }

    /// True if one stands in a part of the text, or the part in one.
    pub(super) fn any_in(&self, span: Span) -> bool {
        self.has_tag(span) || self.names.any_in(&self.text[span.range()])
    }

    /// The end of a word that may end in a tag.
    pub(super) fn word_end(&self, word: Span) -> u32 {
        self.tags_in(word).last().map_or(word.end, |tag| word.end.max(tag.span.end))
    }

    /// The same of tags alone.
    pub(super) fn has_tag(&self, span: Span) -> bool {
        !self.tags_in(span).is_empty()
    }

    fn tags_in(&self, span: Span) -> &'a [Tag] {
        let from = self.tags.partition_point(|tag| tag.span.end <= span.start);
        let len = self.tags[from..].partition_point(|tag| tag.span.start < span.end);
        &self.tags[from..from + len]
    }

    /// True if branches end in a part of the text that do not begin there.
    pub(super) fn ends_branch(&self, span: Span) -> bool {
        self.tags_in(span).iter().any(|tag| tag.role == Role::Ends)
    }

    /// True if branches begin in a part of the text that do not end there.
    pub(super) fn leaves_branch(&self, span: Span) -> bool {
        let count = |role| self.tags_in(span).iter().filter(|tag| tag.role == role).count();
        count(Role::Opens) > count(Role::Ends)
    }

    /// True if the name of a directive is one, or has one.
    pub(super) fn any_in_name(&self, span: Span) -> bool {
        let text = &self.text[span.range()];
        let is_one = || self.names.len_at(text, true) == Some(text.len());
        self.any_in(span) || is_one()
    }

    /// The end of what stands in place of a directive at `start`: a tag that leaves no text, or
    /// placeholders that are alone up to the end of their line or block.
    pub(super) fn line_end(&self, start: u32) -> Option<u32> {
        if let Some(tag) = self.tag_at(start).filter(|tag| tag.role != Role::Speaks) {
            return Some(tag.span.end);
        }
        let mut end = start;
        let mut at = start;
        // Tags that leave no text are for themselves.
        let mut own_end = None;
        loop {
            let rest = &self.text[at as usize..];
            if let Some(tag) = self.tag_at(at) {
                own_end = own_end.or((tag.role != Role::Speaks).then_some(end));
                at = tag.span.end;
            } else if let Some(len) = self.names.len_at(rest, true) {
                at += offset(len);
            } else if at > start && rest.starts_with([' ', '\t', '\r']) {
                at += 1;
                continue;
            } else {
                let ends = rest.is_empty() || rest.starts_with(['\n', '}']);
                let in_comment = at > end && rest.starts_with('#');
                return (end > start && (ends || in_comment)).then_some(own_end.unwrap_or(end));
            }
            end = at;
        }
    }

    fn tag_at(&self, at: u32) -> Option<Tag> {
        let index = self.tags.binary_search_by_key(&at, |tag| tag.span.start).ok()?;
        Some(self.tags[index])
    }
}
