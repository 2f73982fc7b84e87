//! `GET /ws`: who it is, and the switch to WebSocket (RFC 6455 section 4.2).

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::{Client, CookieScope, HttpState, Peer, Refusal, bearer_token, handshake, origin};
use crate::accounts::{AuthError, Identity};
use crate::gateway::Gateway;

pub(super) async fn upgrade(
    State(state): State<HttpState>,
    Extension(gateway): Extension<Gateway>,
    peer: Peer,
    Client(network): Client,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let accept = match handshake::accept(&parts) {
        Ok(accept) => accept,
        Err(error) => return error.into_response(),
    };
    let mut request = Request::from_parts(parts, body);
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

/// A bearer token must be good. A cookie counts only from a page of this server, and one that has ended
/// counts as none: the socket then closes with a code that the page can read.
async fn identify(
    state: &HttpState,
    peer: Peer,
    headers: &HeaderMap,
) -> Result<Option<Identity>, Refusal> {
    if let Some(token) = bearer_token(headers) {
        return match state.accounts.authenticate(token).await {
            Ok(identity) => Ok(Some(identity)),
            Err(AuthError::Invalid) => Err(Refusal::not_signed_in()),
            Err(AuthError::Banned) => Err(Refusal::banned()),
            Err(AuthError::Store(error)) => Err(Refusal::unavailable(&error)),
        };
    }
    let scope = CookieScope::of(headers, peer.0, &state.origins.proxies);
    let Some(token) = scope.token(headers) else {
        return Ok(None);
    };
    if !origin::is_ours(headers, peer.0, &state.origins) {
        return Err(origin::refusal(headers, peer.0, &state.origins));
    }
    match state.accounts.authenticate(token).await {
        Ok(identity) => Ok(Some(identity)),
        Err(AuthError::Invalid | AuthError::Banned) => Ok(None),
        Err(AuthError::Store(error)) => Err(Refusal::unavailable(&error)),
    }
}
