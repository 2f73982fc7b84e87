//! Error frames and their codes.

use serde::{Deserialize, Serialize};

use crate::{Nonce, RequestId, RoomName};

/// The server refused a command or did not understand a frame. Nothing changed.
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
    /// The room of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub room: Option<RoomName>,
    /// The reason, for programs.
    pub code: ErrorCode,
    /// The reason, as a sentence for people: what happened and what to do.
    pub message: String,
    /// Milliseconds to wait before trying again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub retry_after_ms: Option<u64>,
}

impl ErrorFrame {
    /// Makes an error that answers no command.
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
    /// The frame is not JSON, or is nested too deep.
    BadJson,
    /// The frame is not an object, its `type` is not a string, or it comes at the wrong time.
    BadFrame,
    /// There is no such command.
    UnknownCommand,
    /// A field is missing or wrong; the message names it.
    BadField,
    /// A text is above its limit.
    TooLong,
    /// There is no such room, message or user, as far as the user may know.
    NotFound,
    /// The user may not do that.
    Forbidden,
    /// A room of that name exists.
    Taken,
    /// Too many commands in too short a time; `retry_after_ms` says how long to wait.
    RateLimited,
    /// The account has done as much of this as an account may; with `retry_after_ms`, for today.
    Quota,
    /// The user may only read here.
    Muted,
    /// The user is banned here.
    Banned,
    /// The server is overloaded; try again.
    Busy,
    /// The store does not answer; try again.
    Unavailable,
    /// The server has a fault.
    Internal,
    /// A code that this version doesn't know.
    #[cfg_attr(feature = "ts", ts(skip))]
    #[serde(other)]
    Unknown,
}

impl ErrorCode {
    /// Every code that this version knows.
    pub const ALL: [Self; 15] = [
        Self::BadJson,
        Self::BadFrame,
        Self::UnknownCommand,
        Self::BadField,
        Self::TooLong,
        Self::NotFound,
        Self::Forbidden,
        Self::Taken,
        Self::RateLimited,
        Self::Quota,
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
