//! The documentation is true: the rules' pages, and every output that a page shows.
//!
//! `UPDATE_DOCS=1 cargo test docs` writes the outputs anew; look at them before committing.

use std::fs;
use std::path::{Path, PathBuf};

use ngxc::catalog::{Target, Version};
use ngxc::check;
use ngxc::diagnostic::{Diagnostic, Severity};
use ngxc::fix::{self, Fixed};
use ngxc::lint::{Category, RULES, Rule};
use ngxc::project::{Files, Project};
use ngxc::source::Templating;
use ngxc::validate::PAGE;
use regex_lite::Regex;

use crate::support::{files_below, root, run};

const HEADINGS: [&str; 6] =
    ["## Why", "## Bad", "## Good", "## Fix", "## Versions", "## References"];

fn load(files: &Files) -> (Project, Vec<Diagnostic>) {
    let project = Project::load(files, &[PathBuf::from("page.conf")], None);
    let report = check(&project, &Version::OLDEST_COMMON.into());
    (project, report)
}

fn page(conf: &str) -> Files {
    let mut files = Files::memory().with(Templating::Detect);
    files.set(Path::new("page.conf"), conf.as_bytes().to_vec());
    files
}

/// The names of the findings of at least this severity, each once.
fn rules(conf: &str, least: Severity) -> Vec<&'static str> {
    let (_, report) = load(&page(conf));
    let mut rules: Vec<_> = report
        .iter()
        .filter(|finding| finding.severity >= least)
        .map(|finding| finding.rule)
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules
}

/// What a page says below a heading.
fn section<'a>(rule: &'a Rule, heading: &str) -> &'a str {
    let section =
        rule.docs.split(heading).nth(1).unwrap_or_else(|| panic!("{}: no {heading}", rule.name));
    section.split("\n## ").next().unwrap_or_default().trim_start()
}

/// The one block of nginx configuration below a heading.
pub fn example<'a>(rule: &'a Rule, heading: &str) -> &'a str {
    let block = section(rule, heading)
        .split("```nginx\n")
        .nth(1)
        .unwrap_or_else(|| panic!("{}: no example", rule.name));
    block.split("```").next().unwrap_or_default()
}

#[test]
fn pages_have_their_headings() {
    for rule in RULES {
        assert!(
            rule.docs.starts_with(&format!("# {}\n", rule.name)),
            "{}: another title",
            rule.name
        );
        let found: Vec<_> = rule.docs.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(found, HEADINGS, "{}", rule.name);
    }
    let pages = files_below(&root().join("docs/rules"), &["md"]);
    for page in &pages {
        let is_its = |rule: &&Rule| page.ends_with(format!("{}.md", rule.name));
        assert!(RULES.iter().any(is_its), "{}: of no rule", page.display());
    }
}

