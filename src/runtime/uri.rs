//! The target of a request line: what path it names, and how paths are escaped.
//!
//! Follows `ngx_http_parse_request_line`, `ngx_http_parse_complex_uri`, `ngx_escape_uri` and
//! `ngx_unescape_uri`. Bytes in, bytes out: a path need not be text.

/// A target in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The scheme of a whole URL.
    pub(super) scheme: Option<&'a [u8]>,
    /// The host of a whole URL, without port.
    pub(super) host: Option<&'a [u8]>,
    /// Path and arguments as they were sent; nothing where a URL has no path.
    pub(super) unparsed: &'a [u8],
    /// A URL whose arguments begin right behind the host.
    pub(super) has_no_path: bool,
}

/// A path that is ready to be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path {
    /// Decoded, slashes merged, without dot segments.
    pub(super) decoded: Vec<u8>,
    /// What stands behind the `?`.
    pub(super) args: Vec<u8>,
    /// It had a `%` (`quoted_uri`).
    pub(super) is_quoted: bool,
    /// It had a `+` (`plus_in_uri`).
    pub(super) has_plus: bool,
}

/// Takes a target apart; none if nginx refuses it.
pub(super) fn target(bytes: &[u8]) -> Option<Target<'_>> {
    if bytes.iter().any(|byte| *byte <= 0x20 || *byte == 0x7f) {
        return None;
    }
    match bytes.first()? {
        b'/' => Some(Target { scheme: None, host: None, unparsed: bytes, has_no_path: false }),
        byte if byte.is_ascii_alphabetic() => url(bytes),
        _ => None,
    }
}

fn url(bytes: &[u8]) -> Option<Target<'_>> {
    let colon = bytes.iter().position(|byte| *byte == b':')?;
    let (scheme, rest) = bytes.split_at(colon);
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    let rest = rest.strip_prefix(b"://").filter(|_| scheme.iter().all(is_scheme))?;
    let host_len = if rest.first() == Some(&b'[') {
        let end = rest.iter().position(|byte| *byte == b']')?;
        let is_literal =
            |byte: &u8| byte.is_ascii_alphanumeric() || b":-._~!$&'()*+,;=".contains(byte);
        rest[1..end].iter().all(is_literal).then_some(end + 1)?
    } else {
        let is_host = |byte: &u8| byte.is_ascii_alphanumeric() || b".-".contains(byte);
        rest.iter().position(|byte| !is_host(byte)).unwrap_or(rest.len())
    };
    let (host, mut rest) = rest.split_at(host_len);
    if let Some(port) = rest.strip_prefix(b":") {
        let digits = port.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(port.len());
        rest = &port[digits..];
    }
    let (unparsed, has_no_path): (&[u8], bool) = match rest.first() {
        None => (b"/", false),
        Some(b'/') => (rest, false),
        Some(b'?') => (rest, true),
        Some(_) => return None,
    };
    Some(Target { scheme: Some(scheme), host: Some(host), unparsed, has_no_path })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Usual,
    Slash,
    Dot,
    DotDot,
}

/// Makes a path ready to be compared; none if nginx refuses it.
pub(super) fn path(target: &Target<'_>, merge_slashes: bool) -> Option<Path> {
    let bytes = target.unparsed;
    let mut out = Path { decoded: Vec::with_capacity(bytes.len() + 1), ..Path::default() };
    if target.has_no_path {
        out.decoded.push(b'/');
    }
    let mut state = State::Usual;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'?' => {
                out.args.extend(bytes[at..].iter().take_while(|byte| **byte != b'#'));
                break;
            }
            b'#' => break,
            b'%' => {
                out.is_quoted = true;
                let decoded = hex(*bytes.get(at)?)? << 4 | hex(*bytes.get(at + 1)?)?;
                at += 2;
                match decoded {
                    0 => return None,
                    b'%' | b'#' | b'?' => {
                        out.decoded.push(decoded);
                        state = State::Usual;
                    }
                    decoded => state = step(&mut out, state, decoded, merge_slashes)?,
                }
            }
            byte => state = step(&mut out, state, byte, merge_slashes)?,
        }
    }
    match state {
        State::Dot => drop(out.decoded.pop()),
        State::DotDot => go_up(&mut out.decoded)?,
        State::Usual | State::Slash => {}
    }
    Some(out)
}

