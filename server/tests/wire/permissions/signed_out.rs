//! A person who signed out or was banned from the server can do nothing from that moment.

use serde_json::{Value, json};

use super::room::Place;
use super::table::lines;
use tokio::time::{Duration, Instant, sleep};

use crate::support::{PASSWORD, PATIENCE, Server, fresh_nonce};

fn commands() -> Vec<(&'static str, Value)> {
    let place = Place {
        room: "lobby".to_owned(),
        own: 1,
        others: 1,
        owner: "ann",
        nonce: fresh_nonce(),
    };
    let lines = lines().into_iter();
    let in_rooms = lines.map(|line| (line.command, (line.make)(&place)));
    let elsewhere = [
        ("rooms", json!({"type": "rooms"})),
        ("dm", json!({"type": "dm", "username": "ann"})),
        ("profile", json!({"type": "profile", "display_name": "Me"})),
        ("resume", json!({"type": "resume", "rooms": {"lobby": 0}})),
        ("ping", json!({"type": "ping"})),
    ];
    in_rooms.chain(elsewhere).collect()
}

/// A socket that is not signed in is closed after its first frame, whatever that is.
#[tokio::test]
async fn a_person_who_never_signed_in_can_do_nothing() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    ann.say("lobby", "said").await;
    for (command, frame) in commands() {
        let mut nobody = server
            .open(command, &[])
            .await
            .unwrap_or_else(|answer| panic!("{command}: {answer:?}"));
        nobody.send(&frame).await;
        let (code, frames) = nobody.closed().await;
        nobody.check(
            [4400, 4401].contains(&code),
            &format!("{command}: closed with {code}"),
        );
        nobody.check(frames.is_empty(), &format!("{command}: told {frames:?}"));
    }
    let page = ann
        .done(json!({"type": "history", "room": "lobby"}), "history")
        .await;
    assert_eq!(page["as_of"], 1, "nobody changed anything");
}

/// Each command races with the sign-out, and is never executed after it.
#[tokio::test]
async fn a_person_who_signed_out_can_do_nothing_from_then_on() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    ann.say("lobby", "said").await;
    server.register("bob", false).await;
    for (command, frame) in commands() {
        let bob = server.sign_in("bob").await;
        let mut ws = server.enter(&bob).await;
        let bearer = [("Authorization", &*bob.bearer())];
        server
            .post("/logout", &bearer, &json!({}))
            .await
            .accepted(200);
        // The sign-out has been answered, so no command from here on may take effect.
        let _ = ws.try_send(frame.to_string()).await;
        let (code, _) = ws.closed().await;
        ws.check(code == 4401, &format!("{command}: closed with {code}"));
        let again = server.open("bob", &bearer).await;
        assert!(
            again.is_err_and(|answer| answer.status == 401),
            "{command}: the token is worth nothing any more"
        );
    }
    let page = ann
        .done(json!({"type": "history", "room": "lobby"}), "history")
        .await;
    assert_eq!(page["as_of"], 1, "nobody changed anything: {page}");
}

/// A ban from the lobby is a ban from the server: open sockets are closed, and no new one can be
/// opened.
#[tokio::test]
async fn a_person_banned_from_the_server_can_do_nothing_from_then_on() {
    let server = Server::start().await;
    let (_, mut admin) = server.newcomer("root").await;
    let (bob, mut ws) = server.newcomer("bob").await;
    let mut other = server.enter(&bob).await;
    let about = |kind: &str| json!({"type": kind, "room": "lobby", "username": "bob"});
    admin.done(about("ban"), "ok").await;
    for ws in [&mut ws, &mut other] {
        let (code, _) = ws.closed().await;
        ws.check(code == 4403, &format!("closed with {code}"));
    }
    let bearer = [("Authorization", &*bob.bearer())];
    // The account is updated a moment after the reply.
    let deadline = Instant::now() + PATIENCE;
    while server.get("/me", &bearer).await.status == 200 && Instant::now() < deadline {
        sleep(Duration::from_millis(10)).await;
    }
    server.get("/me", &bearer).await.refused(&[401, 403]);
    match server.open("bob", &bearer).await {
        Err(answer) => assert!([401, 403].contains(&answer.status), "{answer:?}"),
        Ok(mut ws) => {
            let hello = json!({"type": "hello", "version": 1});
            let _ = ws.try_send(hello.to_string()).await;
            let (code, frames) = ws.closed().await;
            ws.check(
                code == 4403 && frames.is_empty(),
                &format!("closed with {code}: {frames:?}"),
            );
        }
    }
    admin.done(about("unban"), "ok").await;
    let deadline = Instant::now() + PATIENCE;
    let body = json!({"username": "bob", "password": PASSWORD});
    while server.post("/login", &[], &body).await.status == 403 && Instant::now() < deadline {
        sleep(Duration::from_millis(10)).await;
    }
    let bob = server.sign_in("bob").await;
    let mut ws = server.enter(&bob).await;
    ws.say("lobby", "back").await;
}
