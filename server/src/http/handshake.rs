//! The required form of a request for WebSocket (RFC 6455 section 4.2.1).
//!
//! A request that does not ask for WebSocket, or asks for another version, gets 426 with what this
//! address speaks. One that asks for it wrongly gets 400 and the end of the connection, since a
//! proxy on the way may have read it differently.

use axum::http::header::{
    ALLOW, CONNECTION, CONTENT_LENGTH, HeaderName, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    TRANSFER_ENCODING, UPGRADE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, request::Parts};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Refusal;

/// The version of RFC 6455.
const WEBSOCKET_VERSION: &str = "13";

/// Bytes of a key once it is decoded.
const KEY_BYTES: usize = 16;

/// Why a request is not switched to WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HandshakeError {
    Method,
    /// It does not ask for WebSocket, or asks in HTTP/1.0, where an upgrade is ignored (RFC 9110
    /// section 7.8).
    NotAsked,
    Version,
    /// It asks for WebSocket, and this part of the request is wrong.
    Malformed(&'static str),
}

/// The value of `Sec-WebSocket-Accept` for a request.
///
/// # Errors
/// [`HandshakeError`].
pub(super) fn accept(request: &Parts) -> Result<HeaderValue, HandshakeError> {
    use HandshakeError::{Malformed, Method as WrongMethod, NotAsked, Version as WrongVersion};
    let headers = &request.headers;
    if request.method != Method::GET {
        return Err(WrongMethod);
    }
    let is_asked =
        has_token(headers, CONNECTION, "upgrade") && has_token(headers, UPGRADE, "websocket");
    if request.version < Version::HTTP_11 || !is_asked {
        return Err(NotAsked);
    }
    let has_length = headers
        .get(CONTENT_LENGTH)
        .is_some_and(|length| length != "0");
    if has_length || headers.contains_key(TRANSFER_ENCODING) {
        return Err(Malformed("it has a body"));
    }
    let version = only(headers, SEC_WEBSOCKET_VERSION).map_err(|count| {
        if count == 0 {
            WrongVersion
        } else {
            Malformed("it has two versions")
        }
    })?;
    if version != WEBSOCKET_VERSION {
        return Err(WrongVersion);
    }
    let key = only(headers, SEC_WEBSOCKET_KEY)
        .map_err(|_| Malformed("it must have one Sec-WebSocket-Key"))?;
    let is_key = STANDARD
        .decode(key.as_bytes())
        .is_ok_and(|bytes| bytes.len() == KEY_BYTES);
    if !is_key {
        return Err(Malformed("its Sec-WebSocket-Key is not 16 bytes in base64"));
    }
    HeaderValue::from_str(&derive_accept_key(key.as_bytes()))
        .map_err(|_| Malformed("its Sec-WebSocket-Key can't be answered"))
}

/// The one value of a header, or how many it has.
fn only(headers: &HeaderMap, name: HeaderName) -> Result<&HeaderValue, usize> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.count()) {
        (Some(value), 0) => Ok(value),
        (None, _) => Err(0),
        (Some(_), more) => Err(1 + more),
    }
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter();
    let mut tokens = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    tokens.any(|one| one.trim().eq_ignore_ascii_case(token))
}

impl IntoResponse for HandshakeError {
    fn into_response(self) -> Response {
        let (status, msg) = match self {
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "WebSocket is asked for by GET.".into(),
            ),
            Self::NotAsked | Self::Version => (
                StatusCode::UPGRADE_REQUIRED,
                "This address speaks WebSocket, version 13; connect with a WebSocket client."
                    .into(),
            ),
            Self::Malformed(what) => (
                StatusCode::BAD_REQUEST,
                format!("This request for WebSocket is malformed: {what}."),
            ),
        };
        let mut response = Refusal::new(status, msg).into_response();
        let headers = response.headers_mut();
        let mut add = |name, value| headers.insert(name, HeaderValue::from_static(value));
        match self {
            Self::Method => drop(add(ALLOW, "GET")),
            Self::NotAsked | Self::Version => {
                add(CONNECTION, "upgrade");
                add(UPGRADE, "websocket");
                add(SEC_WEBSOCKET_VERSION, WEBSOCKET_VERSION);
            }
            Self::Malformed(_) => drop(add(CONNECTION, "close")),
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    /// The example of RFC 6455 section 1.3 with one change.
    fn ask(change: impl FnOnce(&mut Parts)) -> Result<HeaderValue, HandshakeError> {
        let request = Request::get("/ws")
            .header("host", "chat.example")
            .header("connection", "keep-alive, Upgrade")
            .header("upgrade", "WebSocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        change(&mut parts);
        accept(&parts)
    }

    fn set(name: &'static str, value: &'static str) -> impl FnOnce(&mut Parts) {
        move |parts| {
            parts.headers.insert(name, HeaderValue::from_static(value));
        }
    }

    fn add(name: &'static str, value: &'static str) -> impl FnOnce(&mut Parts) {
        move |parts| {
            parts.headers.append(name, HeaderValue::from_static(value));
        }
    }

    #[test]
    fn the_example_of_the_rfc_is_accepted() {
        let expected = HeaderValue::from_static("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert_eq!(ask(|_| {}), Ok(expected.clone()));
        assert_eq!(ask(set("content-length", "0")), Ok(expected));
    }

    #[test]
    fn other_requests_are_refused() {
        use HandshakeError::{Malformed, Method as WrongMethod, NotAsked, Version as WrongVersion};
        let malformed = |got: Result<HeaderValue, HandshakeError>| {
            assert!(matches!(got, Err(Malformed(_))), "{got:?}");
        };
        assert_eq!(ask(|parts| parts.method = Method::HEAD), Err(WrongMethod));
        let old = ask(|parts| parts.version = Version::HTTP_10);
        assert_eq!(old, Err(NotAsked));
        assert_eq!(ask(set("connection", "keep-alive")), Err(NotAsked));
        assert_eq!(ask(set("upgrade", "h2c")), Err(NotAsked));
        assert_eq!(ask(set("sec-websocket-version", "12")), Err(WrongVersion));
        let without = ask(|parts| drop(parts.headers.remove(SEC_WEBSOCKET_VERSION)));
        assert_eq!(without, Err(WrongVersion));
        malformed(ask(add("sec-websocket-version", "13")));
        malformed(ask(|parts| drop(parts.headers.remove(SEC_WEBSOCKET_KEY))));
        malformed(ask(add("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")));
        for key in ["", "x", "dGhlIHNhbXBsZQ==", "dGhlIHNhbXBsZSBub25jZQ"] {
            malformed(ask(set("sec-websocket-key", key)));
        }
        malformed(ask(set("content-length", "5")));
        malformed(ask(set("transfer-encoding", "chunked")));
    }
}
