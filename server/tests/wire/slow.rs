//! A client that stops reading costs a bounded amount of memory, is closed, and misses nothing when
//! it resumes.

use serde_json::json;
use tokio::time::Instant;

use crate::cleanup::gauge;
use crate::support::{PATIENCE, Received, Server, fresh_nonce, kind_of, text_of};

/// Bytes that may wait for one connection.
const SEND_QUEUE_BYTES_MAX: u64 = 1 << 20;
/// More than the sockets' buffers and the send queue hold together, and fewer than a resume replays.
const MESSAGES: usize = 900;
const CHARACTERS: usize = 3_900;

#[tokio::test]
async fn a_slow_reader_is_closed_and_misses_nothing() {
    let server = Server::start_with(&["--rate-limit", "off"]).await;
    let (bob, mut stalled) = server.newcomer("bob").await;
    let (_, mut ann) = server.newcomer("ann").await;
    let text = "🦀".repeat(CHARACTERS);
    let (mut acked, mut most) = (0, 0);
    for said in 0..MESSAGES {
        let send = json!({"type": "send", "room": "lobby", "text": text, "nonce": fresh_nonce()});
        ann.send(&send).await;
        while acked + 8 <= said {
            ann.expect("ack").await;
            acked += 1;
        }
        if said % 100 == 0 {
            most = most.max(gauge(&server, "chat_send_queue_bytes").await);
        }
    }
    while acked < MESSAGES {
        ann.expect("ack").await;
        acked += 1;
    }
    most = most.max(gauge(&server, "chat_send_queue_bytes").await);
    assert!(most <= SEND_QUEUE_BYTES_MAX + 65_536, "{most} bytes waited");

    // Frames that were already written arrive whole and without a hole, and then the close.
    let mut have = 0;
    let deadline = Instant::now() + PATIENCE;
    let code = loop {
        match stalled.receive_by(deadline).await {
            Some(Received::Frame(frame)) if kind_of(&frame) == "chat" => {
                have += 1;
                assert_eq!(frame["seq"], have, "no hole");
                assert_eq!(frame["message"], text);
            }
            Some(Received::Closed(code)) => break code,
            Some(_) => {}
            None => stalled.fail("it was not closed"),
        }
    };
    assert_eq!(code, 4413, "after {have} messages");
    assert!(have < MESSAGES as u64, "it was behind");

    let mut again = server
        .enter_with(
            &bob,
            json!({"log": stalled.welcome["log"], "resume": {"lobby": have}}),
        )
        .await;
    // Before this client reads on, the replay fills the sockets' buffers and waits in the queue.
    let deadline = Instant::now() + PATIENCE;
    while gauge(&server, "chat_send_queue_bytes").await == 0 {
        assert!(Instant::now() < deadline, "the replay never had to wait");
    }
    while have < MESSAGES as u64 {
        let chat = again.expect("chat").await;
        have += 1;
        assert_eq!(chat["seq"], have, "the rest, in order and once");
    }
    ann.say("lobby", "the next message").await;
    let chat = again.expect("chat").await;
    assert_eq!(text_of(&chat), "the next message", "nothing comes twice");
}
