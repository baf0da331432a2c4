//! Of a trace: what a handshake can come to grief on besides its own headers.

use crate::runtime::{Step, UpstreamRequest};
use crate::source::visible;
use crate::syntax::Directive;

use super::verdict::{Problem, named, setting};
use super::{Trace, words};

pub(super) fn problems(trace: &Trace<'_>, sent: &UpstreamRequest<'_>) -> Vec<Problem> {
    let mut problems = other_parts(sent);
    problems.extend(replaced_status(trace));
    problems.extend(unresolved(trace, sent).map(|reason| Problem {
        reason,
        remedy: "a resolver, or an upstream of that name".to_owned(),
        rule: "",
    }));
    problems
}

/// What else a handshake needs, on its way and on the way back.
fn other_parts(sent: &UpstreamRequest<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut push = |reason: &str, remedy: &str, rule| {
        let (reason, remedy) = (reason.to_owned(), remedy.to_owned());
        problems.push(Problem { reason, remedy, rule });
    };
    if let Ok(method) = &sent.method
        && method != b"GET"
    {
        push("a handshake is a GET", "the method GET", "missing-websocket-headers");
    }
    for name in ["Sec-WebSocket-Key", "Sec-WebSocket-Version"] {
        if named(sent, name).next().is_none() {
            push(
                &format!("the backend gets no {name}"),
                "let the client's headers through (proxy_pass_request_headers on)",
                "handshake-headers-dropped",
            );
        }
    }
    if let Some(header) = named(sent, "Sec-WebSocket-Version").next()
        && header.value.as_ref().is_ok_and(|value| value != b"13")
    {
        push(
            "the Sec-WebSocket-Version that the backend gets is not 13",
            "the version 13",
            "handshake-headers-dropped",
        );
    }
    for name in ["Upgrade", "Sec-WebSocket-Accept"] {
        if sent.proxy.hidden_response_headers.iter().any(|it| it.eq_ignore_ascii_case(name)) {
            let reason = format!("proxy_hide_header keeps {name} of the answer from the client");
            push(&reason, &format!("no proxy_hide_header {name}"), "hidden-handshake-response");
        }
    }
    problems
}

/// The status of an `error_page` takes the place of the backend's 101 (`ngx_http_send_header`).
fn replaced_status(trace: &Trace<'_>) -> Option<Problem> {
    let status = trace.outcome.status?;
    let page = trace.outcome.steps.iter().rev().find_map(|step| match step {
        Step::Redirect { at: Some(at), .. } => trace.line(*at).find(|it| it.is("error_page")),
        _ => None,
    })?;
    let head = words::head(page);
    Some(Problem {
        reason: format!(
            "the client gets the status {status} in place of the backend's 101 (`{head}`, {})",
            words::at(page)
        ),
        remedy: "a lone `=` in front of the error_page's target: it leaves the status alone"
            .to_owned(),
        rule: "",
    })
}

/// A name that only DNS knows, and nothing to ask (`ngx_http_upstream_init_request`).
pub(super) fn unresolved(trace: &Trace<'_>, sent: &UpstreamRequest<'_>) -> Option<String> {
    let unknown = sent.backend.as_ref().err()?;
    let has_resolver = setting(trace, "resolver").is_none_or(|it| !it.lines.is_empty());
    (!has_resolver && unknown.what.starts_with("the address of ")).then(|| {
        let host = visible(unknown.what.trim_start_matches("the address of ")).into_owned();
        format!("{host} is no upstream, and no resolver is set to look it up: nginx answers 502")
    })
}

/// The `error_page` for a file that is not there.
pub(super) fn missing_page<'t>(trace: &Trace<'t>) -> Option<Directive<'t>> {
    let mut pages = trace.outcome.handler?.error_pages.iter();
    let page = pages.find(|page| page.statuses.contains(&404))?;
    trace.line(page.at).find(|it| it.is("error_page"))
}
