//! Loads a configuration and says what becomes of requests.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::config::{
    Address, Condition, Config, FORMAT_VERSION, Geo, Handler, Instruction, Listener, LocationMatch,
    Locations, Map, NameMatch, Pattern,
};
use super::flow::{Flow, unknown};
use super::names::Names;
use super::outcome::{Answer, Outcome, Step, Unknown, Why};
use super::phases::End;
use super::request::{HttpVersion, Local, Request};
use super::search::Search;
use super::tables::{GeoTable, MapTable};
use super::uri;
use crate::catalog::Version;

/// A configuration, ready to say what becomes of requests.
///
/// All that takes time is done when it is made: expressions are compiled, names and paths
/// indexed. It never changes and can be shared between threads.
#[derive(Debug)]
pub struct Router {
    config: Config,
    version: Version,
    listeners: HashMap<Address, usize>,
    /// By listener.
    names: Vec<ListenerNames>,
    /// By server.
    searches: Vec<Search>,
    maps: Vec<MapTable>,
    geos: Vec<GeoTable>,
    /// By name, lower case.
    upstreams: HashMap<String, usize>,
    definitions: HashMap<String, Definition>,
}

/// The names of a listener's servers: indices of its `names`.
#[derive(Debug, Default)]
struct ListenerNames {
    names: Names,
    regexes: Vec<usize>,
}

/// What defines a variable.
#[derive(Debug, Clone, Copy)]
pub(super) enum Definition {
    Map(usize),
    Geo(usize),
    Split(usize),
    /// A `set`, or a named group of an expression: empty until then.
    Set,
    /// Its value comes from outside.
    Opaque,
}

/// Why a configuration cannot be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// Its format is of this version, which is not [`FORMAT_VERSION`].
    Format(u32),
    /// Its nginx version is none.
    Version(String),
    /// It names a server or an upstream that it does not have.
    Index {
        /// What names it.
        what: &'static str,
        /// The index.
        index: usize,
    },
}

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Format(version) => {
                write!(f, "its format is version {version}, and this reads {FORMAT_VERSION}")
            }
            Self::Version(version) => write!(f, "\"{version}\" is no version of nginx"),
            Self::Index { what, index } => {
                write!(f, "{what} names number {index}, which is not there")
            }
        }
    }
}

impl std::error::Error for LoadError {}

