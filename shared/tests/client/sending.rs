//! Messages: each is in its room once, or refused.

use chat_shared::Seq;
use chat_shared::client::CommandError;
use chat_shared::protocol::{ErrorCode, ErrorFrame, ServerFrame};
use std::collections::BTreeMap;

use crate::played::{Server, chat, connected, room, spawn_send, told};

#[tokio::test]
async fn a_message_is_acknowledged() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let sent = tokio::spawn(async move { client.send(&room("lobby"), "hi  ").await });
    let mut peer = server.welcome(&[("lobby", 4)]).await;
    assert_eq!(peer.hello.client.as_deref(), Some("test/1"));
    assert_eq!((&peer.hello.token, &peer.hello.log), (&None, &None));
    let message = peer.message().await;
    assert_eq!(message.1.text, "hi");
    peer.ack(message, 5).await;
    assert_eq!(sent.await.unwrap().unwrap().seq, 5);
    connected(&mut events).await;
}

#[tokio::test]
async fn messages_are_sent_again_in_order_with_their_nonces_after_a_cut() {
    let server = Server::start().await;
    let (client, _events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 0)]).await;
    let mut sends = Vec::new();
    let mut first = Vec::new();
    for text in ["a", "b", "c"] {
        sends.push(spawn_send(&client, text));
        first.push(peer.message().await.1);
    }
    // Dropped without a close: the cable was cut.
    drop(peer);
    let mut peer = server.welcome(&[("lobby", 0)]).await;
    for (seq, message) in first.into_iter().enumerate() {
        let again = peer.message().await;
        assert_eq!(again.1, message);
        peer.ack(again, seq as Seq + 1).await;
    }
    for (seq, send) in sends.into_iter().enumerate() {
        assert_eq!(send.await.unwrap().unwrap().seq, seq as Seq + 1);
    }
}

#[tokio::test]
async fn a_message_that_was_stored_before_the_cut_is_answered_by_the_resume() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 4)]).await;
    let sent = spawn_send(&client, "a");
    peer.message().await;
    drop(peer);
    let mut peer = server.welcome(&[("lobby", 5)]).await;
    assert_eq!(peer.hello.resume, BTreeMap::from([(room("lobby"), 4)]));
    peer.tell(chat("lobby", 5, "me", "a")).await;
    assert_eq!(sent.await.unwrap().unwrap().seq, 5);
    // It was sent again all the same; its second ack changes nothing.
    let again = peer.message().await;
    peer.ack(again, 5).await;
    peer.tell(chat("lobby", 6, "bob", "b")).await;
    assert_eq!(
        told(&mut events, 5).await,
        ["connected", "disconnected", "connected", "5 a", "6 b"]
    );
}

#[tokio::test]
async fn a_refused_message_is_an_error_and_not_sent_again() {
    let server = Server::start().await;
    let (client, _events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 0)]).await;
    let sent = spawn_send(&client, "a");
    let (id, message) = peer.message().await;
    let mut error = ErrorFrame::new(ErrorCode::RateLimited, "Too fast.");
    (error.re, error.nonce) = (Some(id), Some(message.nonce));
    peer.tell(ServerFrame::Error(error.clone())).await;
    assert_eq!(sent.await.unwrap(), Err(CommandError::Refused(error)));
    drop(peer);
    let mut peer = server.welcome(&[("lobby", 0)]).await;
    let sent = spawn_send(&client, "b");
    let message = peer.message().await;
    assert_eq!(message.1.text, "b");
    peer.ack(message, 1).await;
    sent.await.unwrap().unwrap();
}

#[tokio::test]
async fn text_that_can_be_no_message_is_not_sent() {
    let server = Server::start().await;
    let (client, _events) = server.connect();
    let check = async |text: &str| client.send(&room("lobby"), text).await.unwrap_err();
    assert!(matches!(check(" \n").await, CommandError::Text(_)));
    assert!(matches!(
        check(&"x".repeat(4_001)).await,
        CommandError::Text(_)
    ));
}
