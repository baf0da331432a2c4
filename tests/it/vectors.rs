//! Small configurations with nginx's answers, `fixtures/validate/vectors.json`: the library
//! gives the same verdict, in the same words.
//!
//! A vector `says` what nginx 1.31.5 says, and has `said` what Debian's 1.22.1 says where
//! that is something else. The messages have no places.

use std::fs;

use ngxc::catalog::Version;
use serde_json::Value;

use crate::support::{noted, root};
use crate::trial::{environment, errors, findings, oracles, unsaid};

/// The two versions that the answers are of.
const OLD: Version = Version::new(1, 22, 1);
const NEW: Version = Version::NEWEST;

/// Vectors whose answer is about the machine or the build: the library has no error in them.
const OF_THE_MACHINE: [(&str, &str); 10] = [
    ("include /nonexistent/file;", "the file may be there on another machine"),
    ("include /tmp;", "the path may be a file on another machine"),
    ("load_module /nonexistent.so;", "the module may be there on another machine"),
    ("user nosuchuser;", "the user may be known to another machine"),
    ("listen nosuch.invalid:80;", "the host may be known to another name server"),
    ("listen 18090 accept_filter=x;", "the platform has no such filters; nginx goes on"),
    (
        "server { listen 18091 ssl; ssl_certificate a; ssl_certificate_key b; } server { listen 18091; }",
        "the certificate may be there on another machine",
    ),
    ("map $host $m { include /nonexistent; }", "the file may be there on another machine"),
    ("resolver nosuch.invalid;", "the host may be known to another name server"),
    ("resolver 127.0.0.1 foo=1;", "nginx takes the word for a host"),
];

/// Vectors that the library refuses as nginx does, but in other words.
const OTHER_WORDS: [(&str, &str); 1] = [(
    "listen 18090 quic;",
    "that nginx was built without HTTP/3; one with it asks for the certificate, as the library does",
)];

struct Vector {
    context: String,
    config: String,
    says: Vec<String>,
    said: Vec<String>,
}

impl Vector {
    fn of(value: &Value) -> Self {
        let text = |key: &str| value[key].as_str().expect("it is text").to_owned();
        let list = |key: &str| -> Option<Vec<String>> {
            let messages = value.get(key)?.as_array().expect("it is a list");
            Some(messages.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect())
        };
        let says = list("says").expect("every vector has an answer");
        let said = list("said").unwrap_or_else(|| says.clone());
        Self { context: text("context"), config: text("config"), says, said }
    }

    fn answer(&self, version: Version) -> &[String] {
        if version == OLD { &self.said } else { &self.says }
    }

    /// The whole configuration that nginx was given.
    fn whole(&self) -> String {
        let config = &self.config;
        let inner = match self.context.as_str() {
            "raw" => return config.clone(),
            "main" => format!("{config}\nevents{{}}\n"),
            "http" => format!("events{{}}\nhttp {{\n{config}\n}}\n"),
            "server" => format!(
                "events{{}}\nhttp {{\nserver {{ listen 127.0.0.1:18080;\n{config}\n}}\n}}\n"
            ),
            "location" => format!(
                "events{{}}\nhttp {{\nserver {{ listen 127.0.0.1:18080; location /t {{\n{config}\n}}\n}}\n}}\n"
            ),
            "upstream" => format!("events{{}}\nhttp {{\nupstream u {{\n{config}\n}}\n}}\n"),
            "stream" => format!("events{{}}\nstream {{\n{config}\n}}\n"),
            "stream.server" => format!(
                "events{{}}\nstream {{\nserver {{ listen 127.0.0.1:18081;\n{config}\n}}\n}}\n"
            ),
            "mail" => format!("events{{}}\nmail {{\n{config}\n}}\n"),
            other => panic!("no context of that name: {other}"),
        };
        format!("error_log logs/err; pid logs/pid;\n{inner}")
    }

    /// True if the answer of a version is about the machine: another one is about the words.
    fn is_of_the_machine(&self, version: Version) -> bool {
        OF_THE_MACHINE.iter().any(|(config, _)| *config == self.config)
            && (version == NEW || self.said == self.says)
    }
}

fn is_refusal(message: &str) -> bool {
    !message.starts_with("warn: ") && !message.ends_with(", ignored")
}

fn vectors() -> Vec<Vector> {
    let path = root().join("fixtures/validate/vectors.json");
    let text = fs::read_to_string(path).expect("the vectors can be read");
    let values: Vec<Value> = serde_json::from_str(&text).expect("the vectors are JSON");
    assert!(values.len() > 300, "only {} vectors", values.len());
    values.iter().map(Vector::of).collect()
}

/// What the library says otherwise than nginx, in lines for people.
fn difference(
    vector: &Vector,
    version: Version,
    is_accepted: bool,
    says: &[String],
) -> Option<String> {
    let report = findings(&vector.whole(), version);
    let ours: Vec<&str> = errors(&report).collect();
    let unsaid = unsaid(says, &report);
    let same_verdict = ours.is_empty() == is_accepted;
    let may_differ = OTHER_WORDS.iter().any(|(config, _)| *config == vector.config);
    if same_verdict && (unsaid.is_empty() || may_differ) {
        return None;
    }
    let fault = match (same_verdict, is_accepted) {
        (false, true) => "nginx accepts it",
        (false, false) => "nginx refuses it",
        (true, _) => "other words",
    };
    let all: Vec<String> = report
        .iter()
        .map(|it| format!("{}: {} [{}]", it.severity.as_str(), it.message, it.rule))
        .collect();
    Some(format!(
        "{fault}, {version}, {}: {}\n    nginx: {says:?}\n    ngxc:  {all:?}",
        vector.context, vector.config
    ))
}

#[test]
fn the_library_answers_vectors_as_nginx_did() {
    let vectors = vectors();
    let mut wrong = Vec::new();
    for version in [OLD, NEW] {
        for vector in &vectors {
            let says = vector.answer(version);
            if vector.is_of_the_machine(version) {
                wrong.extend(difference(vector, version, true, &[]));
            } else {
                let is_accepted = !says.iter().any(|message| is_refusal(message));
                wrong.extend(difference(vector, version, is_accepted, says));
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_reason_to_differ_is_needed() {
    let vectors = vectors();
    for (config, reason) in OF_THE_MACHINE.into_iter().chain(OTHER_WORDS) {
        assert!(vectors.iter().any(|it| it.config == config), "no vector {config:?} ({reason})");
    }
}

/// The answers in the file are true, and the library agrees with the nginx at hand.
#[test]
fn nginx_answers_vectors_as_the_library_does() {
    let vectors = vectors();
    let mut wrong = Vec::new();
    for oracle in oracles() {
        let (mut compared, mut of_the_machine) = (0, 0);
        for vector in &vectors {
            let answer = oracle.answer(&vector.whole());
            let version = oracle.version();
            if environment(&answer).is_some() || vector.is_of_the_machine(version) {
                of_the_machine += 1;
                continue;
            }
            let answered = |message: &String| {
                answer.messages.iter().any(|said| said.starts_with(message.as_str()))
            };
            if version == OLD && !vector.said.iter().all(answered) {
                wrong.push(format!(
                    "{}: {}: the file says {:?}, and nginx {:?}",
                    vector.context, vector.config, vector.said, answer.messages
                ));
            }
            compared += 1;
            wrong.extend(difference(vector, version, answer.is_accepted, &answer.messages));
        }
        noted(&format!(
            "{of_the_machine} vectors about the machine, {compared} compared with nginx {}",
            oracle.version()
        ));
        assert!(compared > 280, "only {compared} vectors are compared");
    }
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
}
