//! What a backend gets of a handshake and of a plain request: what convinces a reader.

use crate::diagnostic::{Evidence, Received, ReceivedHeader, Sent};
use crate::runtime::config::Pass;
use crate::source::Place;
use crate::syntax::value::MatchKind;
use crate::syntax::{Directive, UNKNOWN};

use super::{Model, Probe, Proxied, SentHeader, Value};

/// The headers that a handshake depends on, in the order in which they are shown.
const SHOWN: [&str; 3] = ["Upgrade", "Connection", "Host"];

impl<'p> Proxied<'p> {
    /// What the backend gets of a handshake and of a plain request.
    pub fn evidence(&self, model: &Model<'p>) -> Evidence {
        Evidence::Received {
            handshake: self.received(model, &Probe::HANDSHAKE),
            plain: self.received(model, &Probe::PLAIN),
        }
    }

    fn received(&self, model: &Model<'p>, probe: &Probe) -> Received {
        let (version, version_from) = self.http_version(model);
        let path = self.upstream_path(model);
        Received {
            line: format!("GET {} HTTP/{version}", shown(path.as_deref().unwrap_or("…"))),
            version_from: version_from.map(place),
            headers: SHOWN
                .iter()
                .flat_map(|name| self.received_headers(model, name, probe))
                .collect(),
        }
    }

    /// The lines of a header; one that says that there is none, where there is none.
    fn received_headers(
        &self,
        model: &Model<'p>,
        name: &'static str,
        probe: &Probe,
    ) -> Vec<ReceivedHeader> {
        let header = |SentHeader { value, from }: SentHeader<'p>| ReceivedHeader {
            name,
            value: match value {
                Value::Known(value) => Sent::Value(value),
                Value::Unknown => match from.and_then(|line| line.arg(1)) {
                    Some(text) => Sent::Unknown(shown(&text)),
                    // Of the defaults, `Host $proxy_host` alone depends on something.
                    None => self
                        .default_host(model)
                        .map_or_else(|| Sent::Unknown("$proxy_host".to_owned()), Sent::Value),
                },
            },
            from: from.map(place),
        };
        let sent: Vec<_> = self.sent(model, name, probe).into_iter().map(header).collect();
        if !sent.is_empty() {
            return sent;
        }
        let from = self.lines(name).last().map(place);
        vec![ReceivedHeader { name, value: Sent::Nothing, from }]
    }

    /// The path that the backend gets of a request for the location's own path; none if that
    /// cannot be said.
    fn upstream_path(&self, model: &Model<'p>) -> Option<String> {
        let location = self.location.as_ref()?;
        let is_rewritten =
            model.ancestors(self.scope).any(|id| model.scope(id).last("rewrite").is_some());
        let is_prefix = matches!(
            location.kind,
            MatchKind::Exact | MatchKind::Prefix | MatchKind::PrefixNoRegex
        );
        if is_rewritten || !is_prefix {
            return None;
        }
        match model.pass(self.scope)? {
            Pass::Fixed { uri, .. } => Some(uri.unwrap_or_else(|| location.pattern.clone())),
            Pass::Computed { .. } => None,
        }
    }
}

fn place(directive: Directive<'_>) -> Place {
    directive.place()
}

/// A text whose placeholders nobody knows.
fn shown(text: &str) -> String {
    text.replace(UNKNOWN, "…")
}
