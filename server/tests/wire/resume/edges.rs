//! Edges of resuming: too far behind, another log, a cursor past the tip, a room that one is not
//! in; and the `resume` command.

use serde_json::{Value, json};

use super::Copy;
use crate::basics::all_events;
use crate::support::{Received, Server, User, Ws, kind_of, text_of};

/// Events that a resume replays in one room, and in all rooms together.
const ROOM_EVENTS_MAX: usize = 1_000;
const EVENTS_MAX: usize = 5_000;

/// Connects with `from`, and returns the frames after the welcome up to a message that is then sent
/// in `room`, with that message's seq.
///
/// The message is sent in the resumed room, because another room's live events may overtake a
/// replay.
async fn resumed(
    server: &Server,
    user: &User,
    more: Value,
    (by, room): (&mut Ws, &str),
) -> (Ws, Vec<Value>, u64) {
    let mut ws = server.enter_with(user, more).await;
    let marker = by.say(room, "marker").await["seq"].clone();
    let is_marker = |frame: &Value| frame["room"] == room && frame["seq"] == marker;
    let mut frames = ws.collect_until("the marker", is_marker).await;
    frames.pop();
    (ws, frames, marker.as_u64().expect("a seq"))
}

fn limited(frames: &[Value]) -> Vec<&Value> {
    frames
        .iter()
        .filter(|frame| kind_of(frame) == "limited")
        .collect()
}

fn durable<'a>(frames: &'a [Value], room: &str) -> Vec<&'a Value> {
    frames
        .iter()
        .filter(|frame| frame["room"] == room && frame["seq"].is_u64())
        .collect()
}

/// Ann, who owns the room "rust", and Bob, a member of it.
async fn ann_and_bob_in_rust(server: &Server) -> (Ws, User, Ws) {
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    ann.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    (ann, bob_user, bob)
}

