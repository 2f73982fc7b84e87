//! Why a request about accounts failed.

use std::time::Duration;

use hyper::StatusCode;

use crate::client::texts;
use crate::protocol::http::{Answer, RefusalCode};

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
    /// The username or the password is wrong; the server does not say which.
    #[error("{}", sentence(.0))]
    WrongPassword(String),
    /// The token has no session, or no longer: sign in again.
    #[error("You are signed out; sign in again.")]
    NotSignedIn(String),
    /// The user is banned, or may not do that.
    #[error("{}", sentence(.0))]
    Forbidden(String),
    /// Signing up needs an invite, or the one that was given does not work any more.
    #[error("{}", sentence(.0))]
    NoInvite(String),
    /// Another account has that name.
    #[error("{}; choose another name.", .0.trim_end_matches('.'))]
    NameTaken(String),
    /// The server refused what was sent; its sentence says what to change.
    #[error("{}", sentence(.0))]
    Refused(String),
    /// Too many calls in too short a time.
    #[error("{}", too_many(.0.as_ref()))]
    RateLimited(Option<Duration>),
    /// The server can't answer now.
    #[error("{} Try again in a moment.", sentence(.0))]
    Busy(String),
    /// The address belongs to something other than a chat server.
    #[error("{0}")]
    NotAChatServer(String),
}

impl HttpError {
    pub(super) fn no_token() -> Self {
        Self::NotSignedIn(texts::NOT_A_TOKEN.to_owned())
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

/// The error of an HTTP status that is no success, with the server's sentence.
pub(super) fn refusal(
    status: StatusCode,
    retry_after: Option<Duration>,
    Answer {
        msg: said, code, ..
    }: Answer,
) -> HttpError {
    if let Some(RefusalCode::InviteNeeded | RefusalCode::InviteInvalid) = code {
        return HttpError::NoInvite(said);
    }
    match status {
        StatusCode::UNAUTHORIZED => HttpError::NotSignedIn(said),
        StatusCode::FORBIDDEN => HttpError::Forbidden(said),
        StatusCode::CONFLICT => HttpError::NameTaken(said),
        StatusCode::TOO_MANY_REQUESTS => HttpError::RateLimited(retry_after),
        status if status.is_server_error() => HttpError::Busy(said),
        _ => HttpError::Refused(said),
    }
}
