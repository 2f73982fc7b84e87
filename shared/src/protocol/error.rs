use serde::{Deserialize, Serialize};

use crate::{Nonce, RequestId, RoomName};

/// A command was refused, or a frame was not understood. Nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct ErrorFrame {
    /// The `id` of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub re: Option<RequestId>,
    /// The nonce of the command that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub nonce: Option<Nonce>,
    /// The room that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub room: Option<RoomName>,
    /// For programs.
    pub code: ErrorCode,
    /// For people: what happened and what to do.
    pub message: String,
    /// Milliseconds after which to try again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub retry_after_ms: Option<u64>,
}

impl ErrorFrame {
    /// An error about no command in particular.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            re: None,
            nonce: None,
            room: None,
            code,
            message,
            retry_after_ms: None,
        }
    }
}

/// Why a command was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorCode {
    /// Not JSON, or nested too deep.
    BadJson,
    /// JSON, but not an object with a `type`; or a binary frame.
    BadFrame,
    /// No command of that type.
    UnknownCommand,
    /// A field is missing or wrong; the message names it.
    BadField,
    /// A text is over its limit.
    TooLong,
    /// No such room, message or person, as far as one may know.
    NotFound,
    /// One may not do that.
    Forbidden,
    /// The name is another's.
    Taken,
    /// Too much in too short a time; `retry_after_ms` says when to go on.
    RateLimited,
    /// One may only read here.
    Muted,
    /// One is banned here.
    Banned,
    /// The server has too much to do; try again.
    Busy,
    /// The store does not answer; try again.
    Unavailable,
    /// A fault of the server.
    Internal,
    /// A code that this version doesn't know.
    #[cfg_attr(feature = "ts", ts(skip))]
    #[serde(other, skip_serializing)]
    Unknown,
}

impl ErrorCode {
    /// Every code that this version knows.
    pub const ALL: [Self; 14] = [
        Self::BadJson,
        Self::BadFrame,
        Self::UnknownCommand,
        Self::BadField,
        Self::TooLong,
        Self::NotFound,
        Self::Forbidden,
        Self::Taken,
        Self::RateLimited,
        Self::Muted,
        Self::Banned,
        Self::Busy,
        Self::Unavailable,
        Self::Internal,
    ];

    /// Whether the same command may succeed later without any change.
    pub fn is_transient(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Busy | Self::Unavailable | Self::Internal
        )
    }
}
