//! `ngxc trace` as people and scripts see it. What it prints at length is in `docs/trace.md`.

use std::fs;

use serde_json::{Value, json};

use crate::cli::directory;
use crate::support::{Run, root, run, run_with};

/// A server for each thing that a URL may lead to.
const SOCKETS: &str = "events {}\nhttp {\n\
    server { listen 80; listen 443 ssl; server_name example.com; return 200 \"$scheme $http_host $remote_addr\"; }\n\
    server { listen 127.0.0.1:8080; return 200 loopback; }\n\
    server { listen 8080; return 200 any; }\n\
    server { listen unix:/run/it.sock; return 200 unix; }\n}\n";

fn trace(arguments: &[&str]) -> Run {
    run(root(), &[&["trace"], arguments].concat())
}

fn traced(arguments: &[&str]) -> Value {
    let run = trace(&[arguments, &["--format", "json"]].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

/// The text that a server answers with.
fn body(configuration: &str, arguments: &[&str]) -> Value {
    let arguments = [&["trace", "-"], arguments, &["--format", "json"]].concat();
    let run = run_with(root(), &arguments, configuration.as_bytes());
    let document: Value =
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    document["action"]["body"].clone()
}

#[test]
fn urls_say_where_the_connection_comes_in() {
    let client = ["--client-ip", "192.0.2.9"];
    for (arguments, expected) in [
        (&["http://example.com/"][..], "http example.com 192.0.2.9"),
        (&["HTTP://example.com:80?x"], "http example.com:80 192.0.2.9"),
        (&["https://example.com/"], "https example.com 192.0.2.9"),
        (&["wss://example.com"], "https example.com 192.0.2.9"),
        (&["/"], "http example.com 192.0.2.9"),
        (&["http://example.com/", "-H", "host: other.test"], "http other.test 192.0.2.9"),
        (&["http://name.test:8080/"], "any"),
        (&["http://127.0.0.1:8080/"], "loopback"),
        (&["http://127.0.0.2:8080/"], "any"),
        (&["http://example.com/", "--listen", "127.0.0.1:8080"], "loopback"),
        (&["http://example.com/", "--listen", "8080"], "any"),
        (&["http://example.com/", "--listen", "unix:/run/it.sock"], "unix"),
    ] {
        assert_eq!(body(SOCKETS, &[arguments, &client].concat()), expected, "{arguments:?}");
    }
}

#[test]
fn what_is_not_known_is_null_and_said() {
    assert_eq!(body(SOCKETS, &["http://example.com/"]), Value::Null);
    let document = traced(&["fixtures/product/tls.conf", "wss://ws.example.com/"]);
    let headers = document["upstream_request"]["headers"].as_array().expect("a list");
    assert!(headers.contains(&json!(["X-Real-IP", null])), "{document}");
    assert_eq!(document["unknown"][0]["what"], "$remote_addr");
}

/// As nginx 1.22.1 answers.
#[test]
fn an_alias_is_for_the_path_of_the_location_that_has_it() {
    let conf = "events {}\nhttp { server { listen 80;\n\
        location /a/ { alias /x/; location /a/b/ { return 200 $request_filename; }\n\
        location ~ c { return 200 $request_filename; } return 200 $request_filename; }\n\
        location ~ ^/r/(.*) { alias /x/$1; return 200 $request_filename; } } }\n";
    for (path, file) in
        [("/a/z", "/x/z"), ("/a/b/z", "/x/b/z"), ("/a/cc", "/x/cc"), ("/r/q", "/x/q")]
    {
        assert_eq!(body(conf, &[path]), file, "{path}");
    }
}

#[test]
fn a_geo_gives_the_value_of_the_smallest_network() {
    let conf = "events {}\nhttp { geo $g { default none; 10.0.0.0/8 ten; 10.1.0.0/16 one;\n\
        10.1.0.0/16 two; 10.2.0.0/16 x; delete 10.2.0.0/16; 2001:db8::/32 six; }\n\
        server { listen 80; return 200 $g; } }\n";
    for (client, value) in [
        ("10.9.0.1", "ten"),
        ("10.1.0.1", "two"),
        ("10.2.0.1", "ten"),
        ("::ffff:10.1.0.1", "two"),
        ("2001:db8::1", "six"),
        ("192.0.2.1", "none"),
    ] {
        assert_eq!(body(conf, &["/", "--client-ip", client]), value, "{client}");
    }
}

#[test]
fn variables_that_grow_without_end_are_not_known() {
    let maps = |volatile: &str, first: &str| {
        let map =
            |n: u8| format!("map x $v{n} {{ {volatile} default \"$v{}$v{}\"; }}\n", n - 1, n - 1);
        let maps: String = (1..60).map(map).collect();
        format!(
            "events {{}}\nhttp {{ map x $v0 {{ default \"{first}\"; }}\n{maps}\
             server {{ listen 80; return 200 $v59; }} }}\n"
        )
    };
    for conf in [maps("", "long"), maps("volatile;", "long")] {
        assert_eq!(body(&conf, &["/"]), Value::Null);
    }
    // Within a text a volatile variable is looked up once.
    assert_eq!(body(&maps("volatile;", ""), &["/"]), "");
}

#[test]
fn the_path_is_sent_as_it_is_written() {
    let document =
        traced(&["fixtures/product/mapped.conf", "ws://chat.example.com/chat/%2Fa/./b//c?a=%20"]);
    assert_eq!(document["upstream_request"]["uri"], "/chat/%2Fa/./b//c?a=%20");
}

#[test]
fn the_document_has_the_documented_shape() {
    let path = "fixtures/product/hardcoded.conf";
    assert_eq!(
        traced(&[path, "/chat/", "--websocket", "--method", "GET"]),
        json!({
            "version": 1,
            "server": {"path": path, "line": 8, "names": ["chat.example.com"]},
            "location": {"path": path, "line": 12, "kind": "prefix", "pattern": "/chat/"},
            "action": {"kind": "proxy"},
            "upstream_request": {
                "method": "GET",
                "uri": "/chat/",
                "http_version": "1.1",
                "headers": [
                    ["Upgrade", "websocket"],
                    ["Connection", "upgrade"],
                    ["Host", "backend"],
                    ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
                    ["Sec-WebSocket-Version", "13"],
                ],
            },
            "unknown": [],
        })
    );
    let elsewhere = traced(&[path, "http://chat.example.com:81/"]);
    assert_eq!(elsewhere["server"], Value::Null);
    assert_eq!(elsewhere["upstream_request"], Value::Null);
}

/// What somebody who has never seen ngxc is told about each mistake, and the rule that says more.
#[test]
fn it_says_why_a_websocket_fails() {
    let many = "fixtures/lint/many-faults.conf";
    for (path, url, reason, rule) in [
        (
            "fixtures/product/lost.conf",
            "/",
            "location / has a proxy_set_header of its own",
            "lost-websocket-headers",
        ),
        (many, "/socket", "HTTP/1.0", "missing-proxy-http-version"),
        (many, "/socket", "Connection is \"keep-alive\"", "connection-not-upgrade"),
        (many, "/socket", "says 504", "zero-read-timeout"),
        (
            many,
            "/socket.io/",
            "no proxy_set_header sets Upgrade and Connection",
            "missing-websocket-headers",
        ),
        (many, "/swapped/", "Upgrade is \"Upgrade\"", "wrong-upgrade-value"),
        (many, "/response/", "not on requests to the backend", "upgrade-in-add-header"),
        (many, "/old/", "HTTP/1.0", "wrong-proxy-http-version"),
        ("fixtures/lint/maps.conf", "/swapped/", "Connection is ", "map-connection-never-upgrade"),
    ] {
        let run = trace(&[path, url, "--websocket"]);
        assert_eq!(run.code, 0, "{run:?}");
        let text = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("It fails: ") && text.contains(reason), "{path} {url}: {}", run.out);
        assert!(text.contains(&format!("ngxc explain {rule}")), "{path} {url}: {}", run.out);
        assert!(ngxc::lint::rule(rule).is_some(), "{rule}");
    }
    let plain = trace(&["fixtures/product/hardcoded.conf", "/chat/"]);
    assert!(plain.out.contains("ngxc explain hardcoded-connection-header"), "{plain:?}");
    let answered = trace(&["fixtures/product/hardcoded.conf", "/chat", "--websocket"]);
    assert!(answered.out.contains("WebSocket clients follow no redirects"), "{answered:?}");
}

#[test]
fn rules_that_are_named_exist() {
    let text = fs::read_to_string(root().join("src/trace/verdict.rs")).expect("it can be read");
    let words =
        text.split('"').filter(|word| word.matches('-').count() >= 2 && !word.contains(' '));
    let names: Vec<_> =
        words.filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase())).collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        assert!(ngxc::lint::rule(name).is_some(), "{name} is no rule");
    }
}

