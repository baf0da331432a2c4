//! Versions of nginx, and what changed with them for proxied connections.

use std::fmt;
use std::str::FromStr;

/// A version of nginx, as in `1.22.1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u16,
    minor: u16,
    patch: u16,
}

impl Version {
    /// The oldest version that is still common: Debian 12 and its kin.
    pub const OLDEST_COMMON: Self = Self::new(1, 22, 0);
    /// The newest version that the catalogue knows.
    pub const NEWEST: Self = Self::new(1, 31, 5);
    /// `$http_name` became all lines of a header, not the first.
    pub const JOINED_HEADERS: Self = Self::new(1, 23, 0);
    /// Brought `proxy_http_version 2`.
    pub const HTTP_2_TO_UPSTREAM: Self = Self::new(1, 29, 4);
    /// `proxy_http_version` became 1.1, no `Connection: close` is sent, and explicit
    /// upstreams keep connections alive.
    pub const KEEPALIVE_BY_DEFAULT: Self = Self::new(1, 29, 7);

    /// A connection serves 1000 requests, not 100, unless somebody says otherwise.
    pub const THOUSAND_REQUESTS: Self = Self::new(1, 19, 10);
    /// TLS 1.3 is on unless somebody says otherwise.
    pub const TLS_1_3_BY_DEFAULT: Self = Self::new(1, 23, 4);
    /// TLS 1.0 and 1.1 are off unless somebody says otherwise.
    pub const OLD_TLS_IS_OFF: Self = Self::new(1, 27, 3);
    /// Brought the directive `http2`, took `ssl on` away, and speaks HTTP/1.1 where HTTP/2 is
    /// spoken without TLS.
    pub const HTTP_2_DIRECTIVE: Self = Self::new(1, 25, 1);
    /// Brought `add_header_inherit`.
    pub const ADD_HEADER_INHERIT: Self = Self::new(1, 29, 3);
    /// A client's `Proxy-Connection` is not passed on.
    pub const PROXY_CONNECTION_IS_DROPPED: Self = Self::new(1, 31, 0);
    /// Brought `sticky` to the open source.
    pub const STICKY: Self = Self::new(1, 29, 6);
    /// `Host` is the first header of a request to a backend, and there is one of it.
    pub const HOST_IS_ONE_LINE: Self = Self::new(1, 31, 4);

    /// The version of these three numbers.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A text is not a version of nginx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseVersionError;

impl fmt::Display for ParseVersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an nginx version is two or three numbers, as in 1.22 or 1.29.7")
    }
}

impl std::error::Error for ParseVersionError {}

impl FromStr for Version {
    type Err = ParseVersionError;

    /// Reads `1.22` or `1.22.1`; a missing last number is 0.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut numbers = text.split('.').map(|part| part.parse().map_err(|_| ParseVersionError));
        let mut next = || numbers.next().unwrap_or(Err(ParseVersionError));
        let (major, minor) = (next()?, next()?);
        let patch = numbers.next().unwrap_or(Ok(0))?;
        if numbers.next().is_some() {
            return Err(ParseVersionError);
        }
        Ok(Self::new(major, minor, patch))
    }
}

/// The versions that a configuration is for: one, or all from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The first of them.
    pub oldest: Version,
    /// The last of them.
    pub newest: Version,
}

impl Versions {
    /// Those that are common: what one of them takes is not wrong.
    pub const COMMON: Self = Self { oldest: Version::OLDEST_COMMON, newest: Version::NEWEST };

    /// True if what came with a version is in some of these.
    pub fn have(self, since: Version) -> bool {
        self.newest >= since
    }

    /// True if some of these are older than a version.
    pub fn precede(self, version: Version) -> bool {
        self.oldest < version
    }
}

impl From<Version> for Versions {
    fn from(version: Version) -> Self {
        Self { oldest: version, newest: version }
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.oldest == self.newest {
            write!(f, "nginx {}", self.oldest)
        } else {
            write!(f, "nginx {} to {}", self.oldest, self.newest)
        }
    }
}

/// When something was true of nginx.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch {
    /// The first version that it is true of; none if it always was.
    pub since: Option<Version>,
    /// The first version that it is no longer true of.
    pub until: Option<Version>,
}

impl Epoch {
    /// Reads `1.9.5-1.19.7`, where either side may be missing, or nothing at all.
    pub(super) fn parse(text: &str) -> Self {
        let (since, until) = text.split_once('-').unwrap_or_default();
        Self { since: since.parse().ok(), until: until.parse().ok() }
    }

    /// True if it holds for some of these versions.
    pub fn meets(self, versions: Versions) -> bool {
        self.since.is_none_or(|since| since <= versions.newest)
            && self.until.is_none_or(|until| until > versions.oldest)
    }

    /// True if it holds for all of these versions.
    pub fn covers(self, versions: Versions) -> bool {
        self.since.is_none_or(|since| since <= versions.oldest)
            && self.until.is_none_or(|until| until > versions.newest)
    }
}
