//! Loads a configuration and says what becomes of requests.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::config::{Address, Config, FORMAT_VERSION, Geo, Listener, Map};
use super::definitions::{Definition, Definitions, definitions};
use super::flow::{Flow, unknown};
use super::indices::{LoadError, check};
use super::names::Names;
use super::outcome::{Answer, Outcome, Step, Unknown, Why};
use super::request::{Local, Request};
use super::search::{Hit, Search};
use super::tables::GeoTable;
use crate::catalog::Version;

/// A configuration, ready to say what becomes of requests.
///
/// All that takes time is done when it is made: names and paths are indexed, and expressions were
/// compiled when the configuration was read. It never changes and can be shared between threads.
///
/// ```
/// use ngxc::catalog::Target;
/// use ngxc::model::{Model, compile};
/// use ngxc::project::{Files, Project};
/// use ngxc::runtime::{Answer, Request, Router};
///
/// let conf = b"events {} http { server { listen 80; location /chat/ {
///     proxy_pass http://127.0.0.1:9000;
///     proxy_set_header Host $host;
///     proxy_set_header Upgrade $http_upgrade;
///     proxy_set_header Connection upgrade;
/// } } }";
/// let mut files = Files::memory();
/// files.set("nginx.conf".as_ref(), conf.to_vec());
/// let project = Project::load(&files, &["nginx.conf".into()], None);
/// let target = Target::default();
/// let router = Router::new(compile(&Model::new(&project, &project.roots()[0], &target)))?;
///
/// let mut request = Request::get(80, "example.com", "/chat/room");
/// request.headers.push(("Upgrade".to_owned(), b"websocket".to_vec()));
/// let outcome = router.route(&request);
/// assert_eq!(outcome.location.map(|location| location.matches.pattern()), Some("/chat/"));
/// let Answer::Proxy(sent) = outcome.answer else { panic!("a backend answers") };
/// let headers: Vec<(&str, &[u8])> =
///     sent.headers.iter().map(|it| (&*it.name, it.value.as_deref().unwrap_or(b"?"))).collect();
/// assert_eq!(headers, [
///     ("Host", &b"example.com"[..]),
///     ("Upgrade", b"websocket"),
///     ("Connection", b"upgrade"),
/// ]);
/// # Ok::<(), ngxc::runtime::LoadError>(())
/// ```
#[derive(Debug)]
pub struct Router {
    config: Config,
    version: Version,
    listeners: HashMap<Address, usize>,
    /// By listener.
    names: Vec<Names>,
    /// By server.
    searches: Vec<Search>,
    /// By map: what its entries match.
    maps: Vec<Names>,
    geos: Vec<GeoTable>,
    /// By name, lower case.
    upstreams: HashMap<String, usize>,
    definitions: Definitions,
}