#[tokio::test]
async fn over_a_thousand_events_behind_a_room_is_limited() {
    let server = Server::start().await;
    let (mut ann, bob_user, bob) = ann_and_bob_in_rust(&server).await;
    let log = bob.welcome["log"].clone();
    drop(bob);
    let tip = ann.say_many("rust", ROOM_EVENTS_MAX + 1).await;
    assert_eq!(tip, 1_003);

    // 1,001 events behind: `limited`, no replay, and live events follow.
    let from = json!({"log": log, "resume": {"rust": tip - 1_001}});
    let (ws, frames, live) = resumed(&server, &bob_user, from, (&mut ann, "rust")).await;
    let expected = json!({"type": "limited", "room": "rust", "last_seq": tip, "reset": false});
    assert_eq!(limited(&frames), [&expected], "one frame says so");
    ws.check(durable(&frames, "rust").is_empty(), "nothing is replayed");
    assert_eq!(live, tip + 1, "it goes on above last_seq");

    // 1,000 events behind: all are replayed.
    let from = json!({"log": log, "resume": {"rust": live - 1_000}});
    let (ws, frames, next) = resumed(&server, &bob_user, from, (&mut ann, "rust")).await;
    ws.check(limited(&frames).is_empty(), "a thousand are replayed");
    let replayed: Vec<u64> = durable(&frames, "rust")
        .iter()
        .map(|frame| frame["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(
        replayed,
        (live - 999..=live).collect::<Vec<_>>(),
        "in order, none twice"
    );
    assert_eq!(next, live + 1);
}

#[tokio::test]
async fn over_five_thousand_events_behind_in_all_some_rooms_are_limited() {
    const ROOMS: usize = 6;
    const EACH: usize = 900;
    let server = Server::start().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    let log = ann.welcome["log"].clone();
    let names: Vec<String> = (0..ROOMS).map(|i| format!("room-{i}")).collect();
    for name in &names {
        ann.done(json!({"type": "create", "room": name}), "room")
            .await;
        assert_eq!(ann.say_many(name, EACH).await, EACH as u64 + 1);
    }
    drop(ann);
    let cursors: Value = names.iter().map(|name| (name.clone(), json!(1))).collect();
    let mut ws = server
        .enter_with(&ann_user, json!({"log": log, "resume": cursors}))
        .await;
    let (mut replayed, mut is_limited) = (vec![1; ROOMS], vec![false; ROOMS]);
    while (0..ROOMS).any(|i| !is_limited[i] && replayed[i] <= EACH) {
        let frame = ws.next().await;
        let at = names.iter().position(|name| frame["room"] == json!(name));
        let Some(at) = at else {
            ws.fail(&format!("unexpected {frame}"))
        };
        if kind_of(&frame) == "limited" {
            ws.check(
                frame["reset"] == false,
                &format!("the log is the same: {frame}"),
            );
            ws.check(frame["last_seq"] == EACH + 1, &format!("the tip: {frame}"));
            ws.check(
                replayed[at] == 1 && !is_limited[at],
                &format!("all or nothing: {frame}"),
            );
            is_limited[at] = true;
        } else {
            replayed[at] += 1;
            let fits = frame["seq"] == replayed[at] && !is_limited[at];
            ws.check(fits, &format!("expected {}: {frame}", replayed[at]));
        }
    }
    let total = replayed.iter().sum::<usize>() - ROOMS;
    assert!(total <= EVENTS_MAX, "5,000 in all, not {total}");
    assert!(total >= EACH, "what fits is replayed");
    assert!(
        is_limited.contains(&true),
        "rooms beyond the bound are limited"
    );
    ws.done(json!({"type": "ping"}), "pong").await;
}

#[tokio::test]
async fn cursors_of_another_log_are_reset() {
    let server = Server::start().await;
    let (mut ann, bob_user, bob) = ann_and_bob_in_rust(&server).await;
    let log = bob.welcome["log"].clone();
    ann.say_many("rust", 5).await;
    drop(bob);
    // (the log id, how far past the tip)
    let rows = [
        (json!("another"), -4),
        (json!("another"), 0),
        (log.clone(), 1),
        (log.clone(), 1 << 52),
    ];
    for (named, past) in rows {
        let tip = tip_of(&mut ann).await;
        let cursor = tip.checked_add_signed(past).expect("a cursor");
        let from = json!({"log": named, "resume": {"rust": cursor}});
        let expected = json!({"type": "limited", "room": "rust", "last_seq": tip, "reset": true});
        let (ws, frames, _) = resumed(&server, &bob_user, from.clone(), (&mut ann, "rust")).await;
        let fits = limited(&frames) == [&expected] && durable(&frames, "rust").is_empty();
        ws.check(fits, &format!("expected only {expected} for {from}"));
    }
    // At the tip nothing is replayed.
    let from = json!({"log": log, "resume": {"rust": tip_of(&mut ann).await}});
    let (ws, frames, _) = resumed(&server, &bob_user, from, (&mut ann, "rust")).await;
    let silent = limited(&frames).is_empty() && durable(&frames, "rust").is_empty();
    ws.check(silent, "one who has all gets nothing");
}

async fn tip_of(ws: &mut Ws) -> u64 {
    let page = ws
        .done(
            json!({"type": "history", "room": "rust", "limit": 1}),
            "history",
        )
        .await;
    page["as_of"].as_u64().expect("a seq")
}

#[tokio::test]
async fn rooms_of_others_are_not_resumed() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let log = bob.welcome["log"].clone();
    ann.done(
        json!({"type": "create", "room": "board", "private": true}),
        "room",
    )
    .await;
    ann.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    bob.done(json!({"type": "leave", "room": "rust"}), "ok")
        .await;
    ann.say("board", "between us").await;
    ann.say("rust", "after he left").await;
    // Rooms are replayed by name, so the events of this room come last.
    bob.done(json!({"type": "create", "room": "zoo"}), "room")
        .await;
    bob.say_many("zoo", 2).await;
    drop(bob);
    let elsewhere = |zoo: u64| json!({"board": 0, "rust": 1, "nowhere": 5, "lobby": 0, "zoo": zoo});
    let from = json!({"log": log, "resume": elsewhere(2)});
    let (mut ws, mut frames, _) = resumed(&server, &bob_user, from, (&mut ann, "lobby")).await;
    ws.send(&json!({"type": "resume", "id": "r", "rooms": elsewhere(1)}))
        .await;
    frames.extend(
        ws.collect_until("the answer", |frame| frame["re"] == "r")
            .await,
    );
    frames.extend(
        ws.collect_until("the last room's replay", |frame| {
            frame["room"] == "zoo" && frame["seq"] == 2
        })
        .await,
    );
    for frame in frames {
        let told = ["board", "rust", "nowhere"]
            .iter()
            .any(|room| frame["room"] == *room);
        ws.check(
            !told || kind_of(&frame) == "error",
            &format!("nothing of other rooms: {frame}"),
        );
        let leaks = ["between us", "after he left"].contains(&text_of(&frame));
        ws.check(!leaks, &format!("a room that one is not in: {frame}"));
    }
}

