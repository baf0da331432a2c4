//! `ngxc emit --to crossplane`: small configurations whose payloads are written out, the way
//! back, and crossplane 0.5.8 itself over the corpus.
//!
//! `NGXC_CROSSPLANE` names crossplane, which is started for each file: that takes minutes.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::adapt::pattern;
use crate::corpus::rows;
use crate::support::{Run, noted, run, run_with, skipped};

/// The options under which crossplane and ngxc list everything.
const COMMENTS: [&str; 1] = ["--include-comments"];
const COMBINED: [&str; 2] = ["--include-comments", "--combine"];

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

/// Statements without what the way back does not keep: lines and files.
fn meaning(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !["line", "file"].contains(&key.as_str()));
            kept.map(|(key, value)| (key.clone(), meaning(value))).collect()
        }
        Value::Array(values) => values.iter().map(meaning).collect(),
        // White space at the end of comments is not kept.
        Value::String(text) => text.trim_end_matches([' ', '\t', '\r']).into(),
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

/// Where crossplane is wrong: why, and what text it needs; without one, text that is not UTF-8.
const EXCEPTIONS: [(&str, Option<&str>); 5] = [
    ("a `${name}` at the end of a word makes one word of it and the next", Some(r"\$\{\w*[}\s]")),
    ("a `\\` at the end of a comment is lost", Some(r"#[^\n]*\\\n")),
    ("a comment at the end of a file without a line end is lost", Some(r"#[^\n]*$")),
    ("exit_worker_by_lua_block is read as nginx's language", Some("exit_worker_by_lua_block")),
    ("bytes that are not UTF-8 are replaced", None),
];

/// What runs crossplane 0.5.8, if it is here.
fn crossplane() -> Option<Vec<String>> {
    let Ok(command) = std::env::var("NGXC_CROSSPLANE") else {
        skipped("NGXC_CROSSPLANE names no crossplane");
        return None;
    };
    let command: Vec<String> = command.split(' ').map(str::to_owned).collect();
    let version = Command::new(&command[0]).args(&command[1..]).arg("--version").output().ok();
    let version = version.map(|it| [it.stdout, it.stderr].concat()).unwrap_or_default();
    let is_it = String::from_utf8_lossy(&version).contains("0.5.8");
    if !is_it {
        skipped("no crossplane 0.5.8 on this machine");
    }
    Some(command).filter(|_| is_it)
}

/// What crossplane says of a file, if it takes it. The files of combined directives are left
/// out: behind an include, crossplane gives them the name of the included file.
fn expected(command: &[String], path: &Path, options: &[&str]) -> Option<Value> {
    let mut process = Command::new(&command[0]);
    process.args(&command[1..]).arg("parse").arg(path).args(options);
    let output = process.output().expect("crossplane can be run");
    serde_json::from_slice(&output.stdout).ok().filter(|it: &Value| it["status"] == "ok")
}

fn without_files(value: &mut Value) {
    if let Value::Object(map) = value {
        if map.contains_key("directive") {
            map.remove("file");
        }
        map.values_mut().for_each(without_files);
    } else if let Value::Array(values) = value {
        values.iter_mut().for_each(without_files);
    }
}

/// What crossplane and ngxc say of a file: nothing, equal, or the exception; an error if it is
/// none.
fn compared(
    command: &[String],
    path: &Path,
    options: &[&str],
) -> Result<Option<&'static str>, String> {
    let Some(mut wanted) = expected(command, path, options) else { return Ok(None) };
    let directory = path.parent().expect("it is a file");
    let (run, mut payload) = emit(directory, &path.to_string_lossy(), options);
    without_files(&mut wanted);
    without_files(&mut payload);
    if run.code == 0 && wanted == payload {
        return Ok(Some("equal"));
    }
    let files = wanted["config"].as_array().into_iter().flatten();
    let names = files.filter_map(|it| it["file"].as_str());
    let texts: Vec<Vec<u8>> = names.filter_map(|name| std::fs::read(name).ok()).collect();
    let explains = |text: &[u8], needs: Option<&str>| match (std::str::from_utf8(text), needs) {
        (Ok(text), Some(needs)) => pattern(needs).is_match(text),
        (text, _) => text.is_err(),
    };
    let exception =
        EXCEPTIONS.iter().find(|(_, needs)| texts.iter().any(|text| explains(text, *needs)));
    let unexplained = || format!("{} {options:?}: {}", path.display(), run.err);
    exception.map(|(reason, _)| Some(*reason)).ok_or_else(unexplained)
}

#[test]
fn crossplane_says_the_same_of_the_corpus() {
    let (Some(rows), Some(command)) = (rows(), crossplane()) else { return };
    let accepted: Vec<_> = rows.iter().filter(|row| row.class == "ok").collect();
    let next = AtomicUsize::new(0);
    let results = Mutex::new((BTreeMap::<&str, usize>::new(), Vec::new()));
    let work = || {
        while let Some(row) = accepted.get(next.fetch_add(1, Ordering::Relaxed)) {
            for options in [&COMMENTS[..], &COMBINED] {
                let result = compared(&command, &row.path, options);
                let is_taken = !matches!(result, Ok(None));
                let mut results = results.lock().expect("no other thread panicked");
                match result {
                    Ok(outcome) => {
                        *results
                            .0
                            .entry(outcome.unwrap_or("refused by crossplane"))
                            .or_default() += 1;
                    }
                    Err(error) => results.1.push(error),
                }
                // What it refuses, it refuses combined too.
                if !is_taken {
                    break;
                }
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let (counts, wrong) = results.into_inner().expect("no thread panicked");
    noted(&format!("crossplane: {counts:#?}"));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(counts.get("equal").is_some_and(|&equal| equal > 500), "{counts:?}");
    for (reason, _) in EXCEPTIONS {
        assert!(counts.contains_key(reason), "this exception is not needed: {reason}");
    }
}
