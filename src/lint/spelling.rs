//! What a word was meant to be that nginx takes as it stands: a header's name with a slip in
//! it, or a text in the quotes of a word processor.

use crate::catalog::distance;
use crate::model::Proxied;
use crate::source::Source;
use crate::syntax::{Directive, Word};

/// Headers of a handshake, and how many slips their names may have and still be known.
const NAMES: [(&str, usize); 7] = [
    ("Upgrade", 2),
    ("Connection", 2),
    ("Host", 1),
    ("Sec-WebSocket-Key", 2),
    ("Sec-WebSocket-Version", 2),
    ("Sec-WebSocket-Protocol", 2),
    ("Sec-WebSocket-Extensions", 2),
];

/// The name that a `proxy_set_header` line was meant to have, if it has another: that of a
/// handshake's header, or its own without the colon behind it.
pub(super) fn meant_header(line: Directive<'_>) -> Option<String> {
    let name = line.arg(0)?;
    let value = line.arg(1)?.to_ascii_lowercase();
    let plain = name.trim_end_matches(':');
    let is_one = |(known, _): &&(&str, usize)| known.eq_ignore_ascii_case(plain);
    if NAMES.iter().any(|known| is_one(&known)) || plain.is_empty() {
        return (plain.len() < name.len()).then(|| plain.to_owned());
    }
    // Old drafts had a Key1 and a Key2, and X- is how one names what is no standard.
    let is_own =
        |name: &str| name.starts_with("x-") || name.ends_with(|c: char| c.is_ascii_digit());
    let lower = plain.to_ascii_lowercase();
    let fits = |known: &str| match known {
        "Upgrade" | "Connection" => value.contains("upgrade") || value.contains("connection"),
        "Host" => value.contains("host") || value.contains("server_name"),
        _ => true,
    };
    let is_near = |(known, slips): &&(&str, usize)| {
        distance(&lower, &known.to_ascii_lowercase(), *slips) <= *slips && fits(known)
    };
    match NAMES.iter().find(is_near).filter(|_| !is_own(&lower)) {
        Some((known, _)) => Some((*known).to_owned()),
        None => (plain.len() < name.len()).then(|| plain.to_owned()),
    }
}

/// True if a line of a location was meant to set this header, and sets another.
pub(super) fn is_misspelt(proxied: &Proxied<'_>, header: &str) -> bool {
    let meant = proxied.headers.iter().filter_map(|line| meant_header(*line));
    meant.into_iter().any(|meant| meant.eq_ignore_ascii_case(header))
}

/// What a word holds between typographic quotes or backticks, which nginx takes for letters;
/// `None` for a word that has none at both ends, or that stands in real quotes.
pub(super) fn typographic(source: &Source, word: Word) -> Option<&str> {
    const QUOTES: [char; 11] = [
        '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}', '\u{201c}', '\u{201d}', '\u{201e}',
        '\u{201f}', '\u{ab}', '\u{bb}', '\u{b4}',
    ];
    let text = source.slice(word.span);
    let backticks = || text.strip_prefix('`')?.strip_suffix('`');
    let quotes = || text.strip_prefix(QUOTES)?.strip_suffix(QUOTES);
    if word.is_quoted() { None } else { backticks().or_else(quotes) }
}

/// True if an argument of a directive stands in typographic quotes.
pub(super) fn is_typographic(line: Directive<'_>, argument: usize) -> bool {
    line.args().get(argument).is_some_and(|&word| typographic(line.source, word).is_some())
}
