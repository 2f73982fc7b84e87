//! What fuzz targets need of the inside: functions that read what strangers send.

use axum::response::IntoResponse;
use chat_server_store::PasswordRecord;
use chat_shared::Username;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;

use crate::accounts::{self, PictureError};
use crate::{gateway, http};

/// Makes the picture that is served of an upload: a PNG.
///
/// # Errors
/// [`PictureError`] if the upload won't do.
pub fn picture(upload: &[u8]) -> Result<Vec<u8>, PictureError> {
    accounts::make_picture(upload).map(|avatar| avatar.png)
}

/// Reads the body of a request as JSON.
///
/// # Errors
/// The status of the answer, and all that is known of it.
pub fn json_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, (u16, String)> {
    http::read_json(body).map_err(|refusal| {
        let known = format!("{refusal:?}");
        (refusal.into_response().status().as_u16(), known)
    })
}

/// Whether a new account may not have this username because the server has it, or it looks so.
pub fn is_reserved(username: &Username) -> bool {
    accounts::is_reserved(username)
}

/// The usernames that a display name may look like.
pub fn lookalikes(display_name: &str) -> Vec<String> {
    gateway::lookalikes(display_name)
}

/// Checks passwords as a sign-in does.
pub struct PasswordCheck {
    runtime: Runtime,
    passwords: accounts::PasswordChecks,
}

impl std::fmt::Debug for PasswordCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordCheck").finish_non_exhaustive()
    }
}

impl PasswordCheck {
    /// Starts what checks need.
    ///
    /// # Errors
    /// [`anyhow::Error`] if the operating system gives no thread or no random numbers.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self {
            runtime: tokio::runtime::Builder::new_current_thread().build()?,
            passwords: accounts::PasswordChecks::new()?,
        })
    }

    /// Whether the password opens an account with this stored hash.
    pub fn opens(&self, password: &str, hash: &str) -> bool {
        let record = PasswordRecord::Argon2id(hash.to_owned());
        let check = self.passwords.verify(password.to_owned(), Some(record));
        let verdict = self.runtime.block_on(check);
        !matches!(verdict, Ok(accounts::Verdict::Wrong) | Err(_))
    }
}
