//! The bodies of HTTP requests and responses.

use serde::{Deserialize, Serialize};

use crate::{TimestampMs, Username};

/// The body of `POST /register` and `POST /login`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Credentials {
    /// The username.
    pub username: String,
    /// The password. Never in `Debug`.
    pub password: String,
    /// At `/register`: creates an account for a bot. Its messages are marked as a bot's, and its
    /// sessions last until they are revoked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "ts", ts(optional, as = "Option<_>"))]
    pub bot: bool,
    /// At `/register`: the code of an invite link. Never in `Debug`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub invite: Option<String>,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// The body of a response without data of its own, and of every error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Answer {
    /// Whether the request succeeded.
    pub ok: bool,
    /// A sentence for people.
    pub msg: String,
    /// Why the request was refused, where a program may want to know more than the status says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub code: Option<RefusalCode>,
}

/// Why a request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefusalCode {
    /// Signing up needs an invite.
    InviteNeeded,
    /// The invite is unknown or revoked, has expired, or was used as often as it can be.
    InviteInvalid,
    /// The link to reset a password is unknown, has expired or was used.
    ResetInvalid,
    /// Nobody can sign up.
    RegistrationClosed,
    /// A code that this version doesn't know.
    #[cfg_attr(feature = "ts", ts(skip))]
    #[serde(other)]
    Unknown,
}

impl RefusalCode {
    /// Every code that this version knows.
    pub const ALL: [Self; 4] = [
        Self::InviteNeeded,
        Self::InviteInvalid,
        Self::ResetInvalid,
        Self::RegistrationClosed,
    ];
}

/// The response to `POST /login`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SignedIn {
    /// `true`.
    pub ok: bool,
    /// "Login successful".
    pub msg: String,
    /// The username, as it was registered.
    pub username: Username,
    /// For the `Authorization: Bearer` header or `hello`. Never in `Debug`.
    pub token: String,
    /// When the session ends if it is not used.
    pub expires: TimestampMs,
}

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn")
            .field("username", &self.username)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// The response to `GET /me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Me {
    /// `true`.
    pub ok: bool,
    /// The username.
    pub username: Username,
    /// The display name.
    pub display_name: String,
    /// The path of the user's picture on this server.
    pub avatar: String,
    /// Whether the user is an admin of the server.
    pub admin: bool,
}

/// The body of `POST /password`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NewPassword {
    /// The present password. Never in `Debug`.
    pub old: String,
    /// The new password; [`crate::check_new_password`] has its rules. Never in `Debug`.
    pub new: String,
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewPassword").finish_non_exhaustive()
    }
}

/// The body of `POST /reset`.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ResetPassword {
    /// The code of the link. Never in `Debug`.
    pub code: String,
    /// The new password; [`crate::check_new_password`] has its rules. Never in `Debug`.
    pub password: String,
}

impl std::fmt::Debug for ResetPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResetPassword").finish_non_exhaustive()
    }
}

/// The response to `GET /sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Sessions {
    /// `true`.
    pub ok: bool,
    /// The user's sessions, the newest first.
    pub sessions: Vec<SessionInfo>,
}

/// A session of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct SessionInfo {
    /// The id, for `DELETE /sessions/ID`.
    pub id: String,
    /// When the user signed in.
    pub created: TimestampMs,
    /// When it ends if it is not used; 2⁵³−1 if it lasts until it is revoked.
    pub expires: TimestampMs,
    /// Whether the request belongs to this session.
    pub current: bool,
}

/// The response to `PUT /avatar`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NewAvatar {
    /// `true`.
    pub ok: bool,
    /// The path of the new picture on this server.
    pub avatar: String,
}
