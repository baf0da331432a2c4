//! What a location passes on: where, over which HTTP version, with which headers.
//!
//! What is sent is the headers of the runtime configuration, evaluated as it is; here they are
//! tied to the lines that rules point at.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::catalog::Context;
use crate::runtime::config::{Header, Pass, Template};
use crate::syntax::value::{Match, MatchKind, ProxyUrl, milliseconds, proxy_url};
use crate::syntax::{Directive, Word};

use super::{Model, Probe, ScopeId, Upstream, Value};

/// A header line that nginx sends to a backend.
#[derive(Debug, Clone)]
pub struct SentHeader<'p> {
    /// Its value; never empty.
    pub value: Value,
    /// The `proxy_set_header` that sets it; none for a default of nginx.
    pub from: Option<Directive<'p>>,
}

/// Whether a location is meant for WebSocket connections.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intent {
    /// Nothing says so.
    None,
    /// A name or a timeout that often stands for them.
    Weak(String),
    /// A name that stands for nothing else.
    Strong(String),
}

/// A place that passes requests on with `proxy_pass`.
#[derive(Debug)]
pub struct Proxied<'p> {
    /// The location, or the `if` or `limit_except` in one.
    pub scope: ScopeId,
    /// The `proxy_pass` directive.
    pub pass: Directive<'p>,
    /// What the location matches; none in a snippet.
    pub location: Option<Match>,
    /// The scope whose `proxy_set_header` lines count, if any scope has some.
    pub headers_scope: Option<ScopeId>,
    /// These lines, in order.
    pub headers: Vec<Directive<'p>>,
    /// What the backend gets by them and by nginx's defaults, as far as rules ask.
    sent: Rc<[Header]>,
    /// What says that it is meant for WebSocket connections.
    pub intent: Intent,
    active: OnceCell<bool>,
}

/// All places that pass requests on, in the order of the configuration.
pub(super) fn all<'p>(model: &Model<'p>) -> Vec<Proxied<'p>> {
    let mut shared = HashMap::new();
    // An unconditional return answers first.
    let is_reached = |id: &ScopeId| model.scope(*id).last("return").is_none();
    model.scope_ids().filter(is_reached).filter_map(|id| proxied(model, id, &mut shared)).collect()
}

/// Those that a `return` next to them answers for.
pub(super) fn answered<'p>(model: &Model<'p>) -> Vec<Proxied<'p>> {
    let mut shared = HashMap::new();
    let returns = |id: &ScopeId| model.scope(*id).last("return").is_some();
    model.scope_ids().filter(returns).filter_map(|id| proxied(model, id, &mut shared)).collect()
}

/// The headers that rules ask for. Nothing else of what is sent is kept.
const ASKED: [&str; 3] = ["Upgrade", "Connection", "Host"];

/// What is sent by the same lines, with or without a cache: many places have it in common.
type Shared = HashMap<(Option<ScopeId>, bool), Rc<[Header]>>;

fn proxied<'p>(model: &Model<'p>, id: ScopeId, shared: &mut Shared) -> Option<Proxied<'p>> {
    let scope = model.scope(id);
    if !matches!(scope.context, Context::Location | Context::IfInLocation | Context::LimitExcept) {
        return None;
    }
    let pass = scope.last("proxy_pass")?;
    let location = model.ancestors(id).find_map(|id| model.scope(id).location());
    let (headers_scope, headers) = match model.effective(id, "proxy_set_header") {
        Some((scope, lines)) => (Some(scope), lines.to_vec()),
        None => (None, Vec::new()),
    };
    let sent = shared.entry((headers_scope, model.cache(id).is_some())).or_insert_with(|| {
        let is_asked =
            |header: &Header| ASKED.iter().any(|name| header.name.eq_ignore_ascii_case(name));
        model.sent_headers(id).into_iter().filter(is_asked).collect()
    });
    let sent = Rc::clone(sent);
    let mut proxied = Proxied {
        scope: id,
        pass,
        location,
        headers_scope,
        headers,
        sent,
        intent: Intent::None,
        active: OnceCell::new(),
    };
    proxied.intent = intent(model, &proxied);
    Some(proxied)
}

