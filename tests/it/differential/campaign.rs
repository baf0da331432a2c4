//! Many cases with one nginx: configurations from a seed, and some requests to each.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ngxc::catalog::Version;
use ngxc::runtime::config::Backend;
use ngxc::runtime::{Answer, Outcome, Router};

use super::backend::Backends;
use super::block::Directive;
use super::compare::differences;
use super::generate;
use super::library::{self, router};
use super::live::{self, Live, Seen, folder, whole};
use super::ports::Ports;
use super::random::Random;
use super::request::Sent;
use crate::nginx::Nginx;

/// So many requests are sent to each configuration.
pub const REQUESTS: usize = 12;

/// What requests are chosen by is not what configurations are chosen by.
const SALT: u64 = 0x5eed;

/// One nginx with what it needs.
pub struct Campaign<'a> {
    nginx: &'a Nginx,
    version: Version,
    backends: Backends,
    ports: Ports,
}

/// What came of many cases.
#[derive(Default)]
pub struct Tally {
    /// Requests that were compared, or not known.
    pub cases: usize,
    /// Configurations that nginx refuses, with what it says of the first.
    pub refused: usize,
    pub refusal: Option<String>,
    pub configurations: usize,
    /// Why something is not known: how often, and what it is once.
    pub unknown: BTreeMap<String, (usize, String)>,
    /// The statuses that were seen, counted.
    pub statuses: BTreeMap<u16, usize>,
    pub disagreements: Vec<Disagreement>,
    /// No answer came, or none that is one.
    pub failures: Vec<String>,
}

/// A request that the two do not agree on.
#[derive(Clone)]
pub struct Disagreement {
    pub seed: u64,
    pub index: u64,
    pub nginx: String,
    pub http: Directive,
    pub request: Sent,
    pub differences: Vec<String>,
}

impl Disagreement {
    /// What it is about, in a few words.
    pub fn about(&self) -> &str {
        self.differences[0].lines().next().unwrap_or_default()
    }
}

impl<'a> Campaign<'a> {
    /// A campaign with backends of its own.
    pub fn new(nginx: &'a Nginx) -> Self {
        let backends = Backends::start();
        let ports = Ports::new(backends.ports);
        Self { nginx, version: library::version(nginx), backends, ports }
    }

    /// The version of its nginx.
    pub fn version(&self) -> &str {
        &self.nginx.version
    }

    /// Tries the configuration of one index, and its requests.
    pub fn run(&self, seed: u64, index: u64, tally: &mut Tally) {
        let http = generate::configuration(Random::new(seed, index));
        tally.configurations += 1;
        let (text, _live) = match self.start(&http) {
            Ok(started) => started,
            Err(refusal) => {
                tally.refused += 1;
                tally.refusal.get_or_insert(format!("{seed}:{index}: {refusal}"));
                return;
            }
        };
        let Ok(router) = catch_unwind(|| router(&text, self.version)) else {
            tally.failures.push(format!("{seed}:{index}: the library panics\n{text}"));
            return;
        };
        let mut random = Random::new(seed ^ SALT, index);
        for _ in 0..REQUESTS {
            let request = Sent::random(&mut random, &text, &self.ports);
            let seen = match live::send(&request, &self.backends) {
                Ok(seen) => seen,
                Err(failure) => {
                    tally.failures.push(format!("{seed}:{index}: {failure}\n{text}"));
                    continue;
                }
            };
            let known = tally.unknown_count();
            let differences = self.judge(&router, &request, &seen, tally);
            if !differences.is_empty() {
                let nginx = self.nginx.version.clone();
                let http = http.clone();
                let disagreement = Disagreement { seed, index, nginx, http, request, differences };
                tally.disagreements.push(disagreement);
            }
            // What is not known may be that nginx writes past the end of what it has room for,
            // and what it does after that says nothing.
            if tally.unknown_count() > known {
                break;
            }
        }
    }

    /// Starts nginx with an `http` block.
    fn start(&self, http: &Directive) -> Result<(String, Live), String> {
        let folder = folder();
        let text = whole(self.nginx, &self.ports.put_into(&http.text()), folder.path());
        let live = Live::start(self.nginx, &text, folder)?;
        Ok((text, live))
    }

    /// What differs about a request to a configuration; nothing if nginx refuses that.
    fn differences(&self, http: &Directive, request: &Sent) -> Vec<String> {
        let Ok((text, _live)) = self.start(http) else { return Vec::new() };
        let Ok(router) = catch_unwind(|| router(&text, self.version)) else { return Vec::new() };
        match live::send(request, &self.backends) {
            Ok(seen) => self.judge(&router, request, &seen, &mut Tally::default()),
            Err(_) => Vec::new(),
        }
    }

