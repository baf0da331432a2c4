//! `upstream` blocks: the peers, how one is chosen, and which connections are kept.

use crate::catalog::Version;
use crate::model::Upstream as Block;
use crate::runtime::config::{Backend, Keepalive, Method, Peer, Upstream};
use crate::syntax::Directive;
use crate::syntax::address::{Use, address};
use crate::syntax::value::{milliseconds, number, seconds};

use super::Compilation;

/// How many idle connections are kept where nobody says so, since 1.29.7.
const KEPT: u64 = 32;

/// What says how a peer is chosen.
const METHODS: [&str; 7] =
    ["least_conn", "ip_hash", "hash", "random", "least_time", "fair", "url_hash"];

/// All upstreams, by the index that a `proxy_pass` names them with.
pub(super) fn all(compilation: &mut Compilation<'_, '_>) -> Vec<Upstream> {
    let blocks = compilation.model.upstreams();
    blocks.into_iter().map(|block| upstream(compilation, block)).collect()
}

fn upstream(compilation: &mut Compilation<'_, '_>, block: &Block<'_>) -> Upstream {
    let scope = compilation.model.scope(block.scope);
    let peers: Vec<Peer> =
        scope.all("server").iter().filter_map(|&line| peer(compilation, line)).collect();
    let is_partial = scope.has_unknown_include
        || scope.last("state").is_some()
        || peers.len() < scope.all("server").len();
    Upstream {
        name: block.directive.arg(0).unwrap_or_default().into_owned(),
        method: method(compilation, block),
        peers,
        keepalive: keepalive(compilation, block),
        is_partial,
        at: compilation.place(block.directive),
    }
}

/// The last method counts.
fn method(compilation: &mut Compilation<'_, '_>, block: &Block<'_>) -> Method {
    let scope = compilation.model.scope(block.scope);
    let is_method = |line: &Directive<'_>| METHODS.contains(&&*line.name());
    let Some(line) = scope.directives().filter(is_method).last() else { return Method::RoundRobin };
    let word = |index| line.arg(index).unwrap_or_default();
    match &*line.name() {
        "least_conn" => Method::LeastConn,
        "ip_hash" => Method::IpHash,
        "hash" => Method::Hash {
            key: compilation.template_arg(line, 0),
            consistent: word(1) == "consistent",
        },
        "random" => {
            let how = word(1);
            if !matches!(&*how, "" | "least_conn") {
                let reason = "of two, the one with fewer connections is taken";
                compilation.unsupported(
                    compilation.place(line),
                    format!("random two {how}"),
                    reason,
                );
            }
            Method::Random { two: word(0) == "two" }
        }
        name => Method::Other(name.to_owned()),
    }
}

/// `ngx_http_upstream_server`
fn peer(compilation: &mut Compilation<'_, '_>, line: Directive<'_>) -> Option<Peer> {
    let at = compilation.place(line);
    let text = line.arg(0)?;
    let address = match address(&text, Use::Connect) {
        Ok(address) => Backend::at(&address, 80),
        Err(reason) => {
            compilation.unsupported(at, format!("server {text}"), reason);
            return None;
        }
    };
    let mut peer = Peer {
        address,
        weight: 1,
        max_conns: 0,
        max_fails: 1,
        fail_timeout_ms: 10_000,
        backup: false,
        down: false,
        resolve: false,
        at,
    };
    for word in line.arg_values().skip(1) {
        if !parameter(&mut peer, &word) {
            let reason = "this format has no word for the parameter";
            compilation.unsupported(at, format!("server {word}"), reason);
        }
    }
    Some(peer)
}

/// Reads a parameter of a peer; false if it is none that the format has.
fn parameter(peer: &mut Peer, word: &str) -> bool {
    let count = |text: &str| u64::try_from(number(text)?).ok();
    let mut set = |value: Option<u64>, field: fn(&mut Peer) -> &mut u64| match value {
        Some(value) => {
            *field(peer) = value;
            true
        }
        None => false,
    };
    match word.split_once('=') {
        Some(("weight", text)) => set(count(text), |peer| &mut peer.weight),
        Some(("max_conns", text)) => set(count(text), |peer| &mut peer.max_conns),
        Some(("max_fails", text)) => set(count(text), |peer| &mut peer.max_fails),
        Some(("fail_timeout", text)) => {
            let time = seconds(text).and_then(|time| time.checked_mul(1000));
            set(time, |peer| &mut peer.fail_timeout_ms)
        }
        Some(_) => false,
        None => match word {
            "backup" => switch(&mut peer.backup),
            "down" => switch(&mut peer.down),
            "resolve" => switch(&mut peer.resolve),
            _ => false,
        },
    }
}

fn switch(flag: &mut bool) -> bool {
    *flag = true;
    true
}

/// `keepalive` and what goes with it, which is not inherited from `http {}`.
fn keepalive(compilation: &Compilation<'_, '_>, block: &Block<'_>) -> Option<Keepalive> {
    let model = compilation.model;
    let scope = model.scope(block.scope);
    let arg = |name: &str| scope.last(name).and_then(|line| line.arg(0));
    let time = |name, default| arg(name).and_then(|text| milliseconds(&text)).unwrap_or(default);
    let requests = arg("keepalive_requests").and_then(|text| u64::try_from(number(&text)?).ok());
    let many = model.version >= Version::THOUSAND_REQUESTS;
    // Before, a method behind it took its place.
    let is_lost = model.version < Version::KEEPALIVE_BY_DEFAULT
        && scope
            .directives()
            .skip_while(|line| !line.is("keepalive"))
            .any(|line| METHODS.contains(&&*line.name()));
    (model.keeps_alive(block) && !is_lost).then(|| Keepalive {
        connections: block.keepalive.unwrap_or(KEPT),
        requests: requests.unwrap_or(if many { 1000 } else { 100 }),
        time_ms: time("keepalive_time", 3_600_000),
        timeout_ms: time("keepalive_timeout", 60_000),
    })
}
