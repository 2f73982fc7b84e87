//! The commands by which an admin makes and unmakes others.

use serde::{Deserialize, Serialize};

use crate::Username;

/// See [`super::Command::MakeAdmin`] and [`super::Command::UnmakeAdmin`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct AdminRight {
    /// The user who gets the right or loses it.
    pub username: Username,
}
