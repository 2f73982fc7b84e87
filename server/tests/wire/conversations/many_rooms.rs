//! A person in a thousand rooms.

use serde_json::{Value, json};

use crate::support::{Server, User, Ws, on_ferretdb};

/// Commands that are sent before their replies are read.
const WINDOW: usize = 50;

/// Sends commands as fast as their replies arrive.
async fn all(ws: &mut Ws, commands: impl Iterator<Item = Value>) {
    let commands: Vec<_> = commands.collect();
    for window in commands.chunks(WINDOW) {
        for command in window {
            let mut command = command.clone();
            command["id"] = json!("each");
            ws.send(&command).await;
        }
        for _ in window {
            let answer = ws
                .expect_matching("an answer", |frame| frame["re"].is_string())
                .await;
            ws.check(answer["type"] != "error", &answer.to_string());
        }
    }
}

/// Connects, and returns all rooms that the server lists.
async fn enter(server: &Server, user: &User, more: Value) -> (Ws, Vec<Value>) {
    let mut ws = server.enter_with(user, more).await;
    let mut rooms = ws.welcome["rooms"].as_array().unwrap().clone();
    let mut more = ws.welcome["more"] == true;
    while more {
        let state = ws.expect_next("rooms_state").await;
        rooms.extend(state["rooms"].as_array().unwrap().iter().cloned());
        more = state["more"] == true;
    }
    (ws, rooms)
}

#[tokio::test]
async fn welcome_lists_a_thousand_rooms_with_their_counts() {
    // FerretDB scans the whole log to find a room's events.
    let count = if on_ferretdb() { 120 } else { 1_000 };
    let mut server = Server::start_for_restarts().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let name = |i: usize| format!("room-{i:04}");
    let create = |i| json!({"type": "create", "room": name(i)});
    all(&mut ann, (0..count).map(create)).await;
    all(
        &mut bob,
        (0..count).map(|i| json!({"type": "join", "room": name(i)})),
    )
    .await;
    bob.close().await;
    ann.say(&name(7), "hello @bob").await;
    ann.say(&name(7), "and all").await;
    ann.close().await;

    let check = |rooms: &[Value]| {
        let mut names: Vec<&str> = rooms.iter().filter_map(|r| r["room"].as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count + 1, "each room once, and the lobby");
        assert_eq!(rooms.len(), count + 1);
        assert_eq!(rooms[0]["room"], name(7), "the most recently active first");
        for room in rooms {
            let expect = if room["room"] == name(7) {
                [2, 1]
            } else {
                [0, 0]
            };
            assert_eq!(
                json!([room["unread"], room["mentions"]]),
                json!(expect),
                "{room}"
            );
        }
    };
    let (bob, rooms) = enter(&server, &bob_user, json!({})).await;
    check(&rooms);
    bob.close().await;
    // After the restart no room is loaded.
    server.terminate();
    server.ended(crate::support::PATIENCE).await;
    server.restart().await;
    let cursors: Value = (0..count).map(|i| (name(i), json!(1))).collect();
    let (mut bob, rooms) = enter(&server, &bob_user, json!({"resume": cursors})).await;
    check(&rooms);
    let mut seqs = std::collections::BTreeMap::<String, Vec<u64>>::new();
    for _ in 0..count + 2 {
        let event = bob
            .expect_matching("a replayed event", |frame| frame["seq"].is_u64())
            .await;
        let room = event["room"].as_str().unwrap_or_default().to_owned();
        let seqs = seqs.entry(room).or_default();
        seqs.extend(event["seq"].as_u64());
    }
    assert_eq!(seqs.len(), count);
    assert!(seqs.iter().all(|(room, seqs)| match *room == name(7) {
        true => *seqs == [2, 3, 4],
        false => *seqs == [2],
    }));
}
