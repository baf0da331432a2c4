//! Variables that a configuration defines, ready to be looked up: `map`, `geo`,
//! `split_clients`.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

use super::config::{Geo, Map, NameMatch, SplitClients, Template};
use super::names::Names;
use super::search::Captured;
use crate::syntax::address::{Network, geo_network};

/// What a lookup in a map leads to.
pub(super) enum MapHit<'r> {
    /// An entry, or none for the default. What groups matched, if it has an expression.
    Entry(Option<usize>, Option<Captured<'r>>),
    /// An expression took too long.
    Failed,
}

/// Looks a text up in a map (`ngx_http_map_find`). An empty text never reaches the expressions.
pub(super) fn find<'r>(map: &'r Map, names: &Names, text: &[u8]) -> MapHit<'r> {
    let mut text = text;
    if map.hostnames && text.last() == Some(&b'.') {
        text = &text[..text.len() - 1];
    }
    if let Some(index) = names.find(&text.to_ascii_lowercase()) {
        return MapHit::Entry(Some(index), None);
    }
    for &index in names.regexes.iter().filter(|_| !text.is_empty()) {
        let NameMatch::Regex(pattern) = &map.entries[index].matches else { continue };
        match pattern.captures(text) {
            None => return MapHit::Failed,
            Some(None) => {}
            Some(Some(captures)) => {
                return MapHit::Entry(Some(index), Some((pattern, captures)));
            }
        }
    }
    MapHit::Entry(None, None)
}

/// A `geo`, ready to be looked up.
#[derive(Debug, Default)]
pub(super) struct GeoTable {
    /// By network, masked: its index.
    networks: HashMap<Network, usize>,
    /// The lengths that prefixes have, the longest first.
    lengths: Vec<u32>,
}

impl GeoTable {
    pub(super) fn new(geo: &Geo) -> Self {
        let mut table = Self::default();
        for (index, entry) in geo.networks.iter().enumerate() {
            if let Some(network) = geo_network(&entry.network) {
                table.networks.entry(network.masked()).or_insert(index);
                table.lengths.push(network.length);
            }
        }
        table.lengths.sort_unstable_by_key(|&length| Reverse(length));
        table.lengths.dedup();
        table
    }

    /// The value for an address. A text that is none is 255.255.255.255, and an IPv4 address in
    /// one of IPv6 is that of IPv4 (`ngx_http_geo_cidr_variable`).
    pub(super) fn find<'r>(&self, geo: &'r Geo, address: &[u8]) -> &'r str {
        let address = std::str::from_utf8(address).ok().and_then(|text| text.parse().ok());
        let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::BROADCAST));
        let around = |&length: &u32| self.networks.get(&Network::around(address, length));
        let found = self.lengths.iter().find_map(around);
        found.map_or(&geo.default, |&index| &geo.networks[index].value)
    }
}

/// The part of `split_clients` that a text belongs to
/// (`ngx_http_split_clients_variable`).
pub(super) fn split<'r>(clients: &'r SplitClients, text: &[u8]) -> Option<&'r Template> {
    let hash = murmur_hash2(text);
    let part = clients.parts.iter().find(|part| part.below.is_none_or(|below| hash < below));
    part.map(|part| &part.value)
}

/// `ngx_murmur_hash2`
fn murmur_hash2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut chunks = bytes.chunks_exact(4);
    for chunk in &mut chunks {
        let mut key = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        key = key.wrapping_mul(M);
        key ^= key >> 24;
        key = key.wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ key;
    }
    let rest = chunks.remainder();
    if !rest.is_empty() {
        for (at, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * at);
        }
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ hash >> 15
}