#[tokio::test]
async fn the_resume_command_replays_the_same_as_hello() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    ann.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    ann.say_many("rust", 40).await;
    drop(bob);
    let mut ws = server.enter(&bob_user).await;
    ws.send(&json!({"type": "resume", "id": "r", "rooms": {"rust": 10}}))
        .await;
    let ok = ws.expect_next("ok").await;
    assert_eq!(ok["re"], "r", "ok comes first, then the events: {ok}");
    for seq in 11..=42 {
        let event = ws.next().await;
        ws.check(
            event["seq"] == seq,
            &format!("expected {seq} next, got {event}"),
        );
    }
    let said = ann.say("rust", "live").await;
    let chat = ws.expect_next("chat").await;
    assert_eq!(
        (&chat["seq"], &said["seq"]),
        (&json!(43), &json!(43)),
        "and live goes on"
    );

    // While others talk, replayed and live events join without a gap or a repetition.
    let talker = tokio::spawn(async move {
        for _ in 0..20 {
            ann.say_many("rust", 10).await;
        }
        ann
    });
    let mut copy = Copy::of(&["rust"]);
    ws.send(&json!({"type": "resume", "id": "again", "rooms": {"rust": 0}}))
        .await;
    ws.expect("ok").await;
    let deadline = tokio::time::Instant::now() + crate::support::PATIENCE;
    while copy.rooms["rust"].len() < 243 {
        match ws.receive_by(deadline).await {
            Some(Received::Frame(frame)) => copy.take(&ws, frame),
            other => ws.fail(&format!("waited for all of the room, got {other:?}")),
        }
    }
    let mut ann = talker.await.unwrap();
    assert_eq!(copy.rooms["rust"], all_events(&mut ann, "rust", 500).await);
    ws.refused(
        json!({"type": "resume", "rooms": {"No Such!": 1}}),
        &["bad_field", "not_found"],
    )
    .await;
}

#[tokio::test]
async fn the_resume_command_can_be_limited_or_reset() {
    let server = Server::start().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    ann.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    ann.say_many("rust", ROOM_EVENTS_MAX + 5).await;
    let mut ws = server.enter(&ann_user).await;
    for (cursor, reset) in [(0, false), (5_000, true)] {
        ws.done(json!({"type": "resume", "rooms": {"rust": cursor}}), "ok")
            .await;
        let frame = ws.expect_next("limited").await;
        let expected =
            json!({"type": "limited", "room": "rust", "last_seq": 1_006, "reset": reset});
        assert_eq!(frame, expected);
    }
    let said = ann.say("rust", "live").await;
    assert_eq!(ws.expect_next("chat").await["seq"], said["seq"]);
}
