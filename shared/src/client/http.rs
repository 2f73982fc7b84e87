//! The calls about accounts.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::dial::dial;
use super::tls::Trust;
use super::{RootCertificateError, ServerUrl};
use crate::codec::encode;
use crate::protocol::http::{Answer, Credentials, LoggedIn, Me};

/// How long a call may take, the connection included. The server may let a log-in wait in line.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 65_536;

/// Why a call failed. `Display` is a sentence for people; no password or token is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No connection to the server could be made.
    #[error("{0}")]
    Unreachable(String),
    /// The server did not answer in time.
    #[error("The server did not answer in time; try again.")]
    TimedOut,
    /// The name or the password is wrong; which of them is not told.
    #[error("{}", sentence(.0))]
    WrongPassword(String),
    /// The token is no (longer a) session: log in again.
    #[error("You are signed out; log in again.")]
    NotSignedIn(String),
    /// Another account has that name.
    #[error("{}; choose another name.", .0.trim_end_matches('.'))]
    NameTaken(String),
    /// The server refused what was sent; its sentence says what to change.
    #[error("{}", sentence(.0))]
    Refused(String),
    /// Too many calls in too short a time.
    #[error("{}", too_many(.0.as_ref()))]
    RateLimited(Option<Duration>),
    /// The server can't do it now.
    #[error("{} Try again in a moment.", sentence(.0))]
    Busy(String),
    /// What answered is no chat server.
    #[error("{0}")]
    NotAChatServer(String),
}

impl HttpError {
    fn no_token() -> Self {
        Self::NotSignedIn("That is no token.".to_owned())
    }
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

fn too_many(retry_after: Option<&Duration>) -> String {
    match retry_after {
        Some(wait) => format!("Too many tries; wait {} s and try again.", wait.as_secs()),
        None => "Too many tries; wait a moment and try again.".to_owned(),
    }
}

/// A server's calls about accounts.
#[derive(Debug, Clone)]
pub struct Accounts {
    server: ServerUrl,
    trust: Trust,
}

impl Accounts {
    /// The calls of `server`.
    pub fn new(server: ServerUrl) -> Self {
        Self {
            server,
            trust: Trust::default(),
        }
    }

    /// Also trusts the certificates in `pem`, as [`super::ClientConfig::root_certificate`] does.
    ///
    /// # Errors
    /// [`RootCertificateError`] where `pem` holds no usable certificate.
    pub fn root_certificate(mut self, pem: &[u8]) -> Result<Self, RootCertificateError> {
        self.trust.add_pem(pem)?;
        Ok(self)
    }

    /// Makes an account for a person.
    ///
    /// # Errors
    /// [`HttpError::NameTaken`], [`HttpError::Refused`] for a name or password that won't do.
    pub async fn register(&self, username: &str, password: &str) -> Result<(), HttpError> {
        self.new_account(username, password, false).await
    }

    /// Makes an account for a bot: its messages say so, and its sessions last until revoked.
    ///
    /// # Errors
    /// As [`Accounts::register`].
    pub async fn register_bot(&self, username: &str, password: &str) -> Result<(), HttpError> {
        self.new_account(username, password, true).await
    }

    async fn new_account(
        &self,
        username: &str,
        password: &str,
        bot: bool,
    ) -> Result<(), HttpError> {
        let body = credentials(username, password, bot);
        self.call(Method::POST, "/register", None, &body)
            .await
            .map(|_: Answer| ())
    }

    /// Starts a session; its token is for [`super::ClientConfig::new`].
    ///
    /// # Errors
    /// [`HttpError::WrongPassword`], also where there is no such account.
    pub async fn log_in(&self, username: &str, password: &str) -> Result<LoggedIn, HttpError> {
        let body = credentials(username, password, false);
        match self.call(Method::POST, "/login", None, &body).await {
            // Without a token there is no session to be signed out of.
            Err(HttpError::NotSignedIn(said)) => Err(HttpError::WrongPassword(said)),
            other => other,
        }
    }

    /// Ends a session; its connections end too.
    ///
    /// # Errors
    /// [`HttpError::NotSignedIn`] where it is over already.
    pub async fn log_out(&self, token: &str) -> Result<(), HttpError> {
        self.call(Method::POST, "/logout", Some(token), "{}")
            .await
            .map(|_: Answer| ())
    }

