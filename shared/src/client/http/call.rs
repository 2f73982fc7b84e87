//! One call: a request on a connection of its own, and what its answer means.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::error::refusal;
use super::{Accounts, HttpError};
use crate::client::dial::dial;
use crate::client::texts;
use crate::protocol::http::Answer;

/// How long a call may take, the connection included. The server may let a sign-in wait in line.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 65_536;

/// An HTTP request to the server.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) token: Option<&'a str>,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
}

impl<'a> Call<'a> {
    /// A call without a body.
    pub(super) fn new(method: Method, path: &'a str, token: Option<&'a str>) -> Self {
        Self {
            method,
            path,
            token,
            content_type: "application/json",
            body: Bytes::new(),
        }
    }

    /// A POST of a JSON body.
    pub(super) fn post(path: &'a str, token: Option<&'a str>, json: String) -> Self {
        Self {
            body: Bytes::from(json),
            ..Self::new(Method::POST, path, token)
        }
    }
}

impl Accounts {
    pub(super) async fn call<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, HttpError> {
        let (status, retry_after, body) = timeout(CALL_TIMEOUT, self.exchange(call))
            .await
            .map_err(|_| HttpError::TimedOut)??;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| self.not_a_chat_server(status));
        }
        match serde_json::from_slice::<Answer>(&body) {
            Ok(answer) => Err(refusal(status, retry_after, answer)),
            // A proxy before the server may answer in its place, in its own words.
            Err(_) if status == StatusCode::TOO_MANY_REQUESTS => {
                Err(HttpError::RateLimited(retry_after))
            }
            Err(_) if status.is_server_error() => {
                let said = texts::cannot_answer(&self.server, &status);
                Err(HttpError::Busy(said))
            }
            Err(_) => Err(self.not_a_chat_server(status)),
        }
    }

    /// One request on a connection of its own; calls about accounts are rare.
    async fn exchange(
        &self,
        call: Call<'_>,
    ) -> Result<(StatusCode, Option<Duration>, Bytes), HttpError> {
        let request = self.request(call)?;
        let stream = dial(&self.server, &self.trust)
            .await
            .map_err(|error| HttpError::Unreachable(error.to_string()))?;
        let broken = |error: &dyn std::fmt::Display| {
            HttpError::Unreachable(texts::call_failed(&self.server, error))
        };
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
        let answer = async {
            let response = sender
                .send_request(request)
                .await
                .map_err(|error| broken(&error))?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
            let body = body.map_err(|error| broken(&error))?.to_bytes();
            let retry_after = head.headers.get(RETRY_AFTER);
            let seconds = retry_after.and_then(|value| value.to_str().ok()?.parse().ok());
            Ok((head.status, seconds.map(Duration::from_secs), body))
        };
        tokio::pin!(answer);
        tokio::select! {
            answer = &mut answer => answer,
            // When the connection ends, the answer is woken too and reports why.
            _ = connection => answer.await,
        }
    }

    fn request(&self, call: Call<'_>) -> Result<Request<Full<Bytes>>, HttpError> {
        let mut request = Request::builder()
            .method(call.method)
            .uri(call.path)
            .header(HOST, self.server.authority())
            .header(CONTENT_TYPE, call.content_type);
        if let Some(token) = call.token {
            request = request.header(
                AUTHORIZATION,
                bearer(token).ok_or_else(HttpError::no_token)?,
            );
        }
        request
            .body(Full::new(call.body))
            .map_err(|_| self.not_a_chat_server(StatusCode::BAD_REQUEST))
    }

    fn not_a_chat_server(&self, status: StatusCode) -> HttpError {
        HttpError::NotAChatServer(texts::not_a_chat_server(&self.server, &status))
    }
}

/// The `Authorization` header of a token (RFC 6750, section 2.1); `None` if no server can have
/// issued the token.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
