//! The variables that nginx itself defines (`ngx_http_core_variables` and those of its
//! modules), as far as the request says what they are.

use std::net::IpAddr;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::config::Address;
use super::flow::{Flow, unknown};
use super::outcome::Value;
use super::request::{HttpVersion, Local};
use crate::catalog::Version;

/// Base64 as nginx reads it: the padding may be missing (`ngx_decode_base64`).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The value of one of nginx's variables; its name is in lower case.
pub(super) fn variable(flow: &mut Flow<'_>, name: &str) -> Value {
    if flow.request.is_partial {
        return of_partial(flow, name);
    }
    if let Some(header) = name.strip_prefix("http_") {
        return Ok(header_lines(flow, header));
    }
    if let Some(arg) = name.strip_prefix("arg_") {
        return Ok(argument(&flow.args, arg.as_bytes()).to_vec());
    }
    if let Some(cookie) = name.strip_prefix("cookie_") {
        return Ok(cookie_value(flow, cookie));
    }
    // There is no answer yet, and no backend was asked.
    if ["sent_http_", "sent_trailer_", "upstream_"].iter().any(|start| name.starts_with(start)) {
        return Ok(Vec::new());
    }
    request_variable(flow, name)
        .or_else(|| connection_variable(flow, name))
        .unwrap_or_else(|| Err(unknown(format!("${name}"), why_unknown(name))))
}

/// Of a request that is known in part, only what was given.
fn of_partial(flow: &Flow<'_>, name: &str) -> Value {
    let given = name.strip_prefix("http_").filter(|header| {
        let is_it = |(other, _): &(String, Vec<u8>)| is_variable_of(header, other);
        flow.request.headers.iter().any(is_it)
    });
    match (given, name) {
        (Some(header), _) => Ok(header_lines(flow, header)),
        (None, "request_method") => Ok(flow.method.as_bytes().to_vec()),
        _ => Err(unknown(format!("${name}"), "the request is known in part")),
    }
}

fn request_variable(flow: &mut Flow<'_>, name: &str) -> Option<Value> {
    Some(Ok(match name {
        "uri" | "document_uri" => flow.uri.clone(),
        "request_uri" => flow.unparsed.to_vec(),
        "args" | "query_string" => flow.args.clone(),
        "is_args" => if flow.args.is_empty() { "" } else { "?" }.into(),
        "request_method" => flow.method_name.as_bytes().to_vec(),
        "server_protocol" if !flow.has_line => Vec::new(),
        "request" => request_line(flow),
        "server_protocol" => protocol(flow.request.version).into(),
        "host" if !flow.host.is_empty() => flow.host.clone(),
        "host" | "server_name" => return server_name(flow),
        "content_length" => first_header(flow, "content-length"),
        "content_type" => {
            if flow.router.version() >= Version::JOINED_HEADERS {
                header_lines(flow, "content_type")
            } else {
                first_header(flow, "content-type")
            }
        }
        "document_root" => return document_root(flow),
        "request_filename" => return Some(file_name(flow)),
        "proxy_host" => flow.proxy.as_ref().map(|(host, _)| host.clone()).unwrap_or_default(),
        "proxy_port" => flow.proxy.as_ref().map(|(_, port)| port.clone()).unwrap_or_default(),
        "proxy_add_x_forwarded_for" => return forwarded_for(flow),
        "proxy_internal_body_length" => return Some(body_length(flow)),
        "proxy_internal_chunked" => Vec::new(),
        "nginx_version" => flow.router.config().nginx_version.clone().into(),
        "remote_user" => user(flow).unwrap_or_default(),
        "limit_rate" => b"0".to_vec(),
        _ => return None,
    }))
}

