//! Creating, joining and leaving rooms.

use serde_json::{Value, json};

use crate::support::{Server, User, Ws, fresh_nonce, kind_of, text_of};

/// The frame without fields that differ between runs.
fn brief(frame: &Value) -> Value {
    match kind_of(frame) {
        "system" => json!([
            "system",
            frame["room"],
            frame["event"],
            frame["seq"],
            frame["username"]
        ]),
        "room" => json!([
            "room",
            frame["re"],
            frame["room"]["room"],
            frame["room"]["last_seq"]
        ]),
        "ok" => json!(["ok", frame["re"]]),
        "chat" => json!(["chat", frame["room"], frame["seq"], frame["message"]]),
        "room_gone" => json!(["room_gone", frame["room"]]),
        _ => frame.clone(),
    }
}

/// Checks that the next frames are these, in this order.
async fn expect_frames(ws: &mut Ws, expected: &[Value]) {
    for (i, expected) in expected.iter().enumerate() {
        let frame = ws.next().await;
        ws.check(
            brief(&frame) == *expected,
            &format!("frame {i} must be {expected}, is {frame}"),
        );
    }
}

#[tokio::test]
async fn a_room_is_created_joined_used_and_left() {
    let server = Server::start().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    let mut anns_other = server.enter(&ann_user).await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let mut bobs_other = server.enter(&bob_user).await;
    let (_, mut carl) = server.newcomer("carl").await;

    create(&mut ann, &mut anns_other).await;

    join([&mut bob, &mut bobs_other], [&mut ann, &mut anns_other]).await;

    // Messages reach both.
    bob.say("rust", "hello").await;
    for ws in [&mut ann, &mut anns_other, &mut bob, &mut bobs_other] {
        expect_frames(ws, &[json!(["chat", "rust", 3, "hello"])]).await;
    }

    leave([&mut bob, &mut bobs_other], [&mut ann, &mut anns_other]).await;
    // No later frame names the room.
    ann.say("rust", "he is gone").await;
    ann.say("lobby", "anyone here?").await;
    for ws in [&mut bob, &mut bobs_other, &mut carl] {
        expect_frames(ws, &[json!(["chat", "lobby", 1, "anyone here?"])]).await;
    }
    for command in [
        json!({"type": "send", "room": "rust", "text": "x", "nonce": fresh_nonce()}),
        json!({"type": "history", "room": "rust"}),
        json!({"type": "events", "room": "rust", "after": 0}),
    ] {
        bob.refused(command, &["forbidden", "not_found"]).await;
    }

    join_again(&server, &bob_user, &mut bob).await;
}

/// The creator gets the reply, their other connections a `room` frame, and then both the event with seq 1.
async fn create(ann: &mut Ws, anns_other: &mut Ws) {
    ann.send(&json!({"type": "create", "id": "c", "room": "rust", "topic": "Crabs"}))
        .await;
    let reply = ann.next().await;
    assert_eq!(brief(&reply), json!(["room", "c", "rust", 0]), "{reply}");
    let room = json!({"kind": "public", "topic": "Crabs", "role": "owner", "members": 1});
    for (name, value) in room.as_object().unwrap() {
        assert_eq!(&reply["room"][name], value, "{name} of {reply}");
    }
    expect_frames(ann, &[json!(["system", "rust", "created", 1, "ann"])]).await;
    expect_frames(
        anns_other,
        &[
            json!(["room", null, "rust", 0]),
            json!(["system", "rust", "created", 1, "ann"]),
        ],
    )
    .await;
}

/// The new member gets `ok`, the room as it was before, and then the event, which everyone gets.
async fn join([bob, bobs_other]: [&mut Ws; 2], [ann, anns_other]: [&mut Ws; 2]) {
    bob.send(&json!({"type": "join", "id": "j", "room": "rust"}))
        .await;
    let joined = json!(["system", "rust", "joined", 2, "bob"]);
    expect_frames(
        bob,
        &[
            json!(["ok", "j"]),
            json!(["room", null, "rust", 1]),
            joined.clone(),
        ],
    )
    .await;
    expect_frames(
        bobs_other,
        &[json!(["room", null, "rust", 1]), joined.clone()],
    )
    .await;
    expect_frames(ann, std::slice::from_ref(&joined)).await;
    expect_frames(anns_other, &[joined]).await;
}

/// All members get the event, then the leaver gets `room_gone`.
async fn leave([bob, bobs_other]: [&mut Ws; 2], [ann, anns_other]: [&mut Ws; 2]) {
    bob.send(&json!({"type": "leave", "id": "l", "room": "rust"}))
        .await;
    let left = json!(["system", "rust", "left", 4, "bob"]);
    expect_frames(
        bob,
        &[
            json!(["ok", "l"]),
            left.clone(),
            json!(["room_gone", "rust"]),
        ],
    )
    .await;
    expect_frames(bobs_other, &[left.clone(), json!(["room_gone", "rust"])]).await;
    expect_frames(ann, std::slice::from_ref(&left)).await;
    expect_frames(anns_other, &[left]).await;
}

