//! Tags of template languages: where they are, and what they do to the text around them.
//!
//! No tag is evaluated, and nothing here knows nginx's language.

use crate::source::{Span, offset};

/// A language whose tags would be cut to pieces by nginx's lexer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::syntax) enum Language {
    Jinja,
    Go,
    Erb,
}

impl Language {
    /// The languages whose tags a text may have, the likeliest first.
    pub(in crate::syntax) fn candidates(text: &str) -> Vec<Self> {
        let may_be = |language: &Self| match language {
            Self::Jinja => text.contains("{%") || text.contains("{#") && text.contains("#}"),
            Self::Go => text.contains("{{"),
            Self::Erb => text.contains("<%"),
        };
        [Self::Jinja, Self::Go, Self::Erb].into_iter().filter(may_be).collect()
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

/// What a tag does to the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It leaves text.
    Speaks,
    /// It leaves none, as a comment or an assignment.
    Silent,
    /// What follows is there under a condition, or several times.
    Opens,
    /// Another branch begins.
    Divides,
    /// The branches end.
    Ends,
}

/// Words that begin tags of Jinja and its like; all other tags leave text.
const JINJA: [(Role, &[&str]); 3] = [
    (
        Role::Opens,
        &[
            "if",
            "for",
            "unless",
            "case",
            "with",
            "filter",
            "macro",
            "raw",
            "autoescape",
            "spaceless",
        ],
    ),
    (Role::Divides, &["else", "elif", "elsif", "elseif", "when", "empty"]),
    (
        Role::Silent,
        &["set", "import", "from", "do", "break", "continue", "assign", "load", "comment"],
    ),
];
/// The same of Go.
const GO: [(Role, &[&str]); 4] = [
    (Role::Opens, &["if", "range", "with", "define"]),
    (Role::Divides, &["else"]),
    (Role::Ends, &["end"]),
    (Role::Silent, &["break", "continue"]),
];
/// The same of Ruby; all other code leaves none.
const RUBY: [(Role, &[&str]); 3] = [
    (Role::Opens, &["if", "unless", "case", "for", "while", "until", "begin"]),
    (Role::Divides, &["else", "elsif", "when", "rescue"]),
    (Role::Ends, &["end"]),
];

impl Role {
    /// The role of a tag; names speak.
    pub(in crate::syntax) fn of(tag: &str, language: Language) -> Self {
        if !language.delimiters().iter().any(|(open, _)| tag.starts_with(open)) {
            return Self::Speaks;
        }
        let inside = &tag[2..tag.len() - 2];
        let code = inside.trim_start_matches(['-', '+', '~']).trim_start();
        let len = code.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(code.len());
        let word = &code[..len];
        let listed = |table: &[(Self, &[&str])]| {
            table.iter().find(|(_, words)| words.contains(&word)).map(|(role, _)| *role)
        };
        match (language, &tag[..2]) {
            (Language::Jinja, "{#") => Self::Silent,
            (Language::Jinja, "{%") if word.starts_with("end") => Self::Ends,
            (Language::Jinja, "{%") => listed(&JINJA).unwrap_or(Self::Speaks),
            (Language::Jinja, _) => Self::Speaks,
            (Language::Go, _) => go(code).or_else(|| listed(&GO)).unwrap_or(Self::Speaks),
            (Language::Erb, _) if inside.starts_with('=') => Self::Speaks,
            (Language::Erb, _) if inside.starts_with('#') => Self::Silent,
            (Language::Erb, _) => ruby(code).or_else(|| listed(&RUBY)).unwrap_or(Self::Silent),
        }
    }
}

/// What is told by a sign: comments and assignments of Go, and blocks of Mustache.
fn go(code: &str) -> Option<Role> {
    let is_assignment = code.starts_with('$') && code.contains('=') && !code.contains("==");
    match code.chars().next()? {
        '!' => Some(Role::Silent),
        '#' | '^' => Some(Role::Opens),
        '/' => Some(if code.starts_with("/*") { Role::Silent } else { Role::Ends }),
        _ => is_assignment.then_some(Role::Silent),
    }
}

/// Blocks of Ruby, and those of Puppet in braces.
fn ruby(code: &str) -> Option<Role> {
    let code = code.trim_end_matches('-').trim_end();
    let opens = code.ends_with('{')
        || code.ends_with('|')
        || code.ends_with(" do")
        || code.split_whitespace().any(|word| word == "do");
    match (code.starts_with('}'), opens) {
        (true, true) => Some(Role::Divides),
        (true, false) => Some(Role::Ends),
        (false, true) => Some(Role::Opens),
        (false, false) => None,
    }
}

/// A tag of a template language.
#[derive(Debug, Clone, Copy)]
pub(in crate::syntax) struct Tag {
    pub(in crate::syntax) span: Span,
    pub(in crate::syntax) role: Role,
}

/// All tags of a language, in order. What is not closed is none.
pub(in crate::syntax) fn tags(text: &str, language: Language) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut kinds = language.delimiters().to_vec();
    let mut is_sound = true;
    let mut comments_end = language == Language::Jinja;
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
        let mut end = end.unwrap_or(plain);
        if comments_end && is_comment(&text[inside..]) {
            let behind = comment_end(&text[end..]);
            comments_end = behind.is_some();
            end += behind.unwrap_or_default();
        }
        let span = Span::new(offset(start), offset(end));
        tags.push(Tag { span, role: Role::of(&text[start..end], language) });
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

/// In more text than this, strings and braces of a tag do not count.
const MAX: usize = 2000;

/// The end of a tag whose inside begins at `from`, and whose closing characters stand first before
/// `plain`. They may stand in strings too, and two braces in a row may end two blocks.
fn tag_end(text: &str, from: usize, plain: usize, close: &str) -> Option<usize> {
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

/// True for the inside of `{% comment %}`, whose text up to `{% endcomment %}` is no one's.
fn is_comment(inside: &str) -> bool {
    inside.trim_start_matches(['-', ' ']).starts_with("comment ")
}

/// The length of a comment behind the tag that begins it.
fn comment_end(text: &str) -> Option<usize> {
    let at = text.find("endcomment")?;
    Some(at + text[at..].find("%}")? + 2)
}

fn is_go_comment(inside: &str) -> bool {
    inside.trim_start_matches(['-', ' ']).starts_with("/*")
}

/// The bytes from an opening quote to before its closing one; none if it is not closed on its
/// line.
fn string_len(text: &str, quote: char) -> usize {
    let mut is_escaped = true;
    for (at, c) in text.char_indices().take(MAX) {
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
