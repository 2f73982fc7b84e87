//! The command `history`, and which page it asks for.

use serde::{Deserialize, Serialize};

use crate::{RoomName, Seq};

/// See [`super::Command::History`]. At most one of `before`, `after` and `around`; none is the newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct History {
    /// The room.
    pub room: RoomName,
    /// The nearest messages below this seq.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub before: Option<Seq>,
    /// The nearest messages above this seq.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub after: Option<Seq>,
    /// Messages on both sides of this seq.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub around: Option<Seq>,
    /// Messages at most: 1 to [`crate::limits::HISTORY_LIMIT_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "ts", ts(optional))]
    pub limit: Option<u32>,
}

impl History {
    /// Asks for the messages of `room` that `kind` names, at most `limit` of them.
    pub fn new(room: RoomName, kind: PageKind, limit: Option<u32>) -> Self {
        let (mut before, mut after, mut around) = (None, None, None);
        match kind {
            PageKind::Newest => {}
            PageKind::Before(seq) => before = Some(seq),
            PageKind::After(seq) => after = Some(seq),
            PageKind::Around(seq) => around = Some(seq),
        }
        Self {
            room,
            before,
            after,
            around,
            limit,
        }
    }

    /// Which messages are asked for.
    pub fn kind(&self) -> PageKind {
        match (self.before, self.after, self.around) {
            (Some(seq), ..) => PageKind::Before(seq),
            (None, Some(seq), _) => PageKind::After(seq),
            (None, None, Some(seq)) => PageKind::Around(seq),
            (None, None, None) => PageKind::Newest,
        }
    }
}

/// Which messages of a room a [`History`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageKind {
    /// The newest ones.
    Newest,
    /// The nearest ones below this seq.
    Before(Seq),
    /// The nearest ones above this seq.
    After(Seq),
    /// Those on both sides of this seq, and the message at it.
    Around(Seq),
}
