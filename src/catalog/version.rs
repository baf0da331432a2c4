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
    /// Brought `proxy_http_version 2`.
    pub const HTTP_2_TO_UPSTREAM: Self = Self::new(1, 29, 4);
    /// `proxy_http_version` became 1.1, no `Connection: close` is sent, and explicit
    /// upstreams keep connections alive.
    pub const KEEPALIVE_BY_DEFAULT: Self = Self::new(1, 29, 7);

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
        let numbers: Vec<u16> = text
            .split('.')
            .map(|part| part.parse().map_err(|_| ParseVersionError))
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [major, minor] => Ok(Self::new(major, minor, 0)),
            [major, minor, patch] => Ok(Self::new(major, minor, patch)),
            _ => Err(ParseVersionError),
        }
    }
}
