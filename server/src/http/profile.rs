//! The calls about the user's own password, sessions and picture, and the pictures of everyone.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chat_shared::limits::AVATAR_BYTES_MAX;
use chat_shared::protocol::http::{NewAvatar, NewPassword, SessionInfo, Sessions};

use super::answer::{Refusal, done};
use super::api::{NEVER_MS, token};
use super::body::{self, JsonBody};
use super::{Client, CookieScope, HttpState, Peer};
use crate::accounts::{
    AvatarError, Identity, PasswordChangeError, PictureError, avatar_path, draw,
};

/// A picture that someone gave never changes under its name.
const FOR_A_YEAR: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A drawn picture may be replaced by an uploaded one, which has another address.
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");

async fn identity(state: &HttpState, peer: Peer, headers: &HeaderMap) -> Result<Identity, Refusal> {
    let scope = CookieScope::of(headers, peer.0, &state.origins.proxies);
    let token = token(headers, scope).ok_or_else(Refusal::not_signed_in)?;
    Ok(state.accounts.authenticate(token).await?)
}

/// Wrong old passwords are limited for each session, so that one that was left open does not let
/// anyone guess. They take nothing from the name's bucket of failed sign-ins, nor the other way
/// round: who guesses elsewhere doesn't keep the owner from changing the password.
pub(super) async fn change_password(
    State(state): State<HttpState>,
    peer: Peer,
    Client(client): Client,
    headers: HeaderMap,
    JsonBody(body): JsonBody<NewPassword>,
) -> Result<Response, Refusal> {
    let Identity {
        username, session, ..
    } = identity(&state, peer, &headers).await?;
    let attempt = state
        .limits
        .confirm_password(&session)
        .map_err(|limited| Refusal::limited("Too many wrong passwords", limited))?;
    let Some(_place) = state.limits.password(client) else {
        attempt.forgive();
        return Err(Refusal::busy());
    };
    let changed = state
        .accounts
        .change_password(&username, &session, body.old, body.new)
        .await;
    if !matches!(changed, Err(PasswordChangeError::Wrong)) {
        attempt.forgive();
    }
    changed?;
    Ok(done(
        StatusCode::OK,
        "Password changed; you are logged out everywhere else",
    ))
}

pub(super) async fn sessions(
    State(state): State<HttpState>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let own = identity(&state, peer, &headers).await?;
    let sessions = state.accounts.sessions_of(&own.username).await;
    let sessions = sessions.map_err(|error| Refusal::unavailable(&error))?;
    let info = sessions.into_iter().map(|session| SessionInfo {
        current: session.id == own.session,
        id: session.id,
        created: session.created,
        expires: session.expires.unwrap_or(NEVER_MS),
    });
    let sessions = info.collect();
    Ok(Json(Sessions { ok: true, sessions }).into_response())
}

pub(super) async fn revoke_session(
    State(state): State<HttpState>,
    peer: Peer,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let own = identity(&state, peer, &headers).await?;
    let revoked = state.accounts.revoke_own(&own.username, &id).await;
    match revoked.map_err(|error| Refusal::unavailable(&error))? {
        true => Ok(done(StatusCode::OK, "Logged out there")),
        false => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "You have no such session.",
        )),
    }
}

pub(super) async fn put_avatar(
    State(state): State<HttpState>,
    peer: Peer,
    Client(client): Client,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    let own = identity(&state, peer, &headers).await?;
    if state.disk.is_low() {
        return Err(Refusal::disk_low());
    }
    let mut place = state.limits.upload(client, &own.username)?;
    let upload = place.hold(body::read(request.into_body(), AVATAR_BYTES_MAX));
    let upload = upload.await.ok_or_else(Refusal::overloaded)??;
    let changed = state.accounts.set_avatar(&own.username, upload.into());
    let user = changed.await?.ok_or_else(Refusal::not_signed_in)?;
    let avatar = avatar_path(&user);
    Ok(Json(NewAvatar { ok: true, avatar }).into_response())
}

/// The answer does not reveal whether the name is taken: a picture is drawn for every name.
pub(super) async fn avatar(
    State(state): State<HttpState>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let kept = match name.starts_with('~') {
        true => state.accounts.avatar(&name).await,
        false => Ok(None),
    };
    let kept = kept.map_err(|error| Refusal::unavailable(&error))?;
    let (png, caching) = match kept {
        Some(avatar) => (avatar.png, FOR_A_YEAR),
        None => (draw(&name).map_err(AvatarError::Picture)?, FOR_A_DAY),
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("image/png")),
        (CACHE_CONTROL, caching),
    ];
    Ok((headers, png).into_response())
}

impl From<PasswordChangeError> for Refusal {
    fn from(error: PasswordChangeError) -> Self {
        match error {
            PasswordChangeError::Password(error) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, format!("{error}."))
            }
            PasswordChangeError::Wrong => {
                Self::new(StatusCode::FORBIDDEN, "That is not your password.")
            }
            PasswordChangeError::Busy => Self::busy(),
            PasswordChangeError::Store(error) => Self::unavailable(&error),
        }
    }
}

impl From<AvatarError> for Refusal {
    fn from(error: AvatarError) -> Self {
        let error = match error {
            AvatarError::Picture(error) => error,
            AvatarError::Store(error) => return Self::unavailable(&error),
        };
        let status = match error {
            PictureError::Busy => return Self::busy(),
            PictureError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            PictureError::Kind | PictureError::Damaged => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        };
        Self::new(status, error.to_string())
    }
}