impl Router {
    /// Loads a configuration.
    pub fn new(config: Config) -> Result<Self, LoadError> {
        if config.format_version != FORMAT_VERSION {
            return Err(LoadError::Format(config.format_version));
        }
        let version = Version::from_str(&config.nginx_version)
            .map_err(|_| LoadError::Version(config.nginx_version.clone()))?;
        check_servers(&config)?;
        let mut router = Self {
            version,
            listeners: HashMap::new(),
            names: config.listeners.iter().map(ListenerNames::new).collect(),
            searches: config.servers.iter().map(|it| Search::new(&it.locations)).collect(),
            maps: config.maps.iter().map(MapTable::new).collect(),
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

    pub(super) fn version(&self) -> Version {
        self.version
    }

    pub(super) fn search(&self, server: usize) -> &Search {
        &self.searches[server]
    }

    pub(super) fn map(&self, index: usize) -> (&Map, &MapTable) {
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

impl ListenerNames {
    fn new(listener: &Listener) -> Self {
        let mut own = Self::default();
        for (index, name) in listener.names.iter().enumerate() {
            match &name.matches {
                NameMatch::Exact(name) => own.names.exact(name, index),
                NameMatch::Leading(name) => own.names.leading(name, index),
                NameMatch::Trailing(name) => own.names.trailing(name, index),
                NameMatch::Regex(_) => own.regexes.push(index),
            }
        }
        own
    }
}

impl<'r> Flow<'r> {
    /// Reads request line and headers and chooses the server; an end if nginx refuses the
    /// request (`ngx_http_process_request_line`, `ngx_http_process_request_header`).
    fn receive(&mut self, listener: usize) -> Option<End<'r>> {
        let refuse = |status, why| Some(End::error(status, Why::Nginx(why)));
        let own = &self.router.config.listeners[listener];
        self.server = Some(own.default_server);
        self.handler = self.server().map(|server| &server.handler);
        if self.request.tls && !own.tls {
            return refuse(400, "the socket does not speak TLS");
        }
        let speaks_http1 =
            !own.http2 || self.request.tls || self.router.version >= Version::HTTP2_DIRECTIVE;
        if self.request.version != HttpVersion::Http2 && !speaks_http1 {
            return refuse(400, "the socket speaks HTTP/2 and nothing else");
        }
        if let Some(sni) = self.request.sni.as_ref().filter(|_| self.request.tls)
            && let Some(host) = uri::host(sni.as_bytes())
        {
            self.find_server(listener, &host, false);
        }
        let Some(server) = self.server() else { return refuse(400, "no server") };
        let target = uri::target(&self.request.target);
        let path = target.as_ref().and_then(|target| uri::path(target, server.merge_slashes));
        let (Some(target), Some(path)) = (target, path) else {
            return refuse(400, "the path is not valid");
        };
        (self.uri, self.args) = (path.path, path.args);
        (self.is_quoted, self.has_plus) = (path.is_quoted, path.has_plus);
        self.unparsed = target.unparsed;
        self.valid_unparsed = !target.has_no_path;
        let refused = self.receive_host(listener, target.host);
        if refused.is_some() {
            return refused;
        }
        let refused = self.check_headers();
        if refused.is_some() {
            return refused;
        }
        if own.tls && !self.request.tls {
            return refuse(497, "plain HTTP came to a socket for TLS");
        }
        let uri = self.uri.clone();
        self.step(|| Step::Normalized { uri });
        if let Some(handler) = self.handler {
            self.real_ip(handler);
        }
        None
    }

    /// Takes the headers that nginx does not ignore, and chooses the server by the host.
    fn receive_host(&mut self, listener: usize, in_target: Option<&[u8]>) -> Option<End<'r>> {
        let refuse = |why| Some(End::error(400, Why::Nginx(why)));
        let mut host = None;
        if let Some(name) = in_target {
            let Some(name) = uri::host(name) else { return refuse("the host is not valid") };
            host = Some(name);
        }
        let mut header = None;
        let request = self.request;
        if let Some(name) = &host {
            self.find_server(listener, name, true);
        }
        for (index, (name, value)) in request.headers.iter().enumerate() {
            match self.is_valid_name(name) {
                None => return refuse("the name of a header is not valid"),
                Some(false) => continue,
                Some(true) => {}
            }
            self.headers.push(index);
            if !name.eq_ignore_ascii_case("host") {
                continue;
            }
            if header.replace(value).is_some() {
                return refuse("there are several Host headers");
            }
            let Some(name) = uri::host(value) else { return refuse("the host is not valid") };
            if host.is_none() {
                self.find_server(listener, &name, true);
                host = Some(name);
            }
        }
        match host {
            Some(name) => self.host = name,
            None => self.find_server(listener, b"", true),
        }
        let needs_host = request.version != HttpVersion::Http10 && header.is_none();
        if needs_host { refuse("HTTP/1.1 needs a Host header") } else { None }
    }

    /// True for a header that counts, false for one that nginx ignores; none if it refuses the
    /// request (`ngx_http_parse_header_line`).
    fn is_valid_name(&self, name: &str) -> Option<bool> {
        let server = self.server()?;
        let mut is_valid = !name.is_empty();
        for (at, byte) in name.bytes().enumerate() {
            match byte {
                b'-' => {}
                b'_' => is_valid &= server.underscores_in_headers,
                _ if byte.is_ascii_alphanumeric() => {}
                0..=0x20 | 0x7f => return None,
                b':' if at == 0 => return None,
                _ => is_valid = false,
            }
        }
        Some(is_valid || !server.ignore_invalid_headers)
    }

    fn check_headers(&self) -> Option<End<'r>> {
        let refuse = |status, why| Some(End::error(status, Why::Nginx(why)));
        for name in ["content-length", "transfer-encoding", "if-modified-since", "user-agent"] {
            let is_unique =
                matches!(name, "content-length" | "transfer-encoding" | "if-modified-since");
            let is_unique = is_unique && self.router.version >= Version::JOINED_HEADERS;
            if is_unique && self.header(name).count() > 1 {
                return refuse(400, "a header that may be there once is there twice");
            }
        }
        let length = self.header("content-length").next();
        if length.is_some_and(|it| it.is_empty() || !it.iter().all(u8::is_ascii_digit)) {
            return refuse(400, "the Content-Length is no number");
        }
        if let Some(encoding) = self.header("transfer-encoding").next() {
            if self.request.version == HttpVersion::Http10 {
                return refuse(400, "HTTP/1.0 has no Transfer-Encoding");
            }
            if !encoding.eq_ignore_ascii_case(b"chunked") {
                return refuse(501, "the Transfer-Encoding is unknown");
            }
            if length.is_some() {
                return refuse(400, "there is a Content-Length and a Transfer-Encoding");
            }
        }
        if matches!(self.method, "CONNECT" | "TRACE") {
            return refuse(405, "nginx takes no such method");
        }
        None
    }

    /// Chooses the server for a name (`ngx_http_find_virtual_server`); if no server has it, the
    /// one before stays.
    fn find_server(&mut self, listener: usize, host: &[u8], is_final: bool) {
        let own = &self.router.config.listeners[listener];
        let table = &self.router.names[listener];
        let mut found = table.names.find(host);
        if found.is_none() && !host.is_empty() {
            found = table.regexes.iter().copied().find(|&index| {
                let NameMatch::Regex(pattern) = &own.names[index].matches else { return false };
                match pattern.captures(host).flatten() {
                    Some(captures) => {
                        self.matched((pattern, captures));
                        true
                    }
                    None => false,
                }
            });
        }
        let name = found.map(|index| &own.names[index]);
        if let Some(name) = name {
            self.server = Some(name.server);
        }
        let Some(server) = self.server() else { return };
        self.handler = Some(&server.handler);
        if is_final {
            let host = host.to_vec();
            self.step(|| Step::Server { server, host, name });
        }
    }
}

fn check_servers(config: &Config) -> Result<(), LoadError> {
    let named = config.listeners.iter().flat_map(|listener| {
        let names = listener.names.iter().map(|name| name.server);
        names.chain([listener.default_server])
    });
    match named.max().filter(|&index| index >= config.servers.len()) {
        Some(index) => Err(LoadError::Index { what: "a listener", index }),
        None => Ok(()),
    }
}

/// All variables that a configuration defines.
fn definitions(config: &Config) -> HashMap<String, Definition> {
    let mut definitions = HashMap::new();
    for listener in &config.listeners {
        for name in &listener.names {
            if let NameMatch::Regex(pattern) = &name.matches {
                define_groups(pattern, &mut definitions);
            }
        }
    }
    for server in &config.servers {
        define_program(&server.rewrite, &mut definitions);
        define_handler(&server.handler, &mut definitions);
        define_locations(&server.locations, &mut definitions);
    }
    for map in &config.maps {
        for entry in &map.entries {
            if let NameMatch::Regex(pattern) = &entry.matches {
                define_groups(pattern, &mut definitions);
            }
        }
    }
    for (index, map) in config.maps.iter().enumerate() {
        definitions.insert(map.variable.clone(), Definition::Map(index));
    }
    for (index, geo) in config.geos.iter().enumerate() {
        definitions.insert(geo.variable.clone(), Definition::Geo(index));
    }
    for (index, clients) in config.split_clients.iter().enumerate() {
        definitions.insert(clients.variable.clone(), Definition::Split(index));
    }
    definitions
}

type Definitions = HashMap<String, Definition>;

fn define_groups(pattern: &Pattern, definitions: &mut Definitions) {
    for (name, _) in pattern.named_groups() {
        if !definitions.contains_key(name) {
            definitions.insert(name.to_owned(), Definition::Set);
        }
    }
}

fn define_locations(locations: &Locations, definitions: &mut Definitions) {
    for location in locations.all() {
        if let LocationMatch::Regex(pattern) = &location.matches {
            define_groups(pattern, definitions);
        }
        define_handler(&location.handler, definitions);
        define_locations(&location.locations, definitions);
    }
}

fn define_handler(handler: &Handler, definitions: &mut Definitions) {
    define_program(&handler.rewrite, definitions);
    if let Some(limit) = &handler.limit_except {
        define_handler(&limit.handler, definitions);
    }
    for set in handler.auth_request.iter().flat_map(|auth| &auth.set) {
        definitions.insert(set.variable.clone(), Definition::Opaque);
    }
}

fn define_program(program: &[Instruction], definitions: &mut Definitions) {
    for instruction in program {
        match instruction {
            Instruction::Set { variable, .. } if variable != "args" && variable != "limit_rate" => {
                definitions.entry(variable.clone()).or_insert(Definition::Set);
            }
            Instruction::If { condition, then, handler, .. } => {
                if let Condition::Matches { pattern, .. } = condition {
                    define_groups(pattern, definitions);
                }
                define_program(then, definitions);
                if let Some(handler) = handler {
                    define_handler(handler, definitions);
                }
            }
            Instruction::Rewrite { pattern, .. } => define_groups(pattern, definitions),
            _ => {}
        }
    }
}
