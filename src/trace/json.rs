//! A trace as one JSON document (`docs/trace.md`).

use serde::Serialize;
use serde_json::Value as Json;

use crate::runtime::{Answer, Unknown, UpstreamRequest, Value};

use crate::source::visible_json;

use super::Trace;

#[derive(Serialize)]
struct Document {
    version: u32,
    server: Option<Server>,
    location: Option<Location>,
    action: Action,
    upstream_request: Option<Sent>,
    unknown: Vec<Doubt>,
}

#[derive(Serialize)]
struct Server {
    path: String,
    line: u32,
    names: Vec<String>,
}

#[derive(Serialize)]
struct Location {
    path: String,
    line: u32,
    kind: &'static str,
    pattern: String,
}

/// The kind of a handler that is no more than a name is the name of its directive.
#[derive(Serialize)]
struct Action {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Json>,
}

#[derive(Serialize)]
struct Sent {
    method: Json,
    uri: Json,
    http_version: String,
    headers: Vec<(String, Json)>,
}

#[derive(Serialize)]
struct Doubt {
    what: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    assumed: Option<&'static str>,
}

/// The document, on one line.
pub fn json(trace: &Trace<'_>) -> String {
    let outcome = &trace.outcome;
    let server = outcome.server.map(|server| Server {
        path: trace.file(server.at).to_owned(),
        line: server.at.line,
        names: server.names.clone(),
    });
    let location = outcome.location.map(|location| Location {
        path: trace.file(location.at).to_owned(),
        line: location.at.line,
        kind: location.matches.kind(),
        pattern: location.matches.pattern().to_owned(),
    });
    let upstream_request = match &outcome.answer {
        Answer::Proxy(sent) => Some(upstream_request(sent)),
        _ => None,
    };
    let document = Document {
        version: 1,
        server,
        location,
        action: action(trace),
        upstream_request,
        unknown: trace.unknown().iter().map(doubt).collect(),
    };
    let text = serde_json::to_string(&document).expect("text and numbers are JSON");
    visible_json(text + "\n")
}

fn action(trace: &Trace<'_>) -> Action {
    let (status, body, location) = match &trace.outcome.answer {
        Answer::Status { status, body, location, .. } => {
            (Some(*status), body.as_ref().map(value), location.as_ref().map(value))
        }
        Answer::Proxy(_) => (trace.outcome.status, None, None),
        _ => (None, None, None),
    };
    Action { kind: trace.kind().to_owned(), status, body, location }
}

fn upstream_request(sent: &UpstreamRequest<'_>) -> Sent {
    let headers = sent.headers.iter().map(|header| (header.name.clone(), value(&header.value)));
    Sent {
        method: value(&sent.method),
        uri: value(&sent.uri),
        http_version: sent.http_version.to_owned(),
        headers: headers.collect(),
    }
}

/// Text, or null if it is not known.
fn value(value: &Value) -> Json {
    match value {
        Ok(bytes) => String::from_utf8_lossy(bytes).into_owned().into(),
        Err(_) => Json::Null,
    }
}

fn doubt(unknown: &Unknown) -> Doubt {
    Doubt { what: unknown.what.clone(), reason: unknown.reason.clone(), assumed: unknown.assumed }
}
