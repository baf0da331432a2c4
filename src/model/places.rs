//! Where requests come to: the sockets of a server, and the location that takes a path.
//!
//! `runtime` searches; here its servers and locations are led back to scopes.

use std::collections::HashMap;
use std::net::SocketAddr;

use crate::catalog::Context;
use crate::runtime::config::{Address, Listener, Location, Place};
use crate::runtime::{Answer, Hit, Local, Request, Router};
use crate::syntax::Directive;
use crate::syntax::value::MatchKind;

use super::{Model, Proxied, ScopeId, compile};

/// The whole configuration, ready for requests.
#[derive(Debug)]
pub(super) struct Places {
    router: Router,
    /// By scope: the index of the server.
    servers: HashMap<ScopeId, usize>,
    /// By the index of the server, the place of the `location`, and what that matches.
    locations: HashMap<(usize, Place, String), ScopeId>,
}

/// Where a path comes to in a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// A location takes it.
    Location(ScopeId),
    /// It lacks the slash at the end of a location that passes requests on, and is
    /// redirected to it.
    Redirect(ScopeId),
    /// No location takes it.
    Nowhere,
    /// That cannot be known.
    Unknown,
}

/// What becomes of a request that a location is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Its backend gets it.
    Passed,
    /// nginx refuses it.
    Refused,
    /// Something else, or that cannot be known.
    Other,
}

/// A socket that a server listens on, with what all servers of it say.
#[derive(Debug, Clone, Copy)]
pub struct Socket<'m, 'p> {
    listener: &'m Listener,
    /// The first `listen` of it; none if nobody says where a server listens.
    pub directive: Option<Directive<'p>>,
}

impl Socket<'_, '_> {
    /// Its port; none for a UNIX socket.
    pub fn port(&self) -> Option<u16> {
        self.address().map(|address| address.port())
    }

    /// True if other machines may reach it: a UNIX socket or `127.0.0.1` are for what runs
    /// next to nginx.
    pub fn is_public(&self) -> bool {
        self.address().is_some_and(|address| !address.ip().is_loopback())
    }

    /// It has TLS.
    pub fn has_tls(&self) -> bool {
        self.listener.tls || self.listener.quic
    }

    /// It speaks HTTP/2.
    pub fn has_http2(&self) -> bool {
        self.listener.http2
    }

    /// What connects to it is another proxy, which speaks the PROXY protocol.
    pub fn has_proxy_protocol(&self) -> bool {
        self.listener.proxy_protocol
    }

    fn address(&self) -> Option<SocketAddr> {
        match &self.listener.address {
            Address::Tcp(address) => Some(*address),
            Address::Unix(_) => None,
        }
    }
}

impl Places {
    fn new(model: &Model<'_>) -> Option<Self> {
        let router = Router::new(compile(model)).ok()?;
        let mut places = Self { router, servers: HashMap::new(), locations: HashMap::new() };
        let http = model.scope_ids().find(|&id| model.scope(id).context == Context::Http)?;
        let is_server = |id: &ScopeId| {
            let scope = model.scope(*id);
            scope.context == Context::Server && scope.parent == Some(http)
        };
        for id in model.scope_ids() {
            if is_server(&id) {
                places.servers.insert(id, places.servers.len());
            }
            let Some(location) = model.scope(id).location() else { continue };
            let Some(opener) = model.scope(id).opener else { continue };
            let server = model.server_of(id).and_then(|server| places.servers.get(&server));
            let Some(&server) = server else { continue };
            let key = (server, model.runtime_place(opener), location.pattern);
            places.locations.entry(key).or_insert(id);
        }
        (places.router.config().servers.len() == places.servers.len()).then_some(places)
    }

    fn scope_of(&self, server: usize, location: &Location) -> Option<ScopeId> {
        let key = (server, location.at, location.matches.pattern().to_owned());
        self.locations.get(&key).copied()
    }
}

