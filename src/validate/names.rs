//! Names that one directive defines and another uses: shared memory zones, log formats.

use std::collections::{BTreeMap, HashMap};

use crate::source::Place;
use crate::syntax::Directive;

use super::handlers::{Buffer, Pass};
use super::{Check, error};

/// A shared memory zone (`ngx_shared_memory_add`).
#[derive(Debug)]
pub(super) struct Zone {
    /// What it is for, which is which module of nginx uses it.
    pub(super) user: &'static str,
    /// Its size in bytes, once a directive gives it.
    pub(super) size: Option<u64>,
    /// The first directive that names it.
    pub(super) place: Place,
}

/// What was named so far.
#[derive(Debug, Default)]
pub(super) struct Names<'p> {
    zones: BTreeMap<String, Zone>,
    /// The key that a limit counts by, by zone, with the directive that binds them.
    zone_keys: HashMap<String, (String, Place)>,
    /// Formats of logs by protocol (true for stream) and name.
    pub(super) log_formats: HashMap<(bool, String), Directive<'p>>,
    /// Upstreams by protocol (true for stream) and name in lower case.
    pub(super) upstreams: HashMap<(bool, String), Directive<'p>>,
    /// What is passed on to.
    pub(super) passes: Vec<Pass>,
    /// Paths of caches, with the directives that name them.
    pub(super) cache_paths: HashMap<String, Place>,
    /// How the logs of a path are buffered.
    pub(super) log_buffers: HashMap<String, (Buffer, Place)>,
}

impl Check<'_, '_> {
    /// Notes that a directive names a zone, and its size if it gives one; false if another
    /// module has a zone of this name, which is said.
    pub(super) fn zone(
        &mut self,
        name: &str,
        size: Option<u64>,
        user: &'static str,
        place: Place,
    ) -> bool {
        let new = Zone { user, size, place };
        let zone = self.names.zones.entry(name.to_owned()).or_insert(new);
        let first = zone.place;
        if zone.user != user {
            let message = format!(
                "the shared memory zone \"{name}\" is already declared for a different use"
            );
            self.say(error("conflict", place, message).also(first, "declared here"));
            return false;
        }
        match (zone.size, size) {
            (Some(old), Some(new)) if old != new => {
                let message = format!(
                    "the size {new} of shared memory zone \"{name}\" conflicts with already declared size {old}"
                );
                self.say(error("conflict", place, message).also(first, "declared here"));
                return false;
            }
            (None, Some(_)) => zone.size = size,
            _ => {}
        }
        true
    }

    /// Binds a zone to the key of a limit; what it is bound to, if it is already.
    pub(super) fn bind_zone(
        &mut self,
        zone: &str,
        key: String,
        place: Place,
    ) -> Option<(String, Place)> {
        let bound = self.names.zone_keys.get(zone).cloned();
        self.names.zone_keys.entry(zone.to_owned()).or_insert((key, place));
        bound
    }

    /// True if a directive before this one gave the zone its size.
    pub(super) fn has_sized_zone(&self, name: &str, user: &str) -> bool {
        self.names.zones.get(name).is_some_and(|zone| zone.user == user && zone.size.is_some())
    }
}

/// When all is read: zones that nobody gave a size (`ngx_init_cycle`).
pub(super) fn check(check: &mut Check<'_, '_>) {
    if !check.model.is_complete() {
        return;
    }
    let zones = std::mem::take(&mut check.names.zones);
    for (name, zone) in zones {
        if zone.size.is_none() {
            // A cache says itself that its zone is unknown.
            let message = if zone.user.ends_with("_cache") && !name.is_empty() {
                format!("\"{}\" zone \"{name}\" is unknown", zone.user)
            } else {
                format!("zero size shared memory zone \"{name}\"")
            };
            check.say(
                error("unknown-zone", zone.place, message)
                    .here("no directive defines this zone")
                    .help(definition(zone.user)),
            );
        }
    }
}

/// How zones of a module are defined.
fn definition(user: &str) -> String {
    match user {
        "limit_req" => "define it at http level: `limit_req_zone $binary_remote_addr zone=name:10m rate=10r/s;`".to_owned(),
        "limit_conn" | "stream limit_conn" => {
            "define it at http or stream level: `limit_conn_zone $binary_remote_addr zone=name:10m;`".to_owned()
        }
        cache if cache.ends_with("_cache") => {
            format!("define it at http level: `{cache}_path /path keys_zone=name:10m;`")
        }
        _ => "give its size where it is named first".to_owned(),
    }
}

/// The bytes that a bucket of a hash needs for a key (`NGX_HASH_ELT_SIZE` in `ngx_hash_init`).
fn bucket_for(key: &str) -> u64 {
    const POINTER: u64 = 8;
    2 * POINTER + (key.len() as u64 + 2).next_multiple_of(POINTER)
}

impl Check<'_, '_> {
    /// Says it if a key does not fit into a bucket of a hash of this name, as `server_names`;
    /// `size` is what the directive for its buckets says.
    pub(super) fn fits_hash(&mut self, hash: &str, key: &str, size: Option<u64>, place: Place) {
        /// The cache line of common processors: the default, and what sizes are rounded to.
        const LINE: u64 = 64;
        let size = size.unwrap_or(LINE).next_multiple_of(LINE);
        let needed = bucket_for(key);
        if needed <= size {
            return;
        }
        let message = format!(
            "could not build {hash}_hash, you should increase {hash}_hash_bucket_size: {size}"
        );
        self.say(
            error("conflict", place, message)
                .here(format!("{} bytes are too many", key.len()))
                .help(format!("set `{hash}_hash_bucket_size {};`", needed.next_multiple_of(LINE))),
        );
    }
}
