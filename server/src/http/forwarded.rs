//! The client's address as reverse proxies report it; only those that the operator named are believed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::network::ClientNetwork;

/// Addresses read from `X-Forwarded-For` at most, from the right.
const HOPS_MAX: usize = 16;

/// The reverse proxies that are believed, and whether this server ends TLS itself.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Arc<[IpNet]>,
    tls: bool,
}

impl TrustedProxies {
    pub fn new(networks: Vec<IpNet>, tls: bool) -> Self {
        Self {
            networks: networks.into(),
            tls,
        }
    }

    /// Whether a connection from there speaks for others.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// Whether a connection from an address that is not trusted speaks for others.
    pub(super) fn ignores(&self, headers: &HeaderMap, peer: SocketAddr) -> bool {
        let speaks = ["x-forwarded-host", "x-forwarded-for"];
        !self.trusts(peer.ip()) && speaks.iter().any(|name| headers.contains_key(*name))
    }

    /// The last value of a header that each proxy adds to, where the peer is trusted.
    fn last<'h>(&self, headers: &'h HeaderMap, peer: SocketAddr, name: &str) -> Option<&'h str> {
        if !self.trusts(peer.ip()) {
            return None;
        }
        let value = headers.get_all(name).iter().next_back()?.to_str().ok()?;
        value
            .rsplit(',')
            .next()
            .map(str::trim)
            .filter(|value| !value.is_empty())
    }

    pub(super) fn forwarded_host<'h>(
        &self,
        headers: &'h HeaderMap,
        peer: SocketAddr,
    ) -> Option<&'h str> {
        self.last(headers, peer, "x-forwarded-host")
    }

    /// Whether we know that the client speaks HTTPS: with us, or with a trusted proxy.
    pub fn says_https(&self, headers: &HeaderMap, peer: SocketAddr) -> bool {
        self.tls
            || self
                .last(headers, peer, "x-forwarded-proto")
                .is_some_and(|proto| proto.eq_ignore_ascii_case("https"))
    }
}

/// The client's network, under which every limit by address counts.
pub fn client_network(
    headers: &HeaderMap,
    peer: SocketAddr,
    proxies: &TrustedProxies,
) -> ClientNetwork {
    ClientNetwork::of(client_ip(headers, peer, proxies))
}

/// The client's address: the peer's, or, where that is a trusted proxy, the rightmost of
/// `X-Forwarded-For` that is none.
fn client_ip(headers: &HeaderMap, peer: SocketAddr, proxies: &TrustedProxies) -> IpAddr {
    let mut client = peer.ip().to_canonical();
    let hops = headers
        .get_all("x-forwarded-for")
        .iter()
        .rev()
        .flat_map(|value| value.to_str().unwrap_or_default().rsplit(','))
        .take(HOPS_MAX);
    for hop in hops {
        if !proxies.trusts(client) {
            break;
        }
        // Entries to the left of an unreadable one were not written by a trusted proxy.
        let Some(address) = parse_hop(hop.trim()) else {
            break;
        };
        client = address.to_canonical();
    }
    client
}

/// An address, as some proxies write it with a port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let unbracketed = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    unbracketed
        .unwrap_or(text)
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rightmost_untrusted_address_is_the_client() {
        let networks = vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        let proxies = TrustedProxies::new(networks, false);
        let check = |peer: &str, forwarded: &[&str], expect: &str| {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            let ip = client_ip(&headers, peer.parse().unwrap(), &proxies);
            assert_eq!(ip.to_string(), expect, "{peer} {forwarded:?}");
        };
        check("192.0.2.1:5", &[], "192.0.2.1");
        check("192.0.2.1:5", &["1.1.1.1"], "192.0.2.1");
        check("10.0.0.1:5", &["1.1.1.1"], "1.1.1.1");
        check("[::ffff:10.0.0.1]:5", &["1.1.1.1"], "1.1.1.1");
        check("10.0.0.1:5", &["6.6.6.6, 1.1.1.1, 10.2.2.2"], "1.1.1.1");
        check("10.0.0.1:5", &["6.6.6.6", "1.1.1.1"], "1.1.1.1");
        check("10.0.0.1:5", &["10.9.9.9"], "10.9.9.9");
        check("10.0.0.1:5", &["6.6.6.6, junk"], "10.0.0.1");
        check("10.0.0.1:5", &["1.1.1.1:99"], "1.1.1.1");
        check("[::1]:5", &["[2001:db8::1]:99"], "2001:db8::1");
        check("[::1]:5", &["[2001:db8::1]"], "2001:db8::1");
    }
}
