//! The library's model of nginx against the real one: random configurations and requests, and
//! vectors whose answers are known.
//!
//! A run tries some 2,000 requests of a fixed seed. `NGXC_GENERATE=<number>` tries so many of
//! another seed, which is printed and which `NGXC_SEED` repeats; `NGXC_SEED=<seed>:<index>`
//! tries one configuration. What differs is in `target/differential.txt`.

mod backend;
mod block;
mod campaign;
mod compare;
mod conformance;
mod generate;
pub mod library;
mod live;
mod ports;
mod random;
mod request;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs, thread};

use campaign::{Campaign, Disagreement, REQUESTS, Tally};

use crate::nginx;
use crate::support::{noted, root};

/// The seed of a run that no variable is set for.
const SEED: u64 = 1;

/// So many requests does such a run try.
const CASES: usize = 2_000;

/// So many disagreements are reduced and printed, each about something else.
const SHOWN: usize = 12;

/// Which cases a run tries.
struct Choice {
    seed: u64,
    indices: Vec<u64>,
}

impl Choice {
    fn of_environment() -> Self {
        let wish = env::var("NGXC_GENERATE").ok();
        let cases = match wish.as_deref() {
            None => CASES,
            Some("all") => 100_000,
            Some(number) => number.parse().unwrap_or(CASES),
        };
        let (seed, index) = match env::var("NGXC_SEED") {
            Ok(seed) => {
                let (seed, index) =
                    seed.split_once(':').map_or((&*seed, None), |(a, b)| (a, Some(b)));
                let number =
                    |text: &str| text.parse().expect("NGXC_SEED is <seed> or <seed>:<index>");
                (number(seed), index.map(number))
            }
            Err(_) if wish.is_some() => (now(), None),
            Err(_) => (SEED, None),
        };
        let count = u64::try_from(cases.div_ceil(REQUESTS)).expect("that is a number");
        let indices = index.map_or_else(|| (0..count).collect(), |index| vec![index]);
        Self { seed, indices }
    }

    /// The indices for one of several nginx: a single one is for all.
    fn of_nginx(&self, own: usize, all: usize) -> impl Iterator<Item = u64> {
        let step = if self.indices.len() == 1 { 1 } else { all };
        self.indices.iter().skip(own % step).step_by(step).copied()
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right");
    since.as_secs() % 1_000_000
}

#[test]
fn the_router_and_nginx_agree() {
    let nginx = nginx::all();
    let choice = Choice::of_environment();
    let campaigns: Vec<Campaign<'_>> = nginx.iter().map(Campaign::new).collect();
    let mut tally = Tally::default();
    thread::scope(|scope| {
        let run = |own: usize| {
            let mut tally = Tally::default();
            for index in choice.of_nginx(own, campaigns.len()) {
                campaigns[own].run(choice.seed, index, &mut tally);
            }
            tally
        };
        let threads: Vec<_> =
            (0..campaigns.len()).map(|own| scope.spawn(move || run(own))).collect();
        for thread in threads {
            tally.add(thread.join().expect("it does not panic"));
        }
    });
    if nginx.is_empty() {
        return;
    }
    let summary = format!("seed {}: {}", choice.seed, tally.summary());
    noted(&summary);
    let report = report(&campaigns, &tally);
    let path = root().join("target/differential.txt");
    fs::create_dir_all(root().join("target")).expect("the repository is writable");
    fs::write(&path, format!("{summary}\n{report}")).expect("the report is writable");
    assert!(tally.disagreements.is_empty() && tally.failures.is_empty(), "{summary}\n{report}");
    assert!(
        tally.unknown_count() * 50 <= tally.cases,
        "too much is not known: {:#?}",
        tally.unknown
    );
    assert!(tally.refused * 20 <= tally.configurations, "nginx refuses {:?}", tally.refusal);
}

/// What is to be looked at: of each kind of disagreement the first one, without what does not
/// matter for it.
fn report(campaigns: &[Campaign<'_>], tally: &Tally) -> String {
    let mut kinds: BTreeMap<&str, Vec<&Disagreement>> = BTreeMap::new();
    for disagreement in &tally.disagreements {
        kinds.entry(disagreement.about()).or_default().push(disagreement);
    }
    let mut report = String::new();
    for (about, all) in &kinds {
        report.push_str(&format!("{} times {about}\n", all.len()));
    }
    for (reason, (count, what)) in &tally.unknown {
        report.push_str(&format!("{count} times not known, as {what}: {reason}\n"));
    }
    for failure in tally.failures.iter().take(SHOWN) {
        report.push_str(&format!("\n{failure}\n"));
    }
    // Of each kind one, then of each kind a second one.
    let most = kinds.values().map(Vec::len).max().unwrap_or_default();
    let in_turn = (0..most).flat_map(|turn| kinds.values().filter_map(move |all| all.get(turn)));
    for disagreement in in_turn.take(SHOWN) {
        let campaign = campaigns.iter().find(|it| it.version() == disagreement.nginx);
        let campaign = campaign.expect("it came of one of the campaigns");
        let reduced = campaign.reduced((*disagreement).clone());
        report.push_str(&format!("\n{}\n", campaign.told(&reduced)));
    }
    report
}
