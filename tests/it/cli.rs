//! The command line as scripts and editors see it: exit status, streams, files.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{run, run_with};

pub const CLEAN: &str = "events {}\n";
const HARDCODED: &str = include_str!("../../fixtures/product/hardcoded.conf");
const MAPPED: &str = include_str!("../../fixtures/product/mapped.conf");
const LOST: &str = include_str!("../../fixtures/product/lost.conf");

/// A directory with these files.
pub fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().expect("a temporary directory can be made");
    for (name, text) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().expect("a file is in a directory"))
            .expect("it can be made");
        fs::write(path, text).expect("a file can be written");
    }
    directory
}

pub fn text(directory: &TempDir, name: &str) -> String {
    fs::read_to_string(directory.path().join(name)).expect("the file is there")
}

pub fn json(directory: &Path, arguments: &[&str]) -> Value {
    let run = run(directory, &[&["lint", "--format", "json"], arguments].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

#[test]
fn exit_status_says_what_came_of_it() {
    let site = directory(&[("clean.conf", CLEAN), ("hard.conf", HARDCODED), ("lost.conf", LOST)]);
    for (arguments, code) in [
        (&["lint", "clean.conf"][..], 0),
        (&["check", "clean.conf"], 0),
        (&["lint", "hard.conf"], 1),
        (&["lint", "--fail-on", "error", "hard.conf"], 0),
        (&["lint", "--fail-on", "error", "lost.conf"], 1),
        (&["lint", "--fail-on", "never", "lost.conf"], 0),
        (&["lint", "--fail-on", "info", "--pedantic", "hard.conf"], 1),
        (&["lint", "missing.conf"], 2),
        (&["lint", "--fail-on", "never", "missing.conf"], 2),
        (&["lint", "clean.conf", "missing.conf"], 2),
        (&["lint"], 2),
        (&["lint", "--diff", "missing.conf"], 2),
        (&["lint", "--diff", "lost.conf"], 1),
        (&["lint", "--diff", "clean.conf"], 0),
        (&["lint", "--diff", "--format", "json", "clean.conf"], 2),
        (&["lint", "--unsafe-fixes", "clean.conf"], 2),
        (&["lint", "--prefix", "not-here", "clean.conf"], 2),
        (&["lint", "--select", "no-such-rule", "clean.conf"], 2),
        (&["lint", "--nginx-version", "one", "clean.conf"], 2),
        (&["fmt", "--check", "clean.conf"], 0),
        (&["fmt", "missing.conf"], 2),
        (&["emit", "clean.conf", "--to", "json"], 0),
        (&["emit", "missing.conf", "--to", "json"], 2),
        (&["explain", "hardcoded-connection-header"], 0),
        (&["explain", "no-such-rule"], 2),
        (&["rules"], 0),
    ] {
        let run = run(site.path(), arguments);
        assert_eq!(run.code, code, "{arguments:?}: {run:?}");
    }
}

#[test]
fn an_unreadable_file_is_said_in_every_format() {
    let site = directory(&[("clean.conf", CLEAN)]);
    for format in ["human", "short", "json"] {
        let run = run(site.path(), &["lint", "--format", format, "missing.conf", "clean.conf"]);
        assert!(
            run.out.contains("missing.conf") && run.out.contains("failed"),
            "{format}: {run:?}"
        );
    }
}

#[test]
fn fix_gives_the_recipe_with_the_map() {
    let site = directory(&[("site.conf", HARDCODED)]);
    let shown = run(site.path(), &["lint", "--diff", "site.conf"]);
    assert_eq!(
        (shown.code, text(&site, "site.conf").as_str()),
        (1, HARDCODED),
        "--diff writes nothing"
    );
    assert!(shown.out.starts_with("--- a/site.conf\n+++ b/site.conf\n@@ "), "{shown:?}");
    let fixed = run(site.path(), &["lint", "--fix", "site.conf"]);
    assert_eq!(fixed.code, 0, "{fixed:?}");
    assert_eq!(text(&site, "site.conf"), MAPPED);
}

#[test]
fn the_product_configurations_say_what_they_should() {
    let fixtures = crate::support::root().join("fixtures/product");
    let rules = |name: &str| -> Vec<String> {
        let report = json(&fixtures, &[name]);
        let found = report["diagnostics"].as_array().expect("a list").iter();
        found.map(|it| it["rule"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(rules("hardcoded.conf"), ["hardcoded-connection-header"]);
    assert_eq!(rules("mapped.conf"), Vec::<String>::new());
    assert_eq!(rules("tls.conf"), Vec::<String>::new());
    assert_eq!(rules("lost.conf"), ["lost-websocket-headers"]);
}

#[test]
fn each_lost_brace_is_said_with_its_block() {
    let fixtures = crate::support::root().join("fixtures/product");
    for (name, blocks) in [
        ("hardcoded", &["events", "http", "upstream backend", "server", "location /chat/"][..]),
        (
            "mapped",
            &[
                "events",
                "http",
                "map $http_upgrade $connection_upgrade",
                "upstream backend",
                "server",
                "location /chat/",
            ],
        ),
        (
            "tls",
            &["map $http_upgrade $connection_upgrade", "upstream sockets", "server", "location /"],
        ),
    ] {
        let report = json(&fixtures, &[&format!("{name}-braces-lost.conf")]);
        let found = report["diagnostics"].as_array().expect("a list").iter();
        let messages: Vec<_> = found
            .filter(|it| it["rule"] == "unclosed-block")
            .map(|it| it["message"].as_str().unwrap_or_default().to_owned())
            .collect();
        let expected: Vec<_> = blocks
            .iter()
            .map(|block| {
                format!("\"{block}\" is never closed: unexpected end of file, expecting \"}}\"")
            })
            .collect();
        assert_eq!(messages, expected);
    }
}

#[test]
fn the_trap_shows_both_places() {
    let site = directory(&[("site.conf", LOST)]);
    let report = json(site.path(), &["site.conf"]);
    let finding = &report["diagnostics"][0];
    assert_eq!(finding["severity"], "error");
    let lines: Vec<_> = finding["labels"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["start"]["line"])
        .collect();
    let line = |text: &str| LOST.lines().position(|line| line.contains(text)).map(|at| at + 1);
    assert_eq!(
        lines,
        [line("Host"), line("Upgrade $http"), line("Connection $conn")]
            .map(|it| it.expect("a line"))
    );
}

#[test]
fn json_is_one_document_of_the_documented_shape() {
    let site =
        directory(&[("caf\u{e9}.conf", "# \u{e9}\u{20ac}\nhttp { server { listen 80; } };\n")]);
    let report = json(site.path(), &["caf\u{e9}.conf"]);
    assert_eq!(report["version"], 1);
    assert_eq!(
        report["summary"],
        serde_json::json!({"errors": 1, "warnings": 0, "infos": 0, "files": 1, "templates": 0})
    );
    let finding = &report["diagnostics"][0];
    assert_eq!(finding["rule"], "unexpected-semicolon");
    assert_eq!(finding["kind"], "syntax");
    assert_eq!(finding["path"], "caf\u{e9}.conf");
    assert_eq!(finding["start"], serde_json::json!({"line": 2, "column": 31, "offset": 38}));
    assert_eq!(finding["end"], serde_json::json!({"line": 2, "column": 32, "offset": 39}));
    assert_eq!(finding["fix"]["applicability"], "safe");
    assert_eq!(finding["fix"]["edits"][0]["text"], "");
    for key in ["severity", "message", "labels", "help"] {
        assert!(!finding[key].is_null(), "{key} is missing: {finding}");
    }
}

#[test]
fn offsets_are_those_of_the_file_on_disk() {
    let site = directory(&[]);
    fs::write(site.path().join("latin.conf"), b"# \xe9\xe8\n};\n").expect("it can be written");
    let report = json(site.path(), &["latin.conf"]);
    assert_eq!(
        report["diagnostics"][0]["start"],
        serde_json::json!({"line": 2, "column": 1, "offset": 5})
    );
}

#[test]
fn rules_are_chosen_by_name_and_category() {
    let site = directory(&[("site.conf", HARDCODED)]);
    let count = |arguments: &[&str]| {
        let report = json(site.path(), &[arguments, &["site.conf"]].concat());
        report["diagnostics"].as_array().expect("a list").len()
    };
    assert_eq!(count(&[]), 1);
    assert_eq!(count(&["--pedantic"]), 6);
    assert_eq!(count(&["--ignore", "hardcoded-connection-header"]), 0);
    assert_eq!(count(&["--ignore", "websocket"]), 0);
    assert_eq!(count(&["--select", "security"]), 1);
    assert_eq!(count(&["--select", "missing-host-header,default-read-timeout"]), 2);
    assert_eq!(count(&["--pedantic", "--ignore", "security,missing-host-header"]), 4);
}

#[test]
fn the_version_decides() {
    let without = MAPPED.replace("            proxy_http_version 1.1;\n", "");
    let site = directory(&[("site.conf", &without)]);
    let rules = |version: &str| {
        let report = json(site.path(), &["--nginx-version", version, "site.conf"]);
        report["diagnostics"][0]["rule"].as_str().map(str::to_owned)
    };
    assert_eq!(rules("1.22").as_deref(), Some("missing-proxy-http-version"));
    assert_eq!(rules("1.29.6").as_deref(), Some("missing-proxy-http-version"));
    assert_eq!(rules("1.29.7").as_deref(), Some("map-close-defeats-keepalive"));
}

#[test]
fn colours_are_for_terminals_and_on_request() {
    let site = directory(&[("site.conf", HARDCODED)]);
    let plain = run(site.path(), &["lint", "site.conf"]);
    assert!(!plain.out.contains('\u{1b}'), "{plain:?}");
    let coloured = run(site.path(), &["lint", "--color", "always", "site.conf"]);
    assert!(coloured.out.contains('\u{1b}'), "{coloured:?}");
    let never = run(site.path(), &["lint", "--color", "never", "--diff", "site.conf"]);
    assert!(!never.out.contains('\u{1b}'), "{never:?}");
}

#[test]
fn what_a_configuration_holds_cannot_steer_the_terminal() {
    let site = directory(&[("site.conf", "events { \u{1b}[31m\u{202e}evil\u{9b}2J }\n")]);
    for format in ["human", "short"] {
        let run = run(site.path(), &["lint", "--format", format, "site.conf"]);
        assert_eq!(run.code, 1);
        let bad = run.out.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(bad, None, "{run:?}");
    }
}

#[test]
fn standard_input_is_read_and_never_written() {
    let site = directory(&[]);
    let lint = run_with(site.path(), &["lint", "--format", "short", "-"], HARDCODED.as_bytes());
    assert_eq!(lint.code, 1);
    assert!(lint.out.starts_with("<stdin>:"), "{lint:?}");
    let fix = run_with(site.path(), &["lint", "--fix", "-"], HARDCODED.as_bytes());
    assert_eq!(fix.code, 2, "{fix:?}");
    let fmt = run_with(site.path(), &["fmt", "-"], b"events{}");
    assert_eq!((fmt.code, fmt.out.as_str()), (0, "events {}\n"));
    let check = run_with(site.path(), &["fmt", "--check", "-"], b"events{}");
    assert_eq!((check.code, check.out.as_str()), (1, "<stdin>\n"));
    let broken = run_with(site.path(), &["fmt", "-"], b"events {");
    assert_eq!((broken.code, broken.out.as_str()), (2, ""));
}

#[test]
fn a_directory_stands_for_the_configurations_in_it() {
    let main = "events {}\nhttp {\n    include conf.d/*.conf;\n}\n";
    let server =
        "server {\n    location /ws/ {\n        proxy_pass http://127.0.0.1:1;\n    }\n}\n";
    let site = directory(&[
        ("nginx.conf", main),
        ("conf.d/a.conf", server),
        ("sites-enabled/b", server),
        (".hidden/c.conf", server),
        ("notes.txt", "no configuration"),
    ]);
    let report = json(site.path(), &["."]);
    assert_eq!(report["summary"]["files"], 3);
    let paths: Vec<_> =
        report["diagnostics"].as_array().expect("a list").iter().map(|it| &it["path"]).collect();
    assert_eq!(paths, ["./conf.d/a.conf", "./sites-enabled/b"], "each file is reported once");
    let empty = directory(&[("notes.txt", "no configuration")]);
    assert_eq!(run(empty.path(), &["lint", "."]).code, 2);
}

#[test]
fn a_snippet_is_read_where_its_main_configuration_includes_it() {
    let main = "events {}\n\nhttp {\n    proxy_http_version 1.1;\n\n    include conf.d/*.conf;\n    include typo\n}\n";
    let server = "server {\n    location /app/ {\n        proxy_pass http://127.0.0.1:1;\n        proxy_set_header Upgrade $http_upgrade;\n        proxy_set_header Connection upgrade;\n    }\n}\n";
    let site =
        directory(&[("nginx.conf", main), ("conf.d/a.conf", server), ("other.conf", server)]);
    let rules = |name: &str| -> Vec<String> {
        let report = json(site.path(), &[name]);
        assert_eq!(
            report["summary"]["files"], 1,
            "the main configuration is not what was asked for"
        );
        let found = report["diagnostics"].as_array().expect("a list").iter();
        found.map(|it| it["rule"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(rules("conf.d/a.conf"), ["hardcoded-connection-header"]);
    let inside = json(&site.path().join("conf.d"), &["a.conf"]);
    assert_eq!(inside["diagnostics"].as_array().map(Vec::len), Some(1), "wherever one stands");
    assert_eq!(rules("other.conf"), ["missing-proxy-http-version", "hardcoded-connection-header"]);
    // A map in a file that nobody asked to change is for a person to decide.
    assert_eq!(run(site.path(), &["lint", "--fix", "conf.d/a.conf"]).code, 1);
    assert_eq!(text(&site, "nginx.conf"), main);
    assert_eq!(text(&site, "conf.d/a.conf"), server);
}

#[test]
fn a_variable_without_its_map_is_an_error_where_all_is_in_view() {
    let whole = MAPPED.replace("map $http_upgrade $connection_upgrade", "map $http_upgrade $other");
    let masked = whole.replace("http {\n", "http {\n    include maps/*.conf;\n");
    let site = directory(&[("whole.conf", &whole), ("masked.conf", &masked)]);
    let report = json(site.path(), &["whole.conf"]);
    assert_eq!(report["diagnostics"][0]["message"], "unknown \"connection_upgrade\" variable");
    assert_eq!(json(site.path(), &["masked.conf"])["diagnostics"], serde_json::json!([]));
}
