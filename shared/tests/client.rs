//! The SDK against a server that the test plays itself, frame by frame.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::time::Duration;

use chat_shared::client::{
    Accounts, Client, ClientConfig, CloseReason, CommandError, Event, Events, HttpError,
    ResumePoint, ServerUrl, connect,
};
use chat_shared::codec::{ClientFrame, decode_client_frame, encode};
use chat_shared::limits::{FRAME_BYTES_MAX, Limits};
use chat_shared::protocol::{
    Ack, Bye, ChatEvent, CloseCode, Command, CommandFrame, Create, ErrorCode, ErrorFrame, Hello,
    Limited, Role, RoomInfo, RoomKind, Send, ServerFrame, Welcome,
};
use chat_shared::{Nonce, RequestId, RoomName, Seq, Username};
use futures::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// Longer than anything here takes; a test that would hang fails.
const SOON: Duration = Duration::from_secs(30);

/// The other end: a listener, of which each connection is one that the client made.
struct Server {
    listener: TcpListener,
    url: ServerUrl,
}

/// A connection as the server sees it.
struct Peer {
    socket: WebSocketStream<TcpStream>,
    hello: Hello,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self {
            listener,
            url: ServerUrl::parse(&url).unwrap(),
        }
    }

    fn config(&self) -> ClientConfig {
        let config = ClientConfig::new(self.url.clone(), "secret-token");
        config
            .client_name("test/1")
            .backoff_max(Duration::from_millis(50))
    }

    fn connect(&self) -> (Client, Events) {
        connect(self.config())
    }

    /// Takes the next connection up to its hello.
    async fn accept(&self) -> Peer {
        let (stream, _) = timeout(SOON, self.listener.accept())
            .await
            .unwrap()
            .unwrap();
        #[expect(clippy::result_large_err, reason = "tungstenite's signature")]
        let check = |request: &Request, response: Response| {
            assert_eq!(request.uri().path(), "/ws");
            assert_eq!(request.headers()["authorization"], "Bearer secret-token");
            Ok(response)
        };
        let mut socket = accept_hdr_async(stream, check).await.unwrap();
        let text = next_text(&mut socket).await;
        match decode_client_frame(&text).unwrap() {
            ClientFrame::Hello(hello) => Peer { socket, hello },
            other => panic!("no hello: {other:?}"),
        }
    }

    /// Takes the next connection and welcomes it to these rooms with these tips.
    async fn welcome(&self, rooms: &[(&str, Seq)]) -> Peer {
        let mut peer = self.accept().await;
        peer.tell(ServerFrame::Welcome(welcome(rooms))).await;
        peer
    }

    /// Answers the next request with these bytes, whatever it is; what it was is returned.
    async fn answer(&self, response: &str) -> String {
        let (mut stream, _) = timeout(SOON, self.listener.accept())
            .await
            .unwrap()
            .unwrap();
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let n = timeout(SOON, stream.read(&mut buffer))
                .await
                .unwrap()
                .unwrap();
            request.extend_from_slice(&buffer[..n]);
            let text = String::from_utf8_lossy(&request).to_string();
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let length = head.to_lowercase().lines().find_map(|line| {
                line.strip_prefix("content-length: ")
                    .map(|n| n.parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                stream.write_all(response.as_bytes()).await.unwrap();
                return text;
            }
        }
    }
}

