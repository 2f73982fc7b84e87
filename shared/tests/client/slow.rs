//! Users of the SDK that read slowly, and frames that are too big.

use chat_shared::client::{CommandError, Event};
use chat_shared::limits::FRAME_BYTES_MAX;
use chat_shared::protocol::ServerFrame;
use futures::SinkExt;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::played::{SOON, Server, chat, connected, lost, next, room};

const BIG: usize = 60_000;

#[tokio::test]
async fn a_slow_reader_loses_nothing_and_stops_the_server() {
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 0)]).await;
    connected(&mut events).await;
    let text = "x".repeat(BIG);
    let wrote = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let count = wrote.clone();
    let total = 400;
    let writing = tokio::spawn(async move {
        for seq in 1..=total {
            let mut frame = chat("lobby", seq, "bob", "a");
            if let ServerFrame::Chat(chat) = &mut frame {
                chat.message.clone_from(&text);
            }
            peer.tell(frame).await;
            count.store(seq, std::sync::atomic::Ordering::SeqCst);
        }
        peer
    });
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let before = wrote.load(std::sync::atomic::Ordering::SeqCst);
    assert!(
        before < total,
        "{total} events of {BIG} bytes were read that nobody wanted"
    );
    for seq in 1..=total {
        match next(&mut events).await {
            Event::Frame(ServerFrame::Chat(chat)) => assert_eq!(chat.seq, seq),
            other => panic!("no chat: {other:?}"),
        }
    }
    writing.await.unwrap();
}

#[tokio::test]
async fn an_answer_behind_unread_events_still_comes() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 0)]).await;
    connected(&mut events).await;
    let text = "x".repeat(BIG);
    let answering = tokio::spawn(async move {
        let message = peer.message().await;
        // Over what is read when nobody waits, under what is kept when somebody does.
        for seq in 1..=150 {
            let mut frame = chat("lobby", seq, "bob", "a");
            if let ServerFrame::Chat(chat) = &mut frame {
                chat.message.clone_from(&text);
            }
            peer.tell(frame).await;
        }
        peer.ack(message, 151).await;
        peer
    });
    // The one who would read the events is the one who waits.
    let ack = timeout(SOON, client.send(&room("lobby"), "hi"))
        .await
        .unwrap();
    assert_eq!(ack.unwrap().seq, 151);
    for _ in 0..150 {
        next(&mut events).await;
    }
    answering.await.unwrap();
}

#[tokio::test]
async fn an_answer_behind_too_many_unread_events_is_given_up() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("lobby", 0)]).await;
    connected(&mut events).await;
    let text = "x".repeat(BIG);
    let flooding = tokio::spawn(async move {
        peer.message().await;
        for seq in 1..=400 {
            let mut frame = chat("lobby", seq, "bob", "a");
            if let ServerFrame::Chat(chat) = &mut frame {
                chat.message.clone_from(&text);
            }
            peer.tell(frame).await;
        }
        peer
    });
    let error = timeout(SOON, client.send(&room("lobby"), "hi"))
        .await
        .unwrap();
    assert_eq!(error, Err(CommandError::EventsUnread));
    for _ in 0..400 {
        next(&mut events).await;
    }
    flooding.await.unwrap();
}

#[tokio::test]
async fn a_frame_over_the_limit_ends_the_connection() {
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    let mut peer = server.welcome(&[]).await;
    connected(&mut events).await;
    peer.socket
        .send(Message::text("x".repeat(FRAME_BYTES_MAX + 1)))
        .await
        .unwrap();
    lost(&mut events).await;
}
