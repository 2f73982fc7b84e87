//! A member who is removed and comes back gets nothing that an earlier subscription asked for.

use std::time::Instant;

use serde_json::{Value, json};

use super::room_of;
use crate::support::{Server, Ws, kind_of, on_ferretdb, seeded};

/// Checks a room's frames: in order from a cursor, and none between `room_gone` and the next
/// `room`.
struct Told {
    /// `None` while the person is not in the room.
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
async fn a_replay_ends_with_its_subscription() {
    let mut rng = seeded("a_replay_ends_with_its_subscription");
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    room_of("rust", &mut ann, &mut [&mut bob]).await;
    bob.close().await;
    let mut tip = ann.say_many("rust", 1_000).await;
    let whole = Instant::now();
    let from_there = json!({"resume": {"rust": tip - 990}});
    let mut bob = server.enter_with(&bob_user, from_there).await;
    bob.expect_matching("the tip", |frame| frame["seq"] == tip)
        .await;
    let (whole, mut interrupted) = (whole.elapsed(), 0);
    bob.close().await;
    let rounds = if on_ferretdb() { 20 } else { 100 };
    let mut round = 0;
    // Where the machine has other work, the times of the first replay say little about the next.
    while round < rounds || (interrupted == 0 && round < 10 * rounds) {
        round += 1;
        let from = tip - 990;
        let resume = json!({"resume": {"rust": from}});
        // Removed and invited again within one batch, while a page may still be read from the
        // store.
        let out_and_in = async {
            tokio::time::sleep(whole.mul_f32(rng.f32())).await;
            for kind in ["kick", "invite"] {
                ann.send(&json!({"type": kind, "room": "rust", "username": "bob", "id": kind}))
                    .await;
            }
        };
        let (mut bob, ()) = tokio::join!(server.enter_with(&bob_user, resume), out_and_in);
        ann.expect_matching("he is in again", |frame| frame["re"] == "invite")
            .await;
        let last = ann.say("rust", &format!("round {round}")).await["seq"].clone();
        let is_last = |frame: &Value| frame["room"] == "rust" && frame["seq"] == last;
        let frames = bob.collect_until("the last word", is_last).await;
        let mut told = Told { cursor: Some(from) };
        for frame in &frames {
            let in_replay = told
                .cursor
                .is_some_and(|cursor| cursor > from && cursor < tip);
            interrupted += usize::from(kind_of(frame) == "room_gone" && in_replay);
            told.take(&bob, frame);
        }
        tip = last.as_u64().unwrap();
        bob.close().await;
    }
    assert!(interrupted > 0, "no replay was interrupted");
}

#[tokio::test]
async fn a_repeated_create_gets_the_room_as_it_is_now() {
    let server = Server::start().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let create = json!({"type": "create", "room": "rust", "nonce": "n-1"});
    let made = ann.done(create.clone(), "room").await;
    assert_eq!(made["room"]["last_seq"], 0);
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    ann.say("rust", "three").await;
    // Repeated because the reply was lost: every event above `last_seq` is still to come.
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
