//! Vectors that real nginx answered, 1.22.1 and 1.31.5 alike: locations, servers and maps, in
//! `fixtures/runtime/conformance/`. The router gives the same answers, and so does the command.

use std::fs;

use ngxc::catalog::Version;
use ngxc::runtime::{Answer, HttpVersion, Local, Request};
use serde_json::Value;

use super::library::router;
use crate::support::{root, run_with};

/// Where the servers of the vectors listen.
const PORT: u16 = 43200;

/// A request to a configuration, and nginx's answer.
struct Vector {
    /// Its file and its name there, for messages.
    name: String,
    configuration: String,
    request: Request,
    status: u64,
    body: Option<String>,
}

/// All vectors, those of one configuration in a row.
fn vectors() -> Vec<Vec<Vector>> {
    let mut all = Vec::new();
    for (file, configuration, request) in [
        ("locations", of_locations as fn(&Value) -> String, path as fn(&str) -> Request),
        ("maps", of_map, upgrade),
        ("servers", of_servers, host),
    ] {
        let path = root().join(format!("fixtures/runtime/conformance/{file}.json"));
        let text = fs::read_to_string(path).expect("the vectors are there");
        let sets: Vec<Value> = serde_json::from_str(&text).expect("they are JSON");
        for set in &sets {
            let configuration = format!("events {{}}\nhttp {{\n{}\n}}\n", configuration(set));
            let answers = set["answers"].as_object().expect("a set has answers");
            let vectors = answers.iter().map(|(asked, answer)| Vector {
                name: format!("{file}: {}: {asked}", set["name"]),
                configuration: configuration.clone(),
                request: request(asked),
                status: answer["status"].as_u64().unwrap_or(200),
                body: answer["body"].as_str().or(answer.as_str()).map(str::to_owned),
            });
            all.push(vectors.collect());
        }
    }
    all
}

fn of_locations(set: &Value) -> String {
    let locations = set["locations"].as_array().expect("a set has locations");
    let locations: Vec<&str> = locations.iter().filter_map(Value::as_str).collect();
    format!("server {{ listen 127.0.0.1:{PORT};\n{}\n}}", locations.join("\n"))
}

fn of_map(set: &Value) -> String {
    let map = set["map"].as_str().expect("a set has a map");
    format!(
        "map $http_upgrade $out {{ {map} }}\n\
         server {{ listen 127.0.0.1:{PORT}; location / {{ return 200 \"$out\"; }} }}"
    )
}

fn of_servers(set: &Value) -> String {
    set["conf"].as_str().expect("a set has a configuration").to_owned()
}

/// What asks for a path.
fn path(path: &str) -> Request {
    request("front.test", path)
}

/// What has a value for the map.
fn upgrade(value: &str) -> Request {
    let mut request = request("front.test", "/");
    if !value.is_empty() {
        request.headers.push(("Upgrade".to_owned(), value.as_bytes().to_vec()));
    }
    request
}

/// What is for a host; some are described in words.
fn host(asked: &str) -> Request {
    let mut request = request("front.test", "/");
    match asked {
        "(no Host, HTTP/1.0)" => {
            request.version = HttpVersion::Http10;
            request.headers.clear();
        }
        "(no Host, HTTP/1.1)" => request.headers.clear(),
        "(empty Host)" => request.headers[0].1.clear(),
        "absolute-URI a.test, Host front.test" => request.target = b"http://a.test/".to_vec(),
        named => {
            let name = named.strip_suffix(" @0").expect("there is one port");
            request.headers[0].1 = name.as_bytes().to_vec();
        }
    }
    request
}

fn request(host: &str, target: &str) -> Request {
    let address = [127, 0, 0, 1].into();
    Request {
        local: Local::Tcp { address: Some(address), port: PORT },
        client: Some(address),
        no_files: true,
        ..Request::get(PORT, host, target)
    }
}

#[test]
fn the_router_answers_as_nginx_did() {
    let mut count = 0;
    for set in vectors() {
        let router = router(&set[0].configuration, Version::OLDEST_COMMON);
        for vector in set {
            let outcome = router.route(&vector.request);
            let Answer::Status { status, body, .. } = outcome.answer else {
                panic!("{}: {:?}", vector.name, outcome.answer);
            };
            assert_eq!(u64::from(status), vector.status, "{}", vector.name);
            let body = body.map(|body| body.expect("the text is known"));
            let body = body.map(|body| String::from_utf8(body).expect("the text is UTF-8"));
            assert_eq!(body, vector.body, "{}", vector.name);
            count += 1;
        }
    }
    assert!(count > 1_000, "only {count} vectors");
}

#[test]
fn the_command_answers_as_nginx_did() {
    let mut count = 0;
    for set in vectors() {
        let chosen = set.iter().filter(|it| is_for_command(&it.request));
        for vector in chosen {
            let answer = traced(vector);
            let told = format!("{}: {answer}", vector.name);
            // Whether a file is there is not known to the command.
            if vector.status == 404 && vector.body.is_none() {
                assert_eq!(answer["kind"], "static", "{told}");
            } else {
                assert_eq!(answer["status"], vector.status, "{told}");
                assert_eq!(answer["body"].as_str(), vector.body.as_deref(), "{told}");
            }
            count += 1;
        }
    }
    assert!(count > 1_000, "only {count} vectors");
}

/// Whether the command can send such a request: it has a Host, and no URL in its first line.
fn is_for_command(request: &Request) -> bool {
    request.target.starts_with(b"/") && request.header("Host").any(|host| !host.is_empty())
}

/// What the command says that nginx does.
fn traced(vector: &Vector) -> Value {
    let target = String::from_utf8(vector.request.target.clone()).expect("a path is UTF-8");
    let address = format!("127.0.0.1:{PORT}");
    let headers = vector.request.headers.iter();
    let headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
        .collect();
    let mut arguments = vec!["trace", "-", &target, "--format", "json", "--listen", &address];
    for header in &headers {
        arguments.extend(["-H", header]);
    }
    let run = run_with(root(), &arguments, vector.configuration.as_bytes());
    let document: Value = serde_json::from_str(&run.out)
        .unwrap_or_else(|error| panic!("{}: {error}: {run:?}", vector.name));
    document["action"].clone()
}
