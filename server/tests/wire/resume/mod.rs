//! Resuming: exactly the missed events, in order and once.

mod edges;
mod storm;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Ws, kind_of};

/// A client's copy of each room: the events in order, checked as they come.
#[derive(Debug, Default)]
struct Copy {
    rooms: BTreeMap<String, Vec<Value>>,
}

impl Copy {
    fn of(rooms: &[&str]) -> Self {
        Self {
            rooms: rooms
                .iter()
                .map(|room| ((*room).to_owned(), Vec::new()))
                .collect(),
        }
    }

    /// The `resume` of a hello: the last seq of each room.
    fn cursors(&self) -> Value {
        self.rooms
            .iter()
            .map(|(room, events)| (room.clone(), json!(events.len())))
            .collect()
    }

    /// Applies a frame. Checks that a durable event is the next of its room.
    fn take(&mut self, ws: &Ws, frame: Value) {
        if !matches!(kind_of(&frame), "chat" | "system") || frame["seq"].is_null() {
            ws.check(
                kind_of(&frame) != "limited",
                &format!("not so far behind: {frame}"),
            );
            ws.check(
                kind_of(&frame) != "error",
                &format!("nothing is wrong: {frame}"),
            );
            return;
        }
        let room = frame["room"].as_str().expect("an event names its room");
        let Some(events) = self.rooms.get_mut(room) else {
            ws.fail(&format!("an event of a room that one is not in: {frame}"));
        };
        let expected = events.len() as u64 + 1;
        ws.check(
            frame["seq"] == expected,
            &format!("expected {room} {expected} next, got {frame}"),
        );
        events.push(frame);
    }

    fn has_reached(&self, tips: &BTreeMap<String, u64>) -> bool {
        tips.iter()
            .all(|(room, tip)| self.rooms[room].len() as u64 >= *tip)
    }
}

/// The last seq of each room, from the welcome.
fn tips(welcome: &Value) -> BTreeMap<String, u64> {
    let rooms = welcome["rooms"]
        .as_array()
        .expect("a welcome tells rooms")
        .iter();
    rooms
        .map(|r| {
            (
                r["room"].as_str().unwrap().to_owned(),
                r["last_seq"].as_u64().unwrap(),
            )
        })
        .collect()
}
