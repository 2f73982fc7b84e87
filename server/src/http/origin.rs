//! Whether a request comes from a page of this server.
//!
//! A browser sends a user's cookie with whatever a page asks for; so a request that could do
//! something, or open a socket in the user's name, is looked at for the page that made it.

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use url::Url;

use super::answer::Refusal;
use super::forwarded::TrustedProxies;

/// Which origins are ours.
#[derive(Debug, Default)]
pub struct OriginPolicy {
    /// Origins that the operator named.
    pub allowed: Vec<AllowedOrigin>,
    pub proxies: TrustedProxies,
    /// Whether the log has named a proxy that is not trusted.
    pub has_warned: AtomicBool,
}

/// Whether the request names its origin, and it is ours: its host and port are the `Host`'s (or
/// what a trusted proxy says was), or the operator named it.
pub fn is_ours(headers: &HeaderMap, peer: SocketAddr, policy: &OriginPolicy) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let (Some(origin), None) = (origins.next(), origins.next()) else {
        return false;
    };
    let Some(origin) = origin.to_str().ok().and_then(AllowedOrigin::parse) else {
        return false;
    };
    if policy.allowed.contains(&origin) {
        return true;
    }
    let https = policy.proxies.says_https(headers, peer);
    let forwarded = policy.proxies.forwarded_host(headers, peer);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    [forwarded, host]
        .into_iter()
        .flatten()
        .any(|host| origin.is_at(host, https))
}

/// Whether a request that could change something comes from a foreign page. Programs
/// other than browsers send neither header and are let through.
pub fn is_foreign(headers: &HeaderMap, peer: SocketAddr, policy: &OriginPolicy) -> bool {
    if headers.contains_key(ORIGIN) {
        return !is_ours(headers, peer, policy);
    }
    let mut sites = headers.get_all("sec-fetch-site").iter();
    sites.any(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// The answer to a request that is foreign. A proxy that is not trusted makes every request of its own
/// page foreign: the answer and the log name it then.
pub(super) fn refusal(headers: &HeaderMap, peer: SocketAddr, policy: &OriginPolicy) -> Refusal {
    if !policy.proxies.ignores(headers, peer) {
        return Refusal::foreign_origin();
    }
    let proxy = peer.ip().to_canonical();
    if !policy.has_warned.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            %proxy,
            "requests come through a proxy that is not trusted, and are refused: if it is yours, \
             name it with --trusted-proxy"
        );
    }
    Refusal::unknown_proxy(proxy)
}

/// An origin as `Origin` headers name it: scheme, host and port.
#[derive(Clone, PartialEq, Eq)]
pub struct AllowedOrigin {
    scheme: String,
    host: String,
    port: u16,
}

impl AllowedOrigin {
    pub fn host(&self) -> &str {
        &self.host
    }

    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && matches!(url.scheme(), "http" | "https")
            && !text.ends_with('/');
        if !bare {
            return None;
        }
        Some(Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str()?.to_owned(),
            port: url.port_or_known_default()?,
        })
    }

    /// Whether the value of a `Host` header names this host and port. A `Host` without a port
    /// means the default one: of HTTPS where we know that the client speaks it, else of whatever
    /// scheme the origin has, since a proxy may end TLS without saying so.
    fn is_at(&self, host: &str, https: bool) -> bool {
        let scheme = if https { "https" } else { &self.scheme };
        Self::parse(&format!("{scheme}://{host}"))
            .is_some_and(|there| there.host == self.host && there.port == self.port)
    }
}

impl FromStr for AllowedOrigin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        Self::parse(text.strip_suffix('/').unwrap_or(text))
            .ok_or("an origin is needed, such as https://chat.example or http://localhost:8080")
    }
}

