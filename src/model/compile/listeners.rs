//! `listen` and `server_name`: the sockets, and which server of one a name leads to
//! (`ngx_http_add_listen`, `ngx_http_server_names`).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::catalog::Version;
use crate::model::ScopeId;
use crate::runtime::config::{Address, Listener, NameMatch, Place, ServerName};
use crate::syntax::Directive;
use crate::syntax::address::{Host, Use, address};

use super::Compilation;
use super::names::{Names, Refusal};

/// Parameters of `listen` that say how the socket is made, and nothing of requests.
const OF_SOCKET: [&str; 13] = [
    "bind",
    "setfib",
    "fastopen",
    "backlog",
    "rcvbuf",
    "sndbuf",
    "accept_filter",
    "deferred",
    "ipv6only",
    "reuseport",
    "multipath",
    "so_keepalive",
    "spdy",
];

/// What one `listen` says.
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of the directive")]
#[derive(Debug, Clone, Copy, Default)]
struct Options {
    /// Something of the socket is said.
    is_set: bool,
    is_default: bool,
    tls: bool,
    http2: bool,
    quic: bool,
    proxy_protocol: bool,
    /// `ipv6only=off`
    takes_ipv4: bool,
}

/// A socket and its servers.
pub(super) struct Socket {
    pub(super) listener: Listener,
    /// Indices of its servers, in the order of the files.
    pub(super) servers: Vec<usize>,
}

/// The sockets that were found so far.
#[derive(Default)]
struct Sockets {
    all: Vec<Socket>,
    /// By address, and whether it is for QUIC.
    indices: HashMap<(Address, bool), usize>,
}

/// All sockets, in the order of the files.
pub(super) fn all(compilation: &mut Compilation<'_, '_>, servers: &[ScopeId]) -> Vec<Socket> {
    let mut sockets = Sockets::default();
    for (index, &server) in servers.iter().enumerate() {
        let lines = compilation.model.scope(server).all("listen").to_vec();
        if lines.is_empty() {
            let any = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 80);
            let at = compilation.place_of(server);
            sockets.add(Address::Tcp(any), Options::default(), index, at);
            if compilation.model.scope(server).opener.is_none() {
                let reason = "where the server listens is not in view: *:80 is taken";
                compilation.unsupported(at, "listen", reason);
            }
        }
        for line in lines {
            let options = options(compilation, line);
            let at = compilation.place(line);
            for address in addresses(compilation, line) {
                sockets.add(address, options, index, at);
            }
        }
    }
    let mut sockets = sockets.all;
    for socket in &mut sockets {
        finish(compilation, servers, socket);
    }
    sockets
}

/// The addresses of a `listen`: one for each port of a range.
fn addresses(compilation: &mut Compilation<'_, '_>, line: Directive<'_>) -> Vec<Address> {
    let text = line.arg(0).unwrap_or_default();
    let found = address(&text, Use::Listen);
    let ip = match found.map(|found| found.host) {
        Ok(Host::Unix(path)) => return vec![Address::Unix(path.to_owned())],
        Ok(Host::V4(ip)) => Ok(IpAddr::V4(ip)),
        Ok(Host::V6(ip)) => Ok(IpAddr::V6(ip)),
        Ok(Host::Name(name)) if name.eq_ignore_ascii_case("localhost") => {
            Ok(IpAddr::V4(Ipv4Addr::LOCALHOST))
        }
        Ok(Host::Name(_)) => Err("the addresses of a name are those that the machine finds"),
        Err(reason) => Err(reason),
    };
    match (ip, found) {
        (Ok(ip), Ok(found)) => {
            let first = found.port.unwrap_or(80);
            let ports = first..=found.last_port.unwrap_or(first);
            ports.map(|port| Address::Tcp(SocketAddr::new(ip, port))).collect()
        }
        (Err(reason), _) | (_, Err(reason)) => {
            compilation.unsupported(compilation.place(line), format!("listen {text}"), reason);
            Vec::new()
        }
    }
}

fn options(compilation: &mut Compilation<'_, '_>, line: Directive<'_>) -> Options {
    let mut options = Options::default();
    for word in line.arg_values().skip(1) {
        let name = word.split('=').next().unwrap_or_default();
        match &*word {
            "default_server" | "default" => options.is_default = true,
            "ssl" => options.tls = true,
            "http2" => options.http2 = true,
            "quic" => options.quic = true,
            "proxy_protocol" => options.proxy_protocol = true,
            _ if OF_SOCKET.contains(&name) => {
                options.is_set = true;
                options.takes_ipv4 |= word == "ipv6only=off";
            }
            _ => {
                let reason = "this parameter is not known";
                compilation.unsupported(compilation.place(line), format!("listen {word}"), reason);
            }
        }
    }
    options
}

