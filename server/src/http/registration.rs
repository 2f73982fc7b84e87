//! Sign-up, and the links that lead to it: the set-up link and invite links.

use axum::extract::{Path, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use chat_shared::Username;
use chat_shared::protocol::http::Credentials;

use super::answer::{Refusal, done};
use super::body::JsonBody;
use super::credential::{set_up_cookie, set_up_secret};
use super::{Client, CookieScope, HttpState, Peer, plain_page};
use crate::accounts::{RegisterError, SignUp, SignedUp};
use crate::network::ClientNetwork;

/// Where the page opens its sign-up.
const SIGN_UP: &str = "/?join";

pub(super) async fn register(
    State(state): State<HttpState>,
    peer: Peer,
    Client(client): Client,
    headers: HeaderMap,
    JsonBody(body): JsonBody<Credentials>,
) -> Result<Response, Refusal> {
    state
        .limits
        .register(client)
        .map_err(|limited| Refusal::limited("Too many accounts made from your address", limited))?;
    if state.disk.is_low() {
        return Err(Refusal::disk_low());
    }
    let scope = CookieScope::of(&headers, peer.0, &state.origins.proxies);
    let cookie = scope.invite_code(&headers);
    let invite = body.invite.as_deref().or(cookie);
    // A busy server looks at no code, so that it counts none as guessed.
    let mut place = state.limits.password(client).ok_or_else(Refusal::busy)?;
    let attempt = match invite {
        Some(_) => Some(state.limits.code(client).map_err(Refusal::too_many_codes)?),
        None => None,
    };
    let sign_up = SignUp {
        username: &body.username,
        password: body.password,
        bot: body.bot,
        set_up: set_up_secret(&headers),
        invite,
    };
    let hub = state.hub.clone();
    let registering = state.accounts.register_and(sign_up, move |new| async move {
        let SignedUp { username, invite } = new;
        if let (Some(hub), Some(invite)) = (hub, invite)
            && let (Some(by), Some(room)) = (&invite.by, &invite.room)
        {
            hub.invite_newcomer(by, &username, room).await;
        }
    });
    let registered = place.hold(registering).await;
    if !matches!(registered, Some(Err(RegisterError::Invite(_))))
        && let Some(attempt) = attempt
    {
        attempt.forgive();
    }
    let SignedUp { username, .. } = registered.ok_or_else(Refusal::busy)??;
    become_admin(&state, &headers, &username).await;
    metrics::counter!("chat_registrations_total").increment(1);
    let forget = cookie.map(|_| (SET_COOKIE, scope.forget_invite_cookie()));
    let forget = AppendHeaders(forget);
    Ok((forget, done(StatusCode::CREATED, "Account created")).into_response())
}

/// An invite link: the browser that opens it signs up with its code, on whichever page.
pub(super) async fn join(
    State(state): State<HttpState>,
    peer: Peer,
    Client(client): Client,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Response {
    let opened = open_invite(&state, peer, client, &headers, &code).await;
    opened.unwrap_or_else(|refusal| plain_page::refused(&headers, refusal))
}

async fn open_invite(
    state: &HttpState,
    peer: Peer,
    client: ClientNetwork,
    headers: &HeaderMap,
    code: &str,
) -> Result<Response, Refusal> {
    let attempt = state.limits.code(client).map_err(Refusal::too_many_codes)?;
    let checked = state.accounts.check_invite(code).await;
    if let Ok(Err(error)) = checked {
        return Err(Refusal::new(StatusCode::NOT_FOUND, format!("{error}.")));
    }
    // A store that fails says nothing about the code.
    attempt.forgive();
    let _valid = checked.map_err(|error| Refusal::unavailable(&error))?;
    let scope = CookieScope::of(headers, peer.0, &state.origins.proxies);
    let cookie = [(SET_COOKIE, scope.invite_cookie(code))];
    Ok((cookie, Redirect::to(SIGN_UP)).into_response())
}

/// The set-up link: the browser that opens it becomes the admin's by signing up or in.
pub(super) async fn set_up(
    State(state): State<HttpState>,
    peer: Peer,
    headers: HeaderMap,
    Path(secret): Path<String>,
) -> Response {
    if !state.accounts.opens_set_up(&secret) {
        let refusal = Refusal::new(
            StatusCode::NOT_FOUND,
            "This set-up link was used, or is from before the server's last start. The link in the \
             server's log is the current one.",
        );
        return plain_page::refused(&headers, refusal);
    }
    let https = state.origins.proxies.says_https(&headers, peer.0);
    let cookie = [(SET_COOKIE, set_up_cookie(&secret, https))];
    (cookie, Redirect::to("/")).into_response()
}

/// Makes who signed up or in the admin, if their browser opened the set-up link. A failure is
/// logged: the link can be used again.
pub(super) async fn become_admin(state: &HttpState, headers: &HeaderMap, username: &Username) {
    let Some(secret) = set_up_secret(headers) else {
        return;
    };
    if let Err(error) = state.accounts.become_admin(username, secret).await {
        tracing::warn!(%username, %error, "the set-up link could not be used");
    }
}
