//! Bodies of the HTTP calls.

use serde::{Deserialize, Serialize};

use crate::{TimestampMs, Username};

/// The body of `POST /register` and `POST /login`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password. Never in `Debug`.
    pub password: String,
    /// At `/register`: the account is a bot's. Its messages say so, and its sessions last until
    /// they are revoked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub bot: bool,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// What every call answers where there is nothing more to say, errors among it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Answer {
    /// Whether it was done.
    pub ok: bool,
    /// A sentence for people.
    pub msg: String,
}

/// What `POST /login` answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct LoggedIn {
    /// `true`.
    pub ok: bool,
    /// "Login successful".
    pub msg: String,
    /// The name as it was registered.
    pub username: Username,
    /// For the `Authorization: Bearer` header or `hello`. Never in `Debug`.
    pub token: String,
    /// When the token ends unless it is used.
    pub expires: TimestampMs,
}

impl std::fmt::Debug for LoggedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoggedIn")
            .field("username", &self.username)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// What `GET /me` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Me {
    /// `true`.
    pub ok: bool,
    /// Who one is.
    pub username: Username,
    /// The name to show.
    pub display_name: String,
    /// Where one's picture is, as a path of this server.
    pub avatar: String,
    /// Whether one is the server's admin.
    pub admin: bool,
}

/// The body of `POST /password`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NewPassword {
    /// The password one has. Never in `Debug`.
    pub old: String,
    /// The one to have; [`crate::check_new_password`] says what it must be. Never in `Debug`.
    pub new: String,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPassword").finish_non_exhaustive()
    }
}

/// What `GET /sessions` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Sessions {
    /// `true`.
    pub ok: bool,
    /// One's own, the newest first.
    pub sessions: Vec<SessionInfo>,
}

/// One of one's own sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionInfo {
    /// For `DELETE /sessions/ID`.
    pub id: String,
    /// When one logged in.
    pub created: TimestampMs,
    /// When it ends unless it is used; 2⁵³−1 where it lasts until revoked.
    pub expires: TimestampMs,
    /// Whether the call came with this one.
    pub current: bool,
}

/// What `PUT /avatar` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NewAvatar {
    /// `true`.
    pub ok: bool,
    /// Where the picture is now, as a path of this server.
    pub avatar: String,
}
