//! Names of hosts with wildcards, in the order in which nginx matches them: names of servers,
//! and the keys of a map with `hostnames` (`ngx_hash_add_key`, `ngx_hash_find_combined`).

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::runtime::config::NameMatch;

/// Names with what belongs to each, as they are added.
pub(super) struct Names<T> {
    entries: Vec<(NameMatch, T)>,
    exact: HashSet<String>,
    /// What is behind `*.` or `.`, and what is before `.*`.
    wildcards: HashSet<(bool, String)>,
}

/// Why a name is not added.
pub(super) enum Refusal {
    /// Another was added before that matches the same: nginx takes that one.
    Second,
    /// It is none.
    Invalid,
}

impl<T> Names<T> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), exact: HashSet::new(), wildcards: HashSet::new() }
    }

    /// Adds what is compared as it stands.
    pub(super) fn exact(&mut self, name: &str, of: T) -> Result<(), Refusal> {
        let name = name.to_ascii_lowercase();
        let is_new = self.exact.insert(name.clone());
        self.push(is_new, NameMatch::Exact(name), of)
    }

    /// Adds a name that may have a wildcard.
    pub(super) fn host(&mut self, name: &str, of: T) -> Result<(), Refusal> {
        let name = name.to_ascii_lowercase();
        let stars = name.matches('*').count();
        if stars > 1 || name.contains("..") {
            return Err(Refusal::Invalid);
        }
        if let Some(base) = name.strip_prefix('.').filter(|base| !base.is_empty()) {
            let is_new = self.exact.insert(base.to_owned())
                && self.wildcards.insert((true, base.to_owned()));
            return self.push(is_new, NameMatch::Leading(name), of);
        }
        if let Some(base) = name.strip_prefix("*.").filter(|base| !base.is_empty()) {
            let is_new = self.wildcards.insert((true, base.to_owned()));
            return self.push(is_new, NameMatch::Leading(name), of);
        }
        if let Some(base) = name.strip_suffix(".*").filter(|base| !base.is_empty()) {
            let is_new = self.wildcards.insert((false, base.to_owned()));
            return self.push(is_new, NameMatch::Trailing(name), of);
        }
        if stars > 0 { Err(Refusal::Invalid) } else { self.exact(&name, of) }
    }

    /// Adds an expression.
    pub(super) fn regex(&mut self, name: NameMatch, of: T) {
        self.entries.push((name, of));
    }

    fn push(&mut self, is_new: bool, name: NameMatch, of: T) -> Result<(), Refusal> {
        if !is_new {
            return Err(Refusal::Second);
        }
        self.entries.push((name, of));
        Ok(())
    }

    /// All of them in match order.
    pub(super) fn in_order(mut self) -> impl Iterator<Item = (NameMatch, T)> {
        // The sort is stable: those of a kind and length stay in the order of the files.
        self.entries.sort_by_key(|(name, _)| match name {
            NameMatch::Exact(_) => (0, Reverse(0)),
            NameMatch::Leading(name) => (1, Reverse(name.trim_start_matches(['*', '.']).len())),
            NameMatch::Trailing(name) => (2, Reverse(name.len())),
            NameMatch::Regex(_) => (3, Reverse(0)),
        });
        self.entries.into_iter()
    }
}
