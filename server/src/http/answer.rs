//! The answers of the HTTP calls. Every refusal is `{"ok":false,"msg":"a sentence"}`.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chat_shared::protocol::http::{Answer, RefusalCode};

use super::limits::{Limited, UploadRejected};
use crate::accounts::{AuthError, RegisterError, SignInError};
use crate::messages;
use chat_server_store::{StoreError, log_failure};

/// In how many seconds a busy server, or one whose store fails, may be asked again.
const RETRY_SECONDS: u64 = 5;

/// An error as the client sees it; nothing of the server's inside is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    status: StatusCode,
    msg: Cow<'static, str>,
    code: Option<RefusalCode>,
    retry_after_s: Option<u64>,
}

impl Refusal {
    pub fn new(status: StatusCode, msg: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            msg: msg.into(),
            code: None,
            retry_after_s: None,
        }
    }

    /// There is no session that the request could be done in.
    pub fn not_signed_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "You are not signed in, or no longer: sign in first.",
        )
    }

    /// The session's owner is banned.
    pub fn banned() -> Self {
        Self::new(StatusCode::FORBIDDEN, "You are banned from this server.")
    }

    /// Answers a request from a page of another origin.
    pub fn foreign_origin() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Requests from other sites' pages are refused. If this page is meant to use this \
             server, its operator can name it with --allowed-origin.",
        )
    }

    /// As [`Refusal::foreign_origin`], for a request by a proxy that is not trusted, whose host is not
    /// believed.
    pub(super) fn unknown_proxy(peer: IpAddr) -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            format!(
                "The page's origin is not the server's. This request came through a proxy that the \
                 server does not trust: its operator can name it with --trusted-proxy {peer}."
            ),
        )
    }

    /// The server can't do it now, and can be asked again.
    fn try_later(msg: &'static str) -> Self {
        Self {
            retry_after_s: Some(RETRY_SECONDS),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, msg)
        }
    }

    /// The store failed; what it said is for the log alone.
    pub fn unavailable(error: &StoreError) -> Self {
        log_failure!(error, error, "the store failed a request");
        Self::try_later("The server can't reach what it keeps; try again in a few seconds.")
    }

    /// The disk is almost full.
    pub(super) fn disk_low() -> Self {
        Self::try_later(messages::DISK_LOW)
    }

    /// More is being sent to the server at this moment than it takes in.
    pub(super) fn overloaded() -> Self {
        Self::try_later("The server has too many requests to read; try again in a few seconds.")
    }

    pub(super) fn busy() -> Self {
        Self::try_later("The server has too many passwords to check; try again in a few seconds.")
    }

    /// Codes of invites or password resets were guessed.
    pub(super) fn too_many_codes(limited: Limited) -> Self {
        Self::limited("Too many codes that do not work", limited)
    }

    fn no_sign_up(error: &impl std::fmt::Display, code: RefusalCode) -> Self {
        Self::forbidden(error.to_string(), code)
    }

    pub(super) fn forbidden(sentence: String, code: RefusalCode) -> Self {
        Self {
            code: Some(code),
            ..Self::new(StatusCode::FORBIDDEN, sentence)
        }
    }

    /// The status and the sentence, for a page.
    pub(super) fn said(self) -> (StatusCode, Cow<'static, str>) {
        (self.status, self.msg)
    }

    pub(super) fn limited(what: &str, limited: Limited) -> Self {
        let seconds = whole_seconds(limited.retry_after);
        Self {
            retry_after_s: Some(seconds),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                format!("{what}; try again in {seconds} s."),
            )
        }
    }
}

/// Rounded up, so that who waits as long is let in.
fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0).max(u64::from(duration.is_zero()))
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let answer = Answer {
            ok: false,
            msg: self.msg.into_owned(),
            code: self.code,
        };
        let mut response = (self.status, Json(answer)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<RegisterError> for Refusal {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Name(error) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            RegisterError::Password(error) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            error @ (RegisterError::Reserved | RegisterError::SetUpBegun(_)) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            error @ RegisterError::InviteNeeded => {
                Self::no_sign_up(&error, RefusalCode::InviteNeeded)
            }
            RegisterError::Invite(error) => Self::no_sign_up(&error, RefusalCode::InviteInvalid),
            error @ RegisterError::Closed => {
                Self::no_sign_up(&error, RefusalCode::RegistrationClosed)
            }
            RegisterError::Taken => Self::new(StatusCode::CONFLICT, "Username already exists"),
            RegisterError::Busy => Self::busy(),
            RegisterError::Store(error) => Self::unavailable(&error),
        }
    }
}

impl From<UploadRejected> for Refusal {
    fn from(rejected: UploadRejected) -> Self {
        match rejected {
            UploadRejected::Another => Self {
                retry_after_s: Some(RETRY_SECONDS),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "Another picture of yours is being read; wait until it is done.",
                )
            },
            UploadRejected::Busy => Self::overloaded(),
            UploadRejected::Limited(limited) => {
                Self::limited("You changed your picture too often", limited)
            }
        }
    }
}

impl From<SignInError> for Refusal {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Invalid => {
                Self::new(StatusCode::UNAUTHORIZED, "Invalid username or password")
            }
            SignInError::Banned => Self::banned(),
            error @ SignInError::Deactivated => {
                Self::new(StatusCode::FORBIDDEN, format!("{error}."))
            }
            SignInError::Busy => Self::busy(),
            SignInError::Store(error) => Self::unavailable(&error),
        }
    }
}

impl From<AuthError> for Refusal {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Invalid => Self::not_signed_in(),
            AuthError::Banned => Self::banned(),
            AuthError::Store(error) => Self::unavailable(&error),
        }
    }
}

/// An answer where there is nothing more to say.
pub(super) fn done(status: StatusCode, msg: &str) -> Response {
    (
        status,
        Json(Answer {
            ok: true,
            msg: msg.to_owned(),
            code: None,
        }),
    )
        .into_response()
}
