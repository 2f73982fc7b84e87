//! A new password by a link of the admin's: a form that needs no script, and the call behind it.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chat_shared::limits::PASSWORD_CHARS_MIN;
use chat_shared::protocol::http::{RefusalCode, ResetPassword};

use super::answer::{Refusal, done};
use super::body::FormOrJson;
use super::plain_page::{self, page};
use super::{Client, HttpState};
use crate::accounts::ResetError;
use crate::network::ClientNetwork;

/// The title of the page.
const TITLE: &str = "New password";

/// The form, or the sentence that the link does not work.
pub(super) async fn form(
    State(state): State<HttpState>,
    Client(client): Client,
    headers: HeaderMap,
    Path(code): Path<String>,
) -> Response {
    match check(&state, client, &code).await {
        Ok(()) => {
            let content = format!("<h1>New password</h1>{}", form_of(&code));
            page(StatusCode::OK, TITLE, &content)
        }
        Err(refusal) => plain_page::refused(&headers, refusal),
    }
}

async fn check(state: &HttpState, client: ClientNetwork, code: &str) -> Result<(), Refusal> {
    let attempt = state.limits.code(client).map_err(Refusal::too_many_codes)?;
    let checked = state.accounts.check_reset(code).await;
    if let Ok(None) = checked {
        let sentence = format!("{}.", ResetError::Invalid);
        return Err(Refusal::new(StatusCode::NOT_FOUND, sentence));
    }
    // A store that fails says nothing about the code.
    attempt.forgive();
    checked.map_err(|error| Refusal::unavailable(&error))?;
    Ok(())
}

fn form_of(code: &str) -> String {
    // A code that works has no character but these; no other may be put into the page.
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    format!(
        "<form method=\"post\" action=\"/reset\">\
         <input type=\"hidden\" name=\"code\" value=\"{code}\">\
         <p><label>New password, {PASSWORD_CHARS_MIN} characters or more<br>\
         <input type=\"password\" name=\"password\" autocomplete=\"new-password\" required \
         minlength=\"{PASSWORD_CHARS_MIN}\" autofocus></label></p>\
         <button>Set password</button></form>"
    )
}

pub(super) async fn reset(
    State(state): State<HttpState>,
    Client(client): Client,
    FormOrJson { value, is_form }: FormOrJson<ResetPassword>,
) -> Response {
    let code = value.code.clone();
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
            TITLE,
            "<h1>Your password is changed</h1><p><a href=\"/\">Sign in</a></p>",
        ),
        Err(refusal) => {
            // The sentences are the server's own and hold nothing that anybody wrote.
            let (status, sentence) = refusal.said();
            // Unless the link is void, another password or another attempt may do.
            let form = match status {
                StatusCode::FORBIDDEN => String::new(),
                _ => form_of(&code),
            };
            let content = format!("<h1>The password is not changed</h1><p>{sentence}</p>{form}");
            page(status, TITLE, &content)
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

impl From<ResetError> for Refusal {
    fn from(error: ResetError) -> Self {
        match error {
            error @ ResetError::Invalid => {
                Self::forbidden(format!("{error}."), RefusalCode::ResetInvalid)
            }
            ResetError::Password(error) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
            }
            ResetError::Busy => Self::busy(),
            ResetError::Store(error) => Self::unavailable(&error),
        }
    }
}
