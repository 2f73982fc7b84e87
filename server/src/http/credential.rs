//! Where a request carries its token: an `Authorization` header, or a cookie.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, COOKIE, HOST, SET_COOKIE};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::AppendHeaders;
use cookie::{Cookie, SameSite};

use super::TrustedProxies;
use crate::accounts::SESSION_LIFETIME;

const COOKIE_NAME: &str = "chat_session";

/// Under HTTPS: no subdomain and no plain connection can set a cookie with this prefix.
const HTTPS_PREFIX: &str = "__Host-";

/// The cookie of a browser that opened the set-up link.
const SET_UP_COOKIE_NAME: &str = "chat_setup";

/// How long the browser has for signing up or in after it opened the set-up link.
const SET_UP_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The cookie of a browser that opened an invite link.
const INVITE_COOKIE_NAME: &str = "chat_invite";

/// How long the browser has for signing up after it opened an invite link.
const INVITE_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The token of an `Authorization: Bearer` header; an empty one where the header names none.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Which cookie is this server's session, as the browser sees the server. Browsers send a cookie to
/// every port of a host, so that the name carries the port: two servers on one host keep separate
/// sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CookieScope {
    https: bool,
    /// `None` for the port that a URL need not name.
    port: Option<u16>,
}

impl CookieScope {
    /// The scope of a request from `peer`.
    pub(super) fn of(headers: &HeaderMap, peer: SocketAddr, proxies: &TrustedProxies) -> Self {
        let forwarded = proxies.forwarded_host(headers, peer);
        let host = forwarded.or_else(|| headers.get(HOST)?.to_str().ok());
        let authority = host.and_then(|host| host.parse::<Authority>().ok());
        Self {
            https: proxies.says_https(headers, peer),
            port: authority.and_then(|authority| authority.port_u16()),
        }
    }

    fn name(self) -> String {
        self.name_of(COOKIE_NAME)
    }

    fn name_of(self, cookie: &str) -> String {
        let prefix = if self.https { HTTPS_PREFIX } else { "" };
        match self.port {
            Some(port) => format!("{prefix}{cookie}_{port}"),
            None => format!("{prefix}{cookie}"),
        }
    }

    /// The name in releases before the port was a part of it.
    fn name_without_port(self) -> String {
        let prefix = if self.https { HTTPS_PREFIX } else { "" };
        format!("{prefix}{COOKIE_NAME}")
    }

    /// The token of the session's cookie. One under the name without port counts too.
    pub(super) fn token(self, headers: &HeaderMap) -> Option<&str> {
        cookie(headers, &self.name()).or_else(|| cookie(headers, &self.name_without_port()))
    }

    /// The `Set-Cookie` that hands a token to a browser.
    pub(super) fn set(self, token: &str, max_age: Option<Duration>) -> HeaderValue {
        let max_age = max_age.unwrap_or(SESSION_LIFETIME);
        build(self.name(), token, self.https, max_age)
    }

    /// The code of the invite link that this browser opened.
    pub(super) fn invite_code(self, headers: &HeaderMap) -> Option<&str> {
        cookie(headers, &self.name_of(INVITE_COOKIE_NAME))
    }

    /// The `Set-Cookie` that remembers in a browser which invite link it opened. People come by a
    /// link on another site, so that it must be sent with the redirect that follows (`Lax`).
    pub(super) fn invite_cookie(self, code: &str) -> HeaderValue {
        self.build_invite(code, INVITE_LIFETIME)
    }

    /// The `Set-Cookie` that takes the invite link's cookie back.
    pub(super) fn forget_invite_cookie(self) -> HeaderValue {
        self.build_invite("", Duration::ZERO)
    }

    fn build_invite(self, code: &str, lifetime: Duration) -> HeaderValue {
        let name = self.name_of(INVITE_COOKIE_NAME);
        build_for(name, code, self.https, lifetime, SameSite::Lax)
    }

    /// The `Set-Cookie`s that take it back, under both names where a request had both.
    pub(super) fn clear(
        self,
        headers: &HeaderMap,
    ) -> AppendHeaders<Vec<(HeaderName, HeaderValue)>> {
        let mut names = vec![self.name()];
        let old = self.name_without_port();
        if !names.contains(&old) && cookie(headers, &old) == self.token(headers) {
            names.push(old);
        }
        let clear = |name| (SET_COOKIE, build(name, "", self.https, Duration::ZERO));
        AppendHeaders(names.into_iter().map(clear).collect())
    }
}

/// The secret of the set-up link that this browser opened.
pub(super) fn set_up_secret(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SET_UP_COOKIE_NAME)
}

fn cookie<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.split_once('='))
        .find(|(name, _)| name.trim() == wanted)
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty())
}

/// The `Set-Cookie` that remembers in a browser that it opened the set-up link.
pub(super) fn set_up_cookie(secret: &str, https: bool) -> HeaderValue {
    build(SET_UP_COOKIE_NAME, secret, https, SET_UP_LIFETIME)
}

fn build(name: impl Into<String>, value: &str, https: bool, max_age: Duration) -> HeaderValue {
    build_for(name, value, https, max_age, SameSite::Strict)
}

