//! What the library says becomes of a request, against what was seen.

use ngxc::runtime::config::{Backend, Handler};
use ngxc::runtime::{Answer, Outcome, Router, UpstreamRequest, Value};

use super::backend::Received;
use super::live::{Response, Seen};

/// The headers of an answer that backends hide by default or that are set to be hidden.
const HIDDEN: [&str; 4] = ["X-Hidden-1", "X-Hidden-2", "X-Pad", "X-Shown"];

/// Everything in which the two differ, each with both sides.
pub fn differences(router: &Router, outcome: &Outcome<'_>, seen: &Seen) -> Vec<String> {
    let mut differences = Differences::default();
    differences.compare(router, outcome, seen);
    differences.0
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn check<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, ours: &T, nginx: &T) {
        if ours != nginx {
            self.0.push(format!("{what}\n      nginx: {nginx:?}\n      ngxc:  {ours:?}"));
        }
    }

    /// Compares texts; one that is not known is as good as any.
    fn check_text(&mut self, what: &str, ours: &Value, nginx: Option<&[u8]>) {
        let Ok(ours) = ours else { return };
        let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        if nginx != Some(ours) {
            self.check(what, &Some(shown(ours)), &nginx.map(shown));
        }
    }

    fn compare(&mut self, router: &Router, outcome: &Outcome<'_>, seen: &Seen) {
        self.check(
            "whether something listens",
            &outcome.listener.is_some(),
            &seen.client.is_some(),
        );
        if outcome.listener.is_none() || seen.client.is_none() {
            return;
        }
        let closes = matches!(outcome.answer, Answer::Status { status: 408 | 444 | 499, .. });
        let Some(response) = &seen.response else {
            self.check("whether there is an answer", &!closes, &false);
            return;
        };
        self.check("whether there is an answer", &!closes, &true);
        let (ours, nginx) = (status(outcome), response.status);
        let told = ours.map_or("none".to_owned(), |status| status.to_string());
        self.check(&format!("the status, nginx {nginx} and ngxc {told}"), &ours, &Some(nginx));
        self.check("so many requests to a backend", &requests(outcome), &seen.received.len());
        self.place(outcome, response);
        match &outcome.answer {
            Answer::Proxy(upstream) => {
                if let Some(received) = seen.received.first() {
                    self.upstream(router, upstream, received);
                    self.hidden(upstream, response);
                }
            }
            Answer::Status { body, location, .. } => {
                let none = Ok(Vec::new());
                let ours = location.as_ref().unwrap_or(&none);
                let nginx = response.header("Location").unwrap_or_default();
                self.check_text("Location", ours, Some(nginx));
                let has_body = seen.method != "HEAD" && !matches!(response.status, 204 | 304);
                if let Some(body) = body.as_ref().filter(|_| has_body) {
                    self.check_text("the body", body, Some(&response.body));
                }
            }
            Answer::Static { .. } | Answer::Other { .. } | Answer::Unknown => {}
        }
    }

    /// Compares the place that the request ended in, by the marks.
    fn place(&mut self, outcome: &Outcome<'_>, response: &Response) {
        let Some(own) = outcome.handler.and_then(mark) else { return };
        let nginx = response.header("X-At").map(|it| String::from_utf8_lossy(it).into_owned());
        self.check("the place", &Some(own.clone()), &nginx);
        let around = match (outcome.location, outcome.server) {
            (Some(location), _) => mark(&location.handler),
            (None, Some(server)) => mark(&server.handler),
            (None, None) => None,
        };
        let of_own = own.split('.').next().map(str::to_owned);
        self.check("the location and the settings in it", &around, &of_own);
    }

    fn upstream(&mut self, router: &Router, ours: &UpstreamRequest<'_>, nginx: &Received) {
        if let Ok(backend) = &ours.backend {
            let is_it = ports(router, backend).contains(&nginx.port);
            self.check("the backend is one of ours", &is_it, &true);
        }
        let line = [&ours.method, &ours.uri].map(|it| it.clone().ok());
        if let [Some(method), Some(uri)] = line {
            let version = format!(" HTTP/{}", ours.http_version).into_bytes();
            let line = [&method, b" ".as_slice(), &uri, &version].concat();
            self.check_text("the request to the backend", &Ok(line), Some(&nginx.line));
        }
        let known: Vec<_> = ours.headers.iter().filter(|it| it.value.is_ok()).collect();
        if known.len() == ours.headers.len() {
            let ours = known.iter().filter_map(|header| {
                let value = header.value.as_ref().ok()?;
                Some(format!("{}: {}", header.name, String::from_utf8_lossy(value)))
            });
            let ours: Vec<String> = ours.collect();
            let nginx = nginx.headers.iter();
            let nginx: Vec<String> = nginx
                .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value)))
                .collect();
            self.check("the headers to the backend", &ours, &nginx);
        }
        if let Some(body) = &ours.body {
            self.check_text("the body to the backend", body, Some(&nginx.body));
        }
    }

    /// Compares which headers of the backend's answer the client does not get.
    fn hidden(&mut self, upstream: &UpstreamRequest<'_>, response: &Response) {
        let is_hidden = |name: &str| {
            let mut hidden = upstream.proxy.hidden_response_headers.iter();
            hidden.any(|it| it.eq_ignore_ascii_case(name))
        };
        let ours = HIDDEN.map(is_hidden);
        self.check("what is hidden", &ours, &HIDDEN.map(|name| response.header(name).is_none()));
    }
}

/// The status that the client gets; a backend answers with 200.
fn status(outcome: &Outcome<'_>) -> Option<u16> {
    match &outcome.answer {
        Answer::Proxy(_) => Some(outcome.status.unwrap_or(200)),
        Answer::Status { status, .. } => Some(*status),
        Answer::Static { .. } | Answer::Other { .. } | Answer::Unknown => None,
    }
}

fn requests(outcome: &Outcome<'_>) -> usize {
    usize::from(matches!(outcome.answer, Answer::Proxy(_)))
}

/// The mark of a place: what its `X-At` is.
fn mark(handler: &Handler) -> Option<String> {
    let header = handler.add_headers.iter().find(|header| header.name == "X-At")?;
    header.value.as_literal().map(str::to_owned)
}

fn ports(router: &Router, backend: &Backend) -> Vec<u16> {
    match backend {
        Backend::Upstream(index) => {
            let peers = router.config().upstreams[*index].peers.iter();
            peers.flat_map(|peer| ports(router, &peer.address)).collect()
        }
        Backend::Host { port, .. } => vec![*port],
        Backend::Unix(_) => Vec::new(),
    }
}