fn step(out: &mut Path, state: State, byte: u8, merge_slashes: bool) -> Option<State> {
    out.has_plus |= byte == b'+';
    match (state, byte) {
        (State::Slash, b'/') => {
            if !merge_slashes {
                out.decoded.push(byte);
            }
            return Some(State::Slash);
        }
        (State::Dot, b'/') => {
            out.decoded.pop();
            return Some(State::Slash);
        }
        (State::DotDot, b'/') => {
            go_up(&mut out.decoded)?;
            return Some(State::Slash);
        }
        _ => out.decoded.push(byte),
    }
    Some(match (state, byte) {
        (State::Usual, b'/') => State::Slash,
        (State::Slash, b'.') => State::Dot,
        (State::Dot, b'.') => State::DotDot,
        _ => State::Usual,
    })
}

/// Takes `/..` and the segment before it away; none if there is no segment before it.
fn go_up(path: &mut Vec<u8>) -> Option<()> {
    let mut at = path.len().checked_sub(4)?;
    while path[at] != b'/' {
        at = at.checked_sub(1)?;
    }
    path.truncate(at + 1);
    Some(())
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// What is escaped where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Escape {
    /// A path (`NGX_ESCAPE_URI`).
    Uri,
    /// What stands in arguments (`NGX_ESCAPE_ARGS`).
    Args,
}

/// Escapes what may not stand in a URI.
pub(super) fn escape(bytes: &[u8], what: Escape) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        let is_escaped = byte <= 0x20
            || byte >= 0x7f
            || b"\"#%<>?\\^`{|}".contains(&byte)
            || what == Escape::Args && b"&+;".contains(&byte);
        if is_escaped {
            out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            out.push(byte);
        }
    }
    out
}

/// Decodes what need not be escaped in the `Location` of a redirect
/// (`NGX_UNESCAPE_REDIRECT`).
pub(super) fn unescape_redirect(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        if byte == b'?' {
            out.push(byte);
            break;
        }
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        // Of an escape that is none, nginx drops the percent sign and, if it came to that,
        // both of the characters behind it.
        let Some(&first) = bytes.get(at) else { break };
        at += 1;
        let Some(high) = hex(first) else {
            out.push(first);
            continue;
        };
        let Some(&second) = bytes.get(at) else { break };
        at += 1;
        let Some(low) = hex(second) else { continue };
        match high << 4 | low {
            b'?' => {
                out.push(b'?');
                break;
            }
            decoded @ b'&'..0x7f => out.push(decoded),
            _ => out.extend([b'%', first, second]),
        }
    }
    out.extend(&bytes[at..]);
    out
}

/// The name of a host as nginx compares it: lower case, without port and without a dot at the
/// end; none if nginx refuses it (`ngx_http_validate_host`).
pub(super) fn host(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut len = bytes.len();
    let mut last_dot = None;
    let (mut is_literal, mut is_rest) = (false, false);
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'.' => {
                if last_dot.is_some_and(|dot| dot + 1 == at) {
                    return None;
                }
                last_dot = Some(at);
            }
            b':' if !is_literal && !is_rest => (len, is_rest) = (at, true),
            b'[' if at == 0 => is_literal = true,
            b']' if is_literal => (len, is_literal, is_rest) = (at + 1, false, true),
            b'/' | 0..=0x20 | 0x7f => return None,
            _ => {}
        }
    }
    if last_dot.is_some_and(|dot| dot + 1 == len) {
        len -= 1;
    }
    (len > 0).then(|| bytes[..len].to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> Option<String> {
        let path = path(&target(text.as_bytes())?, true)?;
        Some(String::from_utf8_lossy(&path.decoded).into_owned())
    }

    #[test]
    fn paths_are_decoded_merged_and_resolved() {
        for (given, wanted) in [
            ("/a//b", Some("/a/b")),
            ("/a/./b/../c", Some("/a/c")),
            ("/a/..", Some("/")),
            ("/..", None),
            ("/a/%2e%2e/b", Some("/b")),
            ("/a%2Fb", Some("/a/b")),
            ("/a%252Fb", Some("/a%2Fb")),
            ("/a%00", None),
            ("/a%zz", None),
            ("/a%3Fb?c", Some("/a?b")),
            ("/a#b", Some("/a")),
            ("/a/.", Some("/a/")),
            ("/...", Some("/...")),
            ("http://h", Some("/")),
            ("http://h?x", Some("/")),
            ("http://h:80/x", Some("/x")),
            ("http://h_/x", None),
            ("x", None),
        ] {
            assert_eq!(normal(given).as_deref(), wanted, "{given}");
        }
    }

    #[test]
    fn names_of_hosts_are_compared_without_port_and_dot() {
        let read = |text: &str| host(text.as_bytes()).map(|host| String::from_utf8(host).unwrap());
        assert_eq!(read("A.Test.:80").as_deref(), Some("a.test"));
        assert_eq!(read("[::1]:80").as_deref(), Some("[::1]"));
        assert_eq!(read("a..b"), None);
        assert_eq!(read("."), None);
        assert_eq!(read(""), None);
    }
}
