//! A reader that stands still costs a bounded amount, is sent away, and misses nothing.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::ends::gauge;
use crate::support::{PATIENCE, Received, Server, fresh_nonce, kind_of};

/// What one outbox may hold.
const OUTBOX_BYTES_MAX: u64 = 1 << 20;
/// More than the sockets' buffers and the outbox hold together, and under what a resume replays.
const MESSAGES: usize = 900;
const CHARACTERS: usize = 3_900;

#[tokio::test]
async fn who_stands_still_is_sent_away_and_misses_nothing() {
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
            most = most.max(gauge(&server, "chat_outbox_bytes").await);
        }
    }
    while acked < MESSAGES {
        ann.expect("ack").await;
        acked += 1;
    }
    most = most.max(gauge(&server, "chat_outbox_bytes").await);
    assert!(most <= OUTBOX_BYTES_MAX + 65_536, "{most} bytes waited");

    // What was on its way comes, whole frames without a hole, and then the close.
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
    // The replay fills the sockets' buffers and has to wait for this reader.
    tokio::time::sleep(Duration::from_secs(1)).await;
    while have < MESSAGES as u64 {
        let chat = again.expect("chat").await;
        have += 1;
        assert_eq!(chat["seq"], have, "the rest, in order and once");
    }
    let quiet = again.collect_for(Duration::from_millis(300)).await;
    assert!(quiet.iter().all(|frame| kind_of(frame) != "chat"));
}
