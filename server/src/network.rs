//! A client's network: the one key under which limits by address are counted.
//!
//! An IPv4 address is a network of its own. In IPv6 a customer is given at least a /64, so that is
//! what counts as one client; and since many are given a whole /48, each limit also holds for the
//! /48 above it, with [`WIDER_SHARES`] times the bound.
//!
//! [`ClientNetwork`] is made once for a request or a connection, by `http::client_network`.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a /48 may have, as a multiple of what a /64 may have.
pub const WIDER_SHARES: u32 = 4;

const NETWORK_BITS: u8 = 64;
const WIDER_BITS: u8 = 48;

/// An IPv4 address, or an IPv6 network of 64 or 48 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

    /// The /48 that an IPv6 network is part of.
    pub fn wider(self) -> Option<Self> {
        match self.address {
            IpAddr::V6(address) if self.prefix > WIDER_BITS => {
                Some(Self::masked(address, WIDER_BITS))
            }
            _ => None,
        }
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

/// How many of something each network has, connections for example.
#[derive(Debug, Clone, Default)]
pub struct NetworkCounts(Arc<Mutex<HashMap<ClientNetwork, usize>>>);

/// One that is counted; given back when dropped.
#[derive(Debug)]
pub struct NetworkPlace {
    counts: NetworkCounts,
    network: ClientNetwork,
}

impl NetworkCounts {
    /// Counts one more for `network`, unless it has `max` or the /48 above it has
    /// [`WIDER_SHARES`] times as many.
    pub fn take(&self, network: ClientNetwork, max: usize) -> Option<NetworkPlace> {
        let mut counts = self.0.lock();
        let has = |network, max| counts.get(&network).is_some_and(|count| *count >= max);
        let wider_max = max.saturating_mul(WIDER_SHARES as usize);
        if has(network, max) || network.wider().is_some_and(|wider| has(wider, wider_max)) {
            return None;
        }
        for counted in [Some(network), network.wider()].into_iter().flatten() {
            *counts.entry(counted).or_default() += 1;
        }
        drop(counts);
        Some(NetworkPlace {
            counts: self.clone(),
            network,
        })
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

impl Drop for NetworkPlace {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock();
        for counted in [Some(self.network), self.network.wider()]
            .into_iter()
            .flatten()
        {
            if let Some(count) = counts.get_mut(&counted) {
                *count -= 1;
                if *count == 0 {
                    counts.remove(&counted);
                }
            }
        }
    }
}

/// A fixed number of places, of which no network can take all.
#[derive(Debug, Clone)]
pub struct SharedPlaces {
    all: Arc<Semaphore>,
    counts: NetworkCounts,
    per_network: usize,
}

/// One place of [`SharedPlaces`]; given back when dropped.
#[derive(Debug)]
pub struct SharedPlace {
    _permit: OwnedSemaphorePermit,
    _counted: NetworkPlace,
}

impl SharedPlaces {
    pub fn new(all: usize, per_network: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(all)),
            counts: NetworkCounts::default(),
            per_network,
        }
    }

    /// A place, unless the network has its share or all places are taken.
    pub fn take(&self, network: ClientNetwork) -> Option<SharedPlace> {
        let counted = self.counts.take(network, self.per_network)?;
        let permit = self.all.clone().try_acquire_owned().ok()?;
        Some(SharedPlace {
            _permit: permit,
            _counted: counted,
        })
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

    #[test]
    fn a_network_has_no_more_than_its_share_and_gives_it_back() {
        let counts = NetworkCounts::default();
        let first = counts.take(network("127.0.0.1"), 1).unwrap();
        assert!(counts.take(network("127.0.0.1"), 1).is_none());
        assert!(counts.take(network("127.0.0.2"), 1).is_some());
        drop(first);
        assert!(counts.is_empty());
        assert!(counts.take(network("127.0.0.1"), 1).is_some());
    }

    #[test]
    fn a_customer_with_a_whole_48_has_four_shares() {
        let counts = NetworkCounts::default();
        let of_subnet = |n: u32| counts.take(network(&format!("2001:db8:5:{n:x}::1")), 5);
        let taken: Vec<_> = (0..40).filter_map(of_subnet).collect();
        assert_eq!(taken.len(), 20);
        assert!(counts.take(network("2001:db8:6::1"), 5).is_some());
        drop(taken);
        assert!(counts.is_empty());
    }

    #[test]
    fn no_network_takes_all_places() {
        let places = SharedPlaces::new(3, 2);
        let first = places.take(network("192.0.2.1"));
        let second = places.take(network("192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(places.take(network("192.0.2.1")).is_none());
        let other = places.take(network("192.0.2.2"));
        assert!(other.is_some());
        assert!(places.take(network("192.0.2.3")).is_none());
        drop((first, second, other));
        assert!(places.counts.is_empty());
        assert_eq!(places.all.available_permits(), 3);
    }
}