fn connection_variable(flow: &Flow<'_>, name: &str) -> Option<Value> {
    let tls = flow.request.tls;
    Some(Ok(match name {
        "scheme" => if tls { "https" } else { "http" }.into(),
        "https" => if tls { "on" } else { "" }.into(),
        "http2" if flow.request.version == HttpVersion::Http2 => {
            if tls { "h2" } else { "h2c" }.into()
        }
        // Nothing here is sent before the end of a handshake: there is no early data.
        "http2" | "http3" | "ssl_early_data" => Vec::new(),
        "ssl_server_name" => flow.request.sni.clone().unwrap_or_default().into(),
        "remote_addr" => flow.client?.to_string().into(),
        "realip_remote_addr" => flow.request.client?.to_string().into(),
        "binary_remote_addr" => match flow.client? {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets().to_vec(),
        },
        "server_port" => match &flow.request.local {
            Local::Tcp { port, .. } => port.to_string().into(),
            Local::Unix(_) => Vec::new(),
        },
        "server_addr" => server_address(flow)?.into(),
        _ if name.starts_with("ssl_") && !tls => Vec::new(),
        _ if name.starts_with("proxy_protocol_") => {
            flow.listener.is_some_and(|listener| !listener.proxy_protocol).then(Vec::new)?
        }
        _ => return None,
    }))
}

fn why_unknown(name: &str) -> &'static str {
    match name {
        "remote_addr"
        | "binary_remote_addr"
        | "realip_remote_addr"
        | "proxy_add_x_forwarded_for" => "the client's address was not given",
        "server_addr" => "the address that the client connected to was not given",
        "hostname" | "pid" | "realpath_root" => "only the machine knows",
        "request_id"
        | "msec"
        | "time_iso8601"
        | "time_local"
        | "connection"
        | "connection_requests"
        | "connection_time"
        | "remote_port"
        | "request_time" => "it differs with each request",
        _ => "nginx sets it from what is not known here",
    }
}

/// True if `$http_<variable>` is the header of a name.
fn is_variable_of(variable: &str, header: &str) -> bool {
    let byte = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
    variable.len() == header.len()
        && variable.bytes().zip(header.bytes()).all(|(a, b)| a == byte(b))
}

/// All lines of a header as one; before 1.23, only the first of most.
fn header_lines(flow: &Flow<'_>, variable: &str) -> Vec<u8> {
    let headers = flow.headers.iter().map(|&index| &flow.request.headers[index]);
    let mut lines = headers
        .filter(|(name, _)| is_variable_of(variable, name))
        .map(|(_, value)| value.as_slice());
    // A second Host is refused before it counts.
    let is_joined = flow.router.version() >= Version::JOINED_HEADERS && variable != "host"
        || matches!(variable, "cookie" | "x_forwarded_for" | "via");
    let separator: &[u8] = if variable == "cookie" { b"; " } else { b", " };
    if is_joined {
        lines.collect::<Vec<_>>().join(separator)
    } else {
        lines.next().unwrap_or_default().to_vec()
    }
}

fn first_header(flow: &Flow<'_>, name: &str) -> Vec<u8> {
    flow.header(name).next().unwrap_or_default().to_vec()
}

/// The value of an argument (`ngx_http_arg`); letter case does not matter.
fn argument<'a>(args: &'a [u8], name: &[u8]) -> &'a [u8] {
    let value = |pair: &'a [u8]| {
        let (start, value) = pair.split_at_checked(name.len())?;
        let value = value.strip_prefix(b"=")?;
        start.eq_ignore_ascii_case(name).then_some(value)
    };
    if name.is_empty() {
        return &[];
    }
    args.split(|byte| *byte == b'&').find_map(value).unwrap_or_default()
}

/// The value of a cookie (`ngx_http_parse_multi_header_lines`).
fn cookie_value(flow: &Flow<'_>, name: &str) -> Vec<u8> {
    let value = |part: &[u8]| {
        let (start, rest) = part.split_at_checked(name.len())?;
        let rest = rest.trim_ascii_start().strip_prefix(b"=")?;
        let end = rest.iter().position(|byte| *byte == b';').unwrap_or(rest.len());
        start.eq_ignore_ascii_case(name.as_bytes()).then(|| rest[..end].trim_ascii_start().to_vec())
    };
    for line in flow.header("cookie") {
        let mut rest = line;
        while !rest.is_empty() {
            if let Some(value) = value(rest) {
                return value;
            }
            let next = rest.iter().position(|byte| matches!(byte, b';' | b','));
            rest = next.map_or(&[][..], |at| &rest[at + 1..]);
            while let Some(behind) = rest.strip_prefix(b" ") {
                rest = behind;
            }
        }
    }
    Vec::new()
}

