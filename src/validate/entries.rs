//! Entries of blocks whose first word is data: `map`, `geo`, `split_clients`, `types`,
//! `charset_map`.

use std::collections::{HashMap, HashSet};

use crate::catalog::Version;
use crate::model::ScopeId;
use crate::source::Span;
use crate::syntax::address::{Network, inet_addr, network};
use crate::syntax::{Body, Directive, Word};

use super::{Check, error, warning};

/// Checks the entries of a block, which `opener` opens.
pub(super) fn check<'p>(check: &mut Check<'_, 'p>, opener: Directive<'p>, block: ScopeId) {
    let model = check.model;
    for line in model.scope(block).lines().iter().filter(|line| line.block.is_some()) {
        if let Body::Block { open, .. } = line.directive.body() {
            let place = line.directive.source.place(Span::new(open, open + 1));
            check.say(
                error("unexpected-brace", place, "unexpected \"{\"")
                    .here(format!("an entry of \"{}\" has no block", opener.name())),
            );
        }
    }
    let lines = model.scope(block).lines().iter().filter(|line| line.block.is_none());
    let entries: Vec<Directive<'p>> = lines.map(|line| line.directive).collect();
    match &*opener.name() {
        "map" => map(check, &entries),
        "geo" => geo(check, &entries),
        "split_clients" => split_clients(check, opener, &entries),
        "types" => types(check, &entries),
        "charset_map" => charset_map(check, opener, &entries),
        _ => {}
    }
}

fn is_include(entry: Directive<'_>) -> bool {
    entry.is("include") && entry.args().len() == 1
}

/// `ngx_http_map`
fn map<'p>(check: &mut Check<'_, 'p>, entries: &[Directive<'p>]) {
    let bucket = check.model.effective_one(check.scope, "map_hash_bucket_size");
    let bucket: Option<u64> = bucket.and_then(|it| it.arg(0)?.parse().ok());
    // In a snippet the size may be set where it is included.
    let is_known = bucket.is_some() || check.model.is_complete();
    let mut keys = Keys::default();
    let mut has_default = false;
    for &entry in entries {
        let name = entry.name();
        let key = entry.words()[0];
        match entry.args() {
            [] if name == "hostnames" => keys.are_hosts = true,
            [] if name == "volatile" && check.versions.have(Version::new(1, 11, 7)) => {}
            [_] if is_include(entry) => {}
            [value] => {
                if !check.template(entry, *value) {
                    continue;
                }
                if name == "default" {
                    if has_default {
                        let message = "duplicate default map parameter";
                        check.say(error("duplicate", entry.place(), message));
                    }
                    has_default = true;
                } else if let Some(regex) = name.strip_prefix('~') {
                    let (regex, caseless) = caseless(regex);
                    check.regex(entry, key, regex, caseless);
                } else {
                    let name = name.strip_prefix('\\').unwrap_or(&name);
                    if let Err(reason) = keys.add(name) {
                        let rule =
                            if reason == Keys::CONFLICT { "duplicate" } else { "invalid-value" };
                        let message = format!("{reason} \"{}\"", name.to_ascii_lowercase());
                        check.say(error(rule, entry.place_of(key), message));
                    } else if is_known && !(keys.are_hosts && name.contains(['*', '.'])) {
                        check.fits_hash("map", name, bucket, entry.place_of(key));
                    }
                }
            }
            _ => {
                let message = "invalid number of the map parameters";
                check.say(
                    error("invalid-value", entry.place(), message)
                        .here("an entry is a key and a value")
                        .help("write `key value;`, with quotes around what holds white space"),
                );
            }
        }
    }
}

/// The expression behind a `~`, and whether another `*` makes letter case not matter.
fn caseless(regex: &str) -> (&str, bool) {
    regex.strip_prefix('*').map_or((regex, false), |regex| (regex, true))
}

/// Keys that may not meet, as `ngx_hash_add_key` has them.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// Keys may be host names with a wildcard.
    are_hosts: bool,
    exact: HashSet<String>,
    /// What is behind `*.`, and what is before `.*`.
    wildcards: HashSet<(bool, String)>,
}

impl Keys {
    pub(super) const CONFLICT: &str = "conflicting parameter";

