//! Missed events come once and in order.

use chat_shared::client::{ResumePoint, connect};
use chat_shared::protocol::{Limited, ServerFrame};
use futures::SinkExt;
use std::collections::BTreeMap;
use tokio_tungstenite::tungstenite::Message;

use crate::played::{Server, chat, room, spawn_send, told};

#[tokio::test]
async fn a_resume_tells_what_was_missed_once() {
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 4), ("rust", 1)]).await;
    peer.tell(chat("lobby", 5, "bob", "a")).await;
    assert_eq!(told(&mut events, 2).await, ["connected", "5 a"]);
    drop(peer);
    let mut peer = server.welcome(&[("lobby", 7), ("rust", 1)]).await;
    let resume = BTreeMap::from([(room("lobby"), 5), (room("rust"), 1)]);
    assert_eq!(
        (peer.hello.resume.clone(), peer.hello.log.as_deref()),
        (resume, Some("log"))
    );
    for (seq, text) in [(5, "a"), (6, "b"), (6, "b"), (7, "c")] {
        peer.tell(chat("lobby", seq, "bob", text)).await;
    }
    peer.tell(chat("rust", 2, "bob", "d")).await;
    let expect = ["disconnected", "connected", "6 b", "7 c", "2 d"];
    assert_eq!(told(&mut events, 5).await, expect);
    let seen = BTreeMap::from([(room("lobby"), 7), (room("rust"), 2)]);
    assert_eq!(events.resume_point().rooms, seen);
}

#[tokio::test]
async fn a_program_that_starts_again_goes_on_where_it_was() {
    let server = Server::start().await;
    let rooms = BTreeMap::from([(room("lobby"), 4)]);
    let from = ResumePoint {
        log: "log".to_owned(),
        rooms,
    };
    let (_client, mut events) = connect(server.config().resume(from));
    let mut peer = server.welcome(&[("lobby", 5)]).await;
    assert_eq!(peer.hello.resume, BTreeMap::from([(room("lobby"), 4)]));
    peer.tell(chat("lobby", 4, "bob", "old")).await;
    peer.tell(chat("lobby", 5, "bob", "new")).await;
    assert_eq!(told(&mut events, 2).await, ["connected", "5 new"]);
}

#[tokio::test]
async fn a_limited_room_goes_on_at_its_tip() {
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 4)]).await;
    let limited = Limited {
        room: room("lobby"),
        last_seq: 9_000,
        reset: false,
    };
    peer.tell(ServerFrame::Limited(limited)).await;
    peer.tell(chat("lobby", 9_001, "bob", "a")).await;
    assert_eq!(
        told(&mut events, 3).await,
        ["connected", "limited 9000", "9001 a"]
    );
    drop(peer);
    let peer = server.accept().await;
    assert_eq!(peer.hello.resume, BTreeMap::from([(room("lobby"), 9_001)]));
}

#[tokio::test]
async fn a_gap_is_requested_again_before_later_events() {
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 4)]).await;
    peer.tell(chat("lobby", 6, "bob", "b")).await;
    peer.tell(chat("lobby", 7, "bob", "c")).await;
    let mut again = server.welcome(&[("lobby", 7)]).await;
    assert_eq!(again.hello.resume, BTreeMap::from([(room("lobby"), 4)]));
    for (seq, text) in [(5, "a"), (6, "b"), (7, "c")] {
        again.tell(chat("lobby", seq, "bob", text)).await;
    }
    let expect = [
        "connected",
        "disconnected",
        "connected",
        "5 a",
        "6 b",
        "7 c",
    ];
    assert_eq!(told(&mut events, 6).await, expect);
}

#[tokio::test]
async fn an_own_message_behind_a_gap_is_its_ack_too() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 4)]).await;
    let sent = spawn_send(&client, "b");
    peer.message().await;
    peer.tell(chat("lobby", 6, "me", "b")).await;
    assert_eq!(sent.await.unwrap().unwrap().seq, 6);
    let mut again = server.welcome(&[("lobby", 6)]).await;
    again.tell(chat("lobby", 5, "bob", "a")).await;
    again.tell(chat("lobby", 6, "me", "b")).await;
    let expect = ["connected", "disconnected", "connected", "5 a", "6 b"];
    assert_eq!(told(&mut events, 5).await, expect);
}

#[tokio::test]
async fn events_of_unknown_types_are_no_gap() {
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 4)]).await;
    let poll = r#"{"type":"poll","room":"lobby","seq":5,"ts":1,"question":"?"}"#;
    peer.socket.send(Message::text(poll)).await.unwrap();
    peer.tell(chat("lobby", 6, "bob", "a")).await;
    assert_eq!(told(&mut events, 2).await, ["connected", "6 a"]);
}