async fn next_text(socket: &mut WebSocketStream<TcpStream>) -> String {
    loop {
        match timeout(SOON, socket.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap()
        {
            Message::Text(text) => return text.as_str().to_owned(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("no text: {other:?}"),
        }
    }
}

impl Peer {
    async fn tell(&mut self, frame: ServerFrame) {
        self.socket
            .send(Message::text(encode(&frame)))
            .await
            .unwrap();
    }

    async fn command(&mut self) -> CommandFrame {
        match decode_client_frame(&next_text(&mut self.socket).await).unwrap() {
            ClientFrame::Command(command) => command,
            other => panic!("no command: {other:?}"),
        }
    }

    /// The next command, which must be a message.
    async fn message(&mut self) -> (RequestId, Send) {
        let frame = self.command().await;
        match frame.command {
            Command::Send(message) => (frame.id.unwrap(), message),
            other => panic!("no message: {other:?}"),
        }
    }

    async fn ack(&mut self, (re, message): (RequestId, Send), seq: Seq) {
        let ack = Ack {
            re: Some(re),
            room: message.room,
            nonce: message.nonce,
            seq,
            ts: 1,
        };
        self.tell(ServerFrame::Ack(ack)).await;
    }

    async fn close(mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.to_owned().into(),
        };
        self.socket.send(Message::Close(Some(frame))).await.unwrap();
        // The client's own close is waited for, so that no reset overtakes ours.
        while let Some(Ok(_)) = timeout(SOON, self.socket.next()).await.unwrap() {}
    }
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn chat(name: &str, seq: Seq, who: &str, text: &str) -> ServerFrame {
    let nonce = Nonce::parse(&format!("n-{text}")).unwrap();
    let who = Username::existing(who);
    ServerFrame::Chat(ChatEvent::new(room(name), seq, 1, who, text, nonce))
}

fn room_info(name: &str, last_seq: Seq) -> RoomInfo {
    RoomInfo {
        room: room(name),
        kind: RoomKind::Public,
        topic: String::new(),
        last_seq,
        read_seq: 0,
        unread: 0,
        mentions: 0,
        role: Role::Member,
        members: 1,
        with: None,
    }
}

fn welcome(rooms: &[(&str, Seq)]) -> Welcome {
    Welcome {
        version: 1,
        log: "log".to_owned(),
        username: Username::existing("me"),
        session: "s".to_owned(),
        now: 1,
        heartbeat_ms: 30_000,
        rooms: rooms
            .iter()
            .map(|(name, seq)| room_info(name, *seq))
            .collect(),
        more: false,
        limits: Limits::default(),
    }
}

async fn next(events: &mut Events) -> Event {
    timeout(SOON, events.next()).await.unwrap().unwrap()
}

async fn connected(events: &mut Events) {
    match next(events).await {
        Event::Connected(_) => {}
        other => panic!("not connected: {other:?}"),
    }
}

/// The reason of the next event, which must be a loss of the connection that heals, and its wait.
async fn lost(events: &mut Events) -> (String, Duration) {
    match next(events).await {
        Event::Disconnected {
            reason,
            retry_in: Some(wait),
        } => (reason, wait),
        other => panic!("not disconnected: {other:?}"),
    }
}

/// The next frames as `seq text`, other events as their names.
async fn told(events: &mut Events, n: usize) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..n {
        told.push(match next(events).await {
            Event::Frame(ServerFrame::Chat(chat)) => format!("{} {}", chat.seq, chat.message),
            Event::Frame(ServerFrame::Limited(it)) => format!("limited {}", it.last_seq),
            Event::Connected(_) => "connected".to_owned(),
            Event::Disconnected { .. } => "disconnected".to_owned(),
            other => format!("{other:?}"),
        });
    }
    told
}

fn spawn_send(client: &Client, text: &str) -> tokio::task::JoinHandle<Result<Ack, CommandError>> {
    let (client, text) = (client.clone(), text.to_owned());
    tokio::spawn(async move {
        let nonce = Nonce::parse(&format!("n-{text}")).unwrap();
        client.send_with_nonce(&room("lobby"), &text, nonce).await
    })
}

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
async fn a_gap_is_asked_for_again_and_nothing_behind_it_told() {
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
    let useless = "The server does not understand this program; one of them is too old.";
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
    let server = Server::start().await;
    let (_client, mut events) = server.connect();
    let mut peer = server.accept().await;
    let mut quick = welcome(&[]);
    quick.heartbeat_ms = 100;
    peer.tell(ServerFrame::Welcome(quick)).await;
    connected(&mut events).await;
    // Pings are a sign of life.
    let start = tokio::time::Instant::now();
    for _ in 0..5 {
        peer.socket
            .send(Message::Ping(Vec::new().into()))
            .await
            .unwrap();
        match timeout(SOON, peer.socket.next()).await.unwrap() {
            Some(Ok(Message::Pong(_))) => {}
            other => panic!("no pong: {other:?}"),
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let (reason, wait) = lost(&mut events).await;
    assert!(
        start.elapsed() >= Duration::from_millis(600),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(reason, "The server has not been heard of for too long.");
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

fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn calls_about_accounts() {
    let server = Server::start().await;
    let accounts = Accounts::new(server.url.clone());
    let said = r#"{"ok":true,"username":"ann","msg":"Login successful","token":"t0k","expires":9}"#;
    let answer = response("200 OK", "content-type: application/json\r\n", said);
    let (me, request) = tokio::join!(accounts.log_in("ann", "pass\"word"), server.answer(&answer));
    let me = me.unwrap();
    assert_eq!((me.username.as_str(), me.token.as_str()), ("ann", "t0k"));
    assert!(!format!("{me:?}").contains("t0k"));
    assert!(request.starts_with("POST /login HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains("content-type: application/json\r\n"),
        "{request}"
    );
    assert!(
        request.ends_with(r#"{"username":"ann","password":"pass\"word"}"#),
        "{request}"
    );

    let answer = response("201 Created", "", r#"{"ok":true,"msg":"Account created"}"#);
    let (done, request) = tokio::join!(
        accounts.register_bot("echo", "password"),
        server.answer(&answer)
    );
    done.unwrap();
    assert!(request.ends_with(r#"{"username":"echo","password":"password","bot":true}"#));

    let said = r#"{"ok":true,"username":"ann","display_name":"Ann","avatar":"/a","admin":false}"#;
    let answer = response("200 OK", "", said);
    let (me, request) = tokio::join!(accounts.me("t0k"), server.answer(&answer));
    assert_eq!(me.unwrap().display_name, "Ann");
    assert!(request.starts_with("GET /me HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains("authorization: Bearer t0k\r\n"),
        "{request}"
    );

    let answer = response("200 OK", "", r#"{"ok":true,"msg":"Signed out"}"#);
    let (done, request) = tokio::join!(accounts.log_out("t0k"), server.answer(&answer));
    done.unwrap();
    assert!(
        request.starts_with("POST /logout HTTP/1.1\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn calls_that_fail_say_why_and_never_the_password() {
    let server = Server::start().await;
    let accounts = Accounts::new(server.url.clone());
    let check = async |answer: String, expect: HttpError, sentence: &str| {
        let (done, _) = tokio::join!(
            accounts.log_in("ann", "s3cret-password"),
            server.answer(&answer)
        );
        let error = done.unwrap_err();
        assert_eq!(error, expect);
        assert!(error.to_string().contains(sentence), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    };
    let error = |status: &str, headers: &str, msg: &str| {
        response(status, headers, &format!(r#"{{"ok":false,"msg":"{msg}"}}"#))
    };
    let wrong = "Invalid username or password".to_owned();
    check(
        error("401 x", "", &wrong),
        HttpError::WrongPassword(wrong),
        "Invalid",
    )
    .await;
    let taken = "Username already exists".to_owned();
    check(
        error("409 x", "", &taken),
        HttpError::NameTaken(taken),
        "another name",
    )
    .await;
    let limited = HttpError::RateLimited(Some(Duration::from_secs(7)));
    check(
        error("429 x", "retry-after: 7\r\n", "Slow down"),
        limited,
        "7 s",
    )
    .await;
    let short = "The password is too short".to_owned();
    check(
        error("422 x", "", &short),
        HttpError::Refused(short),
        "too short.",
    )
    .await;
    let busy = "Busy.".to_owned();
    check(
        error("503 x", "", &busy),
        HttpError::Busy(busy),
        "Try again",
    )
    .await;
    let limited = HttpError::RateLimited(None);
    check(response("429 x", "", "<html>"), limited, "wait").await;
    let stranger = |status: &str| {
        let url = &server.url;
        let said =
            format!("What answers at {url} is no chat server ({status}); check the address.");
        HttpError::NotAChatServer(said)
    };
    check(
        response("200 OK", "", "<html>"),
        stranger("200 OK"),
        "address",
    )
    .await;
    check(
        response("404 Not Found", "", "<html>"),
        stranger("404 Not Found"),
        "address",
    )
    .await;
    drop(server);
    let error = accounts.log_in("ann", "s3cret-password").await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable(_)), "{error:?}");
}

#[test]
fn no_secret_is_in_debug() {
    let url = ServerUrl::parse("http://127.0.0.1:1").unwrap();
    assert!(!format!("{:?}", ClientConfig::new(url, "secret-token")).contains("secret"));
}

#[test]
fn the_readme_and_the_documentation_show_the_same_program() {
    let readme = include_str!("../README.md");
    let program = readme
        .split("```rust\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    assert!(program.lines().count() > 10);
    let shown: String = program
        .lines()
        .map(|line| format!("//! {line}").trim_end().to_owned() + "\n")
        .collect();
    assert!(
        include_str!("../src/client/mod.rs").contains(&shown),
        "{shown}"
    );
}
