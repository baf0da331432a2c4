//! The places where a directive may stand, by nginx's names.

use std::fmt;

/// Which kind of block, or the outside of all blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Outside all blocks of a main configuration.
    Main,
    /// `events {}`
    Events,
    /// `http {}`
    Http,
    /// `server {}` in http.
    Server,
    /// `location {}`
    Location,
    /// `if {}` in a server.
    IfInServer,
    /// `if {}` in a location.
    IfInLocation,
    /// `limit_except {}`
    LimitExcept,
    /// `upstream {}` in http.
    Upstream,
    /// `stream {}`
    Stream,
    /// `server {}` in stream.
    StreamServer,
    /// `upstream {}` in stream.
    StreamUpstream,
    /// `mail {}`
    Mail,
    /// `server {}` in mail.
    MailServer,
    /// `match {}` of NGINX Plus.
    Match,
    /// `mgmt {}` of NGINX Plus.
    Mgmt,
    /// `oidc_provider {}` of NGINX Plus.
    OidcProvider,
    /// `otel_exporter {}`
    OtelExporter,
    /// `acme_issuer {}`
    AcmeIssuer,
    /// `rtmp {}`
    Rtmp,
    /// `server {}` in rtmp.
    RtmpServer,
    /// `application {}` in rtmp.
    RtmpApplication,
    /// `recorder {}` in rtmp.
    RtmpRecorder,
    /// Entries whose first word is data, as in `map {}`.
    Entries,
    /// The block of a directive that nobody knows.
    Unknown,
}

/// The contexts that have a name, with it.
const NAMES: [(Context, &str); 23] = [
    (Context::Main, "main"),
    (Context::Events, "events"),
    (Context::Http, "http"),
    (Context::Server, "server"),
    (Context::Location, "location"),
    (Context::IfInServer, "if in server"),
    (Context::IfInLocation, "if in location"),
    (Context::LimitExcept, "limit_except"),
    (Context::Upstream, "upstream"),
    (Context::Stream, "stream"),
    (Context::StreamServer, "stream.server"),
    (Context::StreamUpstream, "stream.upstream"),
    (Context::Mail, "mail"),
    (Context::MailServer, "mail.server"),
    (Context::Match, "match"),
    (Context::Mgmt, "mgmt"),
    (Context::OidcProvider, "oidc_provider"),
    (Context::OtelExporter, "otel_exporter"),
    (Context::AcmeIssuer, "acme_issuer"),
    (Context::Rtmp, "rtmp"),
    (Context::RtmpServer, "rtmp.server"),
    (Context::RtmpApplication, "rtmp.application"),
    (Context::RtmpRecorder, "rtmp.recorder"),
];

impl Context {
    /// The context of this name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, other)| *other == name).map(|&(context, _)| context)
    }

    /// The context of this name, if it is known what is around it.
    pub fn of_snippet(name: &str) -> Option<Self> {
        Self::named(name).filter(|context| context.chain() != [Self::Unknown])
    }

    /// The names of all contexts that have one.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|&(_, name)| name)
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Unknown => "unknown",
            _ => NAMES[self as usize].1,
        }
    }

    /// The contexts around it, from the outermost to itself, as far as they are certain.
    pub fn chain(self) -> &'static [Self] {
        use Context::{
            Entries, Events, Http, IfInLocation, IfInServer, LimitExcept, Location, Mail,
            MailServer, Main, Server, Stream, StreamServer, StreamUpstream, Unknown, Upstream,
        };
        match self {
            Main => &[Main],
            Events => &[Main, Events],
            Http => &[Main, Http],
            Server => &[Main, Http, Server],
            Location => &[Main, Http, Server, Location],
            IfInServer => &[Main, Http, Server, IfInServer],
            IfInLocation => &[Main, Http, Server, Location, IfInLocation],
            LimitExcept => &[Main, Http, Server, Location, LimitExcept],
            Upstream => &[Main, Http, Upstream],
            Stream => &[Main, Stream],
            StreamServer => &[Main, Stream, StreamServer],
            StreamUpstream => &[Main, Stream, StreamUpstream],
            Mail => &[Main, Mail],
            MailServer => &[Main, Mail, MailServer],
            Entries => &[Entries],
            _ => &[Unknown],
        }
    }

    /// True inside `stream {}`.
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Stream | Self::StreamServer | Self::StreamUpstream)
    }

    /// True inside `mail {}`.
    pub const fn is_mail(self) -> bool {
        matches!(self, Self::Mail | Self::MailServer)
    }

    /// True inside `http {}`.
    pub const fn is_http(self) -> bool {
        use Context::{Http, IfInLocation, IfInServer, LimitExcept, Location, Server, Upstream};
        matches!(
            self,
            Http | Server | Location | IfInServer | IfInLocation | LimitExcept | Upstream
        )
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contexts(u32);

impl Contexts {
    /// All contexts.
    pub const ANY: Self = Self(u32::MAX);

    /// Reads `http,server`; `any` stands for all.
    pub(super) fn parse(text: &str) -> Self {
        if text == "any" {
            return Self::ANY;
        }
        let named = text.split(',').filter_map(Context::named);
        Self(named.fold(0, |set, context| set | 1 << context as u32))
    }

    /// True if the context is one of these.
    pub fn contain(self, context: Context) -> bool {
        self.0 & 1 << context as u32 != 0
    }

    /// True if the two have a context in common.
    pub const fn overlap(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// All of them, outer ones first.
    pub fn iter(self) -> impl Iterator<Item = Context> {
        NAMES.iter().map(|&(context, _)| context).filter(move |&context| self.contain(context))
    }
}
