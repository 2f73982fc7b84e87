//! The audit: who signed in and who changed what. Only admins read it.

use serde::{Deserialize, Serialize};

use crate::{RequestId, RoomName, TimestampMs, Username};

/// See [`super::Command::Audit`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Audit {
    /// Only entries older than this one, by its [`AuditInfo::entry`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub before: Option<String>,
    /// Entries at most: 1 to [`crate::limits::LIST_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

/// A page of the audit, the newest entry first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditPage {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The entries.
    pub entries: Vec<AuditInfo>,
    /// Whether there are older ones.
    pub more: bool,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AuditInfo {
    /// Names the entry.
    pub entry: String,
    /// When it happened.
    pub ts: TimestampMs,
    /// What was done, such as `sign_in` or `role`. More names may be added.
    pub action: String,
    /// Who did it. Absent for the operator and for somebody who failed to sign in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub by: Option<Username>,
    /// The account that it was done to. Absent if there is none, as when somebody failed to sign in
    /// with a name that nobody has: it may be a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub username: Option<Username>,
    /// The room that it was done in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub room: Option<RoomName>,
    /// The client's network: an IPv4 address or an IPv6 /64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub from: Option<String>,
    /// What else there is to say, such as the role that was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub detail: Option<String>,
}
