//! Presence: changes for programs, lines for people, and three seconds in which a person who
//! reconnects has neither left nor joined.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::support::{Server, Ws, kind_of, text_of};

/// How long a leaving may take to be announced. The limit is for a machine that has other work.
const LEFT_MAX: Duration = Duration::from_secs(20);

fn is_line(frame: &Value, event: &str, username: &str) -> bool {
    frame["event"] == event && frame["username"] == username
}

fn names_presence(frame: &Value, side: &str, username: &str) -> bool {
    kind_of(frame) == "presence"
        && frame[side]
            .as_array()
            .is_some_and(|names| names.contains(&json!(username)))
}

/// Reads frames until both the line and the presence change have come, in either order.
async fn told_of(ws: &mut Ws, event: &str, side: &str, username: &str) -> (Value, Value) {
    let (mut line, mut delta) = (Value::Null, Value::Null);
    while line.is_null() || delta.is_null() {
        let what = format!("{event} and presence {side} of {username}");
        let frame = ws
            .expect_matching(&what, |frame| {
                is_line(frame, event, username)
                    || frame["room"] == "lobby" && names_presence(frame, side, username)
            })
            .await;
        let place = if kind_of(&frame) == "system" {
            &mut line
        } else {
            &mut delta
        };
        *place = frame;
    }
    (line, delta)
}

#[tokio::test]
async fn arrivals_and_departures_are_announced_to_all_online() {
    let server = Server::start().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    told_of(&mut ann, "joined_chat", "online", "ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let (line, delta) = told_of(&mut ann, "joined_chat", "online", "bob").await;
    assert_eq!(text_of(&line), "bob joined the chat");
    assert_eq!(
        (&line["room"], line.get("seq")),
        (&json!("lobby"), None),
        "{line}"
    );
    assert!(line["ts"].is_u64(), "{line}");
    assert_eq!(
        (&delta["offline"], &delta["count"]),
        (&json!([]), &json!(2)),
        "{delta}"
    );
    bob.expect_matching("bob's own line", |f| is_line(f, "joined_chat", "bob"))
        .await;

    let left_at = Instant::now();
    drop(bob);
    let (line, delta) = told_of(&mut ann, "left_chat", "offline", "bob").await;
    let after = left_at.elapsed();
    assert!(
        after > Duration::from_millis(2_500),
        "three seconds of grace: {after:?}"
    );
    assert!(after < LEFT_MAX, "and not many more: {after:?}");
    assert_eq!(text_of(&line), "bob left the chat");
    assert_eq!(
        (&delta["online"], &delta["count"]),
        (&json!([]), &json!(1)),
        "{delta}"
    );
    assert_eq!(
        server.enter(&ann_user).await.welcome["rooms"][0]["last_seq"],
        0,
        "nothing durable"
    );
}

#[tokio::test]
async fn a_reconnect_within_three_seconds_is_not_announced() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, bob) = server.newcomer("bob").await;
    told_of(&mut ann, "joined_chat", "online", "bob").await;
    let (_, carl) = server.newcomer("carl").await;
    told_of(&mut ann, "joined_chat", "online", "carl").await;
    bob.close().await;
    let mut bob = server.enter(&bob_user).await;
    let members = ann
        .done(json!({"type": "members", "room": "lobby"}), "members")
        .await;
    assert_eq!(members["members"][1]["online"], true, "{members}");
    // Carl leaves after bob did, so bob's leaving would be announced before carl's.
    drop(carl);
    let frames = ann
        .collect_until("carl offline", |f| names_presence(f, "offline", "carl"))
        .await;
    let lines: Vec<&Value> = frames
        .iter()
        .filter(|frame| {
            frame["username"] == "bob"
                || names_presence(frame, "online", "bob")
                || names_presence(frame, "offline", "bob")
        })
        .collect();
    assert!(lines.is_empty(), "bob neither left nor joined: {lines:?}");
    let own = bob
        .collect_until("carl's leaving", |f| is_line(f, "left_chat", "carl"))
        .await;
    assert!(
        !own.iter().any(|f| is_line(f, "joined_chat", "bob")),
        "{own:?}"
    );
}

#[tokio::test]
async fn several_connections_are_one_person() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut one) = server.newcomer("bob").await;
    let mut two = server.enter(&bob_user).await;
    let three = server.enter(&server.sign_in("bob").await).await;
    let (_, carl) = server.newcomer("carl").await;
    let frames = ann
        .collect_until("carl online", |f| names_presence(f, "online", "carl"))
        .await;
    let joined = frames
        .iter()
        .filter(|f| is_line(f, "joined_chat", "bob"))
        .count();
    assert_eq!(joined, 1, "one person came: {frames:?}");
    let counts: Vec<&Value> = frames
        .iter()
        .filter(|f| kind_of(f) == "presence")
        .map(|f| &f["count"])
        .collect();
    assert_eq!(
        counts.last(),
        Some(&&json!(3)),
        "three people are online: {frames:?}"
    );

    // One's own message comes to every connection, the ack only to the one that sent it.
    one.say("lobby", "from one").await;
    let heard = two
        .collect_until("the message", |f| text_of(f) == "from one")
        .await;
    assert!(!heard.iter().any(|f| kind_of(f) == "ack"), "{heard:?}");

    // One connection stays, so bob has not left. Carl leaves later and is announced.
    one.close().await;
    three.close().await;
    drop(carl);
    let frames = ann
        .collect_until("carl's leaving", |f| is_line(f, "left_chat", "carl"))
        .await;
    assert!(
        !frames.iter().any(|f| is_line(f, "left_chat", "bob")),
        "{frames:?}"
    );
    drop(two);
    ann.expect_matching("bob's leaving", |f| is_line(f, "left_chat", "bob"))
        .await;
}

#[tokio::test]
async fn presence_goes_to_each_shared_room_and_lines_only_to_the_lobby() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let (_, mut carl) = server.newcomer("carl").await;
    ann.done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    bob.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    // A room announces nothing about a person who leaves before it has announced their arrival.
    ann.expect_matching("bob online in rust", |f| {
        f["room"] == "rust" && names_presence(f, "online", "bob")
    })
    .await;
    drop(bob);
    let mut rooms = Vec::new();
    while rooms.len() < 2 {
        let frame = ann
            .expect_matching("bob offline in a room", |f| {
                names_presence(f, "offline", "bob")
            })
            .await;
        rooms.push(frame["room"].as_str().unwrap().to_owned());
    }
    rooms.sort();
    assert_eq!(rooms, ["lobby", "rust"]);
    let _bob = server.enter(&bob_user).await;
    let frames = ann
        .collect_until("bob online in rust", |f| {
            f["room"] == "rust" && names_presence(f, "online", "bob")
        })
        .await;
    let elsewhere = frames
        .iter()
        .any(|f| f["room"] != "lobby" && is_line(f, "joined_chat", "bob"));
    assert!(!elsewhere, "the line is in the lobby only: {frames:?}");
    // A person who is not in the room gets nothing of it.
    ann.say("lobby", "after all of that").await;
    let frames = carl
        .collect_until("the message", |f| text_of(f) == "after all of that")
        .await;
    assert!(!frames.iter().any(|f| f["room"] == "rust"), "{frames:?}");
}
