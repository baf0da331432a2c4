//! Every directive in every context and with every number of arguments, and some values for
//! each: the library gives the same verdict as nginx does.
//!
//! A run tries a sample. `NGXC_GENERATE=all` tries all; `NGXC_GENERATE=<number>` another
//! sample. What differs is in `target/generate-differences.txt`, by directive.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::{env, fs, thread};

use ngxc::catalog::{self, Context, Entry, Form, ValueType, Version};

use crate::frame::{CONTEXTS, whole};
use crate::support::{noted, root};
use crate::tally::{Outcome, Tally};
use crate::trial::{Answer, Oracle, environment, errors, findings, oracles, unsaid};

/// One of so many cases is in a sample: a prime, which no list of values repeats with.
const SAMPLE: usize = 17;

/// What stands for arguments: plain words, numbers, sizes, times, addresses, URLs, texts with
/// variables, and what may be wrong with them. nginx may write to a path that it is given: it is
/// relative, or one that nobody can make.
const VALUES: [&str; 28] = [
    "a",
    "1",
    "on",
    "$host",
    "127.0.0.1",
    "off",
    "0",
    "-1",
    "1m",
    "10s",
    "1x",
    "ON",
    "\"\"",
    "$nosuch",
    "a$",
    "${host",
    "http://127.0.0.1:9",
    "127.0.0.1:99999",
    "a=b",
    "a=",
    "/nonexistent/a",
    "~a",
    "~(",
    "10%",
    "1k",
    "65536",
    "zone=a:1m",
    "1:2",
];

/// The values that a directive is given twice with.
const TWICE: [&str; 8] =
    ["a", "on", "1", "1m", "$host", "/nonexistent/a", "127.0.0.1", "http://127.0.0.1:9"];

/// Directives that a distribution brought into an older version.
const BACKPORTED: [&str; 1] = ["max_headers"];

/// How the directives begin of modules that need another platform or a further library.
const LEFT_OUT: [&str; 13] = [
    "acceptex_read",
    "post_acceptex",
    "iocp_",
    "devpoll_",
    "eventport_",
    "kqueue_",
    "degrad",
    "google_perftools_profiles",
    "geoip_",
    "image_filter",
    "xslt_",
    "xml_",
    "perl",
];

/// One configuration to try.
struct Case {
    name: &'static str,
    context: Context,
    statement: String,
    text: String,
}

impl Case {
    fn new(name: &'static str, context: Context, args: &[&str], is_block: bool) -> Self {
        Self::of(name, context, statement(name, args, is_block))
    }

    /// A second one of its name is in the same block.
    fn twice(name: &'static str, context: Context, args: &[&str], is_block: bool) -> Self {
        let statement = statement(name, args, is_block);
        Self::of(name, context, format!("{statement} {statement}"))
    }

    fn of(name: &'static str, context: Context, statement: String) -> Self {
        let text = whole(context, name, &statement);
        Self { name, context, statement, text }
    }
}

fn statement(name: &str, args: &[&str], is_block: bool) -> String {
    let words = [&[name], args].concat().join(" ");
    words + if is_block { " {}" } else { ";" }
}

/// The cases for a version, in an order that is always the same.
fn cases(version: Version) -> Vec<Case> {
    let names: BTreeSet<&'static str> = catalog::directive_names().collect();
    names.into_iter().flat_map(|name| cases_of(name, version)).collect()
}

fn cases_of(name: &'static str, version: Version) -> Vec<Case> {
    let own = || catalog::directive(name).iter().filter(|entry| entry.origin.is_empty());
    let Some(any) = own().next() else { return Vec::new() };
    let here: Vec<&Entry> = own().filter(|entry| entry.epoch.meets(version.into())).collect();
    let mut cases = Vec::new();
    for context in CONTEXTS {
        let entry = here.iter().find(|it| it.contexts.contain(context));
        let entry = entry.or(here.first()).copied().unwrap_or(any);
        let args = vec![likely(entry); least(entry)];
        cases.push(Case::new(name, context, &args, is_block(entry)));
    }
    let mut done = Vec::new();
    for entry in here {
        // Where contexts differ in what they take, each kind is tried.
        let kind = (entry.counts, entry.value, entry.detail, entry.form);
        let context = CONTEXTS.into_iter().find(|&context| entry.contexts.contain(context));
        let Some(context) = context.filter(|_| !done.contains(&kind)) else { continue };
        done.push(kind);
        let args = vec![likely(entry); least(entry)];
        cases.push(Case::new(name, context, &args, !is_block(entry)));
        for value in TWICE.into_iter().chain([likely(entry)]) {
            let args = vec![value; least(entry)];
            cases.push(Case::twice(name, context, &args, is_block(entry)));
        }
        for count in 0..=8 {
            for args in arguments(entry, count) {
                cases.push(Case::new(name, context, &args, is_block(entry)));
            }
        }
    }
    cases
}

/// The lists of so many arguments that are tried.
fn arguments(entry: &Entry, count: usize) -> Vec<Vec<&'static str>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    if !entry.counts.contain(count) {
        return vec![vec![likely(entry); count]];
    }
    let mut values = VALUES.to_vec();
    values.extend(entry.detail.split(',').filter(|word| is_plain(word)));
    if count > 3 {
        values.truncate(5);
    }
    let mut lists = Vec::new();
    for &value in &values {
        lists.push(vec![value; count]);
        if count > 1 {
            let mut list = vec![likely(entry); count];
            list[count - 1] = value;
            lists.push(list);
        }
    }
    lists
}

fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "._-".contains(c))
}

/// A value that a directive may well take.
fn likely(entry: &Entry) -> &'static str {
    match entry.value {
        ValueType::Flag => "on",
        ValueType::Number
        | ValueType::Size
        | ValueType::Length
        | ValueType::Milliseconds
        | ValueType::Seconds
        | ValueType::ComplexSize => "1",
        ValueType::Buffers => "8k",
        ValueType::Enum | ValueType::Bitmask => {
            entry.detail.split(',').find(|word| is_plain(word)).unwrap_or("a")
        }
        _ => "a",
    }
}

fn least(entry: &Entry) -> usize {
    (0..=8).find(|&count| entry.counts.contain(count)).unwrap_or(0)
}

fn is_block(entry: &Entry) -> bool {
    entry.form != Form::Simple
}

fn try_out(oracle: &Oracle, case: &Case) -> Outcome {
    let answer = oracle.answer(&case.text);
    let version = oracle.version();
    let mut entries = catalog::directive(case.name).iter();
    let is_known =
        entries.any(|entry| entry.origin.is_empty() && entry.epoch.meets(version.into()));
    let unknown = format!("emerg: unknown directive \"{}\"", case.name);
    if is_known && answer.messages.contains(&unknown) && is_left_out(case.name) {
        return Outcome::Skipped("not compiled in");
    }
    let is_backported = BACKPORTED.contains(&case.name) && !answer.messages.contains(&unknown);
    if !is_known && is_backported {
        return Outcome::Skipped("backported");
    }
    if let Some(reason) = environment(&answer) {
        return Outcome::Skipped(reason);
    }
    let Ok(report) = catch_unwind(|| findings(&case.text, version)) else {
        return Outcome::Differs(told(&answer, "PANICS"));
    };
    let ours: Vec<&str> = errors(&report).collect();
    if ours.is_empty() != answer.is_accepted {
        let ours = if ours.is_empty() { "accepts it".to_owned() } else { ours.join(" | ") };
        return Outcome::Differs(told(&answer, &ours));
    }
    if unsaid(&answer.messages, &report).is_empty() {
        return Outcome::Same;
    }
    let all: Vec<&str> = report.iter().map(|finding| finding.message.as_str()).collect();
    Outcome::Words(told(&answer, &all.join(" | ")))
}

/// True for a directive of a module that one of the nginx may lack.
fn is_left_out(name: &str) -> bool {
    LEFT_OUT.iter().any(|start| name.starts_with(start))
}

/// What both said of a case, for the report.
fn told(answer: &Answer, ours: &str) -> String {
    let messages = answer.messages.join(" | ");
    let nginx = match (answer.is_accepted, messages.is_empty()) {
        (true, true) => "accepts it".to_owned(),
        (true, false) => format!("accepts it: {messages}"),
        _ => messages,
    };
    format!("    nginx: {nginx}\n    ngxc:  {ours}")
}

/// The cases of this run: all, or every so-manieth from a place that an environment
/// variable may choose.
fn chosen(cases: Vec<Case>) -> Vec<Case> {
    let choice = env::var("NGXC_GENERATE").unwrap_or_default();
    if choice == "all" {
        return cases;
    }
    let seed: usize = choice.parse().unwrap_or(0);
    cases.into_iter().skip(seed % SAMPLE).step_by(SAMPLE).collect()
}

/// Tries cases, two at a time; the outcomes are in the order of the cases.
fn outcomes(oracle: &Oracle, cases: &[Case]) -> Vec<Outcome> {
    let half = |parity: usize| {
        let own = cases.iter().skip(parity).step_by(2);
        own.map(|case| try_out(oracle, case)).collect::<Vec<_>>()
    };
    let (even, odd) = thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        (half(0), odd.join().expect("it does not panic"))
    });
    let mut odd = odd.into_iter();
    let mut all = Vec::with_capacity(cases.len());
    for outcome in even {
        all.push(outcome);
        all.extend(odd.next());
    }
    all
}

#[test]
fn nginx_and_the_library_agree_on_every_directive() {
    let mut tally = Tally::default();
    for oracle in oracles() {
        let version = oracle.version();
        let all = cases(version);
        assert!(all.len() > 20_000, "only {} cases for {version}", all.len());
        let cases = chosen(all);
        for (case, outcome) in cases.iter().zip(outcomes(&oracle, &cases)) {
            tally.add(version, case.context, case.name, &case.statement, outcome);
        }
    }
    let target = root().join("target");
    fs::create_dir_all(&target).expect("the repository is writable");
    let path = target.join("generate-differences.txt");
    fs::write(&path, tally.report()).expect("the report is writable");
    noted(&tally.summary());
    assert!(tally.is_enough(), "too few are compared: {}", tally.summary());
    assert!(
        tally.agrees(),
        "{}\nsee {}, which begins with\n{}",
        tally.summary(),
        path.display(),
        tally.first(20)
    );
}
