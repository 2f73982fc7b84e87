//! Blocking a person, and what they can do then.

use serde_json::{Value, json};

use super::{hear, room_of};
use crate::support::{Server, Ws, kind_of};

fn about(kind: &str, username: &str) -> Value {
    json!({"type": kind, "username": username})
}

async fn direct_room(ws: &mut Ws, with: &str) -> String {
    let made = ws.done(about("dm", with), "room").await;
    made["room"]["room"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_blocked_person_reaches_nobody_directly() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    ann.done(about("block", "BOB"), "ok").await;
    bob.refused(about("dm", "ann"), &["forbidden"]).await;
    ann.refused(about("dm", "bob"), &["forbidden"]).await;
    room_of("bobs", &mut bob, &mut []).await;
    let invite = json!({"type": "invite", "room": "bobs", "username": "ann"});
    bob.refused(invite.clone(), &["forbidden"]).await;
    // In rooms of both nothing changes.
    room_of("anns", &mut ann, &mut [&mut bob]).await;
    bob.say("anns", "hello").await;
    assert_eq!(hear(&mut ann, "chat", "anns").await["message"], "hello");

    ann.done(about("unblock", "bob"), "ok").await;
    bob.done(invite, "ok").await;
    let room = direct_room(&mut bob, "ann").await;
    bob.say(&room, "hello").await;
    for wrong in [about("block", "nobody"), about("unblock", "nobody")] {
        ann.refused(wrong, &["not_found"]).await;
    }
    ann.refused(about("block", "ann"), &["bad_field"]).await;
}

#[tokio::test]
async fn a_blocked_person_writes_no_more_in_a_direct_room_that_exists() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let room = direct_room(&mut bob, "ann").await;
    let send = json!({"type": "send", "room": room, "text": "before", "nonce": "n1"});
    let stored = bob.done(send.clone(), "ack").await;
    ann.done(about("block", "bob"), "ok").await;
    let (edit, react) = (
        json!({"type": "edit", "room": room, "seq": stored["seq"], "text": "changed"}),
        json!({"type": "react", "room": room, "seq": stored["seq"], "emoji": "👍", "on": true}),
    );
    let more = json!({"type": "send", "room": room, "text": "after", "nonce": "n2"});
    let typing = json!({"type": "typing", "room": room});
    for command in [edit, react, more.clone(), typing.clone()] {
        bob.refused(command, &["forbidden"]).await;
    }
    // A message that was stored before is acknowledged again, as after a lost connection.
    assert_eq!(bob.done(send, "ack").await["seq"], stored["seq"]);
    // The room is still there to read, and to take back what one said.
    bob.done(json!({"type": "history", "room": room}), "history")
        .await;
    bob.done(
        json!({"type": "delete", "room": room, "seq": stored["seq"]}),
        "ok",
    )
    .await;
    assert_eq!(direct_room(&mut bob, "ann").await, room);
    ann.done(about("unblock", "bob"), "ok").await;
    bob.done(typing, "ok").await;
    bob.done(more, "ack").await;
    // The first sign of writing that reaches ann is the one after the unblocking.
    let seen = ann
        .collect_until("bob's message", |frame| frame["message"] == "after")
        .await;
    let is_typing = |frame: &&Value| kind_of(frame) == "typing" && frame["usernames"] != json!([]);
    assert_eq!(seen.iter().filter(is_typing).count(), 1, "{seen:?}");
}

#[tokio::test]
async fn everyones_own_connections_know_whom_they_have_blocked() {
    let mut server = Server::start_for_restarts().await;
    let (user, mut ann) = server.newcomer("ann").await;
    server.newcomer("bob").await;
    let (_, cat) = server.newcomer("cat").await;
    let mut other = server.enter(&user).await;
    assert_eq!(other.welcome["blocked"], Value::Null);
    ann.done(about("block", "cat"), "ok").await;
    for ws in [&mut ann, &mut other] {
        assert_eq!(ws.expect("blocked").await["usernames"], json!(["cat"]));
    }
    ann.done(about("block", "bob"), "ok").await;
    ann.done(about("block", "bob"), "ok").await;
    assert_eq!(
        other.expect("blocked").await["usernames"],
        json!(["bob", "cat"])
    );
    server.kill();
    server.restart().await;
    let mut again = server.enter(&user).await;
    assert_eq!(again.welcome["blocked"], json!(["bob", "cat"]));
    // All rooms are described nevertheless.
    assert_eq!(again.welcome["more"], true);
    let rooms = again.expect("rooms_state").await;
    assert_eq!(rooms["rooms"][0]["room"], "lobby");
    again.done(about("unblock", "cat"), "ok").await;
    assert_eq!(again.expect("blocked").await["usernames"], json!(["bob"]));
    // The blocked person gets no notice.
    cat.close().await;
    let cat = server.sign_in("cat").await;
    let mut cat = server.enter(&cat).await;
    let frame = cat.ask(json!({"type": "ping"})).await;
    assert_eq!(kind_of(&frame), "pong");
    assert_eq!(cat.welcome["blocked"], Value::Null);
}
