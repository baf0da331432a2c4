//! Names of hosts, exact and with wildcards, as `ngx_hash_find_combined` finds them.
//!
//! Servers and maps look names up in the same way: exact ones, then the longest wildcard at
//! the beginning, then the longest at the end. Expressions come behind that and are not here.

use std::collections::HashMap;

/// Names, each with the index of what it stands for; of two that are the same, the first counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    exact: HashMap<Vec<u8>, usize>,
    /// By what stands behind the `*.`, with whether that itself matches too.
    leading: HashMap<Vec<u8>, Leading>,
    /// By what stands before the `.*`.
    trailing: HashMap<Vec<u8>, usize>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Leading {
    inside: Option<usize>,
    itself: Option<usize>,
}

impl Names {
    pub(super) fn exact(&mut self, name: &str, index: usize) {
        self.exact.entry(name.as_bytes().to_vec()).or_insert(index);
    }

    /// Adds `*.name` or `.name`.
    pub(super) fn leading(&mut self, name: &str, index: usize) {
        if let Some(suffix) = name.strip_prefix("*.") {
            let entry = self.leading.entry(suffix.as_bytes().to_vec()).or_default();
            entry.inside.get_or_insert(index);
        } else if let Some(suffix) = name.strip_prefix('.') {
            let entry = self.leading.entry(suffix.as_bytes().to_vec()).or_default();
            entry.inside.get_or_insert(index);
            entry.itself.get_or_insert(index);
        }
    }

    /// Adds `name.*`.
    pub(super) fn trailing(&mut self, name: &str, index: usize) {
        if let Some(prefix) = name.strip_suffix(".*") {
            self.trailing.entry(prefix.as_bytes().to_vec()).or_insert(index);
        }
    }

    /// What a name, in lower case, stands for.
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
