//! Remembers how far each room's log, projections or search entries reach.

use std::collections::HashMap;

use chat_shared::{RoomName, Seq};
use parking_lot::Mutex;

/// The most rooms that are remembered. A room that is forgotten costs a query.
const ROOMS_MAX: usize = 10_000;

/// The highest seq that this server saw in each room's log, projections or search entries. None of
/// them ever shrinks, so that it stays true.
#[derive(Debug, Default)]
pub(super) struct Reached(Mutex<HashMap<RoomName, Seq>>);

impl Reached {
    pub(super) fn get(&self, room: &RoomName) -> Option<Seq> {
        self.0.lock().get(room).copied()
    }

    pub(super) fn reaches(&self, room: &RoomName, seq: Seq) -> bool {
        self.get(room).is_some_and(|reached| reached >= seq)
    }

    pub(super) fn saw(&self, room: &RoomName, seq: Seq) {
        let mut rooms = self.0.lock();
        if rooms.len() >= ROOMS_MAX && !rooms.contains_key(room) {
            rooms.clear();
        }
        let reached = rooms.entry(room.clone()).or_default();
        *reached = seq.max(*reached);
    }
}