    /// Who one is.
    ///
    /// # Errors
    /// [`HttpError::NotSignedIn`].
    pub async fn me(&self, token: &str) -> Result<Me, HttpError> {
        self.call(Method::GET, "/me", Some(token), "").await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> Result<T, HttpError> {
        let (status, retry_after, body) =
            timeout(CALL_TIMEOUT, self.exchange(method, path, token, body))
                .await
                .map_err(|_| HttpError::TimedOut)??;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(|_| self.not_a_chat_server(status));
        }
        match serde_json::from_slice::<Answer>(&body) {
            Ok(answer) => Err(refusal(status, retry_after, answer.msg)),
            // What stands before the server may answer in its place, in its own words.
            Err(_) if status == StatusCode::TOO_MANY_REQUESTS => {
                Err(HttpError::RateLimited(retry_after))
            }
            Err(_) if status.is_server_error() => Err(HttpError::Busy(format!(
                "The server can't answer now ({status})."
            ))),
            Err(_) => Err(self.not_a_chat_server(status)),
        }
    }

    /// One request on a connection of its own; calls about accounts are rare.
    async fn exchange(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> Result<(StatusCode, Option<Duration>, Bytes), HttpError> {
        let request = self.request(method, path, token, body)?;
        let stream = dial(&self.server, &self.trust)
            .await
            .map_err(|error| HttpError::Unreachable(error.to_string()))?;
        let broken = |error: &dyn std::fmt::Display| {
            HttpError::Unreachable(format!("The call to {} failed: {error}.", self.server))
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
            // The connection's end wakes the answer too, which then says what happened.
            _ = connection => answer.await,
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &str,
    ) -> Result<Request<Full<Bytes>>, HttpError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.server.authority())
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(
                AUTHORIZATION,
                bearer(token).ok_or_else(HttpError::no_token)?,
            );
        }
        let body = Full::new(Bytes::copy_from_slice(body.as_bytes()));
        request
            .body(body)
            .map_err(|_| self.not_a_chat_server(StatusCode::BAD_REQUEST))
    }

    fn not_a_chat_server(&self, status: StatusCode) -> HttpError {
        HttpError::NotAChatServer(format!(
            "What answers at {} is no chat server ({status}); check the address.",
            self.server
        ))
    }
}

fn credentials(username: &str, password: &str, bot: bool) -> String {
    encode(&Credentials {
        username: username.to_owned(),
        password: password.to_owned(),
        bot,
    })
}

/// The header that carries a token; `None` where no server can have given that token.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn refusal(status: StatusCode, retry_after: Option<Duration>, said: String) -> HttpError {
    match status {
        StatusCode::UNAUTHORIZED => HttpError::NotSignedIn(said),
        StatusCode::CONFLICT => HttpError::NameTaken(said),
        StatusCode::TOO_MANY_REQUESTS => HttpError::RateLimited(retry_after),
        status if status.is_server_error() => HttpError::Busy(said),
        _ => HttpError::Refused(said),
    }
}

/// [`Accounts::register`] at `server`.
///
/// # Errors
/// As there.
pub async fn register(server: &ServerUrl, username: &str, password: &str) -> Result<(), HttpError> {
    Accounts::new(server.clone())
        .register(username, password)
        .await
}

/// [`Accounts::register_bot`] at `server`.
///
/// # Errors
/// As there.
pub async fn register_bot(
    server: &ServerUrl,
    username: &str,
    password: &str,
) -> Result<(), HttpError> {
    Accounts::new(server.clone())
        .register_bot(username, password)
        .await
}

/// [`Accounts::log_in`] at `server`.
///
/// # Errors
/// As there.
pub async fn log_in(
    server: &ServerUrl,
    username: &str,
    password: &str,
) -> Result<LoggedIn, HttpError> {
    Accounts::new(server.clone())
        .log_in(username, password)
        .await
}

/// [`Accounts::log_out`] at `server`.
///
/// # Errors
/// As there.
pub async fn log_out(server: &ServerUrl, token: &str) -> Result<(), HttpError> {
    Accounts::new(server.clone()).log_out(token).await
}

/// [`Accounts::me`] at `server`.
///
/// # Errors
/// As there.
pub async fn me(server: &ServerUrl, token: &str) -> Result<Me, HttpError> {
    Accounts::new(server.clone()).me(token).await
}
