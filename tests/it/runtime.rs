//! `emit --to runtime`: what becomes of our fixtures and of other people's configurations, and
//! that the documentation shows what is printed.
//!
//! `INSTA_UPDATE=always` and `UPDATE_DOCS=1` write snapshots and pages anew; look at them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use ngxc::catalog::{Target, Version};
use ngxc::diagnostic::{Kind, Severity};
use ngxc::model::{Model, compile};
use ngxc::project::{Files, Project};
use ngxc::{emit, runtime};
use serde_json::Value;

use crate::corpus::{Row, rows};
use crate::support::{files_below, noted, options, root, run};

/// A value in JSON: what fits in a line of 100 letters stands in one.
fn printed(value: &Value, depth: usize) -> String {
    let line = value.to_string();
    if depth * 2 + line.len() <= 98 {
        return line;
    }
    let (indent, end) = ("  ".repeat(depth + 1), "  ".repeat(depth));
    match value {
        Value::Array(items) => {
            let items: Vec<_> =
                items.iter().map(|it| format!("{indent}{}", printed(it, depth + 1))).collect();
            format!("[\n{}\n{end}]", items.join(",\n"))
        }
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .map(|(name, it)| format!("{indent}\"{name}\": {}", printed(it, depth + 1)))
                .collect();
            format!("{{\n{}\n{end}}}", fields.join(",\n"))
        }
        _ => line,
    }
}

/// What is printed of a fixture, with its own options.
fn emitted(fixture: &Path) -> Value {
    let path = fixture.strip_prefix(root()).expect("it is a fixture").to_string_lossy();
    let options = options(fixture);
    let mut arguments = vec!["emit", "--to", "runtime", &path];
    arguments.extend(options.iter().map(String::as_str));
    let run = run(root(), &arguments);
    assert_eq!(run.code, 0, "{path}: {run:?}");
    let value: Value = serde_json::from_str(&run.out).expect("it is JSON");
    let count = value["unsupported"].as_array().map_or(0, Vec::len);
    assert_eq!(run.err.lines().count(), count, "{path}: each entry is a line");
    value
}

fn fixtures() -> Vec<PathBuf> {
    files_below(&root().join("fixtures/runtime"), &["conf"])
}

#[test]
fn fixtures_compile_to_what_they_did() {
    let schema = schema();
    let mut changed = Vec::new();
    for fixture in fixtures() {
        let name = fixture.file_stem().expect("a fixture has a name").to_string_lossy();
        let value = emitted(&fixture);
        assert!(schema.is_valid(&value), "{name}: {:?}", schema.validate(&value));
        let text = printed(&value, 0);
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(fixture.parent().expect("a fixture is in a directory"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let name = format!("{name}.json");
        let check = || settings.bind(|| insta::assert_snapshot!(name.as_str(), text));
        if catch_unwind(AssertUnwindSafe(check)).is_err() {
            changed.push(fixture.clone());
        }
    }
    assert!(changed.is_empty(), "these fixtures compile to something else now: {changed:#?}");
}

fn schema() -> Validator {
    let run = run(root(), &["schema", "runtime"]);
    assert_eq!(run.code, 0, "{run:?}");
    let schema = serde_json::from_str(&run.out).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("it is a schema")
}

/// What nginx accepts compiles, is of the schema, and is read back as what it was.
#[test]
fn the_corpus_compiles() {
    let Some(rows) = rows() else { return };
    let schema = schema();
    let target = Target::from(Version::new(1, 22, 1));
    let (mut all, mut proxies, mut whole) = (0, 0, 0);
    for Row { path, .. } in rows.iter().filter(|row| row.class == "ok") {
        let project = Project::load_root(&Files::disk(), path, None);
        let Some(root) = project.roots().first() else { continue };
        let text = emit::runtime(&compile(&Model::new(&project, root, &target)));
        let value: Value = serde_json::from_str(&text).expect("it is JSON");
        let read: runtime::Config = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(emit::runtime(&read), text, "{}", path.display());
        assert!(schema.is_valid(&value), "{}: {:?}", path.display(), schema.validate(&value));
        all += 1;
        proxies += usize::from(text.contains("\"proxy\": {"));
        whole += usize::from(read.unsupported.is_empty());
    }
    noted(&format!("of {all} files, {proxies} pass requests on, {whole} are compiled whole"));
    assert!(all > 1000 && proxies > 300, "{all} {proxies}");
}

/// What nginx would reject does not stop the compiler, which lists it.
#[test]
fn rejected_values_are_listed() {
    let conf = "events {}\nhttp {\n proxy_read_timeout soon;\n limit_req_zone $a rate=1r/s;\n \
                map $a $b { x y z; ~( 1; }\n server {\n listen 80 loud;\n server_name a.*.b;\n \
                location ~ ( { }\n location / {\n proxy_pass gopher://x;\n rewrite ( /;\n \
                if ($a like b) { }\n return 1000;\n proxy_set_header X ${a;\n }\n } }\n";
    let mut files = Files::memory();
    files.set(Path::new("nginx.conf"), conf.as_bytes().to_vec());
    let project = Project::load(&files, &["nginx.conf".into()], None);
    let target = Target::default();
    let config = compile(&Model::new(&project, &project.roots()[0], &target));
    let lines: Vec<_> = config.unsupported.iter().map(|it| (it.at.line, &*it.what)).collect();
    let expected = [
        (3, "proxy_read_timeout"),
        (4, "limit_req_zone"),
        (5, "map x"),
        (5, "~("),
        (7, "listen loud"),
        (8, "server_name a.*.b"),
        (9, "location"),
        (11, "proxy_pass gopher://x"),
        (12, "rewrite"),
        (13, "if ($a like b)"),
        (14, "return 1000"),
        (15, "proxy_set_header"),
    ];
    assert_eq!(lines, expected);
}

/// Every fixture and every piece of it compiles to something that is read back.
#[test]
fn nothing_stops_the_compiler() {
    let target = Target::default();
    for fixture in crate::support::fixtures() {
        let bytes = fs::read(&fixture).expect("a fixture can be read");
        for part in 1..=8 {
            let mut files = Files::memory();
            files.set(Path::new("part.conf"), bytes[..bytes.len() * part / 8].to_vec());
            let project = Project::load(&files, &["part.conf".into()], None);
            for root in project.roots() {
                let text = emit::runtime(&compile(&Model::new(&project, root, &target)));
                serde_json::from_str::<runtime::Config>(&text).expect("it is read back");
            }
        }
    }
}

/// A block that begins as ```` ```json fixtures/runtime/x.conf#/servers/0 ```` shows that part of
/// what is printed of the file.
#[test]
fn shown_parts_are_real() {
    let page = root().join("docs/runtime-json.md");
    let text = fs::read_to_string(&page).expect("the page can be read");
    let mut updated = String::new();
    let mut shown = 0;
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        updated.push_str(line);
        let Some(part) = line.strip_prefix("```json fixtures/") else { continue };
        let (file, pointer) = part.trim_end().split_once('#').expect("a part has a pointer");
        let value = emitted(&root().join("fixtures").join(file));
        let part = value.pointer(pointer).unwrap_or_else(|| panic!("{file} has no {pointer}"));
        updated.push_str(&(printed(part, 0) + "\n"));
        updated.extend(lines.by_ref().find(|line| line.starts_with("```")));
        shown += 1;
    }
    assert!(shown > 2, "only {shown} parts are shown");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&page, updated).expect("a page can be written");
    } else {
        assert_eq!(text, updated, "UPDATE_DOCS=1 cargo test shown_parts");
    }
}