impl<'p> Proxied<'p> {
    /// Reads its `proxy_pass` URL; `None` if its scheme is a variable. A variable where the
    /// host is wanted is a host that begins with `$`.
    pub fn target<R>(&self, read: impl FnOnce(ProxyUrl<'_>) -> R) -> Option<R> {
        let url = self.pass.arg(0)?;
        proxy_url(&url).map(read)
    }

    /// The `upstream` block that it passes to, if it is one.
    pub fn upstream<'m>(&self, model: &'m Model<'p>) -> Option<&'m Upstream<'p>> {
        self.target(|url| model.upstream(url.host)).flatten()
    }

    /// The location around it: where settings may stand, which an `if` does not take.
    pub fn settings_scope(&self, model: &Model<'p>) -> ScopeId {
        let is_location = |id: &ScopeId| model.scope(*id).context == Context::Location;
        model.ancestors(self.scope).find(is_location).unwrap_or(self.scope)
    }

    /// The directive that says what the location is: `location`, or `proxy_pass` in a snippet.
    pub fn head(&self, model: &Model<'p>) -> Directive<'p> {
        model.scope(self.settings_scope(model)).opener.unwrap_or(self.pass)
    }

    /// The location as one writes it, as in `location /chat/`.
    pub fn title(&self, model: &Model<'p>) -> String {
        let head = self.head(model);
        head.source.slice(head.head()).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The `proxy_set_header` lines of this name; letter case does not matter.
    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Directive<'p>> + 'a {
        let is_it = move |line: &Directive<'p>| {
            line.arg(0).is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        self.headers.iter().copied().filter(is_it)
    }

    /// The lines of this header that the backend gets for a request. `name` is one of
    /// those that nginx does not copy from the client: Upgrade, Connection, Host.
    pub fn sent(&self, model: &Model<'p>, name: &str, probe: &Probe) -> Vec<SentHeader<'p>> {
        let is_it = |header: &&Header| header.name.eq_ignore_ascii_case(name);
        let headers: Vec<&Header> = self.sent.iter().filter(is_it).collect();
        let texts: Vec<&Template> = headers.iter().map(|header| &header.value).collect();
        let values = model.values(&texts, self.scope, probe);
        let sent = headers.into_iter().zip(values).map(|(header, value)| {
            let is_its = |line: &Directive<'p>| Some(model.runtime_place(*line)) == header.at;
            SentHeader { value, from: self.lines(name).find(is_its) }
        });
        sent.filter(|header| header.value != Value::Known(String::new())).collect()
    }

    /// `proxy_http_version`, and the directive that sets it.
    pub fn http_version(&self, model: &Model<'p>) -> (String, Option<Directive<'p>>) {
        let set = model.effective_one(self.scope, "proxy_http_version");
        let version = model.http_version_of(self.scope);
        (version, set)
    }

    /// `proxy_read_timeout` in milliseconds, and the directive that sets it.
    pub fn read_timeout(&self, model: &Model<'p>) -> (Option<u64>, Option<Directive<'p>>) {
        match model.effective_one(self.scope, "proxy_read_timeout") {
            Some(set) => (set.arg(0).and_then(|time| milliseconds(&time)), Some(set)),
            None => (Some(60_000), None),
        }
    }

    /// The name of the backend as nginx sends it without a `Host` line (`$proxy_host`);
    /// `None` if it depends on a variable.
    pub fn default_host(&self, model: &Model<'p>) -> Option<String> {
        match model.pass(self.scope)? {
            Pass::Fixed { host, .. } => Some(host),
            Pass::Computed { .. } => None,
        }
    }

    /// True if a handshake reaches the backend as one that asks for an upgrade.
    pub fn is_active(&self, model: &Model<'p>) -> bool {
        *self.active.get_or_init(|| {
            let upgrade = self.sent(model, "Upgrade", &Probe::HANDSHAKE);
            let connection = || self.sent(model, "Connection", &Probe::HANDSHAKE);
            upgrade.iter().any(|header| header.value != Value::Unknown)
                || asks_for_upgrade(&connection()) == Some(true)
        })
    }

    /// True if nothing but WebSocket connections is expected here: an exact location, or
    /// one whose path ends in a word that says so.
    pub fn is_dedicated(&self) -> bool {
        self.location.as_ref().is_some_and(|location| {
            location.kind == MatchKind::Exact
                || words(&location.pattern).next_back().is_some_and(is_socket_word)
        })
    }

    /// True if settings may be missing from view: an include could not be read.
    pub fn is_uncertain(&self, model: &Model<'p>) -> bool {
        model.has_unknown_settings(self.scope)
    }
}

/// The value word of a `proxy_set_header` line.
pub(crate) fn value_word(line: Directive<'_>) -> Option<Word> {
    line.args().get(1).copied()
}

/// True if a `Connection` header has the token `upgrade`; `None` if it may have it.
pub(crate) fn asks_for_upgrade(headers: &[SentHeader<'_>]) -> Option<bool> {
    let mut answer = Some(false);
    for header in headers {
        match &header.value {
            Value::Known(value) if has_upgrade_token(value) => return Some(true),
            Value::Known(_) => {}
            Value::Unknown => answer = None,
        }
    }
    answer
}

/// True if a `Connection` value has the token `upgrade` (RFC 9110, section 7.6.1).
pub(crate) fn has_upgrade_token(value: &str) -> bool {
    value.split(',').any(|token| token.trim().eq_ignore_ascii_case("upgrade"))
}

/// True for words that paths and upstreams of WebSocket backends are made of.
fn is_socket_word(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "ws" | "wss"
            | "websocket"
            | "websockets"
            | "websockify"
            | "sockjs"
            | "socket.io"
            | "engine.io"
            | "signalr"
            | "cable"
            | "hubs"
    )
}

/// The words of a path, regular expression or upstream's name.
fn words(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '\\')
        .map(|word| word.trim_matches(['.', '\\']))
        .filter(|word| !word.is_empty())
}

/// What in a location's path says that it is for WebSocket connections.
pub(crate) fn path_intent(pattern: &str) -> Option<String> {
    const PATHS: [&str; 3] = ["_stcore/stream", "api/kernels", "terminals/websocket"];
    let plain = pattern.replace('\\', "");
    let word = words(&plain).find(|word| is_socket_word(word));
    let path = || PATHS.into_iter().find(|path| plain.contains(path));
    word.or_else(path).map(|word| format!("its path names \"{word}\""))
}

fn intent(model: &Model<'_>, proxied: &Proxied<'_>) -> Intent {
    const WEAK: [&str; 6] = ["live", "stream", "chat", "events", "graphql", "mqtt"];
    const TEN_MINUTES: u64 = 600_000;
    let pattern = proxied.location.as_ref().map_or("", |location| location.pattern.as_str());
    let host = proxied.target(|url| url.host.to_owned()).unwrap_or_default();
    let plain = pattern.replace('\\', "");
    if let Some(reason) = path_intent(pattern) {
        return Intent::Strong(reason);
    }
    if model.upstream(&host).is_some()
        && let Some(word) = words(&host.replace('_', "-")).find(|word| is_socket_word(word))
    {
        // Not more than a hint: such an upstream often serves plain requests too.
        return Intent::Weak(format!("the name of its upstream has \"{word}\""));
    }
    if let Some(word) = words(&plain).find(|word| WEAK.contains(word)) {
        return Intent::Weak(format!("its path names \"{word}\""));
    }
    if let (Some(time), Some(_)) = proxied.read_timeout(model)
        && time >= TEN_MINUTES
    {
        return Intent::Weak("its proxy_read_timeout is ten minutes or more".to_owned());
    }
    Intent::None
}
