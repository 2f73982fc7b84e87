//! `GET /ws`: who it is, and the switch to WebSocket (RFC 6455 section 4.2).

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::{Client, HttpState, Peer, Refusal, bearer_token, cookie_token, origin};
use crate::accounts::{AuthError, Identity};
use crate::gateway::Gateway;

pub(super) async fn upgrade(
    State(state): State<HttpState>,
    Extension(gateway): Extension<Gateway>,
    peer: Peer,
    Client(network): Client,
    mut request: Request,
) -> Response {
    let Some(accept) = accept_key(request.headers()) else {
        let mut refusal = Refusal::new(
            StatusCode::UPGRADE_REQUIRED,
            "This address speaks WebSocket, version 13; connect with a WebSocket client.",
        )
        .into_response();
        let version = HeaderValue::from_static("13");
        refusal
            .headers_mut()
            .insert(header::SEC_WEBSOCKET_VERSION, version);
        return refusal;
    };
    let known = match identify(&state, peer, request.headers()).await {
        Ok(known) => known,
        Err(refusal) => return refusal.into_response(),
    };
    gateway.serve(hyper::upgrade::on(&mut request), known, network);
    let switch = [
        (header::CONNECTION, HeaderValue::from_static("Upgrade")),
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, switch).into_response()
}

/// The answer to the client's key, where the request asks for WebSocket as it must.
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name: header::HeaderName, token: &str| {
        let values = headers
            .get_all(name)
            .into_iter()
            .filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|one| one.trim().eq_ignore_ascii_case(token))
    };
    let asked = has(header::CONNECTION, "upgrade")
        && has(header::UPGRADE, "websocket")
        && has(header::SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| asked)?;
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

/// A bearer token must be good. A cookie counts only from a page of ours, and one that has ended
/// is as good as none: the socket then closes with a code that the page can read.
async fn identify(
    state: &HttpState,
    peer: Peer,
    headers: &HeaderMap,
) -> Result<Option<Identity>, Refusal> {
    if let Some(token) = bearer_token(headers) {
        return match state.accounts.authenticate(token).await {
            Ok(identity) => Ok(Some(identity)),
            Err(AuthError::Invalid) => Err(Refusal::not_logged_in()),
            Err(AuthError::Banned) => Err(Refusal::banned()),
            Err(AuthError::Store(error)) => Err(Refusal::unavailable(&error)),
        };
    }
    let https = state.origins.proxies.says_https(headers, peer.0);
    let Some(token) = cookie_token(headers, https) else {
        return Ok(None);
    };
    if !origin::is_ours(headers, peer.0, &state.origins) {
        return Err(Refusal::foreign_origin());
    }
    match state.accounts.authenticate(token).await {
        Ok(identity) => Ok(Some(identity)),
        Err(AuthError::Invalid | AuthError::Banned) => Ok(None),
        Err(AuthError::Store(error)) => Err(Refusal::unavailable(&error)),
    }
}
