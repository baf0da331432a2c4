//! Crossplane 0.5.8 and ngxc over the fixtures and the corpus, there and back.
//!
//! Where the two differ, crossplane does without its faults (`original.py`). What is equal then
//! is counted under the faults that it cannot keep; what is not is a failure of the test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ngxc::diagnostic::Diagnostic;
use ngxc::emit::{CrossplaneOptions, Payload, rebuild};
use ngxc::project::{Files, Project};
use ngxc::source::Templating;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use super::original::Original;
use super::{directory, emit, meaning};
use crate::corpus::{Row, rows};
use crate::support::{fixtures, noted, root};

/// What neither the fixtures nor the corpus have.
const OWN: [(&str, &str); 3] = [
    ("if.conf", "http { map $a $b { if (x); } }\n"),
    ("lua.conf", "http {\n  init_by_lua_block {\n    a = [[ } ]] .. [=[ ]] ' ]=]\n  }\n}\n"),
    ("crlf.conf", "events {} # one\r\nhttp { log_format # two\r\n a 'b\r\nc'; }\r\n"),
];

/// A configuration; of those of the corpus it is known whether nginx accepts them.
struct Case {
    path: PathBuf,
    is_accepted: bool,
}

/// The fixtures, the corpus, and what neither has.
fn cases(own: &Path) -> Vec<Case> {
    let of_path = |path| Case { path, is_accepted: false };
    let of_row = |row: Row| Case { is_accepted: row.class == "ok", path: row.path };
    let paths = OWN.iter().map(|(name, _)| own.join(name)).chain(fixtures());
    let rows = rows().unwrap_or_default();
    paths.map(of_path).chain(rows.into_iter().map(of_row)).collect()
}

/// All that may be asked for.
fn all_options() -> Vec<CrossplaneOptions> {
    let mut all = Vec::new();
    for comments in [false, true] {
        for (combine, single_file) in [(false, false), (true, false), (false, true)] {
            all.push(CrossplaneOptions { combine, single_file, comments });
        }
    }
    all
}

/// The same for `crossplane.parse`. Without its checks it takes snippets too; they refuse
/// directives and change nothing else.
fn asked(options: CrossplaneOptions) -> Value {
    json!({
        "combine": options.combine,
        "single": options.single_file,
        "comments": options.comments,
        "check_ctx": false,
        "check_args": false,
    })
}

/// The payload of ngxc.
fn ours(path: &Path, options: CrossplaneOptions) -> Value {
    let project = Project::load_root(&Files::disk().with(Templating::None), path, path.parent());
    let mut report: Vec<Diagnostic> = project.report().cloned().collect();
    for file in project.files() {
        ngxc::validate::file(file, &mut report);
    }
    let payload = Payload::new(&project, &report, options).expect("it is not too large");
    serde_json::to_value(&payload).expect("it is plain data")
}

/// A payload with what both can say of errors: the lines with files that are missing, or `null`
/// for a file that is not nginx's language, where nothing else is said of it.
fn comparable(mut payload: Value) -> Value {
    let mut files = Map::new();
    for error in payload["errors"].as_array().into_iter().flatten() {
        let words = error["error"].as_str().unwrap_or_default();
        let is_missing = words.starts_with("[Errno 2] ") || words.starts_with("open() ");
        let name = error["file"].as_str().unwrap_or_default().to_owned();
        let lines = files.entry(name).or_insert_with(|| json!([]));
        match lines.as_array_mut() {
            Some(lines) if is_missing => lines.push(error["line"].clone()),
            _ => *lines = Value::Null,
        }
    }
    payload["errors"] = files.into();
    for config in payload["config"].as_array_mut().into_iter().flatten() {
        config["errors"] = Value::Null;
    }
    payload
}

/// True if all files of a comparable payload are nginx's language.
fn is_read(payload: &Value) -> bool {
    payload["errors"].as_object().is_some_and(|it| it.values().all(Value::is_array))
}

