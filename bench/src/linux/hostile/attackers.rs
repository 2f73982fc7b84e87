//! Five hundred connections that do at once what costs a server most.
//!
//! They are tasks of one thread that write prepared bytes and keep nothing of what they read, so that
//! they take little of the machine from the server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::oneshot;

use super::super::ws::{TEXT, client_frame};
use super::{LARGE_FILE, Target, network};

/// Questions that a connection has under way.
const QUESTIONS: usize = 64;

/// Between two commands of a connection that reads: the rate of reads that one user may have.
const QUESTION_PAUSE: Duration = Duration::from_millis(10);

/// Between two messages or edits of one account: its rate.
const MESSAGE_PAUSE: Duration = Duration::from_millis(50);

/// Between two requests of one HTTP connection.
const REQUEST_PAUSE: Duration = Duration::from_millis(50);

/// Until a connection that was closed is opened again.
const AGAIN: Duration = Duration::from_millis(200);

/// Bytes and pause of one read of a slow reader.
const SLOW_BYTES: usize = 1_024;
const SLOW_PAUSE: Duration = Duration::from_millis(100);

/// Bytes of an upload, of which the last does not come.
const UPLOAD_BYTES: usize = 2 << 20;

/// Bytes of one read of those that read as fast as they can.
const READ_BYTES: usize = 64 << 10;

/// Rooms of long messages, each with an account that goes on writing in it.
pub(super) const LONG_ROOMS: usize = 4;

/// What one connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Asks as often as it may, and reads.
    Ask,
    /// Asks as much as it may, and reads nothing.
    AskUnread,
    /// A member of a busy room that reads nothing, or little.
    Slow,
    /// Sends long messages.
    Write,
    /// Edits one message.
    Edit,
    Upload,
    File,
    KeepAlive,
    WrongPassword,
    SignUp,
    /// Makes rooms and invites people.
    Rooms,
}

/// How many connections do what: 500 in all.
const KINDS: [(Kind, usize); 11] = [
    (Kind::Ask, 80),
    (Kind::AskUnread, 100),
    (Kind::Slow, 92),
    (Kind::Write, LONG_ROOMS),
    (Kind::Edit, LONG_ROOMS),
    (Kind::Upload, 40),
    (Kind::File, 60),
    (Kind::KeepAlive, 40),
    (Kind::WrongPassword, 30),
    (Kind::SignUp, 20),
    (Kind::Rooms, 30),
];

/// Counts what the attackers did.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) questions: AtomicU64,
    pub(super) requests: AtomicU64,
    pub(super) bytes_read: AtomicU64,
    pub(super) connections: AtomicU64,
}

/// The connections, until they are stopped.
#[derive(Debug)]
pub(super) struct Attackers {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Attackers {
    /// Starts one in `part` of the connections.
    pub(super) fn start(target: Target, part: usize) -> Self {
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let target: &'static Target = Box::leak(Box::new(target));
                for (kind, count) in KINDS {
                    for at in 0..count.div_ceil(part) {
                        tokio::spawn(keep_on(target, kind, at));
                    }
                }
                // The sender may be gone.
                let _ = stopped.await;
            });
            Ok(())
        });
        Self { stop, thread }
    }

    /// Closes all of them.
    pub(super) fn stop(self) -> io::Result<()> {
        let _ = self.stop.send(());
        self.thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the hostile thread panicked")))
    }
}

/// Does one kind of thing again and again, on a new connection where the server closes the last.
async fn keep_on(target: &'static Target, kind: Kind, at: usize) {
    loop {
        let attack = Attack { target, kind, at };
        // A server that closes or refuses does what it should.
        let _ = attack.run().await;
        target.done.connections.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(AGAIN).await;
    }
}

#[derive(Debug, Clone, Copy)]
struct Attack {
    target: &'static Target,
    kind: Kind,
    at: usize,
}

