//! Checks of a request's `Host`: there is one, it is well formed (RFC 9112 section 3.2), and it names
//! this server.
//!
//! A page of another site can have its own name point to this machine (DNS rebinding); the browser
//! then takes this server for a part of that site. Such a request carries that site's name in
//! `Host`, so a server that only this machine reaches accepts no names but its own.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, StatusCode, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::{HttpState, Peer, Refusal, TrustedProxies};

/// Which hosts requests may name.
#[derive(Debug, Clone, Default)]
pub enum HostPolicy {
    /// Any host: the operator named none, and others than this machine reach the server.
    #[default]
    Any,
    /// IP addresses, localhost, and the host that the operator named.
    Only(Option<Arc<str>>),
}

impl HostPolicy {
    /// The policy of a server: `public` is the host that the operator named.
    pub fn new(is_exposed: bool, public: Option<&str>) -> Self {
        match (is_exposed, public) {
            (true, None) => Self::Any,
            (_, public) => Self::Only(public.map(Into::into)),
        }
    }

    fn accepts(&self, host: &str) -> bool {
        let Self::Only(public) = self else {
            return true;
        };
        let host = host.trim_end_matches('.');
        let is_address = host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok();
        let is_local = host.eq_ignore_ascii_case("localhost");
        let is_public = |public: &Arc<str>| public.eq_ignore_ascii_case(host);
        is_address || is_local || public.as_ref().is_some_and(is_public)
    }
}

/// Refuses a request whose host two readers could read differently, or that names another server.
pub(super) async fn check(
    State(state): State<HttpState>,
    peer: Peer,
    request: Request,
    next: Next,
) -> Response {
    if !is_well_formed(&request) {
        let refusal = Refusal::new(
            StatusCode::BAD_REQUEST,
            "A request must have one Host header that names a host.",
        );
        let mut response = refusal.into_response();
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
        return response;
    }
    let host = host_of(&request, peer.0, &state.origins.proxies);
    if !host.is_none_or(|host| state.hosts.accepts(host.host())) {
        return Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            "This server answers to IP addresses, localhost and its own name. Its operator can \
             name it with --public-url.",
        )
        .into_response();
    }
    next.run(request).await
}

/// The host that the client asked for, as a trusted proxy says, or the request's target or its
/// `Host` (RFC 9112 section 3.2.2).
fn host_of(request: &Request, peer: SocketAddr, proxies: &TrustedProxies) -> Option<Authority> {
    let headers = request.headers();
    let forwarded = proxies
        .forwarded_host(headers, peer)
        .and_then(|host| host.parse().ok());
    forwarded
        .or_else(|| request.uri().authority().cloned())
        .or_else(|| authority(headers.get(HOST)?))
}

fn is_well_formed<B>(request: &axum::http::Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => authority(host).is_some(),
        (None, _) => request.version() < Version::HTTP_11,
        _ => false,
    }
}

/// A host and perhaps a port, without a username.
fn authority(host: &HeaderValue) -> Option<Authority> {
    let authority: Authority = host.to_str().ok()?.parse().ok()?;
    let is_plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    is_plain.then_some(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_ours() {
        let check = |policy: &HostPolicy, host: &str, expect| {
            assert_eq!(policy.accepts(host), expect, "{policy:?} {host}");
        };
        let local = HostPolicy::new(false, None);
        let named =
            [true, false].map(|is_exposed| HostPolicy::new(is_exposed, Some("chat.example")));
        for host in [
            "127.0.0.1",
            "[::1]",
            "localhost",
            "LocalHost",
            "localhost.",
            "192.0.2.1",
        ] {
            check(&local, host, true);
            check(&named[0], host, true);
        }
        for host in [
            "rebound.example",
            "localhost.rebound.example",
            "127.0.0.1.rebound.example",
        ] {
            check(&local, host, false);
            check(&named[0], host, false);
            check(&HostPolicy::new(true, None), host, true);
        }
        check(&local, "chat.example", false);
        check(&named[0], "Chat.Example", true);
        check(&named[1], "chat.example", true);
    }

    #[test]
    fn one_host_that_is_one() {
        let check = |version: Version, hosts: &[&str], expect: bool| {
            let mut request = axum::http::Request::get("/").version(version);
            for host in hosts {
                request = request.header(HOST, *host);
            }
            let request = request.body(()).unwrap();
            assert_eq!(is_well_formed(&request), expect, "{version:?} {hosts:?}");
        };
        for host in ["chat.example", "127.0.0.1:8000", "[::1]:8000", "localhost"] {
            check(Version::HTTP_11, &[host], true);
            check(Version::HTTP_10, &[host], true);
            check(Version::HTTP_11, &[host, host], false);
            check(Version::HTTP_10, &[host, host], false);
        }
        check(Version::HTTP_11, &[], false);
        check(Version::HTTP_10, &[], true);
        for host in ["", "ann@chat.example", "a b", "a/b", ":8000"] {
            check(Version::HTTP_11, &[host], false);
        }
    }
}
