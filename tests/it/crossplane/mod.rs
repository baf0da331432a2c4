//! `ngxc emit --to crossplane`: small configurations whose payloads are written out, the way
//! back, and crossplane 0.5.8 itself over the corpus.

mod corpus;
mod original;

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Run, run, run_with};

/// The option under which everything is listed.
const COMMENTS: [&str; 1] = ["--include-comments"];

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a directory can be made");
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("it is in the directory")).expect("made");
        std::fs::write(path, text).expect("the directory is writable");
    }
    directory
}

fn emit(directory: &Path, file: &str, options: &[&str]) -> (Run, Value) {
    let arguments = [&["emit", file, "--to", "crossplane"], options].concat();
    let run = run(directory, &arguments);
    let payload = serde_json::from_str(&run.out).unwrap_or(Value::Null);
    (run, payload)
}

/// The `parsed` of one file.
fn parsed(text: &str) -> Value {
    let directory = directory(&[("nginx.conf", text)]);
    let (run, payload) = emit(directory.path(), "nginx.conf", &COMMENTS);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{text}");
    payload["config"][0]["parsed"].clone()
}

fn words(line: u32, name: &str, args: &[&str]) -> Value {
    json!({"directive": name, "line": line, "args": args})
}

fn block(line: u32, name: &str, args: &[&str], block: &[Value]) -> Value {
    json!({"directive": name, "line": line, "args": args, "block": block})
}

fn comment(line: u32, text: &str) -> Value {
    json!({"directive": "#", "line": line, "args": [], "comment": text})
}

