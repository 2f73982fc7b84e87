//! Up to where this server has seen the rooms' logs reach.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chat_shared::{RoomName, Seq};

/// Rooms that are remembered at most; what is forgotten costs one look.
const ROOMS_MAX: usize = 10_000;

/// Up to where logs were seen to reach. They don't shrink, so this stays true.
#[derive(Debug, Default)]
pub(super) struct Tips(Mutex<HashMap<RoomName, Seq>>);

impl Tips {
    pub(super) fn reaches(&self, room: &RoomName, seq: Seq) -> bool {
        let tips = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tips.get(room).is_some_and(|tip| *tip >= seq)
    }

    pub(super) fn saw(&self, room: &RoomName, seq: Seq) {
        let mut tips = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tips.len() >= ROOMS_MAX && !tips.contains_key(room) {
            tips.clear();
        }
        let tip = tips.entry(room.clone()).or_default();
        *tip = seq.max(*tip);
    }
}
