//! Maps and other variables that settings use.

pub(super) mod map_close_defeats_keepalive;
pub(super) mod map_connection_always_upgrade;
pub(super) mod map_connection_never_upgrade;

use crate::model::{Map, Model, Proxied};
use crate::syntax::Directive;

/// The `Connection` lines whose value is one variable that a map defines.
fn connection_maps<'m, 'p>(
    model: &'m Model<'p>,
    proxied: &'m Proxied<'p>,
) -> impl Iterator<Item = (&'m Map<'p>, Directive<'p>)> {
    proxied.lines("Connection").filter_map(|line| {
        let value = line.arg(1)?;
        let name = value.strip_prefix('$')?;
        let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
        model.map(name).map(|map| (map, line))
    })
}
