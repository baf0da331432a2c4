//! What names and keys match, as `ngx_hash_find_combined` finds them.
//!
//! Servers and maps look names up in the same way: exact ones, then the longest wildcard at
//! the beginning, then the longest at the end, then expressions. Those are tried elsewhere:
//! what becomes of their groups differs.

use std::collections::HashMap;

use super::config::NameMatch;

/// Names, each with its index; of two that are the same, the first counts.
#[derive(Debug, Default)]
pub(super) struct Names {
    exact: HashMap<Vec<u8>, usize>,
    /// By what stands behind the `*.`, with whether that itself matches too.
    leading: HashMap<Vec<u8>, Leading>,
    /// By what stands before the `.*`.
    trailing: HashMap<Vec<u8>, usize>,
    /// Those that are expressions, in order.
    pub(super) regexes: Vec<usize>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Leading {
    inside: Option<usize>,
    itself: Option<usize>,
}

impl Names {
    pub(super) fn new<'c>(all: impl Iterator<Item = &'c NameMatch>) -> Self {
        let mut names = Self::default();
        for (index, name) in all.enumerate() {
            match name {
                NameMatch::Exact(name) => {
                    names.exact.entry(name.as_bytes().to_vec()).or_insert(index);
                }
                NameMatch::Leading(name) => names.add_leading(name, index),
                NameMatch::Trailing(name) => {
                    let prefix = name.strip_suffix(".*").unwrap_or(name);
                    names.trailing.entry(prefix.as_bytes().to_vec()).or_insert(index);
                }
                NameMatch::Regex(_) => names.regexes.push(index),
            }
        }
        names
    }

    /// Adds `*.name` or `.name`.
    fn add_leading(&mut self, name: &str, index: usize) {
        let suffix = name.trim_start_matches('*').trim_start_matches('.');
        let entry = self.leading.entry(suffix.as_bytes().to_vec()).or_default();
        entry.inside.get_or_insert(index);
        if name.starts_with('.') {
            entry.itself.get_or_insert(index);
        }
    }

    /// The index of what matches a name in lower case; expressions aside.
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        if let Some(&index) = self.exact.get(name) {
            return Some(index);
        }
        if name.is_empty() {
            return None;
        }
        self.find_leading(name).or_else(|| self.find_trailing(name))
    }

    /// The longest suffix of whole labels that some wildcard is of.
    fn find_leading(&self, name: &[u8]) -> Option<usize> {
        if self.leading.is_empty() {
            return None;
        }
        if let Some(found) = self.leading.get(name).and_then(|entry| entry.itself) {
            return Some(found);
        }
        dots(name).find_map(|dot| self.leading.get(&name[dot + 1..])?.inside)
    }

    /// The longest prefix of whole labels that some wildcard is of.
    fn find_trailing(&self, name: &[u8]) -> Option<usize> {
        if self.trailing.is_empty() {
            return None;
        }
        dots(name).rev().find_map(|dot| self.trailing.get(&name[..dot]).copied())
    }
}

fn dots(name: &[u8]) -> impl DoubleEndedIterator<Item = usize> {
    name.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at)
}
