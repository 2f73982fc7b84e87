//! How connections end, and what comes after.

use chat_shared::client::{CloseReason, CommandError, Event, connect};
use chat_shared::protocol::{Bye, CloseCode, Command, Create, ServerFrame};
use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use crate::played::{SOON, Server, connected, lost, next, room, spawn_send, welcome};

#[tokio::test]
async fn each_close_code_has_its_behaviour() {
    let check = async |code: CloseCode, expect: Result<(u64, u64), CloseReason>| {
        let server = Server::start().await;
        let (client, mut events) = server.connect();
        let peer = server.welcome(&[]).await;
        connected(&mut events).await;
        peer.close(code.code(), "").await;
        match expect {
            Ok((least, most)) => {
                let (_, wait) = lost(&mut events).await;
                let range = Duration::from_millis(least)..=Duration::from_millis(most);
                assert!(range.contains(&wait), "{code:?}: {wait:?}");
                if wait < Duration::from_secs(1) {
                    server.accept().await;
                }
            }
            Err(reason) => {
                let said = reason.to_string();
                let event = next(&mut events).await;
                assert_eq!(
                    event,
                    Event::Disconnected {
                        reason: said,
                        retry_in: None
                    }
                );
                assert_eq!(
                    next(&mut events).await,
                    Event::Closed(reason.clone()),
                    "{code:?}"
                );
                assert_eq!(timeout(SOON, events.next()).await.unwrap(), None);
                let refused = client.send(&room("lobby"), "hi").await;
                assert_eq!(refused, Err(CommandError::Closed(reason)));
            }
        }
    };
    let useless = "The server does not understand this program; one of them may be out of date.";
    let useless = || Err(CloseReason::Refused(useless.to_owned()));
    check(CloseCode::Normal, Ok((0, 50))).await;
    check(CloseCode::GoingAway, Ok((0, 50))).await;
    check(CloseCode::BrokeWebSocket, useless()).await;
    check(CloseCode::BinaryFrame, useless()).await;
    check(CloseCode::NotUtf8, useless()).await;
    check(CloseCode::FrameTooBig, useless()).await;
    check(CloseCode::ServerFault, Ok((0, 50))).await;
    check(CloseCode::BrokeProtocol, useless()).await;
    check(CloseCode::NotSignedIn, Err(CloseReason::NotSignedIn)).await;
    check(CloseCode::Banned, Err(CloseReason::Banned(String::new()))).await;
    check(CloseCode::Version, Err(CloseReason::Version(String::new()))).await;
    check(CloseCode::TimedOut, Ok((0, 0))).await;
    check(CloseCode::TooManyConnections, Ok((0, 50))).await;
    check(CloseCode::TooSlow, Ok((0, 0))).await;
    check(CloseCode::Flood, Ok((60_000, 60_050))).await;
}