#[test]
fn quotes_are_taken_away_and_escapes_stay() {
    let text = r#"a "x y" 'it\'s' "say \"hi\"" 'a\"b' b\;c "\\d" "";"#;
    let args = ["x y", "it's", r#"say "hi""#, r#"a\"b"#, r"b\;c", r"\\d", ""];
    assert_eq!(parsed(text), json!([words(1, "a", &args)]));
    assert_eq!(
        parsed("a ${b} ${c}d\n\"e\nf\" g;"),
        json!([words(1, "a", &["${b}", "${c}d", "e\nf", "g"])])
    );
}

#[test]
fn an_if_has_no_parentheses() {
    for (text, args) in [
        ("if ($a = b) {}", &["$a", "=", "b"][..]),
        ("if ( $a ~ \"x (y)\" ) {}", &["$a", "~", "x (y)"]),
        ("if ($a ~* (b|c)$) {}", &["$a", "~*", "(b|c)$"]),
        ("if ($a = \"\") {}", &["$a", "=", ""]),
        ("if ($a) {}", &["$a"]),
    ] {
        assert_eq!(parsed(text), json!([block(1, "if", args, &[])]), "{text}");
    }
}

#[test]
fn comments_and_blocks_have_their_lines() {
    let text = "# one \nevents { # two\n}\nhttp {\n  map $a $b { # x\n    default 1; \"\" 2;\n  }\n  \
                log_format # inner\n    m a;\n}\n#end";
    let map = block(
        5,
        "map",
        &["$a", "$b"],
        &[comment(5, " x"), words(6, "default", &["1"]), words(6, "", &["2"])],
    );
    let http = [map, words(8, "log_format", &["m", "a"]), comment(8, " inner")];
    let all = json!([
        comment(1, " one "),
        block(2, "events", &[], &[comment(2, " two")]),
        block(4, "http", &[], &http),
        comment(11, "end"),
    ]);
    assert_eq!(parsed(text), all);
    let directory = directory(&[("a.conf", "# c\na # d\n b;")]);
    let (_, payload) = emit(directory.path(), "a.conf", &[]);
    assert_eq!(payload["config"][0]["parsed"], json!([words(2, "a", &["b"])]));
}

#[test]
fn lua_is_an_argument() {
    let text = "content_by_lua_block { x = \"}\" -- {\n }\nset_by_lua_block $a{ return [[ } ]] }";
    let content = words(1, "content_by_lua_block", &[" x = \"}\" -- {\n "]);
    let set = words(3, "set_by_lua_block", &["$a", " return [[ } ]] "]);
    assert_eq!(parsed(text), json!([content, set]));
}

const SITE: [(&str, &str); 4] = [
    ("nginx.conf", "http {\n  include conf.d/*.conf;\n  include none/*;\n}\nuser a;\n"),
    ("conf.d/a.conf", "server { include common; }\n"),
    ("conf.d/b.conf", "server { include common; }\n"),
    ("common", "root /srv;\n"),
];

#[test]
fn includes_are_indices_of_files() {
    let directory = directory(&SITE);
    let (_, payload) = emit(directory.path(), "nginx.conf", &[]);
    let include = |line, mask: &str, files: &[u32]| json!({"directive": "include", "line": line, "args": [mask], "includes": files});
    let config = |file: &str, parsed: Value| json!({"file": file, "status": "ok", "errors": [], "parsed": parsed});
    let site = block(1, "server", &[], &[include(1, "common", &[3])]);
    let http = [include(2, "conf.d/*.conf", &[1, 2]), include(3, "none/*", &[])];
    let expected = json!({"status": "ok", "errors": [], "config": [
        config("nginx.conf", json!([block(1, "http", &[], &http), words(5, "user", &["a"])])),
        config("conf.d/a.conf", json!([site])),
        config("conf.d/b.conf", json!([site])),
        config("common", json!([words(1, "root", &["/srv"])])),
    ]});
    assert_eq!(payload, expected);
}

#[test]
fn files_can_be_one_or_alone() {
    let directory = directory(&SITE);
    let (_, payload) = emit(directory.path(), "nginx.conf", &["--combine"]);
    let root = json!({"file": "common", "directive": "root", "line": 1, "args": ["/srv"]});
    let server = |file: &str| json!({"file": file, "directive": "server", "line": 1, "args": [], "block": [root]});
    let http = json!({"file": "nginx.conf", "directive": "http", "line": 1, "args": [],
        "block": [server("conf.d/a.conf"), server("conf.d/b.conf")]});
    let user = json!({"file": "nginx.conf", "directive": "user", "line": 5, "args": ["a"]});
    assert_eq!(payload["config"][0]["parsed"], json!([http, user]));
    assert_eq!(payload["config"].as_array().map(Vec::len), Some(1));
    let (_, payload) = emit(directory.path(), "nginx.conf", &["--single-file"]);
    let includes = [words(2, "include", &["conf.d/*.conf"]), words(3, "include", &["none/*"])];
    let parsed = json!([block(1, "http", &[], &includes), words(5, "user", &["a"])]);
    assert_eq!(payload["config"][0]["parsed"], parsed);
}

#[test]
fn what_cannot_be_read_is_an_error_and_a_failure() {
    let directory =
        directory(&[("a.conf", "include b.conf;\ninclude none.conf;\n"), ("b.conf", "x {\n")]);
    let (run, payload) = emit(directory.path(), "a.conf", &[]);
    assert_eq!(run.code, 2);
    assert_eq!(payload["status"], "failed");
    let errors = json!([
        {"file": "a.conf", "line": 2, "error": "open() \"none.conf\" failed (2: No such file or directory) in a.conf:2"},
        {"file": "b.conf", "line": 1, "error": "\"x\" is never closed: unexpected end of file, expecting \"}\" in b.conf:1"},
    ]);
    assert_eq!(payload["errors"], errors);
    assert_eq!(payload["config"][1]["status"], "failed");
    assert_eq!(payload["config"][1]["parsed"], json!([]));
    let (run, payload) = emit(directory.path(), "none.conf", &[]);
    assert_eq!(run.code, 2);
    assert_eq!(
        (&payload["status"], &payload["errors"][0]["line"]),
        (&json!("failed"), &Value::Null)
    );
    let (run, _) = emit(directory.path(), "a.conf", &["--single-file"]);
    assert_eq!(run.code, 0);
}

#[test]
fn strict_lists_what_nginx_rejects() {
    let directory = directory(&[
        ("a.conf", "events {}\nhttp {\n  include b.conf;\n  server { include b.conf; }\n}\n"),
        ("b.conf", "lissten 80;\nclient_max_body_size x;\n"),
        ("new.conf", "events {}\nhttp { keepalive_min_timeout 1s; }\n"),
        ("good.conf", "events {}\nhttp { server { listen 80; } }\n"),
    ]);
    let (run, payload) = emit(directory.path(), "a.conf", &["--strict"]);
    assert_eq!(run.code, 2, "{run:?}");
    let error = |line: u32, error: &str| json!({"file": "b.conf", "line": line, "error": format!("{error} in b.conf:{line}")});
    let unknown = error(1, "unknown directive \"lissten\"");
    let invalid = error(2, "\"client_max_body_size\" directive invalid value \"x\"");
    assert_eq!(payload["errors"], json!([unknown, invalid]));
    assert_eq!(payload["config"][0]["status"], "ok");
    assert_eq!(payload["config"][1]["status"], "failed");
    let read = json!([words(1, "lissten", &["80"]), words(2, "client_max_body_size", &["x"])]);
    assert_eq!(payload["config"][1]["parsed"], read);
    let back = [&["emit", "-", "--to", "nginx", "--file"], &["b.conf"][..]].concat();
    let back = run_with(directory.path(), &back, run.out.as_bytes());
    assert!(back.code == 2 && back.err.contains("its status is failed"), "{back:?}");
    for (file, options, code) in [
        ("a.conf", &[][..], 0),
        ("a.conf", &["--strict", "--single-file"], 0),
        ("good.conf", &["--strict"], 0),
        ("new.conf", &["--strict", "--nginx-version", "1.22.0"], 2),
        ("new.conf", &["--strict", "--nginx-version", "1.29.0"], 0),
        ("good.conf", &["--nginx-version", "1.29.0"], 2),
    ] {
        let (run, _) = emit(directory.path(), file, options);
        assert_eq!(run.code, code, "{file} {options:?}: {}", run.err);
    }
}

#[test]
fn an_input_that_is_named_is_no_other() {
    let directory = directory(&[("conf.json", "user a;\n"), ("a.conf", "user a;\n")]);
    let kept = |options: &[&str], name: &str| {
        let run = run(directory.path(), &[&["emit", "a.conf", "--to"], options].concat());
        std::fs::write(directory.path().join(name), run.out).expect("it is writable");
    };
    kept(&["json"], "lossless");
    kept(&["crossplane"], "payload");
    for (file, from) in [
        ("a.conf", "nginx"),
        ("conf.json", "nginx"),
        ("lossless", "json"),
        ("payload", "crossplane"),
    ] {
        for named in ["nginx", "json", "crossplane"] {
            let run = run(directory.path(), &["emit", file, "--from", named, "--to", "nginx"]);
            let expected = if named == from { (0, "user a;\n") } else { (2, "") };
            assert_eq!((run.code, run.out.as_str()), expected, "{file} {named}: {}", run.err);
        }
    }
    for arguments in [
        &["emit", "payload", "--from", "nginx", "--to", "crossplane"][..],
        &["emit", "a.conf", "--from", "json", "--to", "crossplane"],
        &["emit", "lossless", "--to", "nginx", "--file", "a.conf"],
    ] {
        let run = run(directory.path(), arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}");
    }
}

#[test]
fn options_go_with_their_target() {
    let directory = directory(&[("a.conf", "a;")]);
    for arguments in [
        &["emit", "a.conf", "--to", "nginx", "--combine"][..],
        &["emit", "a.conf", "--to", "json", "--include-comments"],
        &["emit", "a.conf", "--to", "crossplane", "--flat"],
        &["emit", "a.conf", "--to", "nginx", "--file", "a.conf"],
    ] {
        assert_eq!(run(directory.path(), arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_payload_becomes_configuration() {
    let directory = directory(&[]);
    let rebuilt = |payload: &Value, options: &[&str]| {
        let arguments = [&["emit", "-", "--to", "nginx"], options].concat();
        run_with(directory.path(), &arguments, payload.to_string().as_bytes())
    };
    let payload = |parsed: Value| json!({"status": "ok", "config": [{"file": "a", "status": "ok", "parsed": parsed}]});
    let text = "# one\nif ($a = \"x y\") { # two\n    return 200 'say \"hi\"';\n}\n\
                content_by_lua_block { x() }\n\"\" \"a;b\" \"#c\" d#;\nevents {}\n";
    let run = rebuilt(&payload(parsed(text)), &[]);
    let canonical = text.replace(r#"'say "hi"'"#, r#""say \"hi\"""#);
    assert!([text, &canonical].contains(&run.out.as_str()), "{}{}", run.out, run.err);
    for bad in [comment(1, " a\nuser root;"), words(1, "a", &["b\\"])] {
        let run = rebuilt(&payload(json!([bad])), &[]);
        assert!(run.code == 2 && run.err.contains("cannot be written"), "{run:?}");
    }
    let mut two = payload(json!([words(1, "a", &[])]));
    let second = json!({"file": "b", "status": "ok", "parsed": [words(1, "b", &[])]});
    two["config"].as_array_mut().expect("a list").push(second);
    let run = rebuilt(&two, &[]);
    assert!(run.code == 2 && run.err.contains("--file: a, b"), "{run:?}");
    assert_eq!(rebuilt(&two, &["--file", "b"]).out, "b;\n");
}

/// Statements without what the way back does not keep: lines, files and where includes lead.
fn meaning(value: &Value) -> Value {
    let is_kept = |key: &str| !["line", "file", "includes"].contains(&key);
    // White space at the end of comments is not kept.
    let trimmed = |text: &str| text.trim_end_matches([' ', '\t', '\r']).into();
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| is_kept(key));
            let meant = kept.map(|(key, value)| match value.as_str() {
                Some(comment) if key == "comment" => (key.clone(), trimmed(comment)),
                _ => (key.clone(), meaning(value)),
            });
            meant.collect()
        }
        Value::Array(values) => values.iter().map(meaning).collect(),
        other => other.clone(),
    }
}

#[test]
fn there_and_back_nothing_is_lost() {
    let mut count = 0;
    let options = ["--include-comments", "--single-file"];
    for path in crate::support::fixtures() {
        let site = path.parent().expect("a fixture is in a folder");
        let (run, payload) = emit(site, &path.to_string_lossy(), &options);
        let bytes = std::fs::read(&path).expect("a fixture can be read");
        if run.code != 0 || std::str::from_utf8(&bytes).is_err() {
            continue;
        }
        let back = run_with(site, &["emit", "-", "--to", "nginx"], run.out.as_bytes());
        assert_eq!(back.code, 0, "{}: {}", path.display(), back.err);
        let arguments = [&["emit", "-", "--to", "crossplane"], &options[..]].concat();
        let again = run_with(site, &arguments, back.out.as_bytes());
        let again: Value = serde_json::from_str(&again.out).expect("it is JSON");
        assert_eq!(meaning(&payload["config"]), meaning(&again["config"]), "{}", path.display());
        count += 1;
    }
    assert!(count > 30, "{count} fixtures");
}