/// After joining again the whole history is readable.
async fn join_again(server: &Server, bob_user: &User, bob: &mut Ws) {
    bob.send(&json!({"type": "join", "id": "j2", "room": "rust"}))
        .await;
    let again = json!(["system", "rust", "joined", 6, "bob"]);
    expect_frames(
        bob,
        &[json!(["ok", "j2"]), json!(["room", null, "rust", 5]), again],
    )
    .await;
    let page = bob
        .done(json!({"type": "history", "room": "rust"}), "history")
        .await;
    let texts: Vec<&str> = page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(text_of)
        .collect();
    assert_eq!(texts, ["hello", "he is gone"], "{page}");
    let welcome = server.enter(bob_user).await.welcome;
    let rooms: Vec<&Value> = welcome["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| &r["room"])
        .collect();
    assert_eq!(rooms.len(), 2, "{welcome}");
    assert!(
        rooms.contains(&&json!("rust")) && rooms.contains(&&json!("lobby")),
        "{welcome}"
    );
}

#[tokio::test]
async fn a_command_without_effect_is_ok_and_makes_no_event() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let nonce = fresh_nonce();
    let create = json!({"type": "create", "room": "rust", "nonce": nonce});
    let first = ann.done(create.clone(), "room").await;
    let again = ann.done(create, "room").await;
    assert_eq!(
        again["room"]["room"], first["room"]["room"],
        "a repeated nonce: the first answer"
    );
    ann.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    ann.done(json!({"type": "join", "room": "lobby"}), "ok")
        .await;
    bob.done(json!({"type": "leave", "room": "rust"}), "ok")
        .await;
    let join = json!({"type": "join", "room": "rust", "nonce": fresh_nonce()});
    bob.done(join.clone(), "ok").await;
    bob.done(join.clone(), "ok").await;
    // A repeated nonce does nothing, even after leaving.
    bob.done(json!({"type": "leave", "room": "rust"}), "ok")
        .await;
    bob.done(join, "ok").await;
    let log = super::pages::all_events(&mut ann, "rust", 100).await;
    let events: Vec<&str> = log
        .iter()
        .filter_map(|event| event["event"].as_str())
        .collect();
    assert_eq!(events, ["created", "joined", "left"], "{log:?}");
    let lobby = super::pages::all_events(&mut ann, "lobby", 100).await;
    assert!(
        lobby.is_empty(),
        "the lobby's log holds messages only: {lobby:?}"
    );
}

#[tokio::test]
async fn a_room_name_is_taken_once() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    ann.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    bob.refused(json!({"type": "create", "room": "rust"}), &["taken"])
        .await;
    ann.refused(json!({"type": "create", "room": "rust"}), &["taken"])
        .await;

    // When many create the same room at once, one of them gets the name.
    let mut racers = Vec::new();
    for i in 0..8 {
        let (_, mut ws) = server.newcomer(&format!("racer{i}")).await;
        racers.push(tokio::spawn(async move {
            kind_of(&ws.ask(json!({"type": "create", "room": "prize"})).await).to_owned()
        }));
    }
    let mut won = 0;
    for racer in racers {
        match racer.await.unwrap().as_str() {
            "room" => won += 1,
            other => assert_eq!(other, "error"),
        }
    }
    assert_eq!(won, 1, "one room of a name");
}

#[tokio::test]
async fn a_private_room_does_not_exist_for_outsiders() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let create = json!({"type": "create", "room": "board", "topic": "hush", "private": true});
    let reply = ann.done(create, "room").await;
    assert_eq!(
        (&reply["room"]["kind"], &reply["room"]["role"]),
        (&json!("private"), &json!("owner"))
    );
    ann.say("board", "between us").await;

    let commands = |room: &str| {
        [
            json!({"type": "join", "room": room}),
            json!({"type": "leave", "room": room}),
            json!({"type": "send", "room": room, "text": "x", "nonce": "same-for-both"}),
            json!({"type": "history", "room": room}),
            json!({"type": "events", "room": room, "after": 0}),
            json!({"type": "members", "room": room}),
        ]
    };
    for (hidden, absent) in commands("board").into_iter().zip(commands("broad")) {
        let hidden = bob.refused(hidden, &["not_found"]).await;
        let absent = bob.refused(absent, &["not_found"]).await;
        let as_absent = text_of(&hidden).replace("board", "broad");
        assert_eq!(
            as_absent,
            text_of(&absent),
            "the sentence does not tell them apart"
        );
    }
    let rooms = bob
        .done(json!({"type": "rooms", "prefix": "b"}), "rooms")
        .await;
    assert_eq!(rooms["rooms"], json!([]), "{rooms}");

    // Bob was sent nothing about it.
    ann.say("lobby", "marker").await;
    let frames = bob
        .collect_until("the marker", |frame| text_of(frame) == "marker")
        .await;
    let leaked: Vec<&Value> = frames
        .iter()
        .filter(|f| f.to_string().contains("board") && kind_of(f) != "error")
        .collect();
    assert!(leaked.is_empty(), "{leaked:?}");
    let log = super::pages::all_events(&mut ann, "board", 100).await;
    assert_eq!(log.len(), 2, "and nothing was done to it: {log:?}");
}

/// Its messages must not reach somebody else who takes its name.
#[tokio::test]
async fn a_private_room_that_everyone_left_is_nobodys_again() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let create = json!({"type": "create", "room": "secrets", "private": true});
    ann.done(create, "room").await;
    ann.say("secrets", "a secret").await;
    ann.done(json!({"type": "leave", "room": "secrets"}), "ok")
        .await;
    let (_, mut bob) = server.newcomer("bob").await;
    for private in [true, false] {
        let create = json!({"type": "create", "room": "secrets", "private": private});
        bob.refused(create.clone(), &["taken"]).await;
        ann.refused(create, &["taken"]).await;
    }
    for ws in [&mut ann, &mut bob] {
        for kind in ["join", "history", "members"] {
            let command = json!({"type": kind, "room": "secrets"});
            ws.refused(command, &["not_found"]).await;
        }
    }
}
