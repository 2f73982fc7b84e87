//! The calls about accounts and sessions, and those that operators' tools make.

use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chat_shared::TimestampMs;
use chat_shared::protocol::http::{Credentials, LoggedIn, Me};

use super::answer::{Refusal, done};
use super::body::JsonBody;
use super::credential::{bearer_token, clear_cookie, cookie_token, set_cookie};
use super::{Client, HttpState, Peer};
use crate::accounts::LogInError;

/// In which the store must answer for the server to be ready.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// A session that lasts until revoked "expires" at the last time that JavaScript can count to.
pub(super) const NEVER_MS: TimestampMs = (1 << 53) - 1;

pub(super) async fn register(
    State(state): State<HttpState>,
    Client(client): Client,
    JsonBody(body): JsonBody<Credentials>,
) -> Result<Response, Refusal> {
    state
        .limits
        .register(client)
        .map_err(|limited| Refusal::limited("Too many accounts made from your address", limited))?;
    let _place = state.limits.password(client).ok_or_else(Refusal::busy)?;
    state
        .accounts
        .register(&body.username, body.password, body.bot)
        .await?;
    metrics::counter!("chat_registrations_total").increment(1);
    Ok(done(StatusCode::CREATED, "Account created"))
}

pub(super) async fn log_in(
    State(state): State<HttpState>,
    peer: Peer,
    Client(client): Client,
    headers: HeaderMap,
    JsonBody(body): JsonBody<Credentials>,
) -> Result<Response, Refusal> {
    let attempt = state
        .limits
        .sign_in(client, &body.username)
        .map_err(|limited| Refusal::limited("Too many failed log-ins", limited))?;
    let Some(_place) = state.limits.password(client) else {
        attempt.forgive();
        return Err(Refusal::busy());
    };
    let session = match state.accounts.log_in(&body.username, body.password).await {
        Ok(session) => {
            attempt.succeed();
            session
        }
        Err(error) => {
            match &error {
                LogInError::Invalid => {
                    metrics::counter!("chat_logins_failed_total").increment(1);
                    tracing::info!(%client, "log-in failed");
                }
                LogInError::Busy | LogInError::Banned | LogInError::Store(_) => attempt.forgive(),
            }
            return Err(error.into());
        }
    };
    metrics::counter!("chat_logins_total").increment(1);
    let https = state.origins.proxies.says_https(&headers, peer.0);
    let cookie = set_cookie(&session.token, https, session.expires.map(remaining));
    let answer = LoggedIn {
        ok: true,
        msg: "Login successful".to_owned(),
        username: session.username,
        token: session.token,
        expires: session.expires.unwrap_or(NEVER_MS),
    };
    Ok(([(SET_COOKIE, cookie)], Json(answer)).into_response())
}

/// A client whose session has ended already gets the same answer.
pub(super) async fn log_out(
    State(state): State<HttpState>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let https = state.origins.proxies.says_https(&headers, peer.0);
    if let Some(token) = token(&headers, https) {
        let ended = state.accounts.sign_out(token).await;
        ended.map_err(|error| Refusal::unavailable(&error))?;
    }
    let cookie = [(SET_COOKIE, clear_cookie(https))];
    Ok((cookie, done(StatusCode::OK, "Logged out")).into_response())
}

pub(super) async fn me(
    State(state): State<HttpState>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let https = state.origins.proxies.says_https(&headers, peer.0);
    let token = token(&headers, https).ok_or_else(Refusal::not_logged_in)?;
    let session = state.accounts.session(token).await?;
    let name = session.identity.username;
    let answer = Me {
        ok: true,
        display_name: session.display_name,
        avatar: session.avatar,
        admin: session.identity.admin,
        username: name,
    };
    let mut response = Json(answer).into_response();
    // The session is renewed by use, here or elsewhere; the browser's copy follows it here.
    if bearer_token(&headers).is_none() {
        let cookie = set_cookie(token, https, session.expires.map(remaining));
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

pub(super) fn token(headers: &HeaderMap, https: bool) -> Option<&str> {
    bearer_token(headers).or_else(|| cookie_token(headers, https))
}

fn remaining(expires: TimestampMs) -> Duration {
    let end = SystemTime::UNIX_EPOCH + Duration::from_millis(expires);
    end.duration_since(SystemTime::now()).unwrap_or_default()
}

pub(super) async fn healthz() -> Response {
    done(StatusCode::OK, "Alive")
}

pub(super) async fn readyz(State(state): State<HttpState>) -> Result<Response, Refusal> {
    let no = Refusal::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "The store does not answer.",
    );
    match tokio::time::timeout(READY_TIMEOUT, state.accounts.store_answers()).await {
        Ok(Ok(())) => Ok(done(StatusCode::OK, "Ready")),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Err(no)
        }
        Err(_) => Err(no),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float; accounts are far under 2⁵³"
)]
pub(super) async fn metrics(State(state): State<HttpState>) -> Response {
    metrics::gauge!("chat_accounts").set(state.accounts.account_count() as f64);
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(CONTENT_TYPE, kind)], state.metrics.render()).into_response()
}

/// Counts requests by route, never by path, so that clients can't make new series.
pub(super) async fn count(request: Request, next: Next) -> Response {
    let method = match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("other", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let status = response.status().as_str().to_owned();
    metrics::counter!("chat_http_requests_total", "method" => method, "route" => route, "status" => status)
        .increment(1);
    response
}
