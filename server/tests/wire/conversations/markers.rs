//! Unread counts, mentions, read markers and typing.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{hear, room_of};
use crate::support::{Server, User, Ws, kind_of, text_of};

fn told(ws: &Ws, room: &str) -> Value {
    let rooms = ws.welcome["rooms"].as_array().unwrap();
    let found = rooms.iter().find(|told| told["room"] == room);
    let room = found.unwrap_or_else(|| ws.fail(&format!("{room} is not in the welcome")));
    json!([room["read_seq"], room["unread"], room["mentions"]])
}

async fn check(server: &Server, user: &User, room: &str, expect: Value) {
    let ws = server.enter(user).await;
    let found = told(&ws, room);
    ws.check(found == expect, &format!("expected {expect}, is {found}"));
    ws.close().await;
}

#[tokio::test]
async fn a_read_marker_reaches_all_connections_of_a_person() {
    let server = Server::start().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("Bob").await;
    let mut bobs_other = server.enter(&bob_user).await;
    room_of("rust", &mut ann, &mut [&mut bob]).await;
    for text in ["one", "@bob two", "three @bob, @BOB", "@nobody four @bobby"] {
        ann.say("rust", text).await;
    }
    let chat = bob
        .expect_matching("the mention", |frame| frame["seq"] == 4)
        .await;
    assert_eq!(chat["mentions"], json!(["Bob"]), "{chat}");
    check(&server, &bob_user, "rust", json!([2, 4, 2])).await;
    bob.done(json!({"type": "read", "room": "rust", "seq": 4}), "ok")
        .await;
    for ws in [&mut bob, &mut bobs_other] {
        let read = hear(ws, "read", "rust").await;
        assert_eq!(
            json!([read["seq"], read["unread"], read["mentions"]]),
            json!([4, 2, 1])
        );
    }
    // The marker only moves forward, and never past the last event.
    bob.done(json!({"type": "read", "room": "rust", "seq": 3}), "ok")
        .await;
    check(&server, &bob_user, "rust", json!([4, 2, 1])).await;
    ann.done(
        json!({"type": "edit", "room": "rust", "seq": 5, "text": "nobody"}),
        "ok",
    )
    .await;
    check(&server, &bob_user, "rust", json!([4, 2, 0])).await;
    bob.done(json!({"type": "read", "room": "rust", "seq": 999}), "ok")
        .await;
    check(&server, &bob_user, "rust", json!([7, 0, 0])).await;
    // One's own messages count as read.
    ann.say("rust", "five").await;
    bob.say("rust", "six").await;
    check(&server, &bob_user, "rust", json!([9, 0, 0])).await;
    check(&server, &ann_user, "rust", json!([8, 1, 0])).await;
    bob.refused(
        json!({"type": "read", "room": "other", "seq": 1}),
        &["not_found"],
    )
    .await;
}

#[tokio::test]
async fn typing_is_announced_and_expires() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    ann.done(json!({"type": "typing", "room": "lobby"}), "ok")
        .await;
    assert_eq!(
        hear(&mut bob, "typing", "lobby").await["usernames"],
        json!(["ann"])
    );
    bob.send(&json!({"type": "typing", "room": "lobby"})).await;
    assert_eq!(
        hear(&mut bob, "typing", "lobby").await["usernames"],
        json!(["ann", "bob"])
    );
    ann.say("lobby", "done").await;
    assert_eq!(
        hear(&mut bob, "typing", "lobby").await["usernames"],
        json!(["bob"])
    );
    assert_eq!(
        hear(&mut bob, "typing", "lobby").await["usernames"],
        json!([])
    );
    bob.refused(json!({"type": "typing", "room": "other"}), &["not_found"])
        .await;
    assert_eq!(kind_of(&ann.ask(json!({"type": "ping"})).await), "pong");
}

