//! What a block held before the directive at hand, so that nothing is looked at twice.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::syntax::Directive;

use super::entries::Keys;

/// The directives of a block so far, the one at hand included.
#[derive(Debug, Default)]
pub(super) struct Seen<'p> {
    /// The first of each name, and how many there are.
    directives: HashMap<Cow<'p, str>, (Directive<'p>, usize)>,
    /// Values of directives that add up, by directive and value, with where they stand.
    values: HashMap<(Cow<'p, str>, String), Directive<'p>>,
    /// The method that stands last in an upstream.
    pub(super) method: Option<Directive<'p>>,
    /// The hosts of `valid_referers`.
    pub(super) referers: Keys,
}

impl<'p> Seen<'p> {
    /// Notes a directive; true if it is the first of its name.
    pub(super) fn note(&mut self, directive: Directive<'p>) -> bool {
        let seen = self.directives.entry(directive.name()).or_insert((directive, 0));
        seen.1 += 1;
        seen.1 == 1
    }

    /// The first directive of a name.
    pub(super) fn first(&self, name: &str) -> Option<Directive<'p>> {
        self.directives.get(name).map(|(first, _)| *first)
    }

    /// How many directives of a name there are.
    pub(super) fn count(&self, name: &str) -> usize {
        self.directives.get(name).map_or(0, |(_, count)| *count)
    }

    /// Notes a value of a directive; the directive of the same name that had it before, if
    /// there is one.
    pub(super) fn value(
        &mut self,
        directive: Directive<'p>,
        value: String,
    ) -> Option<Directive<'p>> {
        match self.values.entry((directive.name(), value)) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(place) => {
                place.insert(directive);
                None
            }
        }
    }

    /// True if `off` was noted for the name of a directive.
    pub(super) fn has_off(&self, directive: Directive<'p>) -> bool {
        self.values.contains_key(&(directive.name(), "off".to_owned()))
    }
}
