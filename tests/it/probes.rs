//! Law 6: a comment may stand between any two tokens, and formatting keeps it there.

use std::path::Path;

use ngxc::emit::{self, Style};

use crate::corpus;
use crate::laws::file;
use crate::reader::{Kind, Token, meaning, read};
use crate::support::fixtures;

/// Where the comment stands between two tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// Behind the first, on its line.
    Behind,
    /// On a line of its own.
    Alone,
    /// Behind the white space that is before the second.
    Before,
}

/// Files with more tokens than this get several comments at once, each this many tokens from
/// the next, so that it has no other near it.
const ALONE: usize = 120;
const APART: usize = 8;

/// Puts comments behind so many tokens of a text each, and says what there is to be read then.
fn probed<'t>(text: &'t str, places: &[usize], stand: Stand) -> (String, Vec<(Kind, &'t str)>) {
    const PROBE: (Kind, &str) = (Kind::Comment, "# probe");
    let (tokens, mut expected) = (read(text), meaning(text));
    let (mut out, mut done) = (String::new(), 0);
    for &place in places {
        let before = place.checked_sub(1).map(|index| tokens[index]);
        let after = tokens.get(place).map_or(text.len(), |token| token.start);
        let at = if stand == Stand::Before { after } else { before.map_or(0, |token| token.end()) };
        out.push_str(&text[done..at]);
        done = at;
        let is_behind_comment = before.is_some_and(|token| token.kind == Kind::Comment);
        out.push_str(match stand {
            Stand::Before => "# probe\n",
            Stand::Behind if !is_behind_comment => " # probe\n",
            _ => "\n# probe\n",
        });
    }
    for &place in places.iter().rev() {
        expected.insert(place, PROBE);
    }
    (out + &text[done..], expected)
}

/// True if a `#` there begins a comment, and no word swallows it.
fn may_stand(tokens: &[Token<'_>], place: usize, stand: Stand) -> bool {
    let gap = |before: &Token<'_>| tokens.get(place).is_none_or(|it| it.start > before.end());
    let before = place.checked_sub(1).map(|index| &tokens[index]);
    let is_comment_at_end =
        before.is_some_and(|it| it.kind == Kind::Comment) && place == tokens.len();
    stand != Stand::Before || before.is_none_or(gap) && !is_comment_at_end
}

/// What is wrong with the formatted text of a file with comments in some places.
fn failure(bytes: &[u8], places: &[usize], stand: Stand) -> Option<String> {
    let original = file(bytes);
    let (text, expected) = probed(original.source.text(), places, stand);
    let read = |text: &str| file(&original.source.encode(text).expect("the probe is ASCII"));
    let format = |text: &str| emit::format(&read(text), &Style::default());
    let once = match format(&text) {
        Ok(once) => once,
        Err(error) => return Some(format!("{error}\n{text}")),
    };
    if meaning(&once) != expected {
        return Some(format!("other tokens\n{once}"));
    }
    match format(&once) {
        Ok(twice) if twice == once => None,
        Ok(twice) => Some(format!("not idempotent\n{once}\nand\n{twice}")),
        Err(error) => Some(format!("again: {error}\n{once}")),
    }
}

/// Tries every place of a file; gives how many there are, and the first failure.
fn probe(bytes: &[u8], alone: usize) -> (usize, Option<String>) {
    let original = file(bytes);
    // The reader reads nginx's language alone.
    if original.has_syntax_errors || original.tree.has_placeholders {
        return (0, None);
    }
    let tokens = read(original.source.text());
    let mut count = 0;
    for stand in [Stand::Behind, Stand::Alone, Stand::Before] {
        let places: Vec<usize> =
            (0..=tokens.len()).filter(|&place| may_stand(&tokens, place, stand)).collect();
        count += places.len();
        let apart = if tokens.len() <= alone { places.len().max(1) } else { APART };
        let groups =
            (0..apart).map(|from| places.iter().copied().skip(from).step_by(apart).collect());
        for group in groups.chain([places.clone()]) {
            let group: Vec<usize> = group;
            if let Some(failure) = failure(bytes, &group, stand) {
                return (count, Some(format!("{stand:?} {group:?}: {failure}")));
            }
        }
    }
    (count, None)
}

fn read_file(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_comment_between_any_two_tokens_of_a_fixture_stays_there() {
    let mut failures = Vec::new();
    let mut places = 0;
    for path in fixtures() {
        let (count, failure) = probe(&read_file(&path), ALONE);
        places += count;
        failures.extend(failure.map(|failure| format!("{}: {failure}", path.display())));
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n\n"));
    assert!(places > 10_000, "only {places} places");
}

/// The same of other people's files, with comments in many places at once.
#[test]
fn comments_between_the_tokens_of_the_corpus_stay_there() {
    let Some(rows) = corpus::rows() else { return };
    let mut failures = Vec::new();
    for row in rows.iter().filter(|row| row.class == "ok") {
        let (_, failure) = probe(&read_file(&row.path), 0);
        failures.extend(failure.map(|failure| format!("{}: {failure}", row.path.display())));
    }
    assert!(failures.is_empty(), "{} failures\n{}", failures.len(), failures.join("\n\n"));
}