#[tokio::test]
async fn typing_is_announced_at_most_once_a_second() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    room_of("rust", &mut ann, &mut [&mut bob]).await;
    let seq = ann.say("rust", "hi").await["seq"].clone();
    let typing = json!({"type": "typing", "room": "rust"});
    let begun = Instant::now();
    for _ in 0..100 {
        bob.done(typing.clone(), "ok").await;
    }
    // A reaction does not end typing.
    bob.done(
        json!({"type": "react", "room": "rust", "seq": seq, "emoji": "👍", "on": true}),
        "ok",
    )
    .await;
    ann.done(
        json!({"type": "kick", "room": "rust", "username": "bob"}),
        "ok",
    )
    .await;
    let nobody = |frame: &Value| kind_of(frame) == "typing" && frame["usernames"] == json!([]);
    let mut frames = ann.collect_until("nobody typing", nobody).await;
    let seconds = begun.elapsed().as_secs();
    let last = ann.say("rust", "gone").await["seq"].clone();
    let is_last = |frame: &Value| frame["room"] == "rust" && frame["seq"] == last;
    frames.extend(ann.collect_until("the last message", is_last).await);
    let told: Vec<_> = frames
        .iter()
        .filter(|frame| kind_of(frame) == "typing")
        .map(|frame| frame["usernames"].clone())
        .collect();
    let (again, gone) = told.split_at(told.len() - 1);
    let at_most = 2 + usize::try_from(seconds).unwrap();
    assert!((1..=at_most).contains(&again.len()), "{told:?}");
    assert!(
        again.iter().all(|names| *names == json!(["bob"])),
        "{told:?}"
    );
    assert_eq!(gone, [json!([])], "who is put out writes no more: {told:?}");
}

#[tokio::test]
async fn typing_ends_with_the_message() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    for i in 0..20 {
        bob.send(&json!({"type": "typing", "room": "lobby"})).await;
        bob.send(&json!({"type": "send", "room": "lobby", "text": "x", "nonce": format!("n{i}")}))
            .await;
    }
    bob.expect_matching("the last ack", |frame| frame["nonce"] == "n19")
        .await;
    ann.say("lobby", "marker").await;
    let frames = ann
        .collect_until("the marker", |frame| text_of(frame) == "marker")
        .await;
    let told = frames.iter().rfind(|frame| kind_of(frame) == "typing");
    assert!(
        told.is_none_or(|frame| frame["usernames"] == json!([])),
        "{told:?}"
    );
}

#[tokio::test]
async fn marks_and_mentions_at_the_same_time_agree() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let mut other = server.enter(&bob_user).await;
    room_of("rust", &mut ann, &mut [&mut bob]).await;
    other.expect("room").await;
    let (mut read, mut mentions) = (2, 0);
    for round in 0..30 {
        for i in 0..5 {
            let nonce = format!("n{round}-{i}");
            ann.send(&json!({"type": "send", "room": "rust", "text": "@bob", "nonce": nonce}))
                .await;
            if i == 2 {
                read += 5;
                bob.send(&json!({"type": "read", "room": "rust", "seq": read - 2}))
                    .await;
            }
        }
        let nonce = format!("n{round}-4");
        ann.expect_matching("the last ack", |frame| frame["nonce"] == nonce)
            .await;
    }
    bob.done(json!({"type": "read", "room": "rust", "seq": read}), "ok")
        .await;
    // A client's own count: messages above the marker that came before the `read` frame, and all
    // that came after it.
    let last = read;
    let mut heard = Vec::new();
    let mut marker = 2;
    while marker < last {
        let frame = other.next().await;
        match (kind_of(&frame), frame["seq"].as_u64()) {
            ("chat", Some(seq)) => {
                heard.push(seq);
                mentions += 1;
            }
            ("read", Some(seq)) => {
                let above = heard.iter().filter(|heard| **heard > seq).count() as u64;
                let told = json!([frame["unread"], frame["mentions"]]);
                other.check(
                    told == json!([above, above]),
                    &format!("{above} above: {frame}"),
                );
                (marker, mentions) = (seq, above);
            }
            _ => {}
        }
    }
    assert_eq!((heard.len(), mentions), (150, 0));
}
