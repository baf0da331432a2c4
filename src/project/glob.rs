//! Masks of `include` as glob(3) matches them, which nginx calls (`ngx_open_glob`).
//!
//! Works on bytes, because names of files are bytes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// True if a mask has a character that makes nginx expand it (`ngx_conf_include`).
pub(super) fn is_mask(bytes: &[u8]) -> bool {
    bytes.iter().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// The paths that a mask matches, in byte order. `entries` lists the names in a directory;
/// the empty path is the current one. A directory that cannot be listed matches nothing.
pub(super) fn expand(mask: &Path, entries: &impl Fn(&Path) -> Vec<PathBuf>) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in mask.components() {
        let part = part.as_os_str();
        if !is_mask(part.as_encoded_bytes()) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        let below = |path: PathBuf| {
            let names = entries(&path).into_iter();
            names
                .filter(|name| matches_name(part, name.as_os_str()))
                .map(move |name| path.join(name))
        };
        found = found.into_iter().flat_map(below).collect();
    }
    found.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    found
}

/// True if a mask matches a path.
pub(super) fn covers(mask: &Path, path: &Path) -> bool {
    let (mut parts, mut names) = (mask.components(), path.components());
    loop {
        match (parts.next(), names.next()) {
            (Some(part), Some(name)) if matches_name(part.as_os_str(), name.as_os_str()) => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// A leading `.` is matched by itself alone.
fn matches_name(mask: &OsStr, name: &OsStr) -> bool {
    let (mask, name) = (mask.as_encoded_bytes(), name.as_encoded_bytes());
    let hidden = name.first() == Some(&b'.') && mask.first() != Some(&b'.');
    !hidden && matches(mask, name)
}

/// `fnmatch` for one name: `*`, `?`, `[a-z]`, `[!a]`, `[^a]` and `\` before any of them.
fn matches(mask: &[u8], name: &[u8]) -> bool {
    let (mut m, mut n) = (0, 0);
    // Where to go on if the shortest match of the last `*` was too short.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match next_matches(&mask[m..], name.get(n).copied()) {
            Step::Star => {
                retry = Some((m + 1, n));
                m += 1;
            }
            Step::Matches(len) => {
                m += len;
                n += 1;
            }
            Step::End => return true,
            Step::Differs => match retry {
                Some((star, from)) if from < name.len() => {
                    retry = Some((star, from + 1));
                    (m, n) = (star, from + 1);
                }
                _ => return false,
            },
        }
    }
}

enum Step {
    /// A `*`.
    Star,
    /// The byte matches this many bytes of the mask.
    Matches(usize),
    /// Mask and name are at their ends.
    End,
    Differs,
}

fn next_matches(mask: &[u8], byte: Option<u8>) -> Step {
    match (mask, byte) {
        ([b'*', ..], _) => Step::Star,
        ([], None) => Step::End,
        ([], _) | (_, None) => Step::Differs,
        ([b'?', ..], _) => Step::Matches(1),
        ([b'[', rest @ ..], Some(byte)) => match bracket(rest, byte) {
            Some((true, len)) => Step::Matches(len + 1),
            // A bracket that is never closed is an ordinary character.
            None if byte == b'[' => Step::Matches(1),
            _ => Step::Differs,
        },
        ([b'\\', escaped, ..], Some(byte)) if *escaped == byte => Step::Matches(2),
        ([b'\\', _, ..], _) => Step::Differs,
        ([plain, ..], Some(byte)) if *plain == byte => Step::Matches(1),
        _ => Step::Differs,
    }
}

/// Whether the set behind a `[` holds a byte, and how long it is with its `]`; `None` if
/// it has no end.
fn bracket(set: &[u8], byte: u8) -> Option<(bool, usize)> {
    let negated = matches!(set.first(), Some(b'!' | b'^'));
    let first = usize::from(negated);
    let mut at = first;
    let mut found = false;
    loop {
        let low = *set.get(at)?;
        if low == b']' && at > first {
            return Some((found != negated, at + 1));
        }
        if let Some((holds, len)) = class(&set[at..], byte) {
            found |= holds;
            at += len;
            continue;
        }
        at += usize::from(low == b'\\');
        let low = *set.get(at)?;
        match set.get(at + 1..at + 3) {
            Some(&[b'-', high]) if high != b']' => {
                found |= (low..=high).contains(&byte);
                at += 3;
            }
            _ => {
                found |= low == byte;
                at += 1;
            }
        }
    }
}

/// Whether a class like `[:alpha:]`, `[.a.]` or `[=a=]` in a set holds a byte, and its length.
fn class(set: &[u8], byte: u8) -> Option<(bool, usize)> {
    let [b'[', kind @ (b':' | b'.' | b'='), rest @ ..] = set else { return None };
    let len = rest.windows(2).position(|end| end == [*kind, b']'])?;
    let holds = match (kind, &rest[..len]) {
        (b':', b"alpha") => byte.is_ascii_alphabetic(),
        (b':', b"digit") => byte.is_ascii_digit(),
        (b':', b"alnum") => byte.is_ascii_alphanumeric(),
        (b':', b"upper") => byte.is_ascii_uppercase(),
        (b':', b"lower") => byte.is_ascii_lowercase(),
        (b':', b"punct") => byte.is_ascii_punctuation(),
        (b':', b"xdigit") => byte.is_ascii_hexdigit(),
        (b':', b"space") => byte.is_ascii_whitespace() || byte == 0x0b,
        (b'.' | b'=', [only]) => *only == byte,
        _ => false,
    };
    Some((holds, len + 4))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn masks_match_as_glob_does() {
        for (mask, name, expected) in [
            ("*.conf", "a.conf", true),
            ("*.conf", "a.conf.bak", false),
            ("**.conf", "a.conf", true),
            ("a*b*c", "axxbyybzc", true),
            ("a*b*c", "axxbyybz", false),
            ("?.conf", "ab.conf", false),
            ("[ab].conf", "b.conf", true),
            ("[a-c]x", "bx", true),
            ("[!b].conf", "a.conf", true),
            ("[^b].conf", "b.conf", false),
            ("[]]", "]", true),
            ("[\\]]x", "]x", true),
            ("[[:alpha:]_]x", "bx", true),
            ("[![:digit:]]x", "1x", false),
            ("[[.a.]-]x", "-x", true),
            ("[[=a=]]*", "a]b", true),
            ("a[.conf", "a[.conf", true),
            ("a\\*", "a*", true),
            ("a\\*", "ab", false),
            ("", "", true),
        ] {
            assert_eq!(matches(mask.as_bytes(), name.as_bytes()), expected, "{mask} {name}");
        }
    }
}