#[test]
fn what_nginx_makes_of_the_fixture_is_as_expected() {
    let held = trace(&["fixtures/trace/site.conf", "--expect", "fixtures/trace/site.txt"]);
    assert_eq!((held.code, held.out.as_str()), (0, "All 12 cases hold.\n"), "{held:?}");
    let failed = trace(&["fixtures/trace/site.conf", "--expect", "fixtures/trace/wrong.txt"]);
    assert_eq!(failed.code, 1);
    assert!(
        failed.out.contains("fixtures/trace/wrong.txt:3: ws://example.com/api/socket\n"),
        "{failed:?}"
    );
    assert!(failed.out.ends_with("2 of 3 cases failed.\n"), "{failed:?}");
}

#[test]
fn tables_that_say_nothing_are_errors_with_their_place() {
    for (table, error) in [
        ("", "t.txt:1: no case"),
        ("# nothing\n\n", "t.txt:1: no case"),
        ("/ status=200\n", "t.txt:1: no `->`"),
        ("# a\n/ ->\n", "t.txt:2: nothing is expected"),
        ("/ -> colour=red\n", "t.txt:1: \"colour\" is not one of"),
        ("/ -> status=ok\n", "t.txt:1: \"ok\" is no value of status"),
        ("/ -> status\n", "t.txt:1: \"status\" is not key=value"),
        ("/ -> \"body=x\n", "t.txt:1: a quote is not closed"),
        ("/ get -> status=200\n", "t.txt:1: \"get\" is neither"),
        ("ftp://x/ -> status=200\n", "t.txt:1: \"ftp://x/\" is no URL"),
    ] {
        let site = directory(&[("site.conf", SOCKETS), ("t.txt", table)]);
        let run = run(site.path(), &["trace", "site.conf", "--expect", "t.txt"]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{table:?}: {run:?}");
        assert!(run.err.contains(error), "{table:?}: {run:?}");
    }
}

/// What a table says of a configuration, without the line of the case.
fn checked(configuration: &str, table: &str) -> String {
    let site = directory(&[("site.conf", configuration), ("t.txt", table)]);
    let run = run(site.path(), &["trace", "site.conf", "--expect", "t.txt"]);
    assert_eq!(run.err, "", "{table:?}");
    run.out
}

/// Ways of a handshake through nginx: the answer of the backend counts in some of them.
const WAYS: &str = "events {}\nhttp {\n\
    proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;\n\
    server { listen 80;\n\
    location /kept { error_page 418 @ws; return 418; }\n\
    location /other { error_page 418 =200 @ws; return 418; }\n\
    location /passed { error_page 418 = @ws; return 418; }\n\
    location /file { error_page 404 = @ws; }\n\
    location /files { try_files $uri =404; error_page 404 @ws; }\n\
    location /named { set $host_of_app app; proxy_pass http://$host_of_app:8000; }\n\
    location /asked { resolver 127.0.0.1; set $host_of_app app; proxy_pass http://$host_of_app:8000; }\n\
    location /old { proxy_set_header Upgrade websocket; proxy_set_header Connection upgrade;\n\
    proxy_set_header Sec-WebSocket-Version ''; proxy_pass http://127.0.0.1:8000; }\n\
    location @ws { proxy_pass http://127.0.0.1:8000; }\n} }\n";

#[test]
fn a_handshake_needs_the_status_the_backend_and_the_version() {
    for (path, expected, why) in [
        ("/kept", "fails", "418 in place of the backend's 101 (`error_page 418 @ws`"),
        ("/other", "fails", "200 in place of the backend's 101"),
        ("/passed", "works", ""),
        ("/file", "not known", "for what `error_page 404 = @ws` says"),
        ("/files", "fails", "404 in place of the backend's 101"),
        ("/named", "fails", "no resolver is set"),
        ("/asked", "works", ""),
        ("/old", "fails", "no Sec-WebSocket-Version"),
    ] {
        let wrong = if expected == "works" { "fails" } else { "works" };
        let said = checked(WAYS, &format!("ws://h{path} -> handshake={wrong}\n"));
        let found = format!("handshake: expected {wrong}, found {expected}\n");
        assert!(said.contains(&found) && said.contains(why), "{path}: {said}");
    }
    assert_eq!(checked(WAYS, "ws://h/kept -> status=418 action=proxy\n"), "1 case holds.\n");
}

#[test]
fn what_stands_on_one_line_is_told_apart() {
    let one_line = "events {} http { server { listen 80; server_name a; location / { return 200; } } \
        server { listen 80; server_name b; proxy_http_version 1.1; location /x { return 204; } \
        location /ws { proxy_set_header A 1; proxy_set_header Upgrade $http_upgrade; \
        proxy_pass http://127.0.0.1:8000; } } }\n";
    let run = run_with(root(), &["trace", "-", "ws://b/ws"], one_line.as_bytes());
    for line in [
        "  of location /ws\n",
        "  of server b\n    proxy_http_version 1.1  <stdin>:1\n",
        "  Upgrade: websocket                           proxy_set_header Upgrade $http_upgrade",
    ] {
        assert!(run.out.contains(line), "{line}: {}", run.out);
    }
}

#[test]
fn a_table_may_come_from_elsewhere() {
    let conf = "events {}\nhttp { server { listen 80; return 200 \"a\\n\"; } }\n";
    // As an editor of Windows saves it; and a text is written as it is shown.
    assert_eq!(checked(conf, "\u{feff}/ -> \"body=a\\n\"\r\n"), "1 case holds.\n");
    let site = directory(&[("site.conf", conf)]);
    let run = run_with(site.path(), &["trace", "site.conf", "--expect", "-"], b"/ -> status=200\n");
    assert_eq!((run.code, run.out.as_str()), (0, "1 case holds.\n"), "{run:?}");
}

#[test]
fn exit_status_says_what_came_of_it() {
    let site = directory(&[
        ("site.conf", SOCKETS),
        ("broken.conf", "http { server {"),
        ("t.txt", "/ -> status=200"),
    ]);
    for (arguments, code) in [
        (&["site.conf", "/"][..], 0),
        (&["site.conf", "http://example.com:81/"], 0),
        (&["site.conf", "--expect", "t.txt"], 0),
        (&["site.conf"], 2),
        (&["missing.conf", "/"], 2),
        (&["broken.conf", "/"], 2),
        (&["site.conf", "example.com"], 2),
        (&["site.conf", "http://user@example.com/"], 2),
        (&["site.conf", "http://example.com:http/"], 2),
        (&["site.conf", "http://example.com/a b"], 2),
        (&["site.conf", "http://example.com/\u{1}"], 2),
        (&["site.conf", "http://[::1/"], 2),
        (&["site.conf", "/", "--method", ""], 2),
        (&["-", "--expect", "-"], 2),
        (&["site.conf", "/", "-H", "no header"], 2),
        (&["site.conf", "/", "--listen", "nowhere"], 2),
        (&["site.conf", "/", "--expect", "t.txt"], 2),
        (&["site.conf", "--expect", "missing.txt"], 2),
        (&["--settings", "site.conf", "server"], 0),
        (&["--settings", "site.conf", "/nowhere"], 2),
        (&["--settings", "site.conf"], 2),
        (&["site.conf", "/", "proxy_pass"], 2),
    ] {
        let run = run(site.path(), &[&["trace"], arguments].concat());
        assert_eq!(run.code, code, "{arguments:?}: {run:?}");
    }
    let broken = run(site.path(), &["trace", "broken.conf", "/"]);
    assert!(broken.err.contains("broken.conf:1:8: error[unclosed-block]"), "{broken:?}");
}

#[test]
fn neither_a_configuration_nor_a_url_can_steer_the_terminal() {
    let conf = "events {}\nhttp { server { listen 80; server_name \"a\u{1b}[31m\u{202e}\"; add_header X \"\u{9b}2J\"; location \"/\u{1b}\" { proxy_pass http://127.0.0.1:1; proxy_set_header X \"\u{1b}]0;\"; } } }\n";
    let site = directory(&[("site.conf", conf)]);
    for arguments in [
        &["trace", "site.conf", "http://x/\u{202e}", "-H", "X: \u{1b}[2J"][..],
        &["trace", "site.conf", "http://x/%1b"],
        &["trace", "--settings", "site.conf", "site.conf:2"],
        &["trace", "--settings", "site.conf", "site.conf:2", "--format", "json"],
        &["trace", "site.conf", "http://x/\u{202e}", "-H", "X: \u{9b}2J", "--format", "json"],
        &["emit", "--to", "runtime", "site.conf"],
        &["emit", "--to", "json", "site.conf"],
    ] {
        let run = run(site.path(), arguments);
        assert_eq!(run.code, 0, "{run:?}");
        let bad = run.out.chars().find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
        assert_eq!(bad, None, "{run:?}");
    }
}

/// The lines of a setting, as `arguments @ line`, or its default.
fn setting(configuration: &str, place: &str, name: &str, version: &str) -> Vec<String> {
    let arguments =
        ["trace", "--settings", "-", place, name, "--format", "json", "--nginx-version", version];
    let run = run_with(root(), &arguments, configuration.as_bytes());
    let document: Value =
        serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}: {run:?}"));
    let setting = &document["places"][0]["settings"][0];
    let Some(lines) = setting["lines"].as_array() else { return Vec::new() };
    let text = |line: &Value| {
        let arguments = line["arguments"].as_array().expect("a list").iter();
        let arguments: Vec<_> = arguments.filter_map(Value::as_str).collect();
        format!("{} @{}", arguments.join(" "), line["line"])
    };
    match setting["default"].as_str() {
        Some(default) if lines.is_empty() => vec![default.to_owned()],
        _ => lines.iter().map(text).collect(),
    }
}

