//! A new password by a link of the admin's: a form that needs no script, and the call behind it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::REFERRER_POLICY;
use axum::response::{Html, IntoResponse, Response};
use chat_shared::limits::PASSWORD_CHARS_MIN;
use chat_shared::protocol::http::{RefusalCode, ResetPassword};

use super::answer::{Refusal, done};
use super::body::FormOrJson;
use super::{Client, HttpState};
use crate::accounts::ResetError;
use crate::network::ClientNetwork;

/// The form, or the sentence that the link does not work.
pub(super) async fn form(
    State(state): State<HttpState>,
    Client(client): Client,
    Path(code): Path<String>,
) -> Result<Response, Refusal> {
    let attempt = state.limits.code(client).map_err(Refusal::too_many_codes)?;
    let checked = state.accounts.check_reset(&code).await;
    if let Ok(None) = checked {
        let sentence = format!("{}.", ResetError::Invalid);
        return Err(Refusal::new(StatusCode::NOT_FOUND, sentence));
    }
    // A store that fails says nothing about the code.
    attempt.forgive();
    checked.map_err(|error| Refusal::unavailable(&error))?;
    // A code that works has no character but these; no other may be put into the page.
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    let form = format!(
        "<h1>New password</h1>\
         <form method=\"post\" action=\"/reset\">\
         <input type=\"hidden\" name=\"code\" value=\"{code}\">\
         <p><label>New password, {PASSWORD_CHARS_MIN} characters or more<br>\
         <input type=\"password\" name=\"password\" autocomplete=\"new-password\" required \
         minlength=\"{PASSWORD_CHARS_MIN}\" autofocus></label></p>\
         <button>Set password</button></form>"
    );
    Ok(page(StatusCode::OK, &form))
}

pub(super) async fn reset(
    State(state): State<HttpState>,
    Client(client): Client,
    FormOrJson { value, is_form }: FormOrJson<ResetPassword>,
) -> Response {
    let outcome = set(&state, client, value).await;
    if !is_form {
        return match outcome {
            Ok(()) => done(StatusCode::OK, "Password changed"),
            Err(refusal) => refusal.into_response(),
        };
    }
    match outcome {
        Ok(()) => page(
            StatusCode::OK,
            "<h1>Your password is changed</h1><p><a href=\"/\">Sign in</a></p>",
        ),
        Err(refusal) => {
            // The sentences are the server's own and hold nothing that anybody wrote.
            let (status, sentence) = refusal.said();
            let sentence = format!("<h1>The password is not changed</h1><p>{sentence}</p>");
            page(status, &sentence)
        }
    }
}

async fn set(state: &HttpState, client: ClientNetwork, body: ResetPassword) -> Result<(), Refusal> {
    // A busy server looks at no code, so that it counts none as guessed.
    let mut place = state.limits.password(client).ok_or_else(Refusal::busy)?;
    let attempt = state.limits.code(client).map_err(Refusal::too_many_codes)?;
    let resetting = state.accounts.reset_password(&body.code, body.password);
    let outcome = place.hold(resetting).await;
    if !matches!(outcome, Some(Err(ResetError::Invalid))) {
        attempt.forgive();
    }
    Ok(outcome.ok_or_else(Refusal::busy)??)
}

/// A page without script or style. Browsers say the origin of a form only where the policy lets them
/// say the referrer; the code in the address stays on this server.
fn page(status: StatusCode, content: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"dark light\"><title>New password</title></head>\
         <body><main>{content}</main></body></html>"
    );
    (status, [(REFERRER_POLICY, "same-origin")], Html(page)).into_response()
}

impl From<ResetError> for Refusal {
    fn from(error: ResetError) -> Self {
        match error {
            error @ ResetError::Invalid => {
                Self::forbidden(format!("{error}."), RefusalCode::ResetInvalid)
            }
            ResetError::Password(error) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            ResetError::Weak(error) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            ResetError::Busy => Self::busy(),
            ResetError::Store(error) => Self::unavailable(&error),
        }
    }
}