impl fmt::Debug for AllowedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(
                name.parse::<HeaderName>().unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        map
    }

    fn policy(https: bool) -> OriginPolicy {
        OriginPolicy {
            allowed: vec!["https://friend.example".parse().unwrap()],
            proxies: TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], https),
            ..OriginPolicy::default()
        }
    }

    /// Checks whether a request with these headers, from this peer, comes from a page of this server.
    fn check(peer: &str, pairs: &[(&str, &str)], expect: bool) {
        let peer = peer.parse().unwrap();
        let is_own = is_ours(&headers(pairs), peer, &policy(false));
        assert_eq!(is_own, expect, "{peer} {pairs:?}");
    }

    const PROXY: &str = "10.1.1.1:5";
    const STRANGER: &str = "192.0.2.1:5";

    #[test]
    fn which_origins_are_ours() {
        let host = ("host", "chat.example:8000");
        for origin in [
            "http://chat.example:8000",
            "http://CHAT.example:8000",
            "https://friend.example",
        ] {
            check(STRANGER, &[host, ("origin", origin)], true);
        }
        check(STRANGER, &[host], false);
        check(STRANGER, &[("origin", "http://chat.example:8000")], false);
        for foreign in [
            "http://chat.example",
            "http://chat.example:8001",
            "http://evil.example:8000",
            "http://chat.example.evil.example:8000",
            "http://chat.example:8000@evil.example",
            "http://chat.example:8000/x",
            "http://chat.example:8000/",
            "ftp://chat.example:8000",
            "null",
            "",
            "https://friend.example:444",
            "http://friend.example",
        ] {
            check(STRANGER, &[host, ("origin", foreign)], false);
        }
        let ours = ("origin", "http://chat.example:8000");
        let evil = ("origin", "http://evil.example:8000");
        check(STRANGER, &[host, ours, evil], false);
        for (host, origin, expect) in [
            ("[::1]:8000", "http://[::1]:8000", true),
            ("chat.example", "https://chat.example", true),
            ("chat.example", "http://chat.example:80", true),
            ("chat.example", "http://chat.example:81", false),
            ("u@chat.example", "http://chat.example", false),
        ] {
            check(STRANGER, &[("host", host), ("origin", origin)], expect);
        }
    }

    #[test]
    fn a_trusted_proxy_tells_the_host() {
        let inner = ("host", "127.0.0.1:8000");
        let outer = ("x-forwarded-host", "chat.example");
        let https = ("x-forwarded-proto", "https");
        let origin = ("origin", "https://chat.example");
        check(PROXY, &[inner, outer, https, origin], true);
        check(PROXY, &[inner, outer, origin], true);
        check(STRANGER, &[inner, outer, https, origin], false);
        check(
            PROXY,
            &[inner, outer, https, ("origin", "http://chat.example")],
            false,
        );
        check(
            PROXY,
            &[inner, outer, ("origin", "http://evil.example")],
            false,
        );
        check(
            PROXY,
            &[
                inner,
                ("x-forwarded-host", "a.example, chat.example"),
                origin,
            ],
            true,
        );
        check(
            PROXY,
            &[
                inner,
                ("x-forwarded-host", "chat.example, a.example"),
                origin,
            ],
            false,
        );
    }

    #[test]
    fn under_tls_a_bare_host_means_https() {
        let check = |origin: &str, expect: bool| {
            let headers = headers(&[("host", "chat.example"), ("origin", origin)]);
            assert_eq!(
                is_ours(&headers, STRANGER.parse().unwrap(), &policy(true)),
                expect
            );
        };
        check("https://chat.example", true);
        check("http://chat.example", false);
    }

    #[test]
    fn which_changes_are_foreign() {
        let check = |pairs: &[(&str, &str)], expect: bool| {
            let peer = STRANGER.parse().unwrap();
            assert_eq!(
                is_foreign(&headers(pairs), peer, &policy(false)),
                expect,
                "{pairs:?}"
            );
        };
        let host = ("host", "chat.example");
        let ours = ("origin", "http://chat.example");
        check(&[host], false);
        check(&[host, ours], false);
        check(&[host, ours, ("sec-fetch-site", "same-origin")], false);
        check(
            &[
                host,
                ("origin", "https://friend.example"),
                ("sec-fetch-site", "cross-site"),
            ],
            false,
        );
        check(&[host, ("origin", "http://evil.example")], true);
        check(&[host, ("origin", "null")], true);
        check(&[host, ("sec-fetch-site", "same-origin")], false);
        check(&[host, ("sec-fetch-site", "none")], false);
        check(&[host, ("sec-fetch-site", "cross-site")], true);
        check(&[host, ("sec-fetch-site", "same-site")], true);
        check(&[host, ("sec-fetch-site", "odd")], true);
    }
}