#[tokio::test]
async fn a_bye_says_when_to_come_back() {
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    let mut peer = server.welcome(&[]).await;
    connected(&mut events).await;
    let bye = Bye {
        reason: "The server is restarting.".to_owned(),
        reconnect_after_ms: 300,
    };
    peer.tell(ServerFrame::Bye(bye)).await;
    peer.close(1001, "").await;
    let start = tokio::time::Instant::now();
    let (reason, wait) = lost(&mut events).await;
    assert_eq!(reason, "The server is restarting.");
    assert!((300..=375).contains(&wait.as_millis()), "{wait:?}");
    server.accept().await;
    assert!(
        start.elapsed() >= Duration::from_millis(250),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_silent_server_is_taken_for_dead() {
    // A busy machine may be late with a ping, but not by one and a half of these.
    const HEARTBEAT_MS: u64 = 800;
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    let mut peer = server.accept().await;
    let mut quick = welcome(&[]);
    quick.heartbeat_ms = HEARTBEAT_MS;
    peer.tell(ServerFrame::Welcome(quick)).await;
    connected(&mut events).await;
    // Pings are a sign of life, over more time than a server may be silent.
    let start = tokio::time::Instant::now();
    for _ in 0..4 {
        peer.socket
            .send(Message::Ping(Vec::new().into()))
            .await
            .unwrap();
        match timeout(SOON, peer.socket.next()).await.unwrap() {
            Some(Ok(Message::Pong(_))) => {}
            other => panic!("no pong: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(HEARTBEAT_MS)).await;
    }
    let (reason, wait) = lost(&mut events).await;
    assert!(
        start.elapsed() >= Duration::from_millis(5 * HEARTBEAT_MS),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(reason, "The server did not answer for too long.");
    assert_eq!(wait, Duration::ZERO);
    server.accept().await;
}

#[tokio::test]
async fn commands_end_with_the_connection_and_are_not_repeated() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    assert_eq!(client.ping().await, Err(CommandError::Disconnected));
    let mut peer = server.welcome(&[]).await;
    connected(&mut events).await;
    let create = Create {
        room: room("rust"),
        topic: None,
        private: false,
        nonce: None,
    };
    let again = client.clone();
    let created = tokio::spawn(async move { again.create(create).await });
    match peer.command().await.command {
        Command::Create(create) => assert!(create.nonce.is_some()),
        other => panic!("no create: {other:?}"),
    }
    drop(peer);
    assert_eq!(created.await.unwrap(), Err(CommandError::Disconnected));
    let mut peer = server.welcome(&[]).await;
    lost(&mut events).await;
    connected(&mut events).await;
    let pinged = tokio::spawn(async move { client.ping().await });
    let ping = peer.command().await;
    assert_eq!(ping.command, Command::Ping);
    peer.tell(ServerFrame::Pong { re: ping.id }).await;
    pinged.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_close_ends_everything() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[]).await;
    connected(&mut events).await;
    let sent = spawn_send(&client, "a");
    peer.message().await;
    let goodbye = tokio::spawn(async move {
        match timeout(SOON, peer.socket.next()).await.unwrap() {
            Some(Ok(Message::Close(Some(frame)))) => u16::from(frame.code),
            other => panic!("no close: {other:?}"),
        }
    });
    timeout(SOON, client.close()).await.unwrap();
    assert_eq!(goodbye.await.unwrap(), 1000);
    assert_eq!(
        sent.await.unwrap(),
        Err(CommandError::Closed(CloseReason::ByClient))
    );
    assert_eq!(
        next(&mut events).await,
        Event::Closed(CloseReason::ByClient)
    );
    assert_eq!(timeout(SOON, events.next()).await.unwrap(), None);
    timeout(SOON, client.close()).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_nobody_holds_ends() {
    let server = Server::start().await;
    let (client, events) = server.connect();
    let mut peer = server.welcome(&[]).await;
    drop((client, events));
    match timeout(SOON, peer.socket.next()).await.unwrap() {
        Some(Ok(Message::Close(_))) => {}
        other => panic!("no close: {other:?}"),
    }
}

/// Events of 60 KB each: more of them than the SDK keeps unread, and than the system's buffers
/// hold besides.

#[tokio::test]
async fn an_upgrade_that_is_refused() {
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    server
        .answer("HTTP/1.1 503 Service Unavailable\r\nretry-after: 0\r\ncontent-length: 0\r\n\r\n")
        .await;
    lost(&mut events).await;
    let request = server
        .answer("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
        .await;
    assert!(!request.contains("GET /ws?"), "{request}");
    assert!(matches!(
        next(&mut events).await,
        Event::Disconnected { retry_in: None, .. }
    ));
    assert_eq!(
        next(&mut events).await,
        Event::Closed(CloseReason::NotSignedIn)
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let server = Server::start().await;
    let (url, config) = (server.url.clone(), server.config());
    drop(server);
    let (client, mut events) = connect(config);
    for _ in 0..3 {
        let (reason, _) = lost(&mut events).await;
        assert!(reason.contains(&url.to_string()), "{reason}");
    }
    timeout(SOON, client.close()).await.unwrap();
}
