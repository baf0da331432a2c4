//! Why a location takes a request and others do not: for people who want to know.
//!
//! Nothing in here decides anything; it looks at what was decided.

use super::config::{Location, LocationMatch, Locations};
use super::outcome::{Fate, Step};

/// What became of the locations of a level, and of those inside the one that leads to the
/// chosen one.
pub(super) fn tell<'r>(
    locations: &'r Locations,
    path: &[u8],
    chosen: Option<&'r Location>,
    is_redirect: bool,
    steps: &mut Vec<Step<'r>>,
) {
    let is_chosen = |it: &Location| chosen.is_some_and(|chosen| std::ptr::eq(chosen, it));
    let winner = locations.all().find(|it| is_chosen(it) || contains(it, chosen));
    let mut is_behind = false;
    for location in locations.exact.iter().chain(&locations.prefix).chain(&locations.regex) {
        let is_winner = winner.is_some_and(|winner| std::ptr::eq(winner, location));
        let fate = match location.matches {
            _ if is_chosen(location) && is_redirect => Fate::Redirects,
            _ if is_chosen(location) => Fate::Chosen,
            _ if is_winner => Fate::OuterOf,
            LocationMatch::Regex(_) => regex_fate(winner, chosen, is_behind),
            _ => static_fate(location, path, winner),
        };
        steps.push(Step::Location { location, fate });
        if is_winner && fate == Fate::OuterOf {
            tell(&location.locations, path, chosen, is_redirect, steps);
        }
        is_behind |= is_winner;
    }
}

fn contains(outer: &Location, chosen: Option<&Location>) -> bool {
    outer.locations.all().any(|inner| {
        chosen.is_some_and(|chosen| std::ptr::eq(chosen, inner)) || contains(inner, chosen)
    })
}

fn static_fate(location: &Location, path: &[u8], winner: Option<&Location>) -> Fate {
    let matches = match &location.matches {
        LocationMatch::Prefix(prefix) | LocationMatch::PrefixNoRegex(prefix) => {
            path.starts_with(prefix.as_bytes())
        }
        _ => false,
    };
    match winner.map(|winner| &winner.matches) {
        _ if !matches => Fate::NoMatch,
        Some(LocationMatch::Regex(_)) => Fate::BeatenByRegex,
        _ => Fate::ShorterPrefix,
    }
}

/// What became of an expression that is not the winner of its level.
fn regex_fate(winner: Option<&Location>, chosen: Option<&Location>, is_behind: bool) -> Fate {
    let Some(winner) = winner else { return Fate::NoMatch };
    let decided_inside = chosen.is_some_and(|chosen| {
        let is_prefix = |it: &Location| {
            matches!(it.matches, LocationMatch::Prefix(_) | LocationMatch::PrefixNoRegex(_))
        };
        !std::ptr::eq(chosen, winner) && !is_prefix(chosen)
    });
    match winner.matches {
        LocationMatch::Regex(_) if is_behind => Fate::LaterRegex,
        LocationMatch::Regex(_) => Fate::NoMatch,
        LocationMatch::Prefix(_) if !decided_inside => Fate::NoMatch,
        _ => Fate::NotTried,
    }
}
