//! The calls about accounts.

use std::time::Duration;

use super::tls::Trust;
use super::{RootCertificateError, ServerUrl};
use crate::protocol::http::{LoggedIn, Me};

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
    NotSignedIn,
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

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
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
        Self { server, trust: Trust::default() }
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
        todo_call(self, username, password).await
    }

    /// Makes an account for a bot: its messages say so, and its sessions last until revoked.
    ///
    /// # Errors
    /// As [`Accounts::register`].
    pub async fn register_bot(&self, username: &str, password: &str) -> Result<(), HttpError> {
        todo_call(self, username, password).await
    }

    /// Starts a session; its token is for [`super::ClientConfig::new`].
    ///
    /// # Errors
    /// [`HttpError::WrongPassword`], also where there is no such account.
    pub async fn log_in(&self, username: &str, password: &str) -> Result<LoggedIn, HttpError> {
        todo_call(self, username, password).await
    }

    /// Ends a session; its connections end too.
    ///
    /// # Errors
    /// [`HttpError::NotSignedIn`] where it is over already.
    pub async fn log_out(&self, token: &str) -> Result<(), HttpError> {
        todo_call(self, token, "").await
    }

    /// Who one is.
    ///
    /// # Errors
    /// [`HttpError::NotSignedIn`].
    pub async fn me(&self, token: &str) -> Result<Me, HttpError> {
        todo_call(self, token, "").await
    }
}

async fn todo_call<T>(_: &Accounts, _: &str, _: &str) -> Result<T, HttpError> {
    std::future::ready(Err(HttpError::TimedOut)).await
}

/// [`Accounts::register`] at `server`.
///
/// # Errors
/// As there.
pub async fn register(
    server: &ServerUrl,
    username: &str,
    password: &str,
) -> Result<(), HttpError> {
    Accounts::new(server.clone()).register(username, password).await
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
    Accounts::new(server.clone()).register_bot(username, password).await
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
    Accounts::new(server.clone()).log_in(username, password).await
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
