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
    port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0)).then_some(ProxyUrl {
        tls,
        host,
        is_unix,
        port,
    })
}

/// Reads a number without a sign (`ngx_atoi`).
pub fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Reads a time in milliseconds as directives do that count in them (`ngx_parse_time`).
pub fn milliseconds(text: &str) -> Option<u64> {
    time(text, false)
}

/// Reads a time in seconds as directives do that count in them (`ngx_parse_time`).
pub fn seconds(text: &str) -> Option<u64> {
    time(text, true)
}

/// Adds up numbers with units that become smaller; one without a unit is seconds. Those who
/// count in seconds know years and no milliseconds.
fn time(text: &str, in_seconds: bool) -> Option<u64> {
    /// Units by size, with their seconds; milliseconds are the last.
    const UNITS: [(u8, i64); 7] = [
        (b'y', 365 * 86_400),
        (b'M', 30 * 86_400),
        (b'w', 7 * 86_400),
        (b'd', 86_400),
        (b'h', 3600),
        (b'm', 60),
        (b's', 1),
    ];
    const SECONDS: usize = UNITS.len() - 1;
    const MILLISECONDS: usize = UNITS.len();
    let second = if in_seconds { 1 } else { 1000 };
    let mut rest = text.as_bytes();
    // The first unit that may follow; a space behind a number ends the units.
    let mut next = if in_seconds { 0 } else { 2 };
    let (mut total, mut value, mut has_digit) = (0_i64, 0_i64, false);
    while let [byte, behind @ ..] = rest {
        rest = behind;
        if byte.is_ascii_digit() {
            value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
            has_digit = true;
            continue;
        }
        let unit = match (byte, rest) {
            (b'm', [b's', behind @ ..]) if !in_seconds => {
                rest = behind;
                MILLISECONDS
            }
            (b'm', [b's', ..]) => return None,
            (b' ', _) => SECONDS,
            _ => UNITS.iter().position(|(name, _)| name == byte)?,
        };
        if unit < next {
            return None;
        }
        next = if *byte == b' ' { MILLISECONDS + 1 } else { unit + 1 };
        let scale = if unit == MILLISECONDS { 1 } else { UNITS[unit].1 * second };
        total = total.checked_add(value.checked_mul(scale)?)?;
        value = 0;
        while let [b' ', behind @ ..] = rest {
            rest = behind;
        }
    }
    let total = total.checked_add(value.checked_mul(second)?)?;
    u64::try_from(total).ok().filter(|_| has_digit)
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
