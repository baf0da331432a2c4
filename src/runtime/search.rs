//! Which location takes a path (`ngx_http_core_find_location`).

use std::collections::HashMap;

use super::config::{Location, LocationMatch, Locations, Pattern};
use crate::syntax::regex::Captures;

type ByPath = HashMap<Vec<u8>, (Option<usize>, Option<usize>)>;

/// The locations of one level, ready to be searched.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// By path: index into the exact ones, and into the prefixes.
    by_path: ByPath,
    prefixes: Prefixes,
    inner_prefix: Vec<Search>,
    inner_regex: Vec<Search>,
    /// By path without the slash at its end: what a path that lacks it is redirected to.
    redirects: HashMap<Vec<u8>, Slashed>,
}

/// A location whose path ends in a slash.
#[derive(Debug, Clone, Copy)]
enum Slashed {
    /// By its index in the exact ones.
    Exact(usize),
    /// By its index in the prefixes.
    Prefix(usize),
}

/// Paths sorted by bytes, each with the longest other one that it begins with.
#[derive(Debug, Default)]
struct Prefixes {
    sorted: Vec<(Vec<u8>, usize)>,
    parents: Vec<Option<usize>>,
}

/// What came of a search.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hit<'r> {
    /// No location: the level around it counts.
    None,
    /// The longest prefix, with nothing better inside it.
    Prefix(&'r Location),
    /// An exact location or an expression.
    Final(&'r Location),
    /// The path lacks the slash at the end of this location.
    Redirect(&'r Location),
    /// The expression of this location took too long.
    Failed(&'r Location),
}

/// An expression that matched, with what its groups matched.
pub(super) type Captured<'r> = (&'r Pattern, Captures);

/// The expressions that matched, in the order in which they were tried: those of locations that
/// the path is in.
pub(super) type Matched<'r> = Vec<Captured<'r>>;

impl Search {
    pub(super) fn new(locations: &Locations) -> Self {
        let mut search = Self::default();
        for (index, location) in locations.exact.iter().enumerate() {
            let path = location.matches.pattern().as_bytes().to_vec();
            search.by_path.entry(path).or_default().0.get_or_insert(index);
        }
        for (index, location) in locations.prefix.iter().enumerate() {
            let path = location.matches.pattern().as_bytes().to_vec();
            search.by_path.entry(path).or_default().1.get_or_insert(index);
        }
        let paths = locations.prefix.iter().map(|it| it.matches.pattern().as_bytes().to_vec());
        search.prefixes = Prefixes::new(paths.zip(0..).collect());
        let inner = |location: &Location| Self::new(&location.locations);
        search.redirects = redirects(locations, &search.by_path);
        search.inner_prefix = locations.prefix.iter().map(inner).collect();
        search.inner_regex = locations.regex.iter().map(inner).collect();
        search
    }

    /// Looks for the location of a path.
    pub(super) fn find<'r>(
        &self,
        locations: &'r Locations,
        path: &[u8],
        matched: &mut Matched<'r>,
    ) -> Hit<'r> {
        let longest = match self.find_static(locations, path) {
            Static::Exact(location) => return Hit::Final(location),
            Static::Redirect(location) => return Hit::Redirect(location),
            Static::Prefix(index) => Some(index),
            Static::None => None,
        };
        let Some(index) = longest else {
            return self.find_regex(locations, path, matched).unwrap_or(Hit::None);
        };
        let location = &locations.prefix[index];
        let hit = match self.inner_prefix[index].find(&location.locations, path, matched) {
            Hit::None => Hit::Prefix(location),
            Hit::Prefix(inner) => Hit::Prefix(inner),
            decided => return decided,
        };
        // The `^~` that counts is that of this level, not that of what is inside.
        match location.matches {
            LocationMatch::PrefixNoRegex(_) => hit,
            _ => self.find_regex(locations, path, matched).unwrap_or(hit),
        }
    }

    fn find_regex<'r>(
        &self,
        locations: &'r Locations,
        path: &[u8],
        matched: &mut Matched<'r>,
    ) -> Option<Hit<'r>> {
        for (location, inner) in locations.regex.iter().zip(&self.inner_regex) {
            let LocationMatch::Regex(pattern) = &location.matches else { continue };
            let Some(captures) = pattern.captures(path) else {
                return Some(Hit::Failed(location));
            };
            let Some(captures) = captures else { continue };
            matched.push((pattern, captures));
            return Some(match inner.find(&location.locations, path, matched) {
                Hit::None => Hit::Final(location),
                // A redirect inside an expression is none: `ngx_http_core_find_location`
                // says NGX_OK of it.
                Hit::Prefix(inner) | Hit::Final(inner) | Hit::Redirect(inner) => Hit::Final(inner),
                failed @ Hit::Failed(_) => failed,
            });
        }
        None
    }

    fn find_static<'r>(&self, locations: &'r Locations, path: &[u8]) -> Static<'r> {
        match self.by_path.get(path) {
            Some((Some(exact), _)) => return Static::Exact(&locations.exact[*exact]),
            Some((None, Some(prefix))) => return Static::Prefix(*prefix),
            _ => {}
        }
        match self.redirects.get(path) {
            Some(Slashed::Exact(index)) => return Static::Redirect(&locations.exact[*index]),
            Some(Slashed::Prefix(index)) => return Static::Redirect(&locations.prefix[*index]),
            None => {}
        }
        self.prefixes.longest(path).map_or(Static::None, Static::Prefix)
    }
}

/// The locations that paths without the slash at their end are redirected to. An exact one goes
/// before a prefix, and either of them may say that it is so.
fn redirects(locations: &Locations, by_path: &ByPath) -> HashMap<Vec<u8>, Slashed> {
    let redirect = |(path, &(exact, prefix)): (&Vec<u8>, &(Option<usize>, Option<usize>))| {
        let without = path.strip_suffix(b"/")?.to_vec();
        let of_exact = exact.is_some_and(|index| locations.exact[index].auto_redirect);
        let of_prefix = prefix.is_some_and(|index| locations.prefix[index].auto_redirect);
        let to = exact.map(Slashed::Exact).or(prefix.map(Slashed::Prefix))?;
        (of_exact || of_prefix).then_some((without, to))
    };
    by_path.iter().filter_map(redirect).collect()
}

enum Static<'r> {
    None,
    Exact(&'r Location),
    Prefix(usize),
    Redirect(&'r Location),
}

impl Prefixes {
    fn new(mut sorted: Vec<(Vec<u8>, usize)>) -> Self {
        sorted.sort();
        sorted.dedup_by(|b, a| a.0 == b.0);
        let mut parents = Vec::with_capacity(sorted.len());
        for (index, (path, _)) in sorted.iter().enumerate() {
            let mut parent = index.checked_sub(1);
            while let Some(before) = parent
                && !path.starts_with(&sorted[before].0)
            {
                parent = parents[before];
            }
            parents.push(parent);
        }
        Self { sorted, parents }
    }

    /// The longest path that another begins with.
    ///
    /// Whatever stands between that one and the other in the order begins with it too, so it
    /// is the last one before the other, or one that this begins with.
    fn longest(&self, path: &[u8]) -> Option<usize> {
        let behind = self.sorted.partition_point(|(other, _)| other.as_slice() <= path);
        let mut candidate = behind.checked_sub(1);
        while let Some(index) = candidate {
            let (other, location) = &self.sorted[index];
            if path.starts_with(other) {
                return Some(*location);
            }
            candidate = self.parents[index];
        }
        None
    }
}