    /// Notes a key that is a host name, or says why it may not be there.
    pub(super) fn add_host(&mut self, key: &str) -> Result<(), &'static str> {
        self.are_hosts = true;
        self.add(key)
    }

    /// Notes a key, or says why it may not be there.
    pub(super) fn add(&mut self, key: &str) -> Result<(), &'static str> {
        let key = key.to_ascii_lowercase();
        let mut is_new = true;
        if self.are_hosts {
            let stars = key.matches('*').count();
            if stars > 1 || key.contains("..") {
                return Err("invalid hostname or wildcard");
            }
            if let Some(base) = key.strip_prefix('.').filter(|base| !base.is_empty()) {
                is_new &= self.exact.insert(base.to_owned());
                is_new &= self.wildcards.insert((true, base.to_owned()));
            } else if let Some(base) = key.strip_prefix("*.").filter(|base| !base.is_empty()) {
                is_new = self.wildcards.insert((true, base.to_owned()));
            } else if let Some(base) = key.strip_suffix(".*").filter(|base| !base.is_empty()) {
                is_new = self.wildcards.insert((false, base.to_owned()));
            } else if stars > 0 {
                return Err("invalid hostname or wildcard");
            } else {
                is_new = self.exact.insert(key);
            }
        } else {
            is_new = self.exact.insert(key);
        }
        if is_new { Ok(()) } else { Err(Self::CONFLICT) }
    }
}

/// `ngx_http_geo`
fn geo<'p>(check: &mut Check<'_, 'p>, entries: &[Directive<'p>]) {
    let is_stream = check.context.is_stream();
    let has_volatile = check.versions.have(Version::new(1, 29, 3));
    let (mut in_ranges, mut has_networks) = (false, false);
    // The last value of each network or range, and of the default.
    let mut values: HashMap<String, String> = HashMap::new();
    for &entry in entries {
        let name = entry.name();
        let key = entry.words()[0];
        match entry.args() {
            [] if name == "ranges" => {
                if has_networks {
                    let message =
                        "the \"ranges\" directive must be the first directive inside \"geo\" block";
                    check.invalid(entry, key, message);
                }
                in_ranges = true;
            }
            [] if name == "proxy_recursive" && !is_stream || name == "volatile" && has_volatile => {
            }
            [_] if is_include(entry) => {}
            [word] if name == "proxy" && !is_stream => {
                geo_network(check, entry, *word);
            }
            [value] => {
                let word = if name == "delete" { *value } else { key };
                let net = word.value(entry.source).into_owned();
                let net = if name == "default" {
                    Some(net)
                } else if in_ranges {
                    geo_range(check, entry, word).then_some(net)
                } else {
                    geo_network(check, entry, word).map(|it| it.masked().to_string())
                };
                let Some(net) = net else { continue };
                has_networks |= !in_ranges;
                if name == "delete" {
                    values.remove(&net);
                    continue;
                }
                let new = value.value(entry.source).into_owned();
                let old = values.insert(net, new.clone());
                if let Some(old) = old {
                    let what = match (in_ranges, &*name) {
                        (true, "default") => format!("default geo range value: \"{new}\""),
                        (true, _) => format!("range \"{name}\", value: \"{new}\""),
                        (false, _) => format!("network \"{name}\", value: \"{new}\""),
                    };
                    let message = format!("duplicate {what}, old value: \"{old}\"");
                    check.say(warning("meaningless", entry.place(), message));
                }
            }
            _ => {
                let message = "invalid number of the geo parameters";
                check.say(
                    error("invalid-value", entry.place(), message)
                        .here("an entry is a network and a value")
                        .help("write `network value;`, with quotes around what holds white space"),
                );
            }
        }
    }
}

/// `ngx_http_geo_cidr_value`
fn geo_network(check: &mut Check<'_, '_>, entry: Directive<'_>, word: Word) -> Option<Network> {
    let text = word.value(entry.source);
    if text == "255.255.255.255" {
        return Some(Network { address: u128::from(u32::MAX), length: 32, is_v6: false });
    }
    let Some(network) = network(&text) else {
        check.invalid_for(
            entry,
            word,
            format!("invalid network \"{text}\""),
            "write an address, or one with the length of its prefix, as in 10.0.0.0/8",
        );
        return None;
    };
    if network.has_host_bits() {
        low_bits(check, entry, word);
    }
    Some(network)
}