    /// Leaves out of a disagreement whatever does not matter for it: directives, and headers of
    /// the request.
    pub fn reduced(&self, mut disagreement: Disagreement) -> Disagreement {
        // What one directive needs can go when that one is gone.
        let mut count = usize::MAX;
        while disagreement.http.count() < count {
            count = disagreement.http.count();
            let mut index = 1;
            while index < disagreement.http.count() {
                let http = disagreement.http.without(index);
                let request = disagreement.request.clone();
                if !self.keeps(&mut disagreement, http, request) {
                    index += 1;
                }
            }
        }
        let mut index = 0;
        while index < disagreement.request.headers.len() {
            let mut request = disagreement.request.clone();
            request.headers.remove(index);
            let http = disagreement.http.clone();
            if !self.keeps(&mut disagreement, http, request) {
                index += 1;
            }
        }
        disagreement
    }

    /// Takes less if the disagreement is about the same then.
    fn keeps(&self, disagreement: &mut Disagreement, http: Directive, request: Sent) -> bool {
        let differences = self.differences(&http, &request);
        if differences.is_empty() {
            return false;
        }
        let smaller = Disagreement { http, request, differences, ..disagreement.clone() };
        let is_same = smaller.about() == disagreement.about();
        if is_same {
            *disagreement = smaller;
        }
        is_same
    }

    /// Compares what was seen of a request with what the library says, and counts it.
    fn judge(
        &self,
        router: &Router,
        request: &Sent,
        seen: &Seen,
        tally: &mut Tally,
    ) -> Vec<String> {
        tally.cases += 1;
        let response = seen.response.as_ref();
        *tally.statuses.entry(response.map_or(0, |it| it.status)).or_default() += 1;
        let client = seen.client.unwrap_or(request.to);
        let judged = catch_unwind(AssertUnwindSafe(|| {
            let request = request.request(client);
            let outcome = router.route(&request);
            match library::unknown(&outcome).or_else(|| self.out_of_reach(&outcome)) {
                None => Ok(differences(router, &outcome, seen)),
                Some(unknown) => Err(unknown),
            }
        }));
        match judged {
            Ok(Ok(differences)) => differences,
            Ok(Err((reason, what))) => {
                tally.unknown.entry(reason).or_insert((0, what)).0 += 1;
                Vec::new()
            }
            Err(_) => vec!["the library panics".to_owned()],
        }
    }

    /// Why the backend of an outcome is none of ours, if it is not.
    fn out_of_reach(&self, outcome: &Outcome<'_>) -> Option<(String, String)> {
        let Answer::Proxy(upstream) = &outcome.answer else { return None };
        let Ok(Backend::Host { host, port }) = &upstream.backend else { return None };
        let is_ours = host == "127.0.0.1" && self.ports.backends.contains(port);
        let reason = "it is no backend of the test".to_owned();
        (!is_ours).then(|| (reason, format!("what is at {host}:{port}")))
    }

    /// It as text, with the ports of this campaign.
    pub fn told(&self, disagreement: &Disagreement) -> String {
        let Disagreement { seed, index, nginx, http, request, differences } = disagreement;
        format!(
            "{seed}:{index} with nginx {nginx}\n{}  to {}: {}\n    {}",
            self.ports.put_into(&http.text()),
            request.to,
            String::from_utf8_lossy(&request.bytes()).escape_debug(),
            differences.join("\n    ")
        )
    }
}

impl Tally {
    /// Adds what came of other cases.
    pub fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.refused += other.refused;
        self.refusal = self.refusal.take().or(other.refusal);
        self.configurations += other.configurations;
        for (reason, (count, what)) in other.unknown {
            self.unknown.entry(reason).or_insert((0, what)).0 += count;
        }
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.disagreements.extend(other.disagreements);
        self.failures.extend(other.failures);
    }

    /// So many requests have an outcome that is not known.
    pub fn unknown_count(&self) -> usize {
        self.unknown.values().map(|(count, _)| count).sum()
    }

    /// The numbers in one line.
    pub fn summary(&self) -> String {
        format!(
            "{} requests to {} configurations ({} refused): {} disagreements, {} not known, \
             {} failures; statuses {:?}",
            self.cases,
            self.configurations,
            self.refused,
            self.disagreements.len(),
            self.unknown_count(),
            self.failures.len(),
            self.statuses
        )
    }
}