#[test]
fn settings_are_inherited_as_nginx_does() {
    let conf = "error_log e;\nuser me;\nevents {}\nhttp {\n\
        proxy_read_timeout 1s; add_header A 1;\n\
        allow 127.0.0.1;\n\
        root /srv;\n\
        server {\n\
        proxy_read_timeout 2s; add_header B 2; add_header C 3; return 404;\n\
        location /a/ { proxy_pass http://127.0.0.1:1;\n\
        if ($arg_x) { set $y 1; } deny all;\n\
        location /a/b/ { alias /other/; add_header_inherit merge; add_header D 4; } }\n\
        } }\n";
    for (place, name, expected) in [
        ("/a/", "proxy_read_timeout", &["2s @9"][..]),
        ("/a/", "add_header", &["B 2 @9", "C 3 @9"]),
        ("/a/b/", "add_header", &["B 2 @9", "C 3 @9", "D 4 @12"]),
        ("/a/", "return", &[]),
        ("/a/", "proxy_pass", &["http://127.0.0.1:1 @10"]),
        ("/a/b/", "proxy_pass", &[]),
        ("if in location", "proxy_pass", &["http://127.0.0.1:1 @10"]),
        ("if in location", "proxy_read_timeout", &["2s @9"]),
        ("/a/", "allow", &[]),
        ("server", "allow", &["127.0.0.1 @6"]),
        ("/a/b/", "root", &[]),
        ("/a/", "root", &["/srv @7"]),
        ("/a/", "error_log", &["e @1"]),
        ("/a/", "user", &[]),
        ("/a/", "proxy_send_timeout", &["60s"]),
        ("/a/", "proxy_http_version", &["1.1"]),
    ] {
        assert_eq!(setting(conf, place, name, "1.30.0"), expected, "{name} in {place}");
    }
    assert_eq!(setting(conf, "/a/", "proxy_http_version", "1.22"), ["1.0"]);
    assert_eq!(
        setting(conf, "/a/", "proxy_set_header", "1.22"),
        ["Host $proxy_host; Connection close"]
    );
    assert_eq!(setting(conf, "/a/", "proxy_set_header", "1.30"), ["Host $proxy_host"]);
}

