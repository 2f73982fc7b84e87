//! The server's end of a connection, which a test writes frame by frame. `main.rs` explains its
//! words.

use chat_shared::client::{Client, ClientConfig, CommandError, Event, Events, ServerUrl, connect};
use chat_shared::codec::{ClientFrame, decode_client_frame, encode};
use chat_shared::protocol::{
    Ack, ChatEvent, Command, CommandFrame, Hello, RoomInfo, RoomKind, Send, ServerFrame, Welcome,
};
use chat_shared::{Nonce, RequestId, RoomName, Seq, Username};
use futures::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// Longer than anything here takes. A test that waits longer fails.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A listener for the connections that the client makes.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    pub(crate) url: ServerUrl,
}

/// A connection as the server sees it.
pub(crate) struct Peer {
    pub(crate) socket: WebSocketStream<TcpStream>,
    pub(crate) hello: Hello,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self {
            listener,
            url: ServerUrl::parse(&url).unwrap(),
        }
    }

    pub(crate) fn config(&self) -> ClientConfig {
        let config = ClientConfig::new(self.url.clone(), "secret-token");
        config
            .client_name("test/1")
            .backoff_max(Duration::from_millis(50))
    }

    pub(crate) fn connect(&self) -> (Client, Events) {
        connect(self.config())
    }

    /// Accepts the next connection and reads its `hello`.
    pub(crate) async fn accept(&self) -> Peer {
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

    /// Accepts the next connection and sends `welcome` with these rooms and their last seqs.
    pub(crate) async fn welcome(&self, rooms: &[(&str, Seq)]) -> Peer {
        let mut peer = self.accept().await;
        peer.tell(ServerFrame::Welcome(welcome(rooms))).await;
        peer
    }

    /// Answers the next HTTP request with these bytes and returns the request.
    pub(crate) async fn answer(&self, response: &str) -> String {
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

pub(crate) async fn next_text(socket: &mut WebSocketStream<TcpStream>) -> String {
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
    pub(crate) async fn tell(&mut self, frame: ServerFrame) {
        self.socket
            .send(Message::text(encode(&frame)))
            .await
            .unwrap();
    }

    pub(crate) async fn command(&mut self) -> CommandFrame {
        match decode_client_frame(&next_text(&mut self.socket).await).unwrap() {
            ClientFrame::Command(command) => command,
            other => panic!("no command: {other:?}"),
        }
    }

    /// The next command, which must be a message.
    pub(crate) async fn message(&mut self) -> (RequestId, Send) {
        let frame = self.command().await;
        match frame.command {
            Command::Send(message) => (frame.id.unwrap(), message),
            other => panic!("no message: {other:?}"),
        }
    }

    pub(crate) async fn ack(&mut self, (re, message): (RequestId, Send), seq: Seq) {
        let ack = Ack {
            re: Some(re),
            room: message.room,
            nonce: message.nonce,
            seq,
            ts: 1,
        };
        self.tell(ServerFrame::Ack(ack)).await;
    }

    pub(crate) async fn close(mut self, code: u16, reason: &str) {
        let frame = CloseFrame {
            code: code.into(),
            reason: reason.to_owned().into(),
        };
        self.socket.send(Message::Close(Some(frame))).await.unwrap();
        // Waits for the client's own close, so that no reset overtakes this one.
        while let Some(Ok(_)) = timeout(SOON, self.socket.next()).await.unwrap() {}
    }
}

pub(crate) fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

pub(crate) fn chat(name: &str, seq: Seq, who: &str, text: &str) -> ServerFrame {
    let nonce = Nonce::parse(&format!("n-{text}")).unwrap();
    let who = Username::existing(who);
    ServerFrame::Chat(ChatEvent::new(room(name), seq, 1, who, text, nonce))
}

pub(crate) fn room_info(name: &str, last_seq: Seq) -> RoomInfo {
    RoomInfo {
        last_seq,
        ..RoomInfo::new(room(name), RoomKind::Public)
    }
}

pub(crate) fn welcome(rooms: &[(&str, Seq)]) -> Welcome {
    let rooms = rooms.iter().map(|(name, seq)| room_info(name, *seq));
    Welcome {
        rooms: rooms.collect(),
        ..Welcome::new("log", Username::existing("me"))
    }
}

pub(crate) async fn next(events: &mut Events) -> Event {
    timeout(SOON, events.next()).await.unwrap().unwrap()
}

pub(crate) async fn connected(events: &mut Events) {
    match next(events).await {
        Event::Connected(_) => {}
        other => panic!("not connected: {other:?}"),
    }
}

/// The reason and the wait of the next event, which must be a lost connection that is retried.
pub(crate) async fn lost(events: &mut Events) -> (String, Duration) {
    match next(events).await {
        Event::Disconnected {
            reason,
            retry_in: Some(wait),
        } => (reason, wait),
        other => panic!("not disconnected: {other:?}"),
    }
}

/// The next `n` events as short texts: a message as `SEQ TEXT`, others by their names.
pub(crate) async fn told(events: &mut Events, n: usize) -> Vec<String> {
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

pub(crate) fn spawn_send(
    client: &Client,
    text: &str,
) -> tokio::task::JoinHandle<Result<Ack, CommandError>> {
    let (client, text) = (client.clone(), text.to_owned());
    tokio::spawn(async move {
        let nonce = Nonce::parse(&format!("n-{text}")).unwrap();
        client.send_with_nonce(&room("lobby"), &text, nonce).await
    })
}
