use std::time::Duration;

use hyper::StatusCode;

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
    /// One is banned, or may not do that.
    #[error("{}", sentence(.0))]
    Forbidden(String),
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
    pub(super) fn no_token() -> Self {
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

/// What a status other than a success means; `said` is the answer's sentence.
pub(super) fn refusal(
    status: StatusCode,
    retry_after: Option<Duration>,
    said: String,
) -> HttpError {
    match status {
        StatusCode::UNAUTHORIZED => HttpError::NotSignedIn(said),
        StatusCode::FORBIDDEN => HttpError::Forbidden(said),
        StatusCode::CONFLICT => HttpError::NameTaken(said),
        StatusCode::TOO_MANY_REQUESTS => HttpError::RateLimited(retry_after),
        status if status.is_server_error() => HttpError::Busy(said),
        _ => HttpError::Refused(said),
    }
}
