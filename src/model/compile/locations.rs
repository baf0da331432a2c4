//! `location` blocks by kind and in match order (`ngx_http_init_locations`).

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::catalog::Context;
use crate::model::{PASSES, ScopeId};
use crate::runtime::config::{Location, LocationMatch, Locations};
use crate::syntax::value::{Match, MatchKind};

use super::{Compilation, handler};

/// The locations in a server or in a location.
pub(super) fn inside(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Locations {
    let mut locations = Locations::default();
    for block in compilation.blocks(scope, Context::Location) {
        let Some(location) = location(compilation, block) else { continue };
        let list = match &location.matches {
            LocationMatch::Exact(_) => &mut locations.exact,
            LocationMatch::Prefix(_) | LocationMatch::PrefixNoRegex(_) => &mut locations.prefix,
            LocationMatch::Regex(_) => &mut locations.regex,
            LocationMatch::Named(_) => &mut locations.named,
        };
        list.push(location);
    }
    for list in [&mut locations.exact, &mut locations.prefix, &mut locations.named] {
        refuse_second(compilation, list);
    }
    locations.exact.sort_by(|a, b| a.matches.pattern().cmp(b.matches.pattern()));
    let order = |it: &Location| Reverse(it.matches.pattern().len());
    locations.prefix.sort_by(|a, b| {
        order(a).cmp(&order(b)).then_with(|| a.matches.pattern().cmp(b.matches.pattern()))
    });
    locations
}

/// Of two locations with the same path or name, nginx takes neither; here it is the first.
fn refuse_second(compilation: &mut Compilation<'_, '_>, list: &mut Vec<Location>) {
    let mut known = HashSet::new();
    list.retain(|location| {
        let is_new = known.insert(location.matches.pattern().to_owned());
        if !is_new {
            let what = format!("location {}", location.matches.pattern());
            compilation.unsupported(location.at, what, "nginx does not take a second one");
        }
        is_new
    });
}

fn location(compilation: &mut Compilation<'_, '_>, scope: ScopeId) -> Option<Location> {
    let at = compilation.place_of(scope);
    let model = compilation.model;
    let matches = match (model.scope(scope).opener, model.scope(scope).location()) {
        (None, _) => {
            let reason = "which requests these directives are for is not in view: all are taken";
            compilation.unsupported(at, "location", reason);
            LocationMatch::Prefix("/".to_owned())
        }
        (Some(_), None) => {
            compilation.unsupported(at, "location", "nginx does not take its arguments");
            return None;
        }
        (Some(opener), Some(Match { kind, pattern })) => match kind {
            MatchKind::Exact => LocationMatch::Exact(pattern),
            MatchKind::Prefix => LocationMatch::Prefix(pattern),
            MatchKind::PrefixNoRegex => LocationMatch::PrefixNoRegex(pattern),
            MatchKind::Regex => LocationMatch::Regex(compilation.pattern(opener, &pattern, false)?),
            MatchKind::RegexCaseless => {
                LocationMatch::Regex(compilation.pattern(opener, &pattern, true)?)
            }
            MatchKind::Named => LocationMatch::Named(pattern),
        },
    };
    let is_path = !matches!(matches, LocationMatch::Regex(_) | LocationMatch::Named(_));
    let passes = PASSES.iter().any(|name| model.scope(scope).last(name).is_some());
    Some(Location {
        auto_redirect: is_path && passes && matches.pattern().ends_with('/'),
        matches,
        handler: handler::of_location(compilation, scope),
        locations: inside(compilation, scope),
        at,
    })
}
