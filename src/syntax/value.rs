//! The small languages inside arguments, by the grammar in `grammar/value.pest`.
//!
//! Each function takes the value of a word and gives `None`, or an error of its
//! own, for what nginx would not read. Nothing in here knows which directive the
//! word belongs to.

use pest::Parser;
use pest::iterators::Pair;

mod grammar {
    #[derive(pest_derive::Parser)]
    #[grammar = "../grammar/value.pest"]
    pub struct Grammar;
}
use grammar::{Grammar, Rule};

/// What a rule's one child is, if the rule matches the whole of `text`.
fn parse(rule: Rule, text: &str) -> Option<Pair<'_, Rule>> {
    Grammar::parse(rule, text).ok()?.next()
}

fn child(pair: Pair<'_, Rule>) -> Option<Pair<'_, Rule>> {
    pair.into_inner().next()
}

/// A piece of a text with variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text as it stands.
    Text(&'a str),
    /// `$name` or `${name}`; letter case does not matter.
    Variable(&'a str),
    /// `$1` to `$9`: a capture of the last regular expression.
    Capture(u8),
}

/// Why a text with variables cannot be read, in nginx's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateError {
    /// `$` before something that cannot begin a name.
    InvalidVariableName,
    /// `${name` without `}`.
    MissingBracket(String),
}

impl std::fmt::Display for TemplateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InvalidVariableName => write!(f, "invalid variable name"),
            Self::MissingBracket(name) => {
                write!(f, "the closing bracket in \"{name}\" variable is missing")
            }
        }
    }
}

/// Reads a text with variables (`ngx_http_script_compile`).
pub fn template(text: &str) -> Result<Vec<Part<'_>>, TemplateError> {
    if !text.contains('$') {
        return Ok(if text.is_empty() { Vec::new() } else { vec![Part::Text(text)] });
    }
    let template = parse(Rule::template, text).expect("the template rule matches any text");
    let mut parts = Vec::new();
    for pair in template.into_inner() {
        let text = pair.as_str();
        match pair.as_rule() {
            Rule::text => parts.push(Part::Text(text)),
            Rule::capture => parts.push(Part::Capture(text.as_bytes()[1] - b'0')),
            Rule::variable => parts.extend(child(pair).map(|name| Part::Variable(name.as_str()))),
            Rule::stray => {
                let unclosed = child(pair).and_then(child);
                return Err(match unclosed {
                    Some(name) => TemplateError::MissingBracket(name.as_str().to_owned()),
                    None => TemplateError::InvalidVariableName,
                });
            }
            _ => {}
        }
    }
    Ok(parts)
}

/// How a location is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatchKind {
    /// `= /path`
    Exact,
    /// `/path`
    Prefix,
    /// `^~ /path`
    PrefixNoRegex,
    /// `~ regex`
    Regex,
    /// `~* regex`
    RegexCaseless,
    /// `@name`
    Named,
}

/// What a location matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// How.
    pub kind: MatchKind,
    /// The path, regular expression or name (with its `@`).
    pub pattern: String,
}

/// Reads the arguments of `location` (`ngx_http_core_location`).
pub fn location(args: &[&str]) -> Option<Match> {
    let (kind, pattern) = match args {
        [modifier, pattern] => (modifier_kind(modifier)?, *pattern),
        [word] => {
            let pair = child(parse(Rule::location, word)?)?;
            let kind = match pair.as_rule() {
                Rule::regex_caseless => MatchKind::RegexCaseless,
                Rule::regex => MatchKind::Regex,
                Rule::exact => MatchKind::Exact,
                Rule::no_regex => MatchKind::PrefixNoRegex,
                Rule::named => MatchKind::Named,
                _ => MatchKind::Prefix,
            };
            (kind, child(pair)?.as_str())
        }
        _ => return None,
    };
    Some(Match { kind, pattern: pattern.to_owned() })
}

fn modifier_kind(modifier: &str) -> Option<MatchKind> {
    Some(match modifier {
        "=" => MatchKind::Exact,
        "^~" => MatchKind::PrefixNoRegex,
        "~" => MatchKind::Regex,
        "~*" => MatchKind::RegexCaseless,
        _ => return None,
    })
}

/// True for an address that `listen` takes: a port or a range of them, a host, or both.
pub fn is_listen_address(text: &str) -> bool {
    parse(Rule::listen, text).is_some_and(|pair| ports(pair).all(is_port))
}

