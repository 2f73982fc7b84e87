//! Where a request carries its token: an `Authorization` header, or a cookie.

use std::time::Duration;

use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use cookie::{Cookie, SameSite};

use crate::accounts::SESSION_LIFETIME;

const COOKIE_NAME: &str = "chat_session";

/// Under HTTPS: no subdomain and no plain connection can set a cookie with this prefix.
const COOKIE_NAME_HTTPS: &str = "__Host-chat_session";

/// The token of an `Authorization: Bearer` header; an empty one where the header names none.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The token of the session's cookie. `https`: whether the client speaks HTTPS, which
/// [`TrustedProxies::says_https`](super::TrustedProxies::says_https) knows.
pub fn cookie_token(headers: &HeaderMap, https: bool) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.split_once('='))
        .find(|(name, _)| name.trim() == name_of_cookie(https))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
}

/// The `Set-Cookie` that hands a token to a browser.
pub(super) fn set_cookie(token: &str, https: bool, max_age: Option<Duration>) -> HeaderValue {
    build(token, https, max_age.unwrap_or(SESSION_LIFETIME))
}

/// The `Set-Cookie` that takes it back.
pub(super) fn clear_cookie(https: bool) -> HeaderValue {
    build("", https, Duration::ZERO)
}

fn name_of_cookie(https: bool) -> &'static str {
    if https {
        COOKIE_NAME_HTTPS
    } else {
        COOKIE_NAME
    }
}

fn build(token: &str, https: bool, max_age: Duration) -> HeaderValue {
    let max_age = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
    let cookie = Cookie::build((name_of_cookie(https), token))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(https)
        .max_age(cookie::time::Duration::seconds(max_age))
        .build();
    // A token is base64url and dots; a header can hold it.
    HeaderValue::from_str(&cookie.to_string()).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_written_for_the_session_alone() {
        let check = |value: HeaderValue, expect: &str| assert_eq!(value.to_str().unwrap(), expect);
        check(
            set_cookie("a.b-_", false, None),
            "chat_session=a.b-_; HttpOnly; SameSite=Strict; Path=/; Max-Age=2592000",
        );
        check(
            set_cookie("t", true, Some(Duration::from_secs(60))),
            "__Host-chat_session=t; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60",
        );
        check(
            clear_cookie(false),
            "chat_session=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0",
        );
    }

    #[test]
    fn cookies_are_read() {
        let check = |cookies: &[&str], https: bool, expect: Option<&str>| {
            let mut headers = HeaderMap::new();
            for value in cookies {
                headers.append(COOKIE, value.parse().unwrap());
            }
            assert_eq!(cookie_token(&headers, https), expect, "{cookies:?}");
        };
        check(&["a=b; chat_session=t; c=d"], false, Some("t"));
        check(&["a=b", "chat_session=t"], false, Some("t"));
        check(&["chat_session=t"], true, None);
        check(&["__Host-chat_session=t"], true, Some("t"));
        check(&["__Host-chat_session=t"], false, None);
        check(
            &["xchat_session=t", "chat_session=", "chat_session"],
            false,
            None,
        );
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