fn build_for(
    name: impl Into<String>,
    value: &str,
    https: bool,
    max_age: Duration,
    same_site: SameSite,
) -> HeaderValue {
    let max_age = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
    let cookie = Cookie::build((name.into(), value))
        .path("/")
        .http_only(true)
        .same_site(same_site)
        .secure(https)
        .max_age(cookie::time::Duration::seconds(max_age))
        .build();
    // A token is base64url and dots; a header can hold it.
    HeaderValue::from_str(&cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(https: bool, port: Option<u16>) -> CookieScope {
        CookieScope { https, port }
    }

    #[test]
    fn the_port_that_the_browser_sees_is_in_the_name() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], false);
        let check = |peer: &str, headers: &[(&'static str, &str)], expect: &str| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            let scope = CookieScope::of(&map, peer.parse().unwrap(), &proxies);
            assert_eq!(scope.name(), expect, "{headers:?}");
        };
        let (client, proxy) = ("192.0.2.1:5", "10.0.0.1:5");
        check(client, &[("host", "127.0.0.1:8000")], "chat_session_8000");
        check(client, &[("host", "[::1]:9000")], "chat_session_9000");
        check(client, &[("host", "chat.example")], "chat_session");
        check(client, &[], "chat_session");
        let forwarded = [
            ("host", "127.0.0.1:8000"),
            ("x-forwarded-host", "chat.example"),
            ("x-forwarded-proto", "https"),
        ];
        check(proxy, &forwarded, "__Host-chat_session");
        check(client, &forwarded, "chat_session_8000");
    }

    #[test]
    fn cookies_are_written_for_the_session_alone() {
        let check = |value: HeaderValue, expect: &str| assert_eq!(value.to_str().unwrap(), expect);
        check(
            scope(false, None).set("a.b-_", None),
            "chat_session=a.b-_; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000",
        );
        check(
            scope(true, Some(8_443)).set("t", Some(Duration::from_secs(60))),
            "__Host-chat_session_8443=t; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60",
        );
    }

    #[test]
    fn the_cookie_of_an_invite_is_one_servers_too() {
        let value = scope(false, Some(8_000)).invite_cookie("c0de");
        let expect = "chat_invite_8000=c0de; HttpOnly; SameSite=Lax; Path=/; Max-Age=3600";
        assert_eq!(value.to_str().unwrap(), expect);
        let value = scope(true, None).forget_invite_cookie();
        let expect = "__Host-chat_invite=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0";
        assert_eq!(value.to_str().unwrap(), expect);
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "chat_invite_9000=c0de".parse().unwrap());
        assert_eq!(
            scope(false, Some(9_000)).invite_code(&headers),
            Some("c0de")
        );
        assert_eq!(scope(false, Some(8_000)).invite_code(&headers), None);
    }

    #[test]
    fn cookies_are_taken_back() {
        let check = |cookies: &str, port: Option<u16>, expect: &[&str]| {
            let mut headers = HeaderMap::new();
            headers.append(COOKIE, cookies.parse().unwrap());
            let AppendHeaders(cleared) = scope(false, port).clear(&headers);
            let cleared: Vec<_> = cleared
                .iter()
                .map(|(_, value)| value.to_str().unwrap().split(';').next().unwrap())
                .collect();
            assert_eq!(cleared, expect, "{cookies}");
        };
        check("chat_session=t", None, &["chat_session="]);
        let both = ["chat_session_8000=", "chat_session="];
        check("chat_session=t", Some(8_000), &both);
        check("chat_session=t; chat_session_8000=t", Some(8_000), &both);
        // The other is another server's.
        let own = ["chat_session_8000="];
        check("chat_session=u; chat_session_8000=t", Some(8_000), &own);
    }

    #[test]
    fn cookies_are_read() {
        let check = |cookies: &[&str], scope: CookieScope, expect: Option<&str>| {
            let mut headers = HeaderMap::new();
            for value in cookies {
                headers.append(COOKIE, value.parse().unwrap());
            }
            assert_eq!(scope.token(&headers), expect, "{cookies:?}");
        };
        let (http, https) = (scope(false, None), scope(true, None));
        check(&["a=b; chat_session=t; c=d"], http, Some("t"));
        check(&["a=b", "chat_session=t"], http, Some("t"));
        check(&["chat_session=t"], https, None);
        check(&["__Host-chat_session=t"], https, Some("t"));
        check(&["__Host-chat_session=t"], http, None);
        let odd = ["xchat_session=t", "chat_session=", "chat_session"];
        check(&odd, http, None);
        let at_8000 = scope(false, Some(8_000));
        check(
            &["chat_session=old; chat_session_8000=t"],
            at_8000,
            Some("t"),
        );
        check(&["chat_session=old"], at_8000, Some("old"));
        check(&["chat_session_9000=t"], at_8000, None);
    }

    #[test]
    fn bearers_are_read() {
        let check = |value: &str, expect: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            assert_eq!(bearer_token(&headers), expect, "{value}");
        };
        check("Bearer a.b", Some("a.b"));
        check("bearer  a.b", Some("a.b"));
        check("Basic YTpi", None);
        check("Bearer", Some(""));
    }
}