impl Attack {
    async fn run(self) -> io::Result<()> {
        match self.kind {
            Kind::Ask => self.ask().await,
            Kind::AskUnread => self.ask_unread().await,
            Kind::Slow => self.read_slowly().await,
            Kind::Write => {
                let (at, text) = (self.at, &self.target.long_text);
                let room = format!("long-{at}");
                self.command(MESSAGE_PAUSE, |n| {
                    let nonce = format!("w{at}-{n}-{}", fresh_number());
                    json!({"type": "send", "room": room, "text": text, "nonce": nonce})
                })
                .await
            }
            Kind::Edit => {
                let (room, text) = (format!("long-{}", self.at), &self.target.long_text);
                self.command(MESSAGE_PAUSE, |n| {
                    let text = format!("{n} {}", &text[..text.len() - 40]);
                    json!({"type": "edit", "room": room, "seq": 2, "text": text})
                })
                .await
            }
            Kind::Rooms => {
                let at = self.at;
                self.command(REQUEST_PAUSE, |n| match n % 3 {
                    0 => json!({"type": "create", "room": format!("flood-{at}-{n}")}),
                    1 => json!({"type": "invite", "room": format!("flood-{at}-{}", n - 1),
                        "username": format!("u{:05}", n % 200)}),
                    _ => json!({"type": "dm", "username": format!("u{:05}", n % 200)}),
                })
                .await
            }
            Kind::Upload => self.upload().await,
            Kind::File => self.read_no_file().await,
            Kind::KeepAlive => {
                self.request(Duration::from_secs(1), |_| {
                    ("GET /healthz".to_owned(), String::new())
                })
                .await
            }
            Kind::WrongPassword => {
                self.request(REQUEST_PAUSE, |n| {
                    let name = format!("u{:05}", n % 100);
                    let body = json!({"username": name, "password": format!("wrong-horse-{n}")});
                    ("POST /login".to_owned(), body.to_string())
                })
                .await
            }
            Kind::SignUp => {
                let at = self.at;
                self.request(REQUEST_PAUSE, |_| {
                    let name = format!("puppet-{at}-{}", fresh_number());
                    let body = json!({"username": name, "password": "correct-horse-battery"});
                    ("POST /register".to_owned(), body.to_string())
                })
                .await
            }
        }
    }

    /// Half of the connections come from one network, the others from one each or two.
    fn from(self) -> Ipv4Addr {
        let group = 16 + self.kind as usize;
        if self.at.is_multiple_of(2) {
            network(15, 0)
        } else {
            network(group, self.at / 4)
        }
    }

    async fn connect(self) -> io::Result<TcpStream> {
        connect_from(self.from(), self.target.address).await
    }

