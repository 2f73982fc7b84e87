//! Several admins: who makes and unmakes them, and what an admin who is one no more may still do.

use serde_json::{Value, json};

use crate::support::{Server, User, Ws};

fn make(name: &str) -> Value {
    json!({"type": "make_admin", "username": name})
}

fn unmake(name: &str) -> Value {
    json!({"type": "unmake_admin", "username": name})
}

/// A server with its admin root, and another person.
async fn server() -> (Server, (User, Ws), (User, Ws)) {
    let server = Server::start_with(&["--rate-limit", "off"]).await;
    let root = server.newcomer("root").await;
    let bob = server.newcomer("Bob").await;
    (server, root, bob)
}

#[tokio::test]
async fn an_admin_makes_another_who_takes_the_right() {
    let (server, (root, mut root_ws), (bob, mut bob_ws)) = server().await;
    for command in [make("Bob"), unmake("root"), make("root")] {
        bob_ws.refused(command, &["forbidden"]).await;
    }
    root_ws.refused(make("nobody"), &["not_found"]).await;
    let last = root_ws.refused(unmake("root"), &["forbidden"]).await;
    let sentence = last["message"].as_str().unwrap();
    assert_eq!(
        sentence,
        "root is the only admin: make somebody else an admin first."
    );
    for _ in 0..2 {
        root_ws.done(make("BOB"), "ok").await;
    }
    assert!(server.is_admin(&bob).await && server.is_admin(&root).await);
    // bob's connection was there before.
    bob_ws
        .done(json!({"type": "invite_link"}), "invite_link")
        .await;
    bob_ws.done(unmake("root"), "ok").await;
    assert!(!server.is_admin(&root).await);
    bob_ws.refused(unmake("bob"), &["forbidden"]).await;
    root_ws
        .refused(json!({"type": "invite_links"}), &["forbidden"])
        .await;
}

/// On connections that were open before, an admin who is one no more moderates nothing.
#[tokio::test]
async fn a_right_that_was_taken_is_gone_on_open_connections() {
    let (_server, (_, mut root), (_, mut bob)) = server().await;
    root.done(make("bob"), "ok").await;
    let topic = |text: &str| json!({"type": "topic", "room": "lobby", "topic": text});
    bob.done(topic("bob's"), "ok").await;
    let members = root
        .done(json!({"type": "members", "room": "lobby"}), "members")
        .await;
    let roles = members["members"].as_array().unwrap().iter();
    let roles: Vec<_> = roles.map(|it| it["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["owner", "owner"]);
    root.done(unmake("bob"), "ok").await;
    bob.refused(topic("still bob's"), &["forbidden"]).await;
}

#[tokio::test]
async fn admins_are_admins_after_a_restart() {
    let mut server = Server::start_for_restarts().await;
    let (_, mut root_ws) = server.newcomer("root").await;
    server.register("bob", false).await;
    root_ws.done(make("bob"), "ok").await;
    root_ws.done(unmake("root"), "ok").await;
    server.kill();
    server.restart().await;
    let (root, bob) = (server.sign_in("root").await, server.sign_in("bob").await);
    assert!(server.is_admin(&bob).await && !server.is_admin(&root).await);
}

#[tokio::test]
async fn a_bot_is_no_admin() {
    let (server, (_, mut root), _) = server().await;
    server.register("robot", true).await;
    root.refused(make("robot"), &["forbidden"]).await;
}

/// Nobody's password is reset who is an admin, not even by another one.
#[tokio::test]
async fn no_admin_resets_anothers_password() {
    let (_server, (_, mut root), _) = server().await;
    root.done(make("bob"), "ok").await;
    let reset = json!({"type": "reset_link", "username": "bob"});
    root.refused(reset.clone(), &["forbidden"]).await;
    root.done(unmake("bob"), "ok").await;
    root.done(reset, "reset_link").await;
}