/// What nginx says of bits behind the prefix of a network.
pub(super) fn low_bits(check: &mut Check<'_, '_>, directive: Directive<'_>, word: Word) {
    let text = word.value(directive.source);
    let message = format!("low address bits of {text} are meaningless");
    let mut diagnostic = warning("meaningless", directive.place_of(word), message);
    diagnostic.help = Some("the bits behind the prefix do not count; write them as 0".to_owned());
    check.say(diagnostic);
}

/// `ngx_http_geo_range`
fn geo_range(check: &mut Check<'_, '_>, entry: Directive<'_>, word: Word) -> bool {
    let text = word.value(entry.source);
    let ends = text.split_once('-').and_then(|(start, end)| {
        let (start, end) = (inet_addr(start)?, inet_addr(end)?);
        (start <= end).then_some(())
    });
    if ends.is_none() {
        check.invalid_for(
            entry,
            word,
            format!("invalid range \"{text}\""),
            "after `ranges` write first-last, as in 10.0.0.0-10.0.0.255; IPv4 only",
        );
    }
    ends.is_some()
}

/// `ngx_http_split_clients`
fn split_clients<'p>(check: &mut Check<'_, 'p>, opener: Directive<'p>, entries: &[Directive<'p>]) {
    let mut sum = 0;
    for &entry in entries {
        let key = entry.words()[0];
        let text = entry.name();
        let percent = match text.strip_suffix('%') {
            // The rest fills up what is left; more than all is said below.
            _ if text == "*" => Some((10_000 - sum).max(0)),
            Some(number) => hundredths(number).filter(|&percent| percent > 0),
            None => None,
        };
        match percent {
            Some(percent) => sum += percent,
            None => check.invalid_for(
                entry,
                key,
                format!("invalid percent value \"{text}\""),
                "write a share, as in 12.5%, or * for the rest",
            ),
        }
    }
    if sum > 10_000 {
        check.say(error("invalid-value", opener.place(), "percent total is greater than 100%"));
    }
}

/// A number with up to two decimals, times 100 (`ngx_atofp`).
fn hundredths(text: &str) -> Option<i64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if text.is_empty() || decimals.len() > 2 || !is_number(whole) || !is_number(decimals) {
        return None;
    }
    format!("{whole}{decimals:0<2}").parse().ok()
}

/// `ngx_http_core_type`
fn types<'p>(check: &mut Check<'_, 'p>, entries: &[Directive<'p>]) {
    let mut types: HashMap<String, String> = HashMap::new();
    for &entry in entries.iter().filter(|&&entry| !is_include(entry)) {
        let name = entry.name();
        for &word in entry.args() {
            let extension = word.value(entry.source).to_ascii_lowercase();
            let message = match types.get(&extension) {
                Some(old) => format!(
                    "duplicate extension \"{extension}\", content type: \"{name}\", previous content type: \"{old}\""
                ),
                None => String::new(),
            };
            if !message.is_empty() {
                check.say(warning("meaningless", entry.place_of(word), message));
            }
            types.insert(extension, name.clone().into_owned());
        }
    }
}

/// `ngx_http_charset_map`
fn charset_map<'p>(check: &mut Check<'_, 'p>, opener: Directive<'p>, entries: &[Directive<'p>]) {
    let to_utf8 = opener.arg(1).is_some_and(|charset| charset.eq_ignore_ascii_case("utf-8"));
    for &entry in entries {
        let [value] = entry.args() else {
            let message = "invalid parameters number";
            check.say(
                error("invalid-value", entry.place(), message)
                    .help("an entry is a code and what it becomes, as in `80 E282AC;`"),
            );
            continue;
        };
        // One byte each, or any number of them in UTF-8.
        let is_hex = |text: &str, most: usize| {
            !text.is_empty()
                && text.bytes().all(|it| it.is_ascii_hexdigit())
                && text.trim_start_matches('0').len() <= most
        };
        let longest = if to_utf8 { usize::MAX } else { 2 };
        for (word, most) in [(entry.words()[0], 2), (*value, longest)] {
            let text = word.value(entry.source);
            if !is_hex(&text, most) {
                check.invalid(entry, word, format!("invalid value \"{text}\""));
            }
        }
    }
}