/// True for an address that a `server` in an upstream takes.
pub fn is_peer_address(text: &str) -> bool {
    parse(Rule::peer, text).is_some_and(|pair| ports(pair).all(is_port))
}

/// The numbers of the port in an address.
fn ports(pair: Pair<'_, Rule>) -> impl Iterator<Item = &str> {
    let is_number = |pair: &Pair<'_, Rule>| matches!(pair.as_rule(), Rule::port | Rule::digits);
    pair.into_inner().flatten().filter(is_number).flat_map(|port| port.as_str().split('-'))
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// True for a parameter that a `server` in an upstream takes.
pub fn is_peer_parameter(text: &str) -> bool {
    let Some(parameter) = parse(Rule::parameter, text).and_then(child) else {
        return false;
    };
    let is_weight = parameter.as_str().starts_with("weight=");
    match (parameter.as_rule(), child(parameter.clone())) {
        (Rule::timed, Some(time)) => seconds(time.as_str()).is_some(),
        (Rule::counted, Some(count)) => {
            count.as_str().parse::<i64>().is_ok_and(|count| count > 0 || !is_weight)
        }
        _ => true,
    }
}

/// The URL of `proxy_pass` without variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUrl<'a> {
    /// True for `https://`.
    pub tls: bool,
    /// The host, an upstream's name, or the path of a UNIX socket.
    pub host: &'a str,
    /// True for `unix:`.
    pub is_unix: bool,
    /// The port, if it is written.
    pub port: Option<&'a str>,
}

/// Reads the URL of `proxy_pass`, which may hold variables behind its scheme.
pub fn proxy_url(text: &str) -> Option<ProxyUrl<'_>> {
    let mut inner = parse(Rule::url, text)?.into_inner();
    let tls = inner.next()?.as_str().len() == "https".len();
    let target = inner.next()?;
    let is_unix = target.as_rule() == Rule::socket;
    let mut target = target.into_inner();
    let host = target.next()?.as_str();
    let port = target.next().map(|port| port.as_str());
    port.is_none_or(is_port).then_some(ProxyUrl { tls, host, is_unix, port })
}

/// Reads a time in milliseconds as directives do that count in them (`ngx_parse_time`).
pub fn milliseconds(text: &str) -> Option<u64> {
    sum(Rule::time, text, 1)
}

/// Reads a time in seconds as directives do that count in them (`ngx_parse_time`).
pub fn seconds(text: &str) -> Option<u64> {
    sum(Rule::long_time, text, 1000)
}

/// The time in units of so many milliseconds; nginx keeps it in 64 bits with a sign.
fn sum(rule: Rule, text: &str, unit: u128) -> Option<u64> {
    let mut total: Option<u128> = None;
    for part in parse(rule, text)?.into_inner() {
        let scale: u128 = match part.as_rule() {
            Rule::years => 365 * 86_400_000,
            Rule::months => 30 * 86_400_000,
            Rule::weeks => 7 * 86_400_000,
            Rule::days => 86_400_000,
            Rule::hours => 3_600_000,
            Rule::minutes => 60_000,
            Rule::seconds => 1000,
            Rule::millis => 1,
            _ => continue,
        };
        let number: u64 = child(part)?.as_str().parse().ok()?;
        total = Some(total.unwrap_or(0) + u128::from(number) * scale);
    }
    i64::try_from(total? / unit).ok().and_then(|time| u64::try_from(time).ok())
}

/// Reads a size in bytes (`ngx_parse_size`): digits, `k` or `m`.
pub fn size(text: &str) -> Option<u64> {
    scaled(Rule::size, text)
}

/// Reads a length in bytes (`ngx_parse_offset`): digits, `k`, `m` or `g`.
pub fn length(text: &str) -> Option<u64> {
    scaled(Rule::length, text)
}

fn scaled(rule: Rule, text: &str) -> Option<u64> {
    let digits = child(parse(rule, text)?)?.as_str();
    let scale: u64 = match text[digits.len()..].bytes().next() {
        Some(b'k' | b'K') => 1 << 10,
        Some(b'm' | b'M') => 1 << 20,
        Some(b'g' | b'G') => 1 << 30,
        _ => 1,
    };
    let bytes = digits.parse::<u64>().ok()?.checked_mul(scale)?;
    i64::try_from(bytes).is_ok().then_some(bytes)
}
