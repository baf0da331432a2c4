//! The atoms and groups of a regular expression: what its parts may match.
//!
//! Reads what people write in configurations. An expression that looks around, refers back or
//! changes options on its way is not read at all.

use std::ops::Range;

use super::regex::Regex;

/// An expression, taken apart.
#[derive(Debug)]
pub struct Atoms<'a> {
    pattern: &'a str,
    caseless: bool,
    /// What matches a character, in bytes of the pattern.
    characters: Vec<Range<usize>>,
    /// The groups that capture, by number; the first is the whole expression.
    groups: Vec<Range<usize>>,
    /// A `|` outside all groups.
    has_branches: bool,
}

impl<'a> Atoms<'a> {
    /// Takes an expression apart; none if it has something that is not read.
    pub fn of(pattern: &'a str, caseless: bool) -> Option<Self> {
        let whole = 0..pattern.len();
        let mut found = Self {
            pattern,
            caseless,
            characters: Vec::new(),
            groups: vec![whole],
            has_branches: false,
        };
        // The numbers of the groups that are open; none for those that do not capture.
        let mut open: Vec<Option<usize>> = Vec::new();
        let mut at = 0;
        while let Some(next) = pattern[at..].chars().next() {
            let start = at;
            at += next.len_utf8();
            match next {
                '\\' => at = escape_end(pattern, start)?,
                '[' => at = class_end(pattern, start)?,
                '(' => {
                    let rest = &pattern[at..];
                    let group = if rest.starts_with("?:") {
                        None
                    } else if !rest.starts_with(['?', '*']) || name_of(rest).is_some() {
                        found.groups.push(start..start);
                        Some(found.groups.len() - 1)
                    } else {
                        return None;
                    };
                    at += match name_of(rest) {
                        Some((prefix, name)) => prefix + name.len() + 1,
                        None if group.is_none() => 2,
                        None => 0,
                    };
                    open.push(group);
                    continue;
                }
                ')' => {
                    if let Some(group) = open.pop()? {
                        found.groups[group].end = at;
                    }
                    continue;
                }
                '{' => {
                    at += pattern[at..].find('}').map_or(0, |end| end + 1);
                    continue;
                }
                '|' => {
                    found.has_branches |= open.is_empty();
                    continue;
                }
                '^' | '$' | '*' | '+' | '?' => continue,
                _ => {}
            }
            found.characters.push(start..at);
        }
        open.is_empty().then_some(found)
    }

    /// The expression.
    pub fn pattern(&self) -> &'a str {
        self.pattern
    }

    /// Where a group begins and ends in the pattern, with its parentheses.
    pub fn group(&self, number: usize) -> Option<Range<usize>> {
        self.groups.get(number).cloned()
    }

    /// How many groups it has.
    pub fn groups(&self) -> usize {
        self.groups.len() - 1
    }

    /// The number of the group with a name.
    pub fn named(&self, name: &str) -> Option<usize> {
        let is_it = |range: &Range<usize>| {
            name_of(&self.pattern[range.start + 1..])
                .is_some_and(|(_, found)| found.eq_ignore_ascii_case(name))
        };
        self.groups.iter().skip(1).position(is_it).map(|index| index + 1)
    }

    /// True if what a group matches may have this byte in it; of the whole expression, also
    /// what is around it where it has no `^` or no `$`.
    pub fn may_have(&self, group: usize, byte: u8) -> bool {
        let Some(range) = self.group(group) else { return false };
        let is_open = group == 0
            && (self.has_branches
                || !self.pattern.starts_with('^')
                || !self.pattern.ends_with('$'));
        let inside = |atom: &&Range<usize>| range.start <= atom.start && atom.end <= range.end;
        is_open || self.characters.iter().filter(inside).any(|atom| self.matches(atom, byte))
    }

    fn matches(&self, atom: &Range<usize>, byte: u8) -> bool {
        let whole = format!("\\A(?:{})\\z", &self.pattern[atom.clone()]);
        Regex::new(&whole, self.caseless).is_ok_and(|regex| regex.is_match(&[byte]) == Some(true))
    }
}

