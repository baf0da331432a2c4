//! How an upstream chooses among its servers.

use std::collections::HashSet;

use crate::syntax::Directive;
use crate::syntax::value::{Part, template};

use super::{Model, PASSES, Upstream};

/// What decides which server of an upstream gets a request.
#[derive(Debug, Clone, Copy)]
pub enum Balance<'p> {
    /// The same one for the same client, by this directive.
    ByClient(Directive<'p>),
    /// Any of them: by turns or, if there is one, by this directive.
    Any(Option<Directive<'p>>),
}

/// Directives of an upstream that choose no server.
const OTHERS: [&str; 10] = [
    "server",
    "zone",
    "keepalive",
    "keepalive_requests",
    "keepalive_time",
    "keepalive_timeout",
    "resolver",
    "resolver_timeout",
    "queue",
    "include",
];

impl<'p> Model<'p> {
    /// The servers of an upstream that get requests while all are well; `None` if they are not
    /// all in view.
    pub fn active_servers(&self, upstream: &Upstream<'p>) -> Option<Vec<Directive<'p>>> {
        let scope = self.scope(upstream.scope);
        if scope.has_unknown_include || scope.last("state").is_some() {
            return None;
        }
        let is_idle = |server: &Directive<'_>| {
            server.arg_values().skip(1).any(|word| word == "backup" || word == "down")
        };
        Some(scope.all("server").iter().copied().filter(|server| !is_idle(server)).collect())
    }

    /// What chooses a server of an upstream; `None` if it has a directive of which nobody knows
    /// whether it does.
    pub fn balance(&self, upstream: &Upstream<'p>) -> Option<Balance<'p>> {
        let mut balance = Balance::Any(None);
        for line in self.scope(upstream.scope).directives() {
            let name = line.name();
            balance = match &*name {
                "ip_hash" | "sticky" => Balance::ByClient(line),
                "hash" if is_of_client(&line.arg(0)?)? => Balance::ByClient(line),
                "hash" | "least_conn" | "random" | "least_time" => match balance {
                    Balance::ByClient(method) if method.is("sticky") => balance,
                    _ => Balance::Any(Some(line)),
                },
                name if OTHERS.contains(&name) => balance,
                _ => return None,
            };
        }
        Some(balance)
    }

    /// True if something other than `proxy_pass` with its plain name leads to an upstream, or
    /// may: another protocol, or a name that is a variable.
    pub fn is_passed_to_otherwise(&self, upstream: &Upstream<'p>) -> bool {
        let name = upstream.directive.arg(0).unwrap_or_default().to_lowercase();
        let (any, names) = self.passed_otherwise.get_or_init(|| self.passes_otherwise());
        *any || names.contains(&name)
    }

    /// Whether a variable may be the name of any upstream, and the names that other protocols
    /// lead to.
    fn passes_otherwise(&self) -> (bool, HashSet<String>) {
        let mut names = HashSet::new();
        let mut any = false;
        for line in self.scope_ids().flat_map(|id| self.scope(id).all_of(&PASSES)) {
            let target = line.arg(0).unwrap_or_default().to_lowercase();
            let host = target.rsplit_once("://").map_or(&*target, |(_, host)| host);
            any |= host.starts_with('$');
            if !line.is("proxy_pass") {
                names.insert(host.to_owned());
            }
        }
        (any, names)
    }
}

/// Whether all requests of a client have this key in common; `None` if that depends on what a
/// variable is.
fn is_of_client(key: &str) -> Option<bool> {
    const OF_REQUEST: [&str; 10] = [
        "request_uri",
        "uri",
        "document_uri",
        "args",
        "query_string",
        "request",
        "request_id",
        "msec",
        "arg_sid",
        "arg_t",
    ];
    const OF_CLIENT: [&str; 2] = ["remote_addr", "binary_remote_addr"];
    let mut answer = Some(true);
    for part in template(key).ok()? {
        let Part::Variable(name) = part else { continue };
        let name = name.to_ascii_lowercase();
        if OF_REQUEST.contains(&name.as_str()) {
            return Some(false);
        }
        if !OF_CLIENT.contains(&name.as_str()) {
            answer = None;
        }
    }
    answer
}
