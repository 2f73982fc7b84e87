//! Crashes: every acknowledged message is still there, once, with the same seq.

mod kill;

use serde_json::json;

use crate::basics::all_events;
use crate::support::{PASSWORD, Server, fresh_nonce};

#[tokio::test]
async fn accounts_and_rooms_survive_a_crash() {
    let mut server = Server::start_for_restarts().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let create = json!({"type": "create", "room": "board", "topic": "hush", "private": true});
    ann.done(create, "room").await;
    ann.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    let nonce = fresh_nonce();
    let said = json!({"type": "send", "room": "rust", "text": "kept", "nonce": nonce});
    let first = bob.done(said.clone(), "ack").await;
    ann.say("lobby", "in the lobby").await;
    bob.say("rust", "more").await;
    let mut before = Vec::new();
    for room in ["lobby", "board", "rust"] {
        before.push(all_events(&mut ann, room, 500).await);
    }

    server.kill();
    server.restart().await;

    // Tokens still sign in, usernames are still taken, passwords are unchanged.
    let mut ann = server.enter(&ann_user).await;
    let mut bob = server.enter(&bob_user).await;
    let log = &ann.welcome["log"];
    assert_eq!(log, &bob.welcome["log"]);
    server.sign_in("ann").await;
    let taken = json!({"username": "ANN", "password": PASSWORD});
    server.post("/register", &[], &taken).await.refused(&[409]);

    let mut tips: Vec<(&str, u64, &str)> = ann.welcome["rooms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|room| {
            (
                room["room"].as_str().unwrap(),
                room["last_seq"].as_u64().unwrap(),
                room["role"].as_str().unwrap(),
            )
        })
        .collect();
    tips.sort_unstable();
    assert_eq!(
        tips,
        [
            ("board", 1, "owner"),
            ("lobby", 1, "owner"),
            ("rust", 4, "owner")
        ]
    );
    for (room, before) in ["lobby", "board", "rust"].into_iter().zip(before) {
        assert_eq!(
            all_events(&mut ann, room, 500).await,
            before,
            "the log of {room}"
        );
    }
    bob.refused(json!({"type": "join", "room": "board"}), &["not_found"])
        .await;

    // A repeated message is not stored twice; a new one gets the next seq.
    let again = bob.done(said, "ack").await;
    assert_eq!(
        (&again["seq"], &again["ts"]),
        (&first["seq"], &first["ts"]),
        "the first ack"
    );
    let next = bob.say("rust", "after").await;
    assert_eq!(next["seq"], 5, "{next}");
}

#[tokio::test]
async fn the_log_id_survives_a_restart() {
    let mut server = Server::start_for_restarts().await;
    let (ann_user, ann) = server.newcomer("ann").await;
    server.kill();
    server.restart().await;
    let again = server.enter(&ann_user).await;
    assert_eq!(
        again.welcome["log"], ann.welcome["log"],
        "the same log, the same numbers"
    );
    assert_eq!(again.welcome["session"], ann.welcome["session"]);
    let other = Server::start().await;
    let (_, stranger) = other.newcomer("ann").await;
    assert_ne!(
        stranger.welcome["log"], ann.welcome["log"],
        "another log, another name"
    );
    let token = [("Authorization", ann_user.bearer())];
    let token = [(token[0].0, token[0].1.as_str())];
    other.get("/me", &token).await.refused(&[401]);
}
