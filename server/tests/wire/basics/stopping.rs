//! Stopping the server with SIGTERM.

use serde_json::json;

use crate::support::{PATIENCE, Server, kind_of};

#[tokio::test]
async fn a_stopping_server_sends_bye_and_exits_cleanly() {
    let mut server = Server::start_for_restarts().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    let silent = server.open("silent", &[]).await.expect("an upgrade");
    // A request that was begun and never completed must not delay the stop.
    let half = tokio::net::TcpStream::connect(server.address)
        .await
        .unwrap();
    ann.say("lobby", "last words").await;

    server.terminate();
    for ws in [&mut ann, &mut bob] {
        let (code, frames) = ws.closed().await;
        ws.check(code == 1001, &format!("expected close 1001, got {code}"));
        let bye = frames
            .last()
            .unwrap_or_else(|| ws.fail("no bye before the close"));
        ws.check(
            kind_of(bye) == "bye",
            &format!("the last frame is bye, not {bye}"),
        );
        assert!(
            bye["reason"]
                .as_str()
                .is_some_and(|reason| reason.len() > 3),
            "{bye}"
        );
        assert!(
            bye["reconnect_after_ms"]
                .as_u64()
                .is_some_and(|ms| ms <= 60_000),
            "{bye}"
        );
    }
    let status = server.ended(PATIENCE).await;
    assert_eq!(
        status.code(),
        Some(0),
        "a stop that was asked for is no failure"
    );
    drop((silent, half));

    server.restart().await;
    let mut ann = server.enter(&ann_user).await;
    let page = ann
        .done(json!({"type": "history", "room": "lobby"}), "history")
        .await;
    assert_eq!(page["messages"][0]["message"], "last words", "{page}");
}

#[tokio::test]
async fn messages_acked_while_stopping_are_kept() {
    let mut server = Server::start_for_restarts().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    for i in 0..200 {
        let send = json!({"type": "send", "room": "lobby", "text": "x", "nonce": format!("n{i}")});
        if i == 100 {
            server.terminate();
        }
        if ann.try_send(send.to_string()).await.is_err() {
            break;
        }
    }
    let (_, frames) = ann.closed().await;
    let acked: Vec<_> = frames.iter().filter(|f| kind_of(f) == "ack").collect();
    server.ended(PATIENCE).await;
    server.restart().await;
    let mut ann = server.enter(&ann_user).await;
    let log = super::pages::all_events(&mut ann, "lobby", 500).await;
    for ack in acked {
        let at = usize::try_from(ack["seq"].as_u64().unwrap()).unwrap();
        let stored = log
            .get(at - 1)
            .unwrap_or_else(|| panic!("acked and lost: {ack}"));
        assert_eq!(stored["nonce"], ack["nonce"], "{stored}");
    }
}