#[test]
fn places_are_named_as_they_are_written() {
    let main = "events {}\nhttp {\n    server {\n        server_name a.test;\n        include more.inc;\n    }\n    server {\n        include more.inc;\n        location ~ \\.php$ {\n        }\n    }\n}\n";
    let more = "gzip on;\nlocation = /x {\n    gzip off;\n}\nlocation @n {\n}\n";
    let site = directory(&[("nginx.conf", main), ("more.inc", more)]);
    for (place, count, block) in [
        ("= /x", 2, "location = /x"),
        ("=/x", 2, "location = /x"),
        ("location = /x", 2, "location = /x"),
        ("~ \\.php$", 1, "location ~ \\.php$"),
        ("@n", 2, "location @n"),
        ("http", 1, "http"),
        ("server", 2, "server a.test"),
        ("server a.test", 1, "server a.test"),
        ("more.inc:3", 2, "location = /x"),
        ("more.inc:1", 2, "server a.test"),
        ("nginx.conf:4", 1, "server a.test"),
        ("nginx.conf:1", 1, "events"),
    ] {
        let run =
            run(site.path(), &["trace", "--settings", "nginx.conf", place, "--format", "json"]);
        let document: Value = serde_json::from_str(&run.out)
            .unwrap_or_else(|error| panic!("{place}: {error}: {run:?}"));
        let places = document["places"].as_array().expect("a list");
        assert_eq!(places.len(), count, "{place}: {document}");
        assert_eq!(places[0]["block"], block, "{place}");
    }
    for place in ["more.inc:99", "/x", "other.conf:1"] {
        let run = run(site.path(), &["trace", "--settings", "nginx.conf", place]);
        assert_eq!(run.code, 2, "{place}: {run:?}");
    }
}