/// True if two payloads say the same of all files but those that are not nginx's language.
fn others_agree(ours: &Value, theirs: &Value) -> bool {
    let files = |payload: &Value| payload["config"].as_array().cloned().unwrap_or_default();
    let theirs = files(theirs);
    let is_read = |config: &Value| {
        let name = config["file"].as_str().unwrap_or_default();
        ours["errors"].get(name).is_none_or(Value::is_array)
    };
    files(ours).iter().filter(|config| is_read(config)).all(|config| {
        let same = theirs.iter().find(|it| it["file"] == config["file"]);
        same.is_some_and(|same| meaning(&same["parsed"]) == meaning(&config["parsed"]))
    })
}

/// The faults without which something holds of what crossplane says, none if it holds anyway;
/// an error if it does not hold without any.
fn faults(
    original: &mut Original,
    holds: impl Fn(&mut Original, &[String]) -> bool,
) -> Result<Vec<String>, ()> {
    if holds(original, &[]) {
        return Ok(Vec::new());
    }
    let all = original.mends.clone();
    if !holds(original, &all) {
        return Err(());
    }
    let mut needed = all.clone();
    for mend in &all {
        let without: Vec<String> = needed.iter().filter(|it| *it != mend).cloned().collect();
        if holds(original, &without) {
            needed = without;
        }
    }
    Ok(needed)
}

/// Crossplane and ngxc say the same of a file: under these faults, or why they cannot.
fn compared(
    original: &mut Original,
    case: &Case,
    options: CrossplaneOptions,
) -> Result<Vec<String>, ()> {
    let ours = ours(&case.path, options);
    let is_circle = ours["errors"].to_string().contains("includes itself");
    let ours = comparable(ours);
    let theirs = comparable(original.parse(&case.path, &asked(options), &[]));
    if theirs == ours || is_read(&ours) {
        return faults(original, |original, mends| {
            comparable(original.parse(&case.path, &asked(options), mends)) == ours
        });
    }
    let mends = original.mends.clone();
    let mended = original.parse(&case.path, &asked(options), &mends);
    if case.is_accepted || !options.combine && !others_agree(&ours, &mended) {
        return Err(());
    }
    let checked = json!({"single": options.single_file, "combine": options.combine});
    let is_taken = original.parse(&case.path, &checked, &[])["status"] == "ok";
    let why = match (is_circle, is_taken) {
        (true, _) => "an include leads in a circle",
        (false, true) => "it takes what is not nginx's language",
        (false, false) => "it refuses what is not nginx's language, for another reason",
    };
    Ok(vec![why.to_owned()])
}

/// A file with a text, for crossplane to read.
fn written(text: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let path = directory.path().join("nginx.conf");
    std::fs::write(&path, text).expect("it is writable");
    (directory, path)
}

/// What crossplane reads in a text has the meaning of this `parsed`.
fn means(original: &mut Original, text: &str, parsed: &Value, mends: &[String]) -> bool {
    let (_directory, path) = written(text);
    let alone = CrossplaneOptions { single_file: true, comments: true, combine: false };
    let again = original.parse(&path, &asked(alone), mends);
    again["status"] == "ok" && meaning(&again["config"][0]["parsed"]) == meaning(parsed)
}

/// A payload of crossplane becomes configuration in which it reads the same.
fn rebuilt(
    original: &mut Original,
    case: &Case,
    options: CrossplaneOptions,
) -> Result<Vec<String>, ()> {
    let faults = faults(original, |original, mends| {
        let payload = original.parse(&case.path, &asked(options), mends);
        let json = payload.to_string();
        let files = payload["config"].as_array().into_iter().flatten();
        let mut whole = files.filter(|config| config["status"] == "ok");
        whole.all(|config| {
            let text = rebuild(json.as_bytes(), config["file"].as_str());
            text.is_ok_and(|text| means(original, &text, &config["parsed"], mends))
        })
    });
    let is_excused = !case.is_accepted && !is_read(&comparable(ours(&case.path, options)));
    if faults.is_err() && is_excused {
        return Ok(vec!["it takes what is not nginx's language".to_owned()]);
    }
    faults
}

/// What crossplane builds of a payload of ngxc it reads as the same.
fn built(
    original: &mut Original,
    case: &Case,
    options: CrossplaneOptions,
) -> Result<Vec<String>, ()> {
    let payload = ours(&case.path, options);
    let config = &payload["config"][0];
    if config["status"] != "ok" {
        return Ok(Vec::new());
    }
    faults(original, |original, mends| {
        let text = original.build(&config["parsed"], mends);
        text.as_str().is_some_and(|text| means(original, text, &config["parsed"], mends))
    })
}

