//! Invitations, removal, bans, mutes and roles.

use serde_json::json;

use super::{events, hear, room_of};
use crate::support::{PATIENCE, Server, User, Ws, kind_of};

#[tokio::test]
async fn a_removed_member_receives_nothing_more() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    room_of("rust", &mut ann, &mut [&mut bob]).await;
    ann.done(
        json!({"type": "kick", "room": "rust", "username": "bob"}),
        "ok",
    )
    .await;
    let kicked = hear(&mut bob, "system", "rust").await;
    assert_eq!(
        json!([kicked["event"], kicked["username"], kicked["by"]]),
        json!(["kicked", "bob", "ann"])
    );
    assert_eq!(bob.expect_next("room_gone").await["room"], "rust");
    ann.say("rust", "he is gone").await;
    ann.say("lobby", "hello all").await;
    assert_eq!(bob.expect_next("chat").await["room"], "lobby");
    for command in [
        json!({"type": "send", "room": "rust", "text": "hi", "nonce": "n1"}),
        json!({"type": "history", "room": "rust"}),
        json!({"type": "events", "room": "rust", "after": 0}),
    ] {
        bob.refused(command, &["forbidden"]).await;
    }
    let resumed = server.enter(&bob_user).await;
    assert!(
        !resumed.welcome.to_string().contains("rust"),
        "{}",
        resumed.welcome
    );

    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    ann.done(
        json!({"type": "ban", "room": "rust", "username": "bob", "for_s": 3600}),
        "ok",
    )
    .await;
    let banned = ann
        .expect_matching("the ban", |frame| frame["event"] == "banned")
        .await;
    assert_eq!(banned["message"], "ann banned bob from #rust for 1 hour");
    assert!(banned["until"].as_u64() > banned["ts"].as_u64(), "{banned}");
    bob.refused(json!({"type": "join", "room": "rust"}), &["banned"])
        .await;
    ann.refused(
        json!({"type": "invite", "room": "rust", "username": "bob"}),
        &["forbidden"],
    )
    .await;
    ann.done(
        json!({"type": "unban", "room": "rust", "username": "bob"}),
        "ok",
    )
    .await;
    ann.done(
        json!({"type": "unban", "room": "rust", "username": "bob"}),
        "ok",
    )
    .await;
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    ann.refused(
        json!({"type": "ban", "room": "rust", "username": "bob", "for_s": 0}),
        &["bad_field"],
    )
    .await;
}

#[tokio::test]
async fn roles_are_given_and_take_effect() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let (_, mut cid) = server.newcomer("cid").await;
    ann.done(
        json!({"type": "create", "room": "den", "private": true}),
        "room",
    )
    .await;
    cid.refused(json!({"type": "join", "room": "den"}), &["not_found"])
        .await;
    ann.done(
        json!({"type": "invite", "room": "den", "username": "bob"}),
        "ok",
    )
    .await;
    assert_eq!(bob.expect("room").await["room"]["room"], "den");
    assert_eq!(hear(&mut bob, "system", "den").await["event"], "invited");
    bob.refused(
        json!({"type": "invite", "room": "den", "username": "cid"}),
        &["forbidden"],
    )
    .await;
    ann.done(
        json!({"type": "role", "room": "den", "username": "bob", "role": "moderator"}),
        "ok",
    )
    .await;
    bob.done(
        json!({"type": "invite", "room": "den", "username": "cid"}),
        "ok",
    )
    .await;
    bob.done(
        json!({"type": "topic", "room": "den", "topic": " Crabs "}),
        "ok",
    )
    .await;
    mute_and_unmute(&mut bob, &mut cid).await;
    ann.refused(
        json!({"type": "kick", "room": "den", "username": "nobody"}),
        &["not_found"],
    )
    .await;
    ann.done(json!({"type": "leave", "room": "den"}), "ok")
        .await;
    let left = bob
        .expect_matching("she leaves", |frame| frame["event"] == "left")
        .await;
    assert_eq!(
        (&left["heir"], &left["message"]),
        (&json!("bob"), &json!("ann left #den; bob is the owner now"))
    );
    let kinds: Vec<_> = events(&mut bob, "den")
        .await
        .iter()
        .map(|event| event["event"].as_str().unwrap_or(kind_of(event)).to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "created", "invited", "role", "invited", "topic", "muted", "unmuted", "chat", "left"
        ]
    );
}

/// A muted member reads and does not write.
async fn mute_and_unmute(bob: &mut Ws, cid: &mut Ws) {
    bob.done(
        json!({"type": "mute", "room": "den", "username": "cid"}),
        "ok",
    )
    .await;
    cid.refused(
        json!({"type": "send", "room": "den", "text": "hi", "nonce": "n"}),
        &["muted"],
    )
    .await;
    cid.refused(json!({"type": "typing", "room": "den"}), &["muted"])
        .await;
    cid.done(json!({"type": "history", "room": "den"}), "history")
        .await;
    let members = cid
        .done(json!({"type": "members", "room": "den"}), "members")
        .await;
    let brief: Vec<_> = members["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| json!([m["username"], m["role"], m["muted"]]))
        .collect();
    assert_eq!(
        brief,
        [
            json!(["ann", "owner", null]),
            json!(["bob", "moderator", null]),
            json!(["cid", "member", true])
        ]
    );
    bob.done(
        json!({"type": "unmute", "room": "den", "username": "cid"}),
        "ok",
    )
    .await;
    cid.say("den", "hi").await;
}

#[tokio::test]
async fn a_ban_from_the_lobby_is_a_ban_from_the_server() {
    let server = Server::start().await;
    let (_, mut root) = server.newcomer("root").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let (_, mut ann) = server.newcomer("ann").await;
    ann.refused(
        json!({"type": "ban", "room": "lobby", "username": "bob"}),
        &["forbidden"],
    )
    .await;
    root.done(
        json!({"type": "ban", "room": "lobby", "username": "bob"}),
        "ok",
    )
    .await;
    let (code, _) = bob.closed().await;
    assert_eq!(code, 4403);
    until_me_says(&server, &bob_user, 403).await;
    let sign_in = |password: &str| json!({"username": "bob", "password": password});
    server
        .post("/login", &[], &sign_in(crate::support::PASSWORD))
        .await
        .refused(&[403]);
    server
        .post("/login", &[], &sign_in("not the password"))
        .await
        .refused(&[401]);
    let mut hello = server.open("bob", &[]).await.ok().unwrap();
    hello
        .send(&json!({"type": "hello", "version": 1, "token": bob_user.token}))
        .await;
    assert_eq!(hello.closed().await.0, 4403);
    ann.refused(
        json!({"type": "ban", "room": "lobby", "username": "root"}),
        &["forbidden"],
    )
    .await;
    root.done(
        json!({"type": "unban", "room": "lobby", "username": "bob"}),
        "ok",
    )
    .await;
    // A lifted ban lets the user sign in again, and brings no session back.
    until_me_says(&server, &bob_user, 401).await;
    let bob_user = server.sign_in("bob").await;
    let mut bob = server.enter(&bob_user).await;
    bob.say("lobby", "back").await;
}

/// Waits until `/me` answers with this status: a ban reaches the accounts a moment after the room.
async fn until_me_says(server: &Server, user: &User, status: u16) {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let answer = server
            .get("/me", &[("Authorization", &user.bearer())])
            .await;
        if answer.status == status {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{answer:?}");
    }
}