impl<'p> Model<'p> {
    fn places(&self) -> Option<&Places> {
        self.places.get_or_init(|| Places::new(self)).as_ref()
    }

    /// The server around a scope, or the scope if it is one.
    pub fn server_of(&self, id: ScopeId) -> Option<ScopeId> {
        self.ancestors(id).find(|&id| self.scope(id).context == Context::Server)
    }

    /// The locations in a scope, in the order of the configuration.
    pub fn locations_in(&self, id: ScopeId) -> impl Iterator<Item = ScopeId> {
        let blocks = self.scope(id).lines().iter().filter_map(|line| line.block);
        blocks.filter(|&id| self.scope(id).context == Context::Location)
    }

    /// A location as one writes it, as in `location /chat/`.
    pub fn title(&self, id: ScopeId) -> String {
        let Some(opener) = self.scope(id).opener else { return "this place".to_owned() };
        let head = opener.source.slice(opener.head());
        head.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The location of a server that takes a path.
    pub fn find_location(&self, server: ScopeId, path: &str) -> Found {
        let Some(places) = self.places() else { return Found::Unknown };
        let Some(&index) = places.servers.get(&server) else { return Found::Unknown };
        let scope = |location| places.scope_of(index, location);
        let found = match places.router.find_location(index, path.as_bytes()) {
            Hit::None => Some(Found::Nowhere),
            Hit::Prefix(location) | Hit::Final(location) => scope(location).map(Found::Location),
            Hit::Redirect(location) => scope(location).map(Found::Redirect),
            Hit::Failed(_) => None,
        };
        found.unwrap_or(Found::Unknown)
    }

    /// The sockets of a server.
    pub fn sockets(&self, server: ScopeId) -> Vec<Socket<'_, 'p>> {
        let Some(places) = self.places() else { return Vec::new() };
        let Some(&index) = places.servers.get(&server) else { return Vec::new() };
        let listeners = places.router.config().listeners.iter().filter(|listener| {
            listener.default_server == index || listener.names.iter().any(|it| it.server == index)
        });
        let socket = |listener| Socket { listener, directive: self.listen_at(listener) };
        listeners.map(socket).collect()
    }

    fn listen_at(&self, listener: &Listener) -> Option<Directive<'p>> {
        let servers = self.scope_ids().map(|id| self.scope(id));
        let lines = servers.filter(|scope| scope.context == Context::Server);
        let mut lines = lines.flat_map(|scope| scope.all("listen")).copied();
        lines.find(|line| self.runtime_place(*line) == listener.at)
    }

    /// What becomes of a handshake from a page of `origin` that goes to the path of a location.
    pub fn fate_of_origin(&self, proxied: &Proxied<'p>, origin: &str) -> Fate {
        self.route_origin(proxied, origin).unwrap_or(Fate::Other)
    }

    fn route_origin(&self, proxied: &Proxied<'p>, origin: &str) -> Option<Fate> {
        let places = self.places()?;
        let server = self.server_of(proxied.scope)?;
        let location = proxied.location.as_ref()?;
        if matches!(location.kind, MatchKind::Regex | MatchKind::RegexCaseless | MatchKind::Named) {
            return None;
        }
        let socket = self.sockets(server).into_iter().next()?;
        let names = self.scope(server).all("server_name");
        let name = names.iter().find_map(|line| line.arg(0));
        let name = name.as_deref().unwrap_or("example.com");
        let mut request = Request::get(80, name, &location.pattern);
        request.local = match &socket.listener.address {
            Address::Tcp(address) => {
                Local::Tcp { address: Some(address.ip()), port: address.port() }
            }
            Address::Unix(path) => Local::Unix(path.clone()),
        };
        request.tls = socket.listener.tls;
        for (name, value) in
            [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Origin", origin)]
        {
            request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
        }
        Some(match places.router.route(&request).answer {
            Answer::Proxy(_) => Fate::Passed,
            Answer::Status { status: 400.., .. } => Fate::Refused,
            _ => Fate::Other,
        })
    }
}
