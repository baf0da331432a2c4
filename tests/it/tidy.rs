//! The architecture's rules about the source, so that nobody has to remember them.

use std::fs;
use std::path::PathBuf;

use crate::support::{files_below, root};

/// Which of our modules each module may use (`docs/ARCHITECTURE.md`).
const MAY_USE: [(&str, &[&str]); 15] = [
    ("source", &[]),
    ("catalog", &[]),
    ("diagnostic", &["source"]),
    ("syntax", &["source", "diagnostic"]),
    ("runtime", &["syntax", "catalog"]),
    ("project", &["source", "diagnostic", "syntax", "catalog"]),
    ("model", &["source", "diagnostic", "syntax", "project", "catalog", "runtime"]),
    ("validate", &["source", "diagnostic", "syntax", "project", "catalog", "model"]),
    ("lint", &["source", "diagnostic", "syntax", "project", "catalog", "model"]),
    ("template", &["source", "diagnostic", "syntax", "project", "lint"]),
    ("fix", &["source", "diagnostic", "project"]),
    ("emit", &["source", "diagnostic", "syntax", "project", "catalog", "model", "runtime"]),
    ("render", &["source", "diagnostic", "project", "lint"]),
    ("trace", &["source", "diagnostic", "syntax", "project", "catalog", "model", "runtime"]),
    (
        "cli",
        &[
            "source",
            "diagnostic",
            "syntax",
            "project",
            "catalog",
            "model",
            "runtime",
            "trace",
            "validate",
            "lint",
            "fix",
            "emit",
            "render",
        ],
    ),
];

/// The only places that name a crate or a part of the standard library.
const ONLY_IN: [(&str, &[&str]); 12] = [
    ("std::fs", &["project/files.rs", "validate/environment.rs", "cli/"]),
    ("pest", &["syntax/lexer.rs", "syntax/lua.rs", "syntax/value.rs"]),
    ("tempfile", &["cli/write.rs"]),
    ("base64", &["runtime/builtin.rs"]),
    ("pcre2", &["syntax/regex.rs"]),
    (
        "serde",
        &[
            "emit/crossplane",
            "emit/json.rs",
            "emit/runtime.rs",
            "render/json.rs",
            "trace/json.rs",
            "trace/settings.rs",
            "cli/config.rs",
            "runtime/",
        ],
    ),
    ("schemars", &["emit/runtime.rs", "emit/json.rs", "runtime/"]),
    ("toml", &["cli/config.rs"]),
    ("miette", &["render/human.rs"]),
    ("clap", &["cli/mod.rs", "cli/args.rs"]),
    ("similar", &["cli/terminal.rs"]),
    ("std::process", &["main.rs", "cli/mod.rs"]),
];

/// So many columns has the table of directives (`examples/catalog.rs` says which).
const COLUMNS: usize = 13;

/// All source files: path below `src`, and text.
fn sources() -> Vec<(String, String)> {
    let src = root().join("src");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&src).expect("it is below src").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).expect("a source can be read"))
    };
    let sources: Vec<_> = files_below(&src, &["rs"]).into_iter().map(read).collect();
    assert!(sources.len() > 40, "only {} sources were found", sources.len());
    sources
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with("//"))
}

fn module(name: &str) -> &str {
    name.split(['/', '.']).next().unwrap_or_default()
}

#[test]
fn modules_use_only_those_before_them() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let own = module(&name);
        let Some((_, allowed)) = MAY_USE.iter().find(|(module, _)| *module == own) else {
            assert!(matches!(own, "lib" | "main"), "{name}: which modules may it use?");
            continue;
        };
        for line in code(&text) {
            for used in line.split("crate::").skip(1) {
                let used: String =
                    used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = MAY_USE.iter().any(|(module, _)| *module == used);
                if known && used != own && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{name}: {line}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rules_do_not_use_each_other() {
    let mut rules = 0;
    for (name, text) in sources() {
        let is_rule = name.starts_with("lint/")
            && name.matches('/').count() == 2
            && !name.ends_with("mod.rs");
        if !is_rule {
            continue;
        }
        rules += 1;
        let own =
            name.rsplit('/').next().and_then(|file| file.strip_suffix(".rs")).unwrap_or_default();
        for rule in ngxc::lint::RULES {
            let other = rule.name.replace('-', "_");
            let uses_it = |line: &&str| line.starts_with("use ") && line.contains(&other);
            let line = code(&text).find(uses_it).filter(|_| other != own);
            assert_eq!(line, None, "{name}");
        }
    }
    assert_eq!(rules, ngxc::lint::RULES.len(), "one file for each rule");
}

#[test]
fn crates_are_named_in_one_place() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        for (word, places) in ONLY_IN {
            let is_place = places.iter().any(|place| name.starts_with(place));
            let names_it = |line: &&str| {
                line.contains(&format!("{word}::")) || line.contains(&format!("use {word}"))
            };
            if let Some(line) = code(&text).find(names_it).filter(|_| !is_place) {
                wrong.push(format!("{name}: {line}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    for (name, text) in sources() {
        assert!(text.starts_with("//! "), "{name}: no word on what it is for");
        let lines = text.lines().count();
        assert!(lines <= 450, "{name}: {lines} lines");
        let unfinished =
            ["todo!", "unimplemented!", "dbg!", concat!("FIX", "ME"), concat!("TO", "DO")]
                .iter()
                .find(|it| text.contains(**it));
        assert_eq!(unfinished, None, "{name}");
    }
}

#[test]
fn the_catalogue_is_sorted_and_whole() {
    let text =
        fs::read_to_string(root().join("src/catalog/directives.tsv")).expect("it can be read");
    let lines: Vec<_> = text.lines().collect();
    assert!(lines.len() > 1500 && lines.is_sorted(), "{} lines", lines.len());
    assert!(lines.iter().all(|line| line.matches('\t').count() == COLUMNS - 1));
}
