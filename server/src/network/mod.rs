//! A client's network: the one key under which limits by address are counted.
//!
//! An IPv4 address is a network of its own. In IPv6 a customer is given at least a /64, so that is
//! what counts as one client; and since many are given a whole /48, each limit also holds for the
//! /48 above it, with [`WIDER_SHARES`] times the bound.
//!
//! [`ClientNetwork`] is made once for a request or a connection, by `http::client_network`.
//! `NetworkTable` knows which network has how much of something, and `SharedPlaces` are places
//! of which no network can keep another one out.

mod places;
mod table;

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

pub use places::{SharedPlace, SharedPlaces};
pub(crate) use table::NetworkTable;

/// The share of a /48, as a multiple of the share of a /64.
pub const WIDER_SHARES: u32 = 4;

const NETWORK_BITS: u8 = 64;
const WIDER_BITS: u8 = 48;

/// An IPv4 address, or an IPv6 network of 64 or 48 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientNetwork {
    /// With every bit behind the prefix zero.
    address: IpAddr,
    prefix: u8,
}

impl ClientNetwork {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self {
                address: address.into(),
                prefix: 32,
            },
            IpAddr::V6(address) => Self::masked(address, NETWORK_BITS),
        }
    }

    /// Whether it is this machine.
    pub fn is_loopback(self) -> bool {
        // An IPv6 network that holds the loopback address begins with zeros, as nothing else does.
        match self.address {
            IpAddr::V4(address) => address.is_loopback(),
            IpAddr::V6(address) => address.is_unspecified(),
        }
    }

    /// The /48 that an IPv6 network is part of.
    pub fn wider(self) -> Option<Self> {
        match self.address {
            IpAddr::V6(address) if self.prefix > WIDER_BITS => {
                Some(Self::masked(address, WIDER_BITS))
            }
            _ => None,
        }
    }

    /// Whether this is a /48, which many networks share.
    pub fn is_wider(self) -> bool {
        self.address.is_ipv6() && self.prefix == WIDER_BITS
    }

    fn masked(address: Ipv6Addr, prefix: u8) -> Self {
        let mask = u128::MAX << (128 - u32::from(prefix));
        Self {
            address: Ipv6Addr::from_bits(address.to_bits() & mask).into(),
            prefix,
        }
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(address) => write!(f, "{address}/{}", self.prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> ClientNetwork {
        ClientNetwork::of(text.parse().unwrap())
    }

    #[test]
    fn addresses_of_one_client_are_one_network() {
        let same = |a: &str, b: &str| network(a) == network(b);
        assert!(same("2001:db8:0:1::1", "2001:db8:0:1:ffff::2"));
        assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(same("192.0.2.1", "::ffff:192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
        let wider = |text: &str| network(text).wider().map(|wider| wider.to_string());
        let expected = Some("2001:db8:5::/48".to_owned());
        assert_eq!(wider("2001:db8:5:1::1"), expected);
        assert_eq!(wider("192.0.2.1"), None);
        assert_eq!(network("192.0.2.1").to_string(), "192.0.2.1");
        let shown = network("2001:db8:5:1::1").to_string();
        assert_eq!(shown, "2001:db8:5:1::/64");
    }
}
