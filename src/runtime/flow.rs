//! One request on its way: what it has become so far, and the values of variables on the way.

use std::collections::HashMap;
use std::net::IpAddr;

use super::config::{Action, Client, Handler, Listener, Location, Part, Server, Template};
use super::definitions::Definition;
use super::outcome::{Step, Unknown, Value};
use super::request::Request;
use super::router::Router;
use super::search::Captured;
use super::tables::{self, MapHit, split};
use super::{builtin, uri};
use crate::syntax::regex::Captures;

/// What a request has become so far: the part of nginx's `ngx_http_request_t` that its answer
/// depends on.
#[expect(clippy::struct_excessive_bools, reason = "they are flags of ngx_http_request_t")]
#[derive(Debug)]
pub(super) struct Flow<'r> {
    pub(super) router: &'r Router,
    pub(super) request: &'r Request,
    pub(super) listener: Option<&'r Listener>,
    pub(super) server: Option<usize>,
    pub(super) location: Option<&'r Location>,
    pub(super) handler: Option<&'r Handler>,
    /// What answers, which outlives the settings that it came with (`content_handler`).
    pub(super) action: Option<&'r Action>,
    /// The client's headers that nginx does not ignore, by their index.
    pub(super) headers: Vec<usize>,
    /// The name of the host, as nginx compares it; empty if there is none.
    pub(super) host: Vec<u8>,
    /// An `error_page` makes it a GET.
    pub(super) method: &'r str,
    /// The same in words: none of a request line that nginx could not read to its end.
    pub(super) method_name: &'r str,
    /// nginx read the request line to its end.
    pub(super) has_line: bool,
    pub(super) uri: Vec<u8>,
    pub(super) args: Vec<u8>,
    /// Path and arguments as they were sent.
    pub(super) unparsed: &'r [u8],
    /// They may go to a backend as they are.
    pub(super) valid_unparsed: bool,
    pub(super) is_quoted: bool,
    pub(super) has_plus: bool,
    /// The location's path is still the beginning of the URI.
    pub(super) valid_location: bool,
    /// The request was sent on inside nginx.
    pub(super) internal: bool,
    pub(super) uri_changes: u8,
    /// A `rewrite` changed the URI, so that a location has to be looked for.
    pub(super) uri_changed: bool,
    /// It is on an error page, from which no other follows.
    pub(super) error_page: bool,
    /// The `Location` of a redirect that an `error_page` was for: the client gets it still.
    pub(super) redirected_to: Option<Value>,
    /// nginx has thrown the body away.
    pub(super) is_body_gone: bool,
    /// nginx came as far as to read `Content-Length`.
    pub(super) is_length_read: bool,
    /// The status that the client gets whatever the answer's is.
    pub(super) status: Option<u16>,
    pub(super) client: Option<IpAddr>,
    /// `$proxy_host` and `$proxy_port`, while a request to a backend is made.
    pub(super) proxy: Option<(Vec<u8>, Vec<u8>)>,
    /// `proxy_set_body`, while a request to a backend is made.
    pub(super) body_len: Option<usize>,
    pub(super) captures: Captures,
    /// Variables that were set, or have a value that stays for the whole request.
    pub(super) variables: HashMap<&'r str, Value>,
    /// Those of them that count until a text that names them is looked at (`no_cacheable`).
    pub(super) volatile: Vec<&'r str>,
    depth: u8,
    /// How many variables that the configuration defines may still be looked up.
    lookups: u32,
    pub(super) unknown: Vec<Unknown>,
    pub(super) steps: Option<Vec<Step<'r>>>,
}

/// So deep nginx follows variables that lead to others (`ngx_http_variable_depth`).
const MAX_DEPTH: u8 = 100;

/// Volatile maps that lead to each other could be looked up without end.
const MAX_LOOKUPS: u32 = 100_000;

/// Variables that double each other could fill the memory: no value of use is as long, in bytes.
const MAX_TEXT: usize = 1 << 20;

/// Something that is not known.
pub(super) fn unknown(what: impl Into<String>, reason: impl Into<String>) -> Unknown {
    Unknown { what: what.into(), reason: reason.into(), assumed: None }
}

/// Why the value of a text is not known, and whatever comes of it: nginx writes where it has no
/// room, or refuses to go on.
pub(super) const NO_ROOM: &str = "a group changes in between, which nginx has no room for then";

/// A text whose value has not the length that nginx made room for.
pub(super) fn no_room(template: &Template) -> Unknown {
    unknown(template.to_string(), NO_ROOM)
}

