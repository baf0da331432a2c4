//! What happens to a request in one place: nginx's location configuration (`loc_conf`).

#[cfg(feature = "cli")]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Instruction, Place, Template, is_false};

/// What happens to a request in a location, in an `if` of it, or in a server that has no
/// location for it. Everything that nginx would inherit is in it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Handler {
    /// What is rewritten first. An `if` has its own in the instruction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<Instruction>,
    /// `internal`: requests from outside get a 404.
    #[serde(default, skip_serializing_if = "is_false")]
    pub internal: bool,
    /// `limit_except`: what happens to requests with other methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_except: Option<LimitExcept>,
    /// `set_real_ip_from` and its like: the client's address may be another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_ip: Option<RealIp>,
    /// `limit_req`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limit_req: Vec<LimitReq>,
    /// `limit_conn`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limit_conn: Vec<LimitConn>,
    /// `allow` and `deny`: the first that has the client's address counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub access: Vec<AccessRule>,
    /// `auth_basic`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_basic: Option<AuthBasic>,
    /// `auth_request`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_request: Option<AuthRequest>,
    /// Whether `access`, `auth_basic` and `auth_request` all have to agree.
    pub satisfy: Satisfy,
    /// `try_files`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub try_files: Option<TryFiles>,
    /// What answers.
    pub action: Action,
    /// The place of files.
    pub root: Root,
    /// `error_page`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub error_pages: Vec<ErrorPage>,
    /// `recursive_error_pages`
    #[serde(default, skip_serializing_if = "is_false")]
    pub recursive_error_pages: bool,
    /// `add_header`, where nothing answers with an error or `always` says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub add_headers: Vec<AddHeader>,
    /// `default_type`
    pub default_type: String,
    /// What concerns the client's connection: an index into the clients.
    pub client: usize,
}

/// What concerns the client's connection. Places with the same settings share them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Client {
    /// `client_max_body_size`; 0 is no limit.
    pub max_body_bytes: u64,
    /// `client_body_timeout`
    pub body_timeout_ms: u64,
    /// `send_timeout`
    pub send_timeout_ms: u64,
    /// `keepalive_timeout`; 0 closes the connection after each request.
    pub keepalive_timeout_ms: u64,
    /// `keepalive_requests`
    pub keepalive_requests: u64,
    /// `limit_rate`, bytes a second; empty is no limit.
    #[serde(default, skip_serializing_if = "Template::is_empty")]
    pub limit_rate: Template,
    /// `absolute_redirect`
    pub absolute_redirect: bool,
    /// `server_name_in_redirect`
    #[serde(default, skip_serializing_if = "is_false")]
    pub server_name_in_redirect: bool,
    /// `port_in_redirect`
    pub port_in_redirect: bool,
}

/// `limit_except`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct LimitExcept {
    /// The methods that it leaves alone; `GET` brings `HEAD`.
    pub methods: Vec<String>,
    /// What happens to the others.
    pub handler: Box<Handler>,
    /// The directive.
    pub at: Place,
}

/// How the client's address is taken from what a proxy in front says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct RealIp {
    /// `set_real_ip_from`: networks, names or `unix:`.
    pub from: Vec<String>,
    /// `real_ip_header`
    pub header: String,
    /// `real_ip_recursive`
    #[serde(default, skip_serializing_if = "is_false")]
    pub recursive: bool,
}

/// `limit_req`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct LimitReq {
    /// The zone.
    pub zone: String,
    /// `burst`
    pub burst: u64,
    /// So many of the burst are not delayed; none if all of it is delayed, `burst` for `nodelay`.
    pub delay_after: u64,
    /// `limit_req_status`
    pub status: u16,
    /// The directive.
    pub at: Place,
}

/// `limit_conn`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct LimitConn {
    /// The zone.
    pub zone: String,
    /// So many connections at once.
    pub connections: u64,
    /// `limit_conn_status`
    pub status: u16,
    /// The directive.
    pub at: Place,
}

/// `allow` or `deny`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct AccessRule {
    /// `allow`
    pub allow: bool,
    /// A network as in `192.0.2.0/24`, `all`, or `unix:`.
    pub from: String,
    /// The directive.
    pub at: Place,
}

/// Whether all that guards a place has to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Satisfy {
    /// All of it.
    All,
    /// One is enough.
    Any,
}

/// `auth_basic`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct AuthBasic {
    /// The realm; `off` as the value of a variable is no guard.
    pub realm: Template,
    /// `auth_basic_user_file`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_file: Option<Template>,
    /// The directive.
    pub at: Place,
}

/// `auth_request`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct AuthRequest {
    /// Where the subrequest goes.
    pub uri: Template,
    /// `auth_request_set`: what becomes of its answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<SetVariable>,
    /// The directive.
    pub at: Place,
}

/// A variable and the value that it gets.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct SetVariable {
    /// Its name, in lower case and without `$`.
    pub variable: String,
    /// Its value.
    pub value: Template,
}

/// `try_files`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct TryFiles {
    /// The files to look for, in order.
    pub files: Vec<TryFile>,
    /// What happens if none is there.
    pub last: TryLast,
    /// The directive.
    pub at: Place,
}

/// A file that `try_files` looks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct TryFile {
    /// Its path, below the root.
    pub path: Template,
    /// It ends in `/`, which is left out here: a directory.
    #[serde(default, skip_serializing_if = "is_false")]
    pub directory: bool,
}

/// What `try_files` ends in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TryLast {
    /// `=404`
    Status(u16),
    /// `@name`
    Named(String),
    /// A path, for which a location is looked for.
    Uri(Template),
}

/// Where files are.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct Root {
    /// `root`; of an `alias`, what takes the place of the location's path.
    pub path: Template,
    /// It is an `alias`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_alias: bool,
    /// What an `alias` takes the place of: the path of the location that has it, or the whole
    /// path if that matches by an expression.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub replaces: String,
    /// `index`
    pub index: Vec<Template>,
    /// `autoindex`
    #[serde(default, skip_serializing_if = "is_false")]
    pub autoindex: bool,
    /// The directive, unless it is nginx's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Place>,
}

/// `error_page`: the first that has the status counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct ErrorPage {
    /// The statuses that it is for.
    pub statuses: Vec<u16>,
    /// The status of the answer.
    pub response: ErrorResponse,
    /// A path, an `@name`, or a URL.
    pub target: Template,
    /// The directive.
    pub at: Place,
}

/// The status of the answer that an `error_page` leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ErrorResponse {
    /// That of the error.
    Keep,
    /// `=`: whatever the page answers with.
    OfPage,
    /// `=200`
    Status(u16),
}

/// `add_header`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(JsonSchema))]
pub struct AddHeader {
    /// Its name.
    pub name: String,
    /// Its value; an empty one is not sent.
    #[serde(default, skip_serializing_if = "Template::is_empty")]
    pub value: Template,
    /// `always`: also with errors, and with the 101 of a WebSocket.
    #[serde(default, skip_serializing_if = "is_false")]
    pub always: bool,
    /// The directive.
    pub at: Place,
}
