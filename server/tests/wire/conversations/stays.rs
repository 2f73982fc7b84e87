//! One who is put out and comes back: what an earlier stay asked for is not told in the next one.

use std::time::Duration;

use serde_json::{Value, json};

use super::room_of;
use crate::support::{Server, Ws, kind_of, seeded};

/// Frames of a room as they must come: in order from a cursor, and none between `room_gone` and
/// the next `room`.
struct Told {
    /// `None` while one is out.
    cursor: Option<u64>,
}

impl Told {
    fn take(&mut self, ws: &Ws, frame: &Value) {
        match (kind_of(frame), self.cursor, frame["seq"].as_u64()) {
            ("room_gone", _, _) => self.cursor = None,
            ("room", _, _) => self.cursor = frame["room"]["last_seq"].as_u64(),
            ("error" | "ok", _, _) => {}
            (_, Some(cursor), Some(seq)) if frame["room"] == "rust" => {
                ws.check(
                    seq == cursor + 1,
                    &format!("expected {}, got {frame}", cursor + 1),
                );
                self.cursor = Some(seq);
            }
            (_, None, _) => ws.check(
                frame["room"] != "rust",
                &format!("after room_gone came {frame}"),
            ),
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_replay_ends_with_the_stay_it_was_asked_in() {
    let mut rng = seeded("a_replay_ends_with_the_stay_it_was_asked_in");
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    room_of("rust", &mut ann, &mut [&mut bob]).await;
    bob.close().await;
    let mut tip = ann.say_many("rust", 700).await;
    for round in 0..10 {
        let mut bob = server
            .enter_with(&bob_user, json!({"resume": {"rust": tip - 600}}))
            .await;
        let mut told = Told {
            cursor: Some(tip - 600),
        };
        tokio::time::sleep(Duration::from_micros(rng.u64(..6_000))).await;
        ann.done(
            json!({"type": "kick", "room": "rust", "username": "bob"}),
            "ok",
        )
        .await;
        bob.send(&json!({"type": "join", "room": "rust", "id": "back"}))
            .await;
        bob.send(&json!({"type": "history", "room": "rust", "id": "page"}))
            .await;
        let mut frames = bob
            .collect_until("he is back", |frame| frame["re"] == "page")
            .await;
        let last = ann.say("rust", &format!("round {round}")).await["seq"].clone();
        let is_last = |frame: &Value| frame["room"] == "rust" && frame["seq"] == last;
        frames.extend(bob.collect_until("the last word", is_last).await);
        for frame in frames.iter().filter(|frame| frame["re"] != "page") {
            told.take(&bob, frame);
        }
        tip = last.as_u64().unwrap();
        bob.close().await;
    }
}

#[tokio::test]
async fn a_room_that_is_made_again_is_told_as_it_is() {
    let server = Server::start().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let create = json!({"type": "create", "room": "rust", "nonce": "n-1"});
    let made = ann.done(create.clone(), "room").await;
    assert_eq!(made["room"]["last_seq"], 0);
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    ann.say("rust", "three").await;
    // Sent again by who did not hear the answer: every event above `last_seq` is still to come.
    let mut again = server.enter(&ann_user).await;
    let made = again.done(create.clone(), "room").await;
    assert_eq!(made["room"]["last_seq"], 3, "{made}");
    ann.done(
        json!({"type": "role", "room": "rust", "username": "bob", "role": "owner"}),
        "ok",
    )
    .await;
    ann.done(json!({"type": "leave", "room": "rust"}), "ok")
        .await;
    ann.refused(create, &["forbidden"]).await;
}