impl<'r> Flow<'r> {
    pub(super) fn new(router: &'r Router, request: &'r Request, wants_steps: bool) -> Self {
        Self {
            router,
            request,
            listener: None,
            server: None,
            location: None,
            handler: None,
            action: None,
            headers: Vec::new(),
            host: Vec::new(),
            method: &request.method,
            method_name: &request.method,
            has_line: true,
            uri: Vec::new(),
            args: Vec::new(),
            unparsed: &[],
            valid_unparsed: true,
            is_quoted: false,
            has_plus: false,
            valid_location: true,
            internal: false,
            // NGX_HTTP_MAX_URI_CHANGES and one.
            uri_changes: 11,
            uri_changed: false,
            error_page: false,
            redirected_to: None,
            is_body_gone: false,
            is_length_read: false,
            status: None,
            client: request.client,
            proxy: None,
            body_len: None,
            captures: Captures::default(),
            variables: HashMap::new(),
            volatile: Vec::new(),
            depth: 0,
            lookups: MAX_LOOKUPS,
            unknown: Vec::new(),
            steps: wants_steps.then(Vec::new),
        }
    }

    pub(super) fn server(&self) -> Option<&'r Server> {
        self.router.config().servers.get(self.server?)
    }

    pub(super) fn client_settings(&self) -> Option<&'r Client> {
        Some(&self.router.config().clients[self.handler?.client])
    }

    /// Notes a step, if steps are wanted.
    pub(super) fn step(&mut self, step: impl FnOnce() -> Step<'r>) {
        if let Some(steps) = &mut self.steps {
            steps.push(step());
        }
    }

    /// Notes something that is not known, once.
    pub(super) fn note(&mut self, unknown: &Unknown) {
        if !self.unknown.contains(unknown) {
            self.unknown.push(unknown.clone());
        }
    }

    /// Notes something that is not known, and what is taken for granted instead.
    pub(super) fn assume(&mut self, what: impl Into<String>, reason: &str, assumed: &'static str) {
        let unknown =
            Unknown { what: what.into(), reason: reason.to_owned(), assumed: Some(assumed) };
        self.note(&unknown);
    }

    /// The values of the client's headers of a name, which is in lower case. Those that nginx
    /// ignores are none.
    pub(super) fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'r [u8]> + 'a {
        let request = self.request;
        let headers = self.headers.iter().map(move |&index| &request.headers[index]);
        headers
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_slice())
    }

    /// An expression matched: its groups are `$1` to `$9`, and its named ones are variables
    /// (`ngx_http_regex_exec`).
    pub(super) fn matched(&mut self, (pattern, captures): Captured<'r>) {
        for (name, group) in pattern.named_groups() {
            self.variables.insert(name, Ok(captures.group(group).to_vec()));
        }
        self.captures = captures;
    }

    /// The value of a text with variables (`ngx_http_complex_value`).
    ///
    /// nginx puts a text together twice, the first time to know its length. A map that is
    /// looked at for the first time may change what groups are, so that the second text has
    /// another length; what nginx makes of that differs.
    pub(super) fn text(&mut self, template: &Template) -> Value {
        self.flush(template.variables());
        let first = self.may_differ(template).then(|| self.join(template, false)).transpose()?;
        let text = self.join(template, false)?;
        same_room(template, first, text)
    }

    /// The same in the rewrite module (`ngx_http_script_complex_value_code`), where captures
    /// may be escaped as arguments if the URI was, and where volatile variables are looked at
    /// each time.
    pub(super) fn script_text(&mut self, template: &Template, escapes: bool) -> Value {
        self.flush(template.variables());
        let first = self.may_differ(template).then(|| self.join(template, escapes)).transpose()?;
        self.flush(template.variables());
        let text = self.join(template, escapes)?;
        same_room(template, first, text)
    }

    /// True if a text may be another one the second time.
    pub(super) fn may_differ(&self, template: &Template) -> bool {
        template.0.len() > 1 && self.looks_up(template)
    }

    /// True if a text has a variable that a map or its like defines.
    pub(super) fn looks_up(&self, template: &Template) -> bool {
        let is_looked_up = |name: &str| {
            let definition = self.router.definition(name).map(|(_, definition)| definition);
            matches!(
                definition,
                Some(Definition::Map(_) | Definition::Geo(_) | Definition::Split(_))
            )
        };
        template.variables().any(is_looked_up)
    }

    /// Puts a text together once.
    pub(super) fn join(&mut self, template: &Template, escapes: bool) -> Value {
        let mut text = Vec::new();
        for part in &template.0 {
            self.part(part, escapes, &mut text)?;
        }
        Ok(text)
    }

    pub(super) fn part(
        &mut self,
        part: &Part,
        escapes: bool,
        text: &mut Vec<u8>,
    ) -> Result<(), Unknown> {
        match part {
            Part::Text(literal) => text.extend(literal.as_bytes()),
            Part::Variable(name) => text.extend(self.variable(name)?),
            Part::Capture(group) if self.request.is_partial => {
                return Err(unknown(format!("${group}"), "the request is known in part"));
            }
            Part::Capture(group) => {
                let captured = self.captures.group(usize::from(*group));
                if escapes && (self.is_quoted || self.has_plus) {
                    text.extend(uri::escape(captured, uri::Escape::Args));
                } else {
                    text.extend(captured);
                }
            }
        }
        if text.len() > MAX_TEXT && !matches!(part, Part::Text(_)) {
            let what = Template(vec![part.clone()]).to_string();
            return Err(unknown(what, "what it is part of is too long"));
        }
        Ok(())
    }

    /// The value of a variable; its name is in lower case.
    pub(super) fn variable(&mut self, name: &str) -> Value {
        if let Some(value) = self.variables.get(name) {
            return value.clone();
        }
        let Some((name, definition)) = self.router.definition(name) else {
            return builtin::variable(self, name);
        };
        if self.depth == MAX_DEPTH {
            return Err(unknown(format!("${name}"), "its value leads to itself"));
        }
        if self.lookups == 0 {
            return Err(unknown(format!("${name}"), "too many variables lead to its value"));
        }
        self.lookups -= 1;
        self.depth += 1;
        let value = self.defined(name, definition);
        self.depth -= 1;
        value
    }

    fn defined(&mut self, name: &'r str, definition: Definition) -> Value {
        let config = self.router.config();
        let (value, is_volatile) = match definition {
            Definition::Map(index) => (self.map(index), config.maps[index].volatile),
            Definition::Geo(index) => (self.geo(index), false),
            Definition::Split(index) => {
                let clients = &config.split_clients[index];
                let value = self.text(&clients.key).and_then(|key| match split(clients, &key) {
                    Some(part) => self.text(part),
                    None => Ok(Vec::new()),
                });
                (value, false)
            }
            Definition::Set if self.request.is_partial => {
                return Err(unknown(format!("${name}"), "what sets it is not known to run"));
            }
            Definition::Set => return Ok(Vec::new()),
            Definition::Opaque => {
                let reason = "its value comes with the answer to a subrequest";
                return Err(unknown(format!("${name}"), reason));
            }
        };
        self.variables.insert(name, value.clone());
        if is_volatile && !self.volatile.contains(&name) {
            self.volatile.push(name);
        }
        value
    }

    /// The value of a variable as an instruction of the rewrite module sees it
    /// (`ngx_http_get_flushed_variable`).
    pub(super) fn fresh(&mut self, name: &str) -> Value {
        self.flush([name]);
        self.variable(name)
    }

    /// Forgets the values of those variables that are volatile
    /// (`ngx_http_script_flush_complex_value`).
    pub(super) fn flush<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        if self.volatile.is_empty() {
            return;
        }
        for name in names {
            if self.volatile.contains(&name) {
                self.variables.remove(name);
            }
        }
    }

    fn map(&mut self, index: usize) -> Value {
        let (map, names) = self.router.map(index);
        let source = self.text(&map.source)?;
        let entry = match tables::find(map, names, &source) {
            MapHit::Failed => {
                let reason = "one of its expressions takes too long";
                return Err(unknown(format!("${}", map.variable), reason));
            }
            MapHit::Entry(entry, matched) => {
                if let Some(matched) = matched {
                    self.matched(matched);
                }
                entry
            }
        };
        if !map.is_certain(entry) {
            let reason = "a file of its map could not be read";
            return Err(unknown(format!("${}", map.variable), reason));
        }
        match entry {
            Some(entry) => self.text(&map.entries[entry].value),
            None => self.text(&map.default),
        }
    }

    fn geo(&mut self, index: usize) -> Value {
        let (geo, table) = self.router.geo(index);
        if geo.is_partial {
            let reason = "some of its geo block is not expressed";
            return Err(unknown(format!("${}", geo.variable), reason));
        }
        let address = self.text(&geo.address)?;
        Ok(table.find(geo, &address).as_bytes().to_vec())
    }
}

/// The text that nginx put together, if it has the length that it found first.
fn same_room(template: &Template, first: Option<Vec<u8>>, text: Vec<u8>) -> Value {
    match first {
        Some(first) if first.len() != text.len() => Err(no_room(template)),
        _ => Ok(text),
    }
}
