//! Variables that `map`, `geo` and `split_clients` define. Of several definitions of one, nginx
//! takes the last, whatever it is.

use std::collections::HashMap;

use crate::catalog::Context;
use crate::model::{ScopeId, variable_name};
use crate::runtime::config::{
    Config, Geo, GeoNetwork, Map, MapEntry, NameMatch, SplitClients, SplitPart, Template,
};
use crate::syntax::Directive;
use crate::syntax::address::{Network, geo_network};

use super::Compilation;
use super::names::{Names, Refusal};

/// Adds the variables that an `http {}` defines; gives the directives of each map's entries, in
/// match order.
pub(super) fn all<'p>(
    compilation: &mut Compilation<'_, 'p>,
    http: ScopeId,
    config: &mut Config,
) -> Vec<Vec<Directive<'p>>> {
    let model = compilation.model;
    let mut entries = Vec::new();
    let mut last: HashMap<String, ScopeId> = HashMap::new();
    let blocks = compilation.blocks(http, Context::Entries);
    let opener = |block: ScopeId| {
        let opener = model.scope(block).opener?;
        let defines = ["map", "geo", "split_clients"].iter().any(|name| opener.is(name));
        let name = opener.args().last().filter(|_| defines)?.value(opener.source);
        Some((opener, variable_name(&name)))
    };
    for &block in &blocks {
        if let Some((_, variable)) = opener(block) {
            last.insert(variable, block);
        }
    }
    for &block in &blocks {
        let Some((opener, variable)) = opener(block) else { continue };
        if last.get(&variable) != Some(&block) {
            continue;
        }
        match &*opener.name() {
            "map" => {
                let (map, of_map) = map(compilation, opener, block, variable);
                config.maps.push(map);
                entries.push(of_map);
            }
            "geo" => config.geos.push(geo(compilation, opener, block, variable)),
            _ => config.split_clients.push(split(compilation, opener, block, variable)),
        }
    }
    entries
}

/// `ngx_http_map`
fn map<'p>(
    compilation: &mut Compilation<'_, 'p>,
    opener: Directive<'p>,
    block: ScopeId,
    variable: String,
) -> (Map, Vec<Directive<'p>>) {
    let model = compilation.model;
    let scope = model.scope(block);
    let mut map = Map {
        variable,
        source: compilation.template_arg(opener, 0),
        hostnames: false,
        volatile: false,
        entries: Vec::new(),
        default: Template::default(),
        is_partial: scope.has_unknown_include,
        at: compilation.place(opener),
    };
    let mut names = Names::new();
    for entry in scope.directives() {
        let name = entry.name();
        match (&*name, entry.args().len()) {
            ("hostnames", 0) => map.hostnames = true,
            ("volatile", 0) => map.volatile = true,
            ("include", 1) => {}
            ("default", 1) => map.default = compilation.template_arg(entry, 0),
            (key, 1) => map.is_partial |= !add(compilation, entry, key, map.hostnames, &mut names),
            _ => {
                map.is_partial = true;
                let reason = "nginx does not take such an entry";
                compilation.unsupported(compilation.place(entry), format!("map {name}"), reason);
            }
        }
    }
    let entry = |(matches, (value, directive))| {
        let at = model.runtime_place(directive);
        (MapEntry { matches, value, at }, directive)
    };
    let (entries, directives) = names.in_order().map(entry).unzip();
    map.entries = entries;
    (map, directives)
}

/// Adds an entry to a map; false if it cannot be read, which is listed.
fn add<'p>(
    compilation: &mut Compilation<'_, 'p>,
    entry: Directive<'p>,
    key: &str,
    are_hosts: bool,
    names: &mut Names<(Template, Directive<'p>)>,
) -> bool {
    let of = (compilation.template_arg(entry, 0), entry);
    if let Some(regex) = key.strip_prefix('~') {
        let (regex, caseless) = regex.strip_prefix('*').map_or((regex, false), |it| (it, true));
        let Some(pattern) = compilation.pattern(entry, regex, caseless) else { return false };
        names.regex(NameMatch::Regex(pattern), of);
        return true;
    }
    let key = key.strip_prefix('\\').unwrap_or(key);
    let added = if are_hosts { names.host(key, of) } else { names.exact(key, of) };
    let reason = match added {
        Ok(()) => return true,
        Err(Refusal::Second) => "another entry of the map has this key",
        Err(Refusal::Invalid) => "it is no name of a host",
    };
    compilation.unsupported(compilation.place(entry), format!("map {key}"), reason);
    false
}

/// `ngx_http_geo`
fn geo(
    compilation: &mut Compilation<'_, '_>,
    opener: Directive<'_>,
    block: ScopeId,
    variable: String,
) -> Geo {
    let model = compilation.model;
    let scope = model.scope(block);
    let address = match opener.args().len() {
        2 => compilation.template_arg(opener, 0),
        _ => Template::variable("remote_addr"),
    };
    let mut default = String::new();
    let mut networks: Vec<(Network, Option<String>)> = Vec::new();
    let mut indices: HashMap<Network, usize> = HashMap::new();
    let mut is_partial = scope.has_unknown_include;
    for entry in scope.directives() {
        let name = entry.name();
        let value = entry.arg(0).unwrap_or_default().into_owned();
        let key = if name == "delete" { value.as_str() } else { &name };
        match (&*name, entry.args().len(), geo_network(key).map(Network::masked)) {
            ("include", 1, _) | ("volatile", 0, _) => {}
            ("default", 1, _) => default = value,
            (_, 1, Some(network)) => {
                let index = *indices.entry(network).or_insert(networks.len());
                if index == networks.len() {
                    networks.push((network, None));
                }
                networks[index].1 = (name != "delete").then_some(value);
            }
            _ => {
                is_partial = true;
                let reason = "this format has no word for it";
                compilation.unsupported(compilation.place(entry), format!("geo {name}"), reason);
            }
        }
    }
    networks.sort_by_key(|(network, _)| std::cmp::Reverse(network.length));
    let network = |(network, value): (Network, Option<String>)| {
        Some(GeoNetwork { network: network.to_string(), value: value? })
    };
    Geo {
        variable,
        address,
        networks: networks.into_iter().filter_map(network).collect(),
        default,
        is_partial,
        at: compilation.place(opener),
    }
}

/// `ngx_conf_split_clients_block`
fn split(
    compilation: &mut Compilation<'_, '_>,
    opener: Directive<'_>,
    block: ScopeId,
    variable: String,
) -> SplitClients {
    let mut parts = Vec::new();
    let mut last: u64 = 0;
    for entry in compilation.model.scope(block).directives() {
        let name = entry.name();
        let value = Template::literal(&entry.arg(0).unwrap_or_default());
        let percent = name.strip_suffix('%').and_then(hundredths);
        let below = match percent {
            Some(percent) => {
                last += percent * u64::from(u32::MAX) / 10_000;
                u32::try_from(last).ok()
            }
            None if name == "*" => None,
            None => {
                let (at, reason) = (compilation.place(entry), "nginx does not take such a share");
                compilation.unsupported(at, format!("split_clients {name}"), reason);
                continue;
            }
        };
        parts.push(SplitPart { below, value });
    }
    SplitClients {
        variable,
        key: compilation.template_arg(opener, 0),
        parts,
        at: compilation.place(opener),
    }
}

/// A number with up to two decimals, times 100 (`ngx_atofp`).
fn hundredths(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() || decimals.len() > 2 || !is_number(whole) || !is_number(decimals) {
        return None;
    }
    format!("{whole}{decimals:0<2}").parse().ok().filter(|&share| share > 0)
}
