//! Variables that are used and that nothing defines (`ngx_http_variables_init_vars`).
//!
//! Only where the whole configuration is in view, and no module that is not known could
//! define them, so that what is reported is certain.

use std::collections::{HashMap, HashSet};

use crate::catalog::{self, Versions};
use crate::source::Place;
use crate::syntax::value::Part;

use super::{Check, error};

/// Which variables the configuration defines and uses; true stands for those of stream.
#[derive(Debug, Default)]
pub(super) struct Variables {
    defined: HashSet<(bool, String)>,
    used: HashMap<(bool, String), Vec<Place>>,
}

impl Variables {
    /// Notes that something defines a variable, named without `$`.
    pub(super) fn define(&mut self, name: &str, is_stream: bool) {
        self.defined.insert((is_stream, name.to_ascii_lowercase()));
    }

    /// Notes the variables that a text uses.
    pub(super) fn use_all(&mut self, parts: &[Part<'_>], is_stream: bool, place: Place) {
        for part in parts {
            if let Part::Variable(name) = part {
                self.use_one(name, is_stream, place);
            }
        }
    }

    /// Notes that a variable is used.
    pub(super) fn use_one(&mut self, name: &str, is_stream: bool, place: Place) {
        let places = self.used.entry((is_stream, name.to_ascii_lowercase())).or_default();
        if !places.contains(&place) && places.len() < MAX_PLACES {
            places.push(place);
        }
    }
}

/// To look for a similar name takes time for each: more variables than these get no help.
const MAX_HELPED: usize = 200;

/// More places than these of one variable are not shown.
const MAX_PLACES: usize = 4;

/// True for a variable that nginx or one of its modules defines.
pub(super) fn is_builtin(name: &str, is_stream: bool, versions: Versions) -> bool {
    let protocol = if is_stream { "stream" } else { "http" };
    catalog::variables().iter().any(|variable| {
        variable.protocol == protocol
            && variable.epoch.meets(versions)
            && if variable.is_family {
                name.starts_with(variable.name)
            } else {
                name == variable.name
            }
    })
}

/// True for a variable that a configuration may not define anew
/// (`ngx_http_add_variable`). Families may be.
pub(super) fn is_fixed(name: &str, is_stream: bool, versions: Versions) -> bool {
    let protocol = if is_stream { "stream" } else { "http" };
    let name = name.to_ascii_lowercase();
    let mut own = catalog::variables().iter().filter(|variable| {
        variable.protocol == protocol
            && !variable.is_family
            && variable.origin.is_empty()
            && variable.epoch.covers(versions)
            && name == variable.name
    });
    own.next().is_some_and(|variable| !variable.is_changeable)
}

pub(super) fn check(check: &mut Check<'_, '_>) {
    if !check.model.is_complete() || check.has_unknown_modules {
        return;
    }
    let Variables { defined, used } = std::mem::take(&mut check.variables);
    let mut unknown: Vec<((bool, String), Vec<Place>)> = used
        .into_iter()
        .filter(|(key, _)| !defined.contains(key) && !is_builtin(&key.1, key.0, check.versions))
        .collect();
    unknown.sort_unstable();
    for (index, ((is_stream, name), places)) in unknown.into_iter().enumerate() {
        let [first, more @ ..] = places.as_slice() else { continue };
        let mut diagnostic =
            error("unknown-variable", *first, format!("unknown \"{name}\" variable"))
                .here("nothing defines this variable");
        if index < MAX_HELPED {
            diagnostic.help = Some(help(&name, is_stream, &defined, check.versions));
        }
        for &place in more {
            diagnostic = diagnostic.also(place, "used here too");
        }
        check.say(diagnostic);
    }
}

fn help(
    name: &str,
    is_stream: bool,
    defined: &HashSet<(bool, String)>,
    versions: Versions,
) -> String {
    if name == "memcached_key" {
        return "set it before memcached_pass, as in `set $memcached_key $uri;`".to_owned();
    }
    if name.contains("upgrade") {
        return "the recipe has a map at http level: `map $http_upgrade $connection_upgrade { default upgrade; '' close; }`".to_owned();
    }
    if is_builtin(name, !is_stream, versions) {
        let (other, here) = if is_stream { ("http", "stream") } else { ("stream", "http") };
        return format!("this is a variable of {other}, which {here} does not have");
    }
    let own = defined.iter().filter(|(stream, _)| *stream == is_stream).map(|(_, name)| &**name);
    let protocol = if is_stream { "stream" } else { "http" };
    let builtin = catalog::variables().iter().filter(|it| it.protocol == protocol);
    let names = own.chain(builtin.filter(|it| !it.is_family).map(|it| it.name));
    match super::placement::nearest_of(name, names) {
        Some(near) => format!("is it `${near}`?"),
        None => "define it with `set` or `map`, or write the text without \"$\"".to_owned(),
    }
}