    /// Connects up to the welcome.
    async fn enter(self) -> io::Result<TcpStream> {
        let mut stream = self.connect().await?;
        let token = self.target.hostile_token(self.kind as usize * 7 + self.at);
        let upgrade = format!(
            "GET /ws HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             Authorization: Bearer {token}\r\n\r\n",
            self.target.address
        );
        stream.write_all(upgrade.as_bytes()).await?;
        let mut answer = [0; 1_024];
        if stream.read(&mut answer).await? == 0 {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let hello = client_frame(TEXT, br#"{"type":"hello","version":1}"#);
        stream.write_all(&hello).await?;
        if stream.read(&mut answer).await? == 0 {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(stream)
    }

    fn question(self) -> Vec<u8> {
        let room = format!("long-{}", self.at % LONG_ROOMS);
        let question = match self.at % 5 {
            0 => json!({"type": "history", "room": room, "limit": 200}),
            1 => json!({"type": "events", "room": room, "after": 0, "limit": 500}),
            2 => json!({"type": "search", "room": room, "query": "needle", "limit": 100}),
            3 => json!({"type": "resume", "rooms": {room: 0}}),
            _ => json!({"type": "members", "room": "lobby", "limit": 200}),
        };
        text_frame(&question)
    }

    async fn ask(self) -> io::Result<()> {
        let (mut read, mut write) = self.enter().await?.into_split();
        let question = self.question();
        let asking = async {
            loop {
                write.write_all(&question).await?;
                self.target.done.questions.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(QUESTION_PAUSE).await;
            }
        };
        let reading = self.drain(&mut read);
        tokio::select! {
            ended = asking => ended,
            ended = reading => ended,
        }
    }

    async fn ask_unread(self) -> io::Result<()> {
        let mut stream = self.enter().await?;
        let question = self.question();
        loop {
            for _ in 0..QUESTIONS {
                stream.write_all(&question).await?;
                self.target.done.questions.fetch_add(1, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn read_slowly(self) -> io::Result<()> {
        let mut stream = self.enter().await?;
        let room = format!("long-{}", self.at % LONG_ROOMS);
        let join = text_frame(&json!({"type": "join", "room": room}));
        stream.write_all(&join).await?;
        let mut some = [0; SLOW_BYTES];
        loop {
            tokio::time::sleep(SLOW_PAUSE).await;
            // Every other one reads nothing. It learns that it was closed when it writes.
            if self.at % 2 == 1 {
                stream
                    .write_all(&text_frame(&json!({"type": "ping"})))
                    .await?;
            } else if stream.read(&mut some).await? == 0 {
                return Ok(());
            }
        }
    }

    /// Gives commands at a pace, and reads what comes.
    async fn command(self, pause: Duration, make: impl Fn(u64) -> Value) -> io::Result<()> {
        let (mut read, mut write) = self.enter().await?.into_split();
        let commanding = async {
            for n in 0.. {
                write.write_all(&text_frame(&make(n))).await?;
                tokio::time::sleep(pause).await;
            }
            Ok(())
        };
        tokio::select! {
            ended = commanding => ended,
            ended = self.drain(&mut read) => ended,
        }
    }

    async fn upload(self) -> io::Result<()> {
        let mut stream = self.connect().await?;
        let token = self.target.hostile_token(self.at);
        let head = format!(
            "PUT /avatar HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: image/png\r\nContent-Length: {UPLOAD_BYTES}\r\n\r\n",
            self.target.address
        );
        stream.write_all(head.as_bytes()).await?;
        let piece = [0; 16 << 10];
        let mut left = UPLOAD_BYTES - 1;
        while left > 0 {
            let count = left.min(piece.len());
            stream.write_all(&piece[..count]).await?;
            left -= count;
        }
        self.drain(&mut stream).await
    }

    async fn read_no_file(self) -> io::Result<()> {
        let mut stream = self.connect().await?;
        let request = format!(
            "GET /static/{LARGE_FILE} HTTP/1.1\r\nHost: {}\r\n\r\n",
            self.target.address
        );
        stream.write_all(request.as_bytes()).await?;
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            // It learns that it was closed when it writes.
            stream.write_all(b"\r\n").await?;
        }
    }

    /// Makes one request after the other on one connection, and waits for each answer.
    async fn request(
        self,
        pause: Duration,
        make: impl Fn(u64) -> (String, String),
    ) -> io::Result<()> {
        let mut stream = self.connect().await?;
        let mut answer = [0; 4_096];
        for n in 0.. {
            let (line, body) = make(n);
            let request = format!(
                "{line} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                self.target.address,
                body.len()
            );
            stream.write_all(request.as_bytes()).await?;
            if stream.read(&mut answer).await? == 0 {
                return Ok(());
            }
            self.target.done.requests.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    /// Reads until the server closes.
    async fn drain(self, stream: &mut (impl AsyncReadExt + Unpin)) -> io::Result<()> {
        let mut some = vec![0; READ_BYTES];
        loop {
            let count = stream.read(&mut some).await?;
            if count == 0 {
                return Ok(());
            }
            let read = &self.target.done.bytes_read;
            read.fetch_add(count as u64, Ordering::Relaxed);
        }
    }
}

async fn connect_from(from: Ipv4Addr, address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn text_frame(value: &Value) -> Vec<u8> {
    client_frame(TEXT, value.to_string().as_bytes())
}

/// A number that no earlier call returned.
fn fresh_number() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed)
}