fn request_line(flow: &Flow<'_>) -> Vec<u8> {
    let version = protocol(flow.request.version);
    [flow.request.method.as_bytes(), &flow.request.target, version.as_bytes()].join(&b' ')
}

fn protocol(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
        HttpVersion::Http2 => "HTTP/2.0",
    }
}

/// The server's first name: in lower case, and without a dot in front
/// (`ngx_http_core_merge_srv_conf`).
pub(super) fn server_name(flow: &Flow<'_>) -> Option<Value> {
    let name = flow.server()?.names.first().map_or("", String::as_str);
    Some(match name {
        "$hostname" => Err(unknown("$hostname", "only the machine knows")),
        regex if regex.starts_with('~') => Ok(regex.into()),
        name => Ok(name.strip_prefix('.').unwrap_or(name).to_lowercase().into()),
    })
}

pub(super) fn server_address(flow: &Flow<'_>) -> Option<String> {
    match &flow.request.local {
        Local::Tcp { address: Some(address), .. } => Some(address.to_string()),
        Local::Unix(path) => Some(format!("unix:{path}")),
        Local::Tcp { address: None, .. } => match &flow.listener?.address {
            Address::Tcp(address) if !address.ip().is_unspecified() => {
                Some(address.ip().to_string())
            }
            _ => None,
        },
    }
}

fn document_root(flow: &mut Flow<'_>) -> Option<Value> {
    let root = &flow.handler?.root;
    Some(flow.text(&root.path).and_then(absolute))
}

/// The path of the file that the URI names (`ngx_http_map_uri_to_path`).
pub(super) fn file_name(flow: &mut Flow<'_>) -> Value {
    let Some(handler) = flow.handler else {
        return Err(unknown("$request_filename", "no location was chosen"));
    };
    let root = &handler.root;
    let mut path = flow.text(&root.path).and_then(absolute)?;
    // Of an alias for an expression, the whole path is there.
    if !root.is_alias || !root.replaces.is_empty() {
        path.extend(flow.uri.get(root.replaces.len()..).unwrap_or_default());
    }
    Ok(path)
}

fn absolute(path: Vec<u8>) -> Value {
    if path.first() == Some(&b'/') {
        return Ok(path);
    }
    let path = String::from_utf8_lossy(&path).into_owned();
    Err(unknown(path, "it is relative to the directory that nginx was built with"))
}

fn forwarded_for(flow: &Flow<'_>) -> Option<Value> {
    let client = flow.client?.to_string();
    let lines = flow.header("x-forwarded-for").chain([client.as_bytes()]);
    Some(Ok(lines.collect::<Vec<_>>().join(&b", "[..])))
}

fn body_length(flow: &Flow<'_>) -> Value {
    if let Some(len) = flow.body_len {
        return Ok(len.to_string().into());
    }
    // A request that nginx refused for another header may still get an error page from a
    // backend, and so may one whose length is no number.
    if !flow.is_length_read {
        return Ok(Vec::new());
    }
    if flow.header("transfer-encoding").next().is_some() {
        let reason = "the body comes in pieces";
        return Err(unknown("$proxy_internal_body_length", reason));
    }
    let length = first_header(flow, "content-length");
    let digits = std::str::from_utf8(&length).ok().filter(|text| !text.starts_with(['+', '-']));
    let length = digits.and_then(|digits| digits.parse::<i64>().ok());
    let length = length.map(|length| if flow.is_body_gone { 0 } else { length });
    Ok(length.map_or_else(Vec::new, |length| length.to_string().into()))
}

/// The user's name from `Authorization: Basic` (`ngx_http_auth_basic_user`).
pub(super) fn user(flow: &Flow<'_>) -> Option<Vec<u8>> {
    let line = flow.header("authorization").next()?;
    let (scheme, encoded) = line.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let decoded = BASE64.decode(encoded.trim_ascii()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':').filter(|&at| at > 0)?;
    Some(decoded[..colon].to_vec())
}
