//! Links by which people sign up or get a new password: the commands of the server's admin, and
//! their answers.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{RequestId, RoomName, TimestampMs, Username};

/// See [`super::Command::InviteLink`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct InviteLink {
    /// How many people can sign up by it: 1 to [`crate::limits::INVITE_USES_MAX`]. Without it, one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub uses: Option<u32>,
    /// How long it works, in seconds: 1 to [`crate::limits::INVITE_FOR_S_MAX`]. Without it,
    /// [`crate::limits::INVITE_FOR_S_DEFAULT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub for_s: Option<u64>,
    /// A room that the newcomers join, into which the admin may invite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub room: Option<RoomName>,
}

/// See [`super::Command::InviteLinks`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct InviteLinks {
    /// Only links behind this one, by its [`InviteInfo::invite`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub after: Option<String>,
    /// Links at most: 1 to [`crate::limits::LIST_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

/// See [`super::Command::RevokeInvite`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct RevokeInvite {
    /// The link's [`InviteInfo::invite`].
    pub invite: String,
}

/// A new invite link. The server does not keep its path, so it can't be shown again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NewInviteLink {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// Names the link in `invite_links` and `revoke_invite`. It lets nobody in.
    pub invite: String,
    /// The link's path on this server: `/join/CODE`. Never in `Debug`.
    pub path: String,
    /// When it ends.
    pub expires: TimestampMs,
    /// How many people can sign up by it.
    pub uses: u32,
    /// The room that the newcomers join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub room: Option<RoomName>,
}

impl fmt::Debug for NewInviteLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewInviteLink")
            .field("invite", &self.invite)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// A page of the invite links that have not expired, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct InvitesPage {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The links.
    pub invites: Vec<InviteInfo>,
    /// Whether there are more.
    pub more: bool,
}

/// An invite link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct InviteInfo {
    /// Names the link. It lets nobody in.
    pub invite: String,
    /// Who made it.
    pub by: Username,
    /// When it was made.
    pub created: TimestampMs,
    /// When it ends.
    pub expires: TimestampMs,
    /// How many people can sign up by it.
    pub uses: u32,
    /// How many have.
    pub used: u32,
    /// The room that the newcomers join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub room: Option<RoomName>,
}

/// See [`super::Command::ResetLink`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ResetLink {
    /// The user who gets a new password.
    pub username: Username,
}

/// A new link to reset a password. The server does not keep its path, so it can't be shown again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct NewResetLink {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The user, in their own spelling.
    pub username: Username,
    /// The link's path on this server: `/reset/CODE`. Never in `Debug`.
    pub path: String,
    /// When it ends.
    pub expires: TimestampMs,
}

impl fmt::Debug for NewResetLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewResetLink")
            .field("username", &self.username)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}
