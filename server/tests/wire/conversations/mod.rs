//! Commands beyond sending and reading: changes, markers, moderation, direct rooms, profiles,
//! search.

mod blocks;
mod changes;
mod direct;
mod many_rooms;
mod markers;
mod people;
mod profile;
mod search;
mod subscriptions;

use serde_json::{Value, json};

use crate::support::{Ws, kind_of};

/// All durable events of a room, as a resume would replay them to this person.
async fn events(ws: &mut Ws, room: &str) -> Vec<Value> {
    let page = ws
        .done(
            json!({"type": "events", "room": room, "after": 0, "limit": 500}),
            "events",
        )
        .await;
    page["events"].as_array().unwrap().clone()
}

async fn history(ws: &mut Ws, room: &str) -> Vec<Value> {
    let page = ws
        .done(json!({"type": "history", "room": room}), "history")
        .await;
    page["messages"].as_array().unwrap().clone()
}

/// The next event of this type in a room.
async fn hear(ws: &mut Ws, kind: &str, room: &str) -> Value {
    ws.expect_matching(&format!("{kind} in {room}"), |frame| {
        kind_of(frame) == kind && frame["room"] == room
    })
    .await
}

/// Creates a public room of `owner` that the others join.
async fn room_of(name: &str, owner: &mut Ws, others: &mut [&mut Ws]) {
    owner
        .done(json!({"type": "create", "room": name}), "room")
        .await;
    for other in others {
        other
            .done(json!({"type": "join", "room": name}), "ok")
            .await;
        hear(other, "system", name).await;
    }
}
