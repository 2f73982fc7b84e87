//! Values of flags that need a type of their own: a URL with a password, a rate, a network.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;

use ipnet::IpNet;
use url::Url;

use super::MESSAGES_PER_SECOND_DEFAULT;

/// Seconds' worth of messages that one user may send at once.
const BURST_SECONDS: u32 = 5;

/// Reads an IP address or a network; an address is a network of one.
pub(super) fn parse_network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "an IP address or a network is needed, such as 10.0.0.1 or 10.0.0.0/8".into())
}

/// A URL that may carry a password, which no `Debug`, log or error shows.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretUrl(String);

impl SecretUrl {
    /// The URL with its password: for the driver that connects, and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for SecretUrl {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl FromStr for SecretUrl {
    type Err = std::convert::Infallible;

    /// Takes any text, so that no error of parsing can quote the password.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for SecretUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A list of hosts, as MongoDB's URLs have it, is no URL to the parser; the scheme alone is
        // safe to show then. Queries may carry credentials too.
        match Url::parse(&self.0) {
            Ok(url) => {
                write!(f, "{}://{}/…", url.scheme(), url.host_str().unwrap_or("…"))
            }
            Err(_) => f.write_str("…"),
        }
    }
}

/// Messages a second that a user may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// No rate is limited, of messages or of HTTP calls.
    Off,
    PerSecond(NonZeroU32),
}

impl RateLimit {
    pub fn is_off(self) -> bool {
        self == Self::Off
    }

    /// Messages that a user may send at once; `None` when off.
    pub fn burst(self) -> Option<NonZeroU32> {
        match self {
            Self::Off => None,
            Self::PerSecond(n) => {
                Some(n.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_SECONDS - 1)))
            }
        }
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        NonZeroU32::new(MESSAGES_PER_SECOND_DEFAULT).map_or(Self::Off, Self::PerSecond)
    }
}

impl FromStr for RateLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "off" => Ok(Self::Off),
            n => n
                .parse()
                .map(Self::PerSecond)
                .map_err(|_| "`off` or a whole number from 1 on is needed"),
        }
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("off"),
            Self::PerSecond(n) => n.fmt(f),
        }
    }
}
