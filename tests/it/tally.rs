//! What came of many cases, counted and told by directive.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use ngxc::catalog::{Context, Version};

use crate::adapt::pattern;

/// So many statements of a kind are shown.
const SHOWN: usize = 8;

/// How a case came out.
pub enum Outcome {
    /// Both accept it or both refuse it, in the same words.
    Same,
    /// The same verdict in other words: what both say.
    Words(String),
    /// Another verdict: what both say.
    Differs(String),
    /// Nothing can be said, for this reason.
    Skipped(&'static str),
}

/// The statements of a directive that came out alike: place and, without what is quoted,
/// what both say; each with what they say in full for the first.
type Groups = BTreeMap<(String, String), (String, Vec<String>)>;

/// All outcomes.
#[derive(Default)]
pub struct Tally {
    same: usize,
    differences: BTreeMap<&'static str, Groups>,
    words: BTreeMap<&'static str, Groups>,
    /// By version and reason: how many, and of which directives.
    skipped: BTreeMap<String, (usize, BTreeSet<&'static str>)>,
}

impl Tally {
    /// Adds a case.
    pub fn add(
        &mut self,
        version: Version,
        context: Context,
        name: &'static str,
        statement: &str,
        outcome: Outcome,
    ) {
        let (groups, told) = match outcome {
            Outcome::Same => {
                self.same += 1;
                return;
            }
            Outcome::Skipped(reason) => {
                let (count, names) =
                    self.skipped.entry(format!("{version}: {reason}")).or_default();
                *count += 1;
                names.insert(name);
                return;
            }
            Outcome::Words(told) => (&mut self.words, told),
            Outcome::Differs(told) => (&mut self.differences, told),
        };
        let kind = pattern(r#""[^"]*""#).replace_all(&told, "…").into_owned();
        let groups = groups.entry(name).or_default();
        let group = groups.entry((format!("{version} in {context}"), kind));
        group.or_insert_with(|| (told, Vec::new())).1.push(statement.to_owned());
    }

    /// True if the verdict is the same wherever there are two.
    pub fn agrees(&self) -> bool {
        self.differences.is_empty()
    }

    /// True if at most every fifth case was skipped, and many were not.
    pub fn is_enough(&self) -> bool {
        let skipped: usize = self.skipped.values().map(|(count, _)| count).sum();
        let compared = self.same + count(&self.words) + count(&self.differences);
        // Without an nginx nothing was tried.
        compared + skipped == 0 || compared > 2000 && skipped * 5 < compared + skipped
    }

    /// The numbers.
    pub fn summary(&self) -> String {
        let (same, words, differ) = (self.same, count(&self.words), count(&self.differences));
        let skipped: usize = self.skipped.values().map(|(count, _)| count).sum();
        let of = self.differences.len();
        format!(
            "{differ} verdicts differ, of {of} directives; {words} differ in words, {same} are the same, {skipped} skipped"
        )
    }

    /// All that differs, and what was skipped.
    pub fn report(&self) -> String {
        let mut text = format!("{}\n", self.summary());
        for (key, (count, names)) in &self.skipped {
            let names: Vec<&str> = names.iter().copied().collect();
            let _ = writeln!(text, "skipped, {key}: {count}, of {}", names.join(" "));
        }
        for (title, all) in [("verdicts", &self.differences), ("words", &self.words)] {
            let _ = write!(text, "\n# {title}\n\n{}", tell(all, usize::MAX));
        }
        text
    }

    /// What differs of so many directives.
    pub fn first(&self, directives: usize) -> String {
        tell(&self.differences, directives)
    }
}

fn count(all: &BTreeMap<&'static str, Groups>) -> usize {
    all.values().flat_map(BTreeMap::values).map(|(_, statements)| statements.len()).sum()
}

fn tell(all: &BTreeMap<&'static str, Groups>, directives: usize) -> String {
    let mut text = String::new();
    for (name, groups) in all.iter().take(directives) {
        let count: usize = groups.values().map(|(_, statements)| statements.len()).sum();
        let _ = writeln!(text, "## {name} ({count})");
        for ((place, _), (told, statements)) in groups {
            let shown = statements.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("  ");
            let more = statements.len().saturating_sub(SHOWN);
            let more = if more > 0 { format!("  and {more} more") } else { String::new() };
            let _ = writeln!(text, "{place}: {shown}{more}\n{told}");
        }
        text.push('\n');
    }
    text
}