impl Sockets {
    /// Puts a server to an address (`ngx_http_add_addresses`): what any of its lines says counts.
    fn add(&mut self, address: Address, options: Options, server: usize, at: Place) {
        if let Some(&index) = self.indices.get(&(address.clone(), options.quic)) {
            self.all[index].join(options, server);
            return;
        }
        self.indices.insert((address.clone(), options.quic), self.all.len());
        let is_v6 = matches!(address, Address::Tcp(SocketAddr::V6(_)));
        let listener = Listener {
            address,
            tls: options.tls,
            http2: options.http2,
            quic: options.quic,
            proxy_protocol: options.proxy_protocol,
            ipv6_only: is_v6 && !options.takes_ipv4,
            default_server: server,
            names: Vec::new(),
            at,
        };
        self.all.push(Socket { listener, servers: vec![server] });
    }
}

impl Socket {
    fn join(&mut self, options: Options, server: usize) {
        let listener = &mut self.listener;
        listener.tls |= options.tls;
        listener.http2 |= options.http2;
        listener.proxy_protocol |= options.proxy_protocol;
        if options.is_set {
            listener.ipv6_only &= !options.takes_ipv4;
        }
        if options.is_default {
            listener.default_server = server;
        }
        if self.servers.last() != Some(&server) {
            self.servers.push(server);
        }
    }
}

/// Adds to a socket what its default server says of it, and the names of its servers.
fn finish(compilation: &mut Compilation<'_, '_>, servers: &[ScopeId], socket: &mut Socket) {
    let listener = &mut socket.listener;
    let default = servers[listener.default_server];
    let model = compilation.model;
    let has_directive = model.version >= Version::HTTP_2_DIRECTIVE;
    if !has_directive && !listener.quic {
        listener.tls |= model.flag_of(default, "ssl", false);
    }
    // With TLS, the server that the client names says what is negotiated.
    if has_directive && !listener.tls && !listener.quic {
        listener.http2 |= model.flag_of(default, "http2", false);
    }
    let mut names = Names::new();
    for &index in &socket.servers {
        add_names(compilation, servers[index], index, &mut names);
    }
    let named = |(matches, (server, at))| ServerName { matches, server, at };
    listener.names = names.in_order().map(named).collect();
    if let [_] = socket.servers[..] {
        forget_groups(&mut listener.names);
    }
}

/// Of a server that has a socket to itself, nginx does not look for the name, unless the last
/// expression among its names has groups (`ngx_http_optimize_servers`): no group has a value.
fn forget_groups(names: &mut Vec<ServerName>) {
    let has_groups = |name: &ServerName| match &name.matches {
        NameMatch::Regex(pattern) => pattern.has_groups(),
        _ => false,
    };
    if names.last().is_some_and(|last| !has_groups(last)) {
        names.retain(|name| !has_groups(name));
    }
}

fn add_names(
    compilation: &mut Compilation<'_, '_>,
    scope: ScopeId,
    server: usize,
    names: &mut Names<(usize, Place)>,
) {
    let lines = compilation.model.scope(scope).all("server_name");
    if lines.is_empty() {
        // Nobody minds if another server without a name came before.
        let _ = names.exact("", (server, compilation.place_of(scope)));
    }
    for &line in lines {
        let at = compilation.place(line);
        for word in line.arg_values() {
            let of = (server, at);
            if let Some(regex) = word.strip_prefix('~') {
                let caseless = regex.bytes().any(|byte| byte.is_ascii_uppercase());
                if let Some(pattern) = compilation.pattern(line, regex, caseless) {
                    names.regex(NameMatch::Regex(pattern), of);
                }
                continue;
            }
            if word == "$hostname" {
                let reason = "the name of the machine that nginx runs on is not known";
                compilation.unsupported(at, "server_name $hostname", reason);
                continue;
            }
            let reason = match names.host(&word, of) {
                Ok(()) | Err(Refusal::Second) => continue,
                Err(Refusal::Invalid) => "it is no name of a host",
            };
            compilation.unsupported(at, format!("server_name {word}"), reason);
        }
    }
}
