//! Names that stand for text: `${NAME}`, `%name%`, `__NAME__`, `@@NAME@@`, and `$NAME` where nginx
//! takes no variable or envsubst runs. Nothing here knows what they stand for.

use std::collections::HashSet;
use std::ops::Range;

use crate::source::{Source, Templating};

/// No name is longer, so that a long word costs no look at all of it from each place.
const MAX_NAME: usize = 100;

/// Which names count as placeholders in a file.
#[derive(Debug, Default)]
pub(in crate::syntax) struct Names {
    /// How they begin and end.
    delimiters: &'static [(&'static str, &'static str)],
    /// `$NAME` too.
    are_bare: bool,
    /// Variables of these names are defined.
    defined: HashSet<String>,
}

const DOLLAR: (&str, &str) = ("${", "}");
const ALL: [(&str, &str); 4] = [DOLLAR, ("%", "%"), ("__", "__"), ("@@", "@@")];

impl Names {
    /// The names that count in a source.
    pub(in crate::syntax) fn of(source: &Source) -> Self {
        let text = source.text();
        let may_have = || ["$", "%", "__", "@@"].iter().any(|it| text.contains(it));
        match source.templating {
            Templating::Envsubst => {
                Self { delimiters: &[DOLLAR], are_bare: true, defined: HashSet::new() }
            }
            Templating::Detect if may_have() => {
                // The ending that the image of nginx looks for to run envsubst.
                let are_bare = source.path.extension().is_some_and(|it| it == "template");
                Self { are_bare, defined: defined(text), ..Self::all() }
            }
            _ => Self::default(),
        }
    }

    /// All that have delimiters of their own.
    pub(in crate::syntax) fn all() -> Self {
        Self { delimiters: &ALL, ..Self::default() }
    }

    /// True if one stands in the text.
    pub(in crate::syntax) fn any_in(&self, text: &str) -> bool {
        let may_begin = |b: u8| matches!(b, b'$' | b'%' | b'@');
        let may_have = || text.bytes().any(may_begin) || text.contains("__");
        !self.delimiters.is_empty() && may_have() && self.next_in(text, 0).is_some()
    }

    /// The first one behind `from`.
    pub(in crate::syntax) fn next_in(&self, text: &str, from: usize) -> Option<Range<usize>> {
        let starts = text[from..].match_indices(['$', '%', '_', '@']);
        starts
            .map(|(at, _)| from + at)
            .find_map(|at| Some(at..at + self.len_at(&text[at..], false)?))
    }

    /// The length of the one that a text begins with. Where a directive could stand, nginx takes no
    /// variable, so that more is a placeholder.
    pub(in crate::syntax) fn len_at(&self, text: &str, is_alone: bool) -> Option<usize> {
        let delimited = self.delimiters.iter().copied().find(|(open, _)| text.starts_with(open));
        let (open, close) = match delimited {
            Some(delimiters) => delimiters,
            None if self.delimiters.is_empty() => return None,
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
        // Bytes in a URL, as `%C3%A9` or `%A9t%C3`.
        let is_hex = begins_with_hex(name)
            && (name.len() == 2 || begins_with_hex(rest[len..].trim_start_matches('%')));
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

fn begins_with_hex(text: &str) -> bool {
    text.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))
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