impl Router {
    /// Loads a configuration.
    pub fn new(config: Config) -> Result<Self, LoadError> {
        if config.format_version != FORMAT_VERSION {
            return Err(LoadError::Format(config.format_version));
        }
        let version = Version::from_str(&config.nginx_version)
            .map_err(|_| LoadError::Version(config.nginx_version.clone()))?;
        check(&config)?;
        let of_listener = |it: &Listener| Names::new(it.names.iter().map(|name| &name.matches));
        let of_map = |it: &Map| Names::new(it.entries.iter().map(|entry| &entry.matches));
        let mut router = Self {
            version,
            listeners: HashMap::new(),
            names: config.listeners.iter().map(of_listener).collect(),
            searches: config.servers.iter().map(|it| Search::new(&it.locations)).collect(),
            maps: config.maps.iter().map(of_map).collect(),
            geos: config.geos.iter().map(GeoTable::new).collect(),
            upstreams: HashMap::new(),
            definitions: definitions(&config),
            config,
        };
        for (index, listener) in router.config.listeners.iter().enumerate() {
            router.listeners.entry(listener.address.clone()).or_insert(index);
        }
        for (index, upstream) in router.config.upstreams.iter().enumerate() {
            router.upstreams.entry(upstream.name.to_lowercase()).or_insert(index);
        }
        Ok(router)
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What becomes of a request.
    pub fn route<'r>(&'r self, request: &'r Request) -> Outcome<'r> {
        self.outcome(request, false)
    }

    /// The same with the steps that lead there.
    pub fn explain<'r>(&'r self, request: &'r Request) -> Outcome<'r> {
        self.outcome(request, true)
    }

    fn outcome<'r>(&'r self, request: &'r Request, wants_steps: bool) -> Outcome<'r> {
        let mut flow = Flow::new(self, request, wants_steps);
        let answer = match self.listener(&request.local) {
            Err(unknown) => {
                flow.note(&unknown);
                Answer::Unknown
            }
            Ok(None) => {
                let why = Why::Nginx("nothing listens there");
                Answer::Status { status: 444, body: None, location: None, why }
            }
            Ok(Some((index, any_address))) => {
                let listener = &self.config.listeners[index];
                flow.listener = Some(listener);
                flow.step(|| Step::Listen { listener, any_address });
                let refused = flow.receive(index);
                flow.handle(refused)
            }
        };
        if let Answer::Static { path: Err(unknown) }
        | Answer::Status { body: Some(Err(unknown)), .. }
        | Answer::Status { location: Some(Err(unknown)), .. } = &answer
        {
            flow.note(unknown);
        }
        Outcome {
            listener: flow.listener,
            server: flow.server(),
            location: flow.location,
            handler: flow.handler,
            uri: flow.uri,
            args: flow.args,
            answer,
            status: flow.status,
            unknown: flow.unknown,
            steps: flow.steps.unwrap_or_default(),
        }
    }

    /// The socket for a connection, and whether it is the one for any address.
    fn listener(&self, local: &Local) -> Result<Option<(usize, bool)>, Unknown> {
        let (address, port) = match local {
            Local::Unix(path) => {
                let found = self.listeners.get(&Address::Unix(path.clone()));
                return Ok(found.map(|&index| (index, false)));
            }
            Local::Tcp { address, port } => (*address, *port),
        };
        let at = |ip: IpAddr| self.listeners.get(&Address::Tcp(SocketAddr::new(ip, port))).copied();
        let any_v4 = at(IpAddr::from([0; 4]));
        let any_v6 = at(IpAddr::from([0; 16]));
        let dual = any_v6.filter(|&index| !self.config.listeners[index].ipv6_only);
        let of_any = |index: Option<usize>| index.map(|index| (index, true));
        match address {
            Some(address) => {
                let own = at(address).map(|index| (index, address.is_unspecified()));
                let any = if address.is_ipv4() { any_v4.or(dual) } else { any_v6 };
                Ok(own.or(of_any(any)))
            }
            None => match any_v4.or(any_v6) {
                Some(index) => Ok(Some((index, true))),
                None => self.only_one(port),
            },
        }
    }

    /// The socket for a port where no address is said, if there is one and no more.
    fn only_one(&self, port: u16) -> Result<Option<(usize, bool)>, Unknown> {
        let is_it = |listener: &&Listener| matches!(&listener.address, Address::Tcp(address) if address.port() == port);
        let mut found = self.config.listeners.iter().filter(is_it);
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some(listener), None) => {
                Ok(self.listeners.get(&listener.address).map(|&index| (index, false)))
            }
            (Some(_), Some(_)) => {
                let reason = "several sockets have this port, and no address was given";
                Err(unknown(format!("the socket for port {port}"), reason))
            }
        }
    }

    /// The location of a server that takes a path, decoded and with its slashes merged.
    pub(crate) fn find_location(&self, server: usize, path: &[u8]) -> Hit<'_> {
        let locations = &self.config.servers[server].locations;
        self.searches[server].find(locations, path, &mut Vec::new())
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn names(&self, listener: usize) -> &Names {
        &self.names[listener]
    }

    pub(super) fn search(&self, server: usize) -> &Search {
        &self.searches[server]
    }

    pub(super) fn map(&self, index: usize) -> (&Map, &Names) {
        (&self.config.maps[index], &self.maps[index])
    }

    pub(super) fn geo(&self, index: usize) -> (&Geo, &GeoTable) {
        (&self.config.geos[index], &self.geos[index])
    }

    pub(super) fn upstream(&self, name: &str) -> Option<usize> {
        self.upstreams.get(&name.to_lowercase()).copied()
    }

    pub(super) fn definition(&self, name: &str) -> Option<(&str, Definition)> {
        let (name, definition) = self.definitions.get_key_value(name)?;
        Some((name, *definition))
    }
}