/// Each directive that is left out in silence is named on the page.
#[test]
fn what_is_left_out_is_documented() {
    let page = fs::read_to_string(root().join("docs/runtime-json.md")).expect("it can be read");
    let source =
        fs::read_to_string(root().join("src/model/compile/unsupported.rs")).expect("it can be");
    for list in ["const OF_THE_PROCESS", "const OF_NO_CONCERN"] {
        let list = source.split(list).nth(1).and_then(|it| it.split("];").next()).expect("a list");
        let names: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(page.contains(&format!("`{name}`")), "the page does not name {name}");
        }
    }
}

#[test]
fn the_command_refuses_what_it_cannot_do() {
    let site = crate::cli::directory(&[
        ("good.conf", "events {}\nhttp { server { listen 80; return 200; } }\n"),
        ("gzip.conf", "events {}\nhttp { gzip on; }\n"),
        ("torn.conf", "events {}\nhttp {\n"),
        ("wrong.conf", "events {}\nhttp { server { listen 80; proxy_read_timeout soon; } }\n"),
        ("open.conf", "events {}\nhttp { include /not/here.conf; }\n"),
    ]);
    let emit =
        |arguments: &[&str]| run(site.path(), &[&["emit", "--to", "runtime"], arguments].concat());
    for (arguments, code, out, err) in [
        (&["good.conf"][..], 0, true, ""),
        (&["--strict", "good.conf"], 0, true, ""),
        (&["gzip.conf"], 0, true, "gzip.conf:2: gzip: this format has no word for it\n"),
        (&["--strict", "gzip.conf"], 2, false, "gzip.conf:2: gzip: "),
        (&["torn.conf"], 2, false, "not emitted"),
        (&["wrong.conf"], 2, false, "nginx would reject it"),
        (&["open.conf"], 0, true, "open.conf:2: include /not/here.conf: "),
        (&["--flat", "good.conf"], 2, false, "--flat"),
        (&["--nginx-version", "1.31.4", "good.conf"], 0, true, ""),
    ] {
        let run = emit(arguments);
        assert_eq!(run.code, code, "{arguments:?}: {run:?}");
        assert_eq!(run.out.starts_with('{'), out, "{arguments:?}: {run:?}");
        assert!(run.err.contains(err) && run.err.is_empty() == err.is_empty(), "{run:?}");
    }
    let strict = run(site.path(), &["emit", "--to", "json", "--strict", "good.conf"]);
    assert_eq!(strict.code, 2, "{strict:?}");
    let version = emit(&["--nginx-version", "1.31.4", "good.conf"]).out;
    assert!(version.contains("\"nginx_version\": \"1.31.4\""), "{version}");
}

/// The fixtures are of configurations that nginx takes.
#[test]
fn fixtures_are_right() {
    for fixture in fixtures() {
        let project = Project::load(&Files::disk(), std::slice::from_ref(&fixture), None);
        let report = ngxc::check(&project, &Target::default());
        let is_wrong = |it: &&ngxc::diagnostic::Diagnostic| {
            it.severity == Severity::Error && it.kind != Kind::Lint
        };
        let wrong: Vec<_> = report.iter().filter(is_wrong).collect();
        assert!(wrong.is_empty(), "{}: {wrong:#?}", fixture.display());
    }
}
