//! Unread counts, mentions, read markers, and who is writing.

use std::time::Duration;

use serde_json::{Value, json};

use super::{hear, room_of};
use crate::support::{Server, User, Ws, kind_of};

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
async fn what_is_read_here_is_read_everywhere() {
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
    // It only moves forward, and never past what there is.
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
    // One's own words are read.
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
async fn who_writes_is_told_and_forgotten() {
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
    let over = tokio::time::timeout(Duration::from_secs(12), hear(&mut bob, "typing", "lobby"));
    assert_eq!(over.await.unwrap()["usernames"], json!([]));
    bob.refused(json!({"type": "typing", "room": "other"}), &["not_found"])
        .await;
    assert_eq!(kind_of(&ann.ask(json!({"type": "ping"})).await), "pong");
}