#[test]
fn bad_examples_have_this_finding_and_no_other() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let bad = example(rule, "## Bad");
        let (found, all) = (rules(bad, Severity::Warning), rules(bad, Severity::Info));
        let expected = if rule.severity == Severity::Info { vec![] } else { vec![rule.name] };
        if found != expected || !all.contains(&rule.name) {
            wrong.push((rule.name, all));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn good_examples_are_clean() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let good = example(rule, "## Good");
        let (found, all) = (rules(good, Severity::Warning), rules(good, Severity::Info));
        if !found.is_empty() || all.contains(&rule.name) {
            wrong.push((rule.name, all));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the backend gets is what convinces a reader.
#[test]
fn findings_about_websocket_say_what_the_backend_gets() {
    let mut without = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.category == Category::Websocket) {
        let (_, report) = load(&page(example(rule, "## Bad")));
        let found = report.iter().filter(|it| it.rule == rule.name);
        without.extend(found.filter(|it| it.evidence.is_none()).map(|it| it.rule));
    }
    assert!(without.is_empty(), "{without:?} say nothing of it");
}

/// False for a rule whose page says that it has no fix.
pub fn has_fix(rule: &Rule) -> bool {
    !section(rule, "## Fix").starts_with("None:")
}

/// What the rule's own fixes make of its bad example.
pub fn fixed_example(rule: &Rule) -> String {
    let fixed = mend(rule);
    let change = fixed.changes.first().unwrap_or_else(|| panic!("{}: no fix", rule.name));
    String::from_utf8_lossy(&change.after).into_owned()
}

fn mend(rule: &Rule) -> Fixed {
    let wanted = |finding: &Diagnostic| finding.rule == rule.name;
    fix::run(page(example(rule, "## Bad")), load, wanted)
        .unwrap_or_else(|error| panic!("{}: {error}", rule.name))
}

#[test]
fn fixes_mend_the_bad_examples() {
    let mut wrong = Vec::new();
    for rule in RULES {
        let fixed = mend(rule);
        if !has_fix(rule) {
            assert_eq!(fixed.count, 0, "{}: there is a fix", rule.name);
            continue;
        }
        let is_left = |it: &&Diagnostic| it.severity > Severity::Info || it.rule == rule.name;
        let left: Vec<_> = fixed.report.iter().filter(is_left).map(|it| it.rule).collect();
        if fixed.count == 0 || !left.is_empty() {
            wrong.push((rule.name, fixed.count, left));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Sections of the page about what nginx rejects, by the names of findings.
fn sections() -> Vec<(&'static str, &'static str)> {
    let sections = PAGE.split("\n## ").skip(1);
    sections.map(|section| section.split_once('\n').expect("a title is a line")).collect()
}

#[test]
fn examples_of_what_nginx_rejects_are_found() {
    const WITHOUT: [&str; 5] = [
        "unreadable-file",
        "too-many-directives",
        "byte-order-mark",
        "too-long-parameter",
        "nested-too-deeply",
    ];
    for (name, text) in sections() {
        let Some(example) = text.split("```nginx\n").nth(1) else {
            assert!(WITHOUT.contains(&name), "{name}: no example");
            continue;
        };
        let example = example.split("```").next().unwrap_or_default();
        let files = page(example);
        let project = Project::load(&files, &[PathBuf::from("page.conf")], None);
        let check_files = text.starts_with("\nWith `--check-files`");
        let report = check(&project, &Target { check_files, ..Target::default() });
        let found: Vec<_> = report.iter().map(|it| (it.rule, it.severity)).collect();
        assert!(found.iter().any(|(rule, _)| *rule == name), "{name}: {found:?}");
        let stops = found.contains(&(name, Severity::Error));
        let is_advice = matches!(
            name,
            "unknown-context"
                | "deprecated"
                | "meaningless"
                | "mixed-contexts"
                | "missing-include"
                | "unknown-user"
        );
        assert_eq!(stops, !is_advice, "{name}: {found:?}");
    }
}

/// Every name of a finding that the source has is explained, and nothing else is.
#[test]
fn what_nginx_rejects_is_explained() {
    let kinds = Regex::new(
        r#"(?:\b(?:error|warning|wrong|invalid_include)\(\s*|Kind::(?:Validate|Syntax),\s*|let rule =[^;]*|rule\s*=\s*)"([a-z]+(?:-[a-z]+)*)""#,
    )
    .expect("the expression is right");
    let mut named: Vec<String> = Vec::new();
    for folder in ["validate", "project", "syntax"] {
        for path in files_below(&root().join("src").join(folder), &["rs"]) {
            let text = fs::read_to_string(path).expect("a source can be read");
            named.extend(kinds.captures_iter(&text).map(|found| found[1].to_owned()));
        }
    }
    named.sort_unstable();
    named.dedup();
    assert!(named.len() > 20, "only {named:?} were found");
    let explained: Vec<_> = sections().into_iter().map(|(name, _)| name).collect();
    for name in &named {
        assert!(explained.contains(&name.as_str()), "docs/validation.md has no section {name}");
    }
    for name in explained {
        let literal = format!("\"{name}\"");
        let sources = files_below(&root().join("src"), &["rs"]);
        let is_used = sources
            .iter()
            .any(|path| fs::read_to_string(path).is_ok_and(|text| text.contains(&literal)));
        assert!(is_used, "nothing is named {name}");
    }
}

/// In a block marked `console`, each line with `$ ngxc …` is followed by what that prints.
#[test]
fn shown_outputs_are_real() {
    let mut pages = files_below(&root().join("docs"), &["md"]);
    pages.push(root().join("README.md"));
    let mut shown = 0;
    for path in pages {
        let text = fs::read_to_string(&path).expect("a page can be read");
        let (updated, count) = rerun(&text);
        shown += count;
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &updated).expect("a page can be written");
        } else {
            let differs = text.lines().zip(updated.lines()).find(|(is, should)| is != should);
            assert!(
                text == updated,
                "{} shows something else than is printed now: {differs:?}; UPDATE_DOCS=1 cargo \
                 test docs",
                path.display()
            );
        }
    }
    assert!(shown > 3, "only {shown} outputs are shown");
}

fn rerun(page: &str) -> (String, usize) {
    let mut out = String::new();
    let mut count = 0;
    let mut lines = page.split_inclusive('\n');
    while let Some(line) = lines.next() {
        out.push_str(line);
        if line != "```console\n" {
            continue;
        }
        for line in lines.by_ref() {
            if let Some(command) = line.strip_prefix("$ ngxc ") {
                let arguments: Vec<&str> = command.split_whitespace().collect();
                let run = run(root(), &arguments);
                out.push_str(line);
                out.push_str(&run.out);
                out.push_str(&run.err);
                count += 1;
            } else if line.starts_with("```") {
                out.push_str(line);
                break;
            } else if line.starts_with("$ ") {
                panic!("a console block shows ngxc only: {line}");
            }
        }
    }
    (out, count)
}
