//! JSON that a program has edited prints as configuration, and nothing else of the file changes.

use std::path::Path;

use ngxc::emit;
use ngxc::source::{Source, SourceId};
use serde_json::{Value, json};

use crate::support::{Run, fixtures, root, run, run_with};

const CONF: &str = "# site\nserver {\n  listen 80;  # plain\n  server_name 'a b' c;\n\n  \
                    location / { root /x; }\n}\n";

fn document() -> Value {
    let run = run_with(root(), &["emit", "--to", "json", "-"], CONF.as_bytes());
    assert_eq!(run.code, 0, "{}", run.err);
    serde_json::from_str(&run.out).expect("it prints JSON")
}

fn printed(document: &Value) -> Run {
    let json = serde_json::to_vec(document).expect("it is JSON");
    run_with(root(), &["emit", "--to", "nginx", "-"], &json)
}

/// What comes of an edit.
fn edited(edit: impl FnOnce(&mut Value)) -> String {
    let mut document = document();
    edit(&mut document);
    let run = printed(&document);
    assert_eq!(run.code, 0, "{}", run.err);
    run.out
}

#[test]
fn what_is_left_alone_stays() {
    assert_eq!(edited(|_| {}), CONF);
}

#[test]
fn values_are_quoted_as_they_need() {
    let name = "/items/1/block/2/args/0/value";
    let with = |value: &str| {
        edited(|document| *document.pointer_mut(name).expect("it is there") = json!(value))
    };
    assert_eq!(with("x y"), CONF.replace("'a b'", "'x y'"));
    assert_eq!(with("it's"), CONF.replace("'a b'", "it's"));
    assert_eq!(with("it's a"), CONF.replace("'a b'", "\"it's a\""));
    assert_eq!(with(""), CONF.replace("'a b'", "''"));
    assert_eq!(with("a\\b;"), CONF.replace("'a b'", "'a\\b;'"));
    assert_eq!(with("\" '"), CONF.replace("'a b'", "\"\\\" '\""));
    let port = edited(|document| {
        *document.pointer_mut("/items/1/block/0/args/0/value").expect("it is there") = json!("8 0");
    });
    assert_eq!(port, CONF.replace("80", "\"8 0\""));
}

#[test]
fn directives_come_and_go() {
    let block = |document: &mut Value, edit: &dyn Fn(&mut Vec<Value>)| {
        edit(
            document
                .pointer_mut("/items/1/block")
                .expect("it is there")
                .as_array_mut()
                .expect("a list"),
        );
    };
    let gone = edited(|document| block(document, &|items| drop(items.remove(2))));
    assert_eq!(gone, CONF.replace("\n  server_name 'a b' c;", ""));
    let more = json!({
        "name": { "value": "location" },
        "args": [{ "value": "/ws" }],
        "block": [
            { "comment": { "text": "# sockets" } },
            { "name": { "value": "return" }, "args": [{ "value": "200" }, { "value": "a b" }] },
        ],
    });
    let come = edited(|document| block(document, &|items| items.push(more.clone())));
    let location = "\n  location /ws {\n    # sockets\n    return 200 \"a b\";\n  }\n}\n";
    assert_eq!(come, CONF.replacen("\n}\n", location, 1));
    let empty = json!({ "ngxc": "conf", "version": 1, "path": "new", "encoding": "utf-8", "items": [
        { "name": { "value": "events" }, "block": [] },
        { "name": { "value": "http" }, "block": [{ "name": { "value": "server" }, "block": [] }] },
    ] });
    assert_eq!(printed(&empty).out, "events {}\nhttp {\n    server {}\n}\n");
}

#[test]
fn what_cannot_be_written_is_refused() {
    for (pointer, value) in [
        ("/items/1/block/0/end/text", json!("}")),
        ("/items/0/comment/text", json!("# a\nlisten 1;")),
        ("/items/1/block/0/name/before", json!("x")),
    ] {
        let mut document = document();
        *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there")) = value;
        let run = printed(&document);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{pointer}: {}", run.err);
    }
}