/// What stands before the name of a group, in bytes, and the name.
fn name_of(behind_parenthesis: &str) -> Option<(usize, &str)> {
    for (prefix, close) in [("?<", '>'), ("?P<", '>'), ("?'", '\'')] {
        if let Some(rest) = behind_parenthesis.strip_prefix(prefix) {
            let name = &rest[..rest.find(close)?];
            let is_name = !name.is_empty() && !name.starts_with(['=', '!']);
            return is_name.then_some((prefix.len(), name));
        }
    }
    None
}

/// The end of what a backslash begins.
fn escape_end(pattern: &str, start: usize) -> Option<usize> {
    let mut rest = pattern[start + 1..].chars();
    let letter = rest.next()?;
    let end = start + 1 + letter.len_utf8();
    let is_braced = pattern[end..].starts_with('{');
    match letter {
        'Q' | 'E' | 'g' | 'k' | 'K' | 'G' | '1'..='9' => None,
        'x' | 'p' | 'P' | 'o' | 'N' if is_braced => Some(end + pattern[end..].find('}')? + 1),
        'x' => {
            let is_digit = |byte: &u8| byte.is_ascii_hexdigit();
            Some(end + pattern[end..].bytes().take(2).take_while(is_digit).count())
        }
        'p' | 'P' | 'c' => Some(end + rest.next()?.len_utf8()),
        _ => Some(end),
    }
}

/// The end of the class that begins here.
fn class_end(pattern: &str, start: usize) -> Option<usize> {
    let bytes = pattern.as_bytes();
    let mut at = start + 1;
    at += usize::from(bytes.get(at) == Some(&b'^'));
    // A bracket that comes first is a letter.
    at += usize::from(bytes.get(at) == Some(&b']'));
    loop {
        match bytes.get(at)? {
            b'\\' => at += 2,
            b'[' if bytes.get(at + 1) == Some(&b':') => at += pattern[at..].find(":]")? + 2,
            b']' => return Some(at + 1),
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Atoms;

    #[test]
    fn what_groups_may_match() {
        let may = |pattern: &str, group: usize, byte: u8| {
            Atoms::of(pattern, false).map(|atoms| atoms.may_have(group, byte))
        };
        assert_eq!(may(r"^/p/([^/]*)$", 1, b'\n'), Some(true));
        assert_eq!(may(r"^/p/(.*)$", 1, b'\n'), Some(false));
        assert_eq!(may(r"^/p/(.*)$", 1, b' '), Some(true));
        assert_eq!(may(r"^/p/(\d+)/[^/]*$", 1, b' '), Some(false));
        assert_eq!(may(r"^/p/(?<room>[A-Za-z0-9_-]+)$", 1, b'\n'), Some(false));
        assert_eq!(may(r"^/p/[a-z]+$", 0, b'\n'), Some(false));
        assert_eq!(may(r"^/p/[a-z]+", 0, b'\n'), Some(true));
        assert_eq!(may(r"^/a$|b", 0, b' '), Some(true));
        assert_eq!(may(r"^/((?:a|[^]b])+)$", 1, b' '), Some(true));
        assert_eq!(may(r"^/([[:alnum:]\]]{2,3})\x20$", 1, b' '), Some(false));
        assert_eq!(may(r"^/(?!x)(.*)$", 1, b' '), None);
        assert_eq!(may(r"^/(a)\1$", 1, b' '), None);
    }

    #[test]
    fn groups_have_numbers_and_names() {
        let atoms = Atoms::of(r"^/(?:x)([^(]*)/\((?<room>\d+)$", false).expect("it can be read");
        assert_eq!(atoms.groups(), 2);
        assert_eq!(atoms.group(1), Some(7..14));
        assert_eq!(atoms.named("room"), Some(2));
    }
}