type Test = fn(&mut Original, &Case, CrossplaneOptions) -> Result<Vec<String>, ()>;

#[derive(Default)]
struct Tally {
    /// Files and options by test and by what crossplane has to do without.
    cases: BTreeMap<(&'static str, String), Vec<String>>,
    wrong: Vec<String>,
}

/// Does every test with every case.
fn tally(cases: &[Case], tests: &[(&'static str, Test, CrossplaneOptions)]) -> Tally {
    let next = AtomicUsize::new(0);
    let tally = Mutex::new(Tally::default());
    let work = || {
        let mut original = Original::start().expect("there was one before");
        while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
            for (name, test, options) in tests {
                let result = test(&mut original, case, *options);
                let case = format!("{} {options:?}", case.path.display());
                let mut tally = tally.lock().expect("no other thread panicked");
                match result {
                    Ok(faults) => {
                        tally.cases.entry((name, faults.join(" + "))).or_default().push(case);
                    }
                    Err(()) => tally.wrong.push(format!("{name}: {case}")),
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    tally.into_inner().expect("no thread panicked")
}

#[test]
fn crossplane_says_the_same_of_the_corpus() {
    let Some(original) = Original::start() else { return };
    let own = directory(&OWN);
    let cases = cases(own.path());
    let mut tests: Vec<(&str, Test, CrossplaneOptions)> =
        all_options().into_iter().map(|options| ("parse", compared as Test, options)).collect();
    let whole = CrossplaneOptions { comments: true, ..CrossplaneOptions::default() };
    let one = CrossplaneOptions { combine: true, ..CrossplaneOptions::default() };
    tests.extend([("rebuild", rebuilt as Test, whole), ("rebuild", rebuilt, one)]);
    tests.push(("build", built, CrossplaneOptions { single_file: true, ..whole }));
    let Tally { cases, wrong } = tally(&cases, &tests);
    write_differences(&cases);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let equal = cases.get(&("parse", String::new())).map_or(0, Vec::len);
    assert!(equal > 300, "only {equal} payloads are equal");
    let is_needed = |mend: &&String| cases.keys().any(|(_, faults)| faults.contains(mend.as_str()));
    let idle: Vec<&String> = original.mends.iter().filter(|mend| !is_needed(mend)).collect();
    assert!(idle.is_empty() || rows().is_none(), "these faults do not matter: {idle:?}");
}

/// Says how many payloads differ for what, and writes which.
fn write_differences(cases: &BTreeMap<(&str, String), Vec<String>>) {
    let mut text = String::new();
    for ((test, faults), cases) in cases {
        let faults = if faults.is_empty() { "equal" } else { faults };
        noted(&format!("crossplane: {test}: {} {faults}", cases.len()));
        if faults != "equal" {
            text.extend(cases.iter().map(|case| format!("{test}: {faults}: {case}\n")));
        }
    }
    let path = root().join("target/crossplane.txt");
    std::fs::write(path, text).expect("the report is writable");
}

/// What nginx accepts passes `--strict` but for what is not here, and nothing else changes.
#[test]
fn strict_takes_what_nginx_takes() {
    let Some(rows) = rows() else { return };
    let whole: Vec<&Row> = rows.iter().filter(|it| it.class == "ok" && it.is_whole()).collect();
    let mut wrong = Vec::new();
    for row in &whole {
        let directory = row.path.parent().expect("it is a file");
        let (run, payload) = emit(directory, &row.path.to_string_lossy(), &["--strict"]);
        let errors = payload["errors"].as_array().cloned().unwrap_or_default();
        assert_eq!(run.code == 0, errors.is_empty(), "{}", row.path.display());
        if errors.is_empty() {
            assert_eq!(payload, ours(&row.path, CrossplaneOptions::default()));
        }
        // What nginx was given in place of other files is not here.
        let own = errors.iter().filter(|it| it["file"] == json!(row.path));
        let words = own.filter_map(|it| it["error"].as_str());
        let of_nginx = words.filter(|it| !it.starts_with("open() ") && !row.is_stubbed(it));
        wrong.extend(of_nginx.map(str::to_owned));
    }
    assert!(whole.len() > 500, "only {} whole configurations", whole.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