#[test]
fn documents_have_the_shape_of_the_schema() {
    let schema = run(root(), &["schema", "json"]);
    let schema: Value = serde_json::from_str(&schema.out).expect("it prints JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let mut valid = 0;
    for path in fixtures() {
        let path: &Path = &path;
        let run = run(root(), &["emit", "--to", "json", &path.to_string_lossy()]);
        if run.code != 0 {
            continue;
        }
        let document: Value = serde_json::from_str(&run.out).expect("it prints JSON");
        let errors: Vec<_> = validator.iter_errors(&document).map(|it| it.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
        valid += 1;
    }
    assert!(valid > 20, "only {valid} fixtures are emitted");
}

/// What a configuration becomes when a program adds a directive to the block of its first one, or
/// where `pointer` says.
fn added(conf: &str, pointer: &str, at: usize) -> String {
    let source = Source::new(SourceId(0), "a.conf", conf.as_bytes().to_vec());
    let json = emit::write(&ngxc::read(source).0, None).expect("it is read");
    let mut document: Value = serde_json::from_str(&json).expect("it is JSON");
    let items = document.pointer_mut(pointer).and_then(Value::as_array_mut).expect("a list");
    let inner = json!({ "name": { "value": "deny" }, "args": [{ "value": "all" }] });
    items.insert(at, json!({ "name": { "value": "x" }, "block": [inner] }));
    let bytes = emit::read(document.to_string().as_bytes()).expect("it can be written");
    String::from_utf8(bytes).expect("it is text")
}

#[test]
fn what_is_new_is_laid_out_like_what_is_there() {
    for (conf, pointer, at, expected) in [
        ("a {\n  b;\n}\n", "/items/0/block", 1, "a {\n  b;\n  x {\n    deny all;\n  }\n}\n"),
        (
            "a {\r\n\tb;\r\n}\r\n",
            "/items/0/block",
            1,
            "a {\r\n\tb;\r\n\tx {\r\n\t\tdeny all;\r\n\t}\r\n}\r\n",
        ),
        ("a { b; }\n", "/items/0/block", 1, "a { b; x { deny all; } }\n"),
        ("# c\na;\n", "/items", 0, "x {\n    deny all;\n}\n# c\na;\n"),
        ("a; # c\n", "/items", 1, "a;\nx {\n    deny all;\n} # c\n"),
    ] {
        assert_eq!(added(conf, pointer, at), expected, "{conf}");
    }
}

#[test]
fn what_was_second_begins_the_file() {
    let source = Source::new(SourceId(0), "a.conf", b"a;\n\nb;\n".to_vec());
    let json = emit::write(&ngxc::read(source).0, None).expect("it is read");
    let mut document: Value = serde_json::from_str(&json).expect("it is JSON");
    document["items"].as_array_mut().expect("a list").remove(0);
    assert_eq!(emit::read(document.to_string().as_bytes()).expect("it is right"), b"b;\n");
}

#[test]
fn documents_of_all_kinds_of_text_come_back() {
    let texts: [&[u8]; 4] = [
        b"# a\xc2\xa0\nb;\n",
        b"# a\x85\nb \xe9;\n",
        b"# \x0b\n# \xe3\x80\x80\n",
        b"x_by_lua_block { a }\n",
    ];
    for text in texts {
        let source = Source::new(SourceId(0), "a.conf", text.to_vec());
        let json = emit::write(&ngxc::read(source).0, None).expect("it is read");
        assert_eq!(emit::read(json.as_bytes()).expect("it is written"), text, "{text:?}");
    }
    // What is left of a Latin-1 document may be valid UTF-8.
    let source = Source::new(SourceId(0), "a.conf", b"# \xe9\na \xc3\xa9;\n".to_vec());
    let json = emit::write(&ngxc::read(source).0, None).expect("it is read");
    let mut document: Value = serde_json::from_str(&json).expect("it is JSON");
    document["items"].as_array_mut().expect("a list").remove(0);
    let bytes = emit::read(document.to_string().as_bytes()).expect("it is right");
    assert_eq!(bytes, b"a \xc3\xa9;\n");
    // Lua code is not the document's to lay out.
    let source = Source::new(SourceId(0), "a.conf", b"x_by_lua_block { a }\n".to_vec());
    let json = emit::write(&ngxc::read(source).0, None).expect("it is read");
    let mut document: Value = serde_json::from_str(&json).expect("it is JSON");
    document["items"][0]["close"] = json!({ "text": "}" });
    let bytes = emit::read(document.to_string().as_bytes()).expect("it is right");
    assert_eq!(bytes, b"x_by_lua_block { a }\n");
}
