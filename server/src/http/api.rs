//! The calls about accounts and sessions, and those that operators' tools make.

use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chat_shared::TimestampMs;
use chat_shared::protocol::http::{Credentials, Me, SignedIn};
use metrics_exporter_prometheus::PrometheusHandle;

use super::answer::{Refusal, done};
use super::body::JsonBody;
use super::credential::bearer_token;
use super::limits::Attempt;
use super::registration::become_admin;
use super::{Client, CookieScope, HttpState, Peer};
use crate::accounts::{Accounts, SignInError};
use crate::network::ClientNetwork;
use crate::telemetry;
use chat_server_store::log_failure;

/// In which the store must answer for the server to be ready.
const READY_TIMEOUT: Duration = Duration::from_secs(2);

/// A session that lasts until revoked "expires" at the last time that JavaScript can count to.
pub(super) const NEVER_MS: TimestampMs = (1 << 53) - 1;

pub(super) async fn sign_in(
    State(state): State<HttpState>,
    peer: Peer,
    Client(client): Client,
    headers: HeaderMap,
    JsonBody(body): JsonBody<Credentials>,
) -> Result<Response, Refusal> {
    let attempt = sign_in_attempt(&state, client, &body.username).await?;
    let signing_in = state
        .accounts
        .sign_in_from(&body.username, body.password, Some(client));
    let signed_in = match state.limits.password(client) {
        Some(mut place) => place.hold(signing_in).await,
        None => None,
    };
    let Some(signed_in) = signed_in else {
        attempt.forgive();
        return Err(Refusal::busy());
    };
    let session = match signed_in {
        Ok(session) => {
            if attempt.succeed() {
                let accounts = &state.accounts;
                accounts.remember_network(&session.username, client).await;
            }
            session
        }
        Err(error) => {
            match &error {
                SignInError::Invalid => {
                    metrics::counter!("chat_logins_failed_total").increment(1);
                    tracing::info!(%client, "sign-in failed");
                }
                SignInError::Busy
                | SignInError::Banned
                | SignInError::Deactivated
                | SignInError::Store(_) => attempt.forgive(),
            }
            return Err(error.into());
        }
    };
    metrics::counter!("chat_logins_total").increment(1);
    become_admin(&state, &headers, &session.username).await;
    let scope = CookieScope::of(&headers, peer.0, &state.origins.proxies);
    let cookie = scope.set(&session.token, session.expires.map(remaining));
    let answer = SignedIn {
        ok: true,
        msg: "Login successful".to_owned(),
        username: session.username,
        token: session.token,
        expires: session.expires.unwrap_or(NEVER_MS),
    };
    Ok(([(SET_COOKIE, cookie)], Json(answer)).into_response())
}

/// Counts a sign-in. Where too many with this name failed elsewhere, the store is asked whether the
/// account signed in from this network before the server's start.
async fn sign_in_attempt<'s>(
    state: &'s HttpState,
    client: ClientNetwork,
    name: &str,
) -> Result<Attempt<'s>, Refusal> {
    let (limits, accounts) = (&state.limits, &state.accounts);
    let mut attempt = limits.sign_in(client, name);
    if attempt.is_err()
        && !limits.is_known(client, name)
        && accounts.knows_network(name, client).await
    {
        limits.make_known(client, name);
        attempt = limits.sign_in(client, name);
    }
    attempt.map_err(|limited| Refusal::limited("Too many failed sign-ins", limited))
}

/// A client whose session has ended already gets the same answer.
pub(super) async fn log_out(
    State(state): State<HttpState>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let scope = CookieScope::of(&headers, peer.0, &state.origins.proxies);
    if let Some(token) = token(&headers, scope) {
        let ended = state.accounts.sign_out(token).await;
        ended.map_err(|error| Refusal::unavailable(&error))?;
    }
    Ok((scope.clear(&headers), done(StatusCode::OK, "Logged out")).into_response())
}

pub(super) async fn me(
    State(state): State<HttpState>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let scope = CookieScope::of(&headers, peer.0, &state.origins.proxies);
    let token = token(&headers, scope).ok_or_else(Refusal::not_signed_in)?;
    let session = state.accounts.session(token).await?;
    let name = session.identity.username;
    let answer = Me {
        ok: true,
        display_name: session.display_name,
        avatar: session.avatar,
        admin: session.admin,
        username: name,
    };
    let mut response = Json(answer).into_response();
    // The session is renewed by use, here or elsewhere; the browser's copy follows it here.
    if bearer_token(&headers).is_none() {
        let cookie = scope.set(token, session.expires.map(remaining));
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    Ok(response)
}

pub(super) fn token(headers: &HeaderMap, scope: CookieScope) -> Option<&str> {
    bearer_token(headers).or_else(|| scope.token(headers))
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
            log_failure!(warn, error, "not ready");
            Err(no)
        }
        Err(_) => Err(no),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float; accounts are far under 2⁵³"
)]
pub(super) fn metrics(handle: &PrometheusHandle, accounts: &Accounts) -> Response {
    metrics::gauge!("chat_accounts").set(accounts.account_count() as f64);
    let faults = accounts.store_faults();
    metrics::counter!("chat_store_failures_total").absolute(faults.failures);
    metrics::gauge!("chat_store_failing").set(f64::from(u8::from(faults.is_failing)));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(CONTENT_TYPE, kind)], telemetry::render(handle)).into_response()
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
