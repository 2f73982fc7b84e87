//! The life of one connection: hello, welcome, commands, end.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chat_shared::codec::{self, ClientFrame};
use chat_shared::limits::{
    COMMANDS_IN_FLIGHT_MAX, HEARTBEAT_MS, HEARTBEATS_MISSED_MAX, HELLO_TIMEOUT_MS, Limits,
    RESUME_EVENTS_MAX, RESUME_ROOMS_MAX, WELCOME_ROOMS_MAX,
};
use chat_shared::protocol::{
    CloseCode, Command, CommandFrame, DemoFrame, ErrorCode, ErrorFrame, Hello, RoomInfo,
    RoomsState, Send, ServerFrame, Welcome,
};
use chat_shared::{Nonce, PROTOCOL_VERSION, RoomName, Seq};
use futures::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::socket::{Incoming, Reader};
use super::{Gateway, catch_up, commands};
use crate::accounts::{AuthError, Identity};
use crate::hub::{
    Attached, Connection, Dialect, Resume, RoomRequest, random_hex, take_fitting, wire,
};
use crate::outbox::{Class, Frame, Outbox, write_frames};

/// Milliseconds in which a peer may still send after our close, so that the close reaches it.
const LINGER_MS: u64 = 2_000;

/// Rooms that are asked at the same time when a connection comes.
const ATTACH_CONCURRENCY: usize = 64;

/// Commands refused for their rate in a row that are a flood.
const FLOOD_REFUSALS_MAX: u32 = 200;

/// Why a connection ends before its welcome.
struct Rejected(CloseCode, &'static str);

const STORE_AWAY: Rejected = Rejected(
    CloseCode::ServerFault,
    "the server can't reach its store; try again",
);

pub(super) async fn run<S>(gateway: Gateway, socket: S, known: Option<Identity>, address: IpAddr)
where
    S: AsyncRead + AsyncWrite + std::marker::Send + 'static,
{
    let (read, write) = tokio::io::split(socket);
    let outbox = Outbox::new();
    let mut writer = tokio::spawn({
        let outbox = outbox.clone();
        async move { write_frames(&outbox, write).await }
    });
    let mut reader = Reader::new(read, outbox.clone()).await;
    let _place = gateway.addresses.take(address, gateway.limits.per_address);
    let begun = match &_place {
        None => Err(Rejected(
            CloseCode::TooManyConnections,
            "too many connections from there",
        )),
        Some(_) => begin(&gateway, &mut reader, &outbox, known).await,
    };
    match begun {
        Ok(Some(connection)) => {
            tracing::debug!(username = %connection.identity.username, "connected");
            let mut session = Session::new(gateway.clone(), connection.clone());
            tokio::select! {
                () = session.serve(&mut reader) => {}
                _ = &mut writer => {}
            }
            gateway.hub.retire(&connection).await;
            tracing::debug!(username = %connection.identity.username, "disconnected");
        }
        Ok(None) => outbox.end(),
        Err(Rejected(code, reason)) => outbox.close(code, reason),
    }
    if !outbox.is_closing() {
        outbox.end();
    }
    if !writer.is_finished() {
        let _ = writer.await;
    }
    let drain = async { while !matches!(reader.next().await, Incoming::Gone) {} };
    let _ = timeout(Duration::from_millis(LINGER_MS), drain).await;
}

/// Up to the welcome. `None` where the peer went away.
async fn begin<R: AsyncRead + Unpin>(
    gateway: &Gateway,
    reader: &mut Reader<R>,
    outbox: &Arc<Outbox>,
    known: Option<Identity>,
) -> Result<Option<Arc<Connection>>, Rejected> {
    let first = async {
        loop {
            match reader.next().await {
                Incoming::Alive => {}
                other => return other,
            }
        }
    };
    let text = match timeout(Duration::from_millis(HELLO_TIMEOUT_MS), first).await {
        Err(_) => return Err(Rejected(CloseCode::TimedOut, "no first frame came in 10 s")),
        Ok(Incoming::Text(text)) => text,
        Ok(Incoming::Broken(code, reason)) => return Err(Rejected(code, reason)),
        Ok(Incoming::Alive | Incoming::Gone) => return Ok(None),
    };
    match codec::decode_client_frame(&text) {
        Ok(ClientFrame::Hello(hello)) => {
            if hello.version != PROTOCOL_VERSION {
                return Err(Rejected(CloseCode::Version, "this server speaks version 1"));
            }
            if hello.resume.len() > RESUME_ROOMS_MAX {
                return Err(Rejected(
                    CloseCode::BrokeProtocol,
                    "resume names over 1000 rooms",
                ));
            }
            let identity = identify(gateway, known, hello.token.as_deref()).await?;
            tracing::debug!(client = hello.client.as_deref().unwrap_or(""), "hello");
            welcome(gateway, outbox, identity, Dialect::Main, Some(hello))
                .await
                .map(Some)
        }
        Ok(ClientFrame::Demo(DemoFrame {
            username: Some(username),
            ..
        })) => {
            let identity = identify(gateway, known, None).await?;
            if username.folded() != identity.username.folded() {
                return Err(Rejected(
                    CloseCode::NotSignedIn,
                    "you are logged in as someone else",
                ));
            }
            welcome(gateway, outbox, identity, Dialect::Demo, None)
                .await
                .map(Some)
        }
        Ok(ClientFrame::Command(_) | ClientFrame::Demo(_)) | Err(_) => Err(Rejected(
            CloseCode::BrokeProtocol,
            "the first frame must be a hello",
        )),
    }
}

async fn identify(
    gateway: &Gateway,
    known: Option<Identity>,
    token: Option<&str>,
) -> Result<Identity, Rejected> {
    match (known, token) {
        (Some(identity), _) => Ok(identity),
        (None, None) => Err(Rejected(CloseCode::NotSignedIn, "log in first")),
        (None, Some(token)) => match gateway.hub.accounts().authenticate(token).await {
            Ok(identity) => Ok(identity),
            Err(AuthError::Store(error)) => {
                tracing::error!(%error, "a token could not be checked");
                Err(STORE_AWAY)
            }
            Err(_) => Err(Rejected(
                CloseCode::NotSignedIn,
                "the token is not valid; log in again",
            )),
        },
    }
}

/// Takes the connection into its rooms, then says so. What the rooms tell meanwhile is held back
/// behind the welcome.
async fn welcome(
    gateway: &Gateway,
    outbox: &Arc<Outbox>,
    identity: Identity,
    dialect: Dialect,
    hello: Option<Hello>,
) -> Result<Arc<Connection>, Rejected> {
    let hub = &gateway.hub;
    let connection = Connection::new(identity, dialect, outbox.clone());
    if hub.admit(&connection, gateway.limits.per_user).is_err() {
        return Err(Rejected(
            CloseCode::TooManyConnections,
            "you have too many connections",
        ));
    }
    let (log, cursors) = hello
        .map(|hello| (hello.log, hello.resume))
        .unwrap_or_default();
    let same_log = log.as_deref().is_none_or(|log| log == hub.log());
    let mut rooms = match enter_rooms(gateway, &connection, &cursors, same_log).await {
        Ok(rooms) => rooms,
        Err(rejected) => {
            hub.retire(&connection).await;
            return Err(rejected);
        }
    };
    let behind = rooms.iter().filter(|room| room.behind > 0);
    let behind = behind.filter_map(|room| {
        cursors
            .get(&room.info.room)
            .map(|after| (room.info.room.clone(), *after))
    });
    let behind = behind.collect();
    rooms.sort_by_key(|room| std::cmp::Reverse(room.active));
    let frames = match dialect {
        Dialect::Demo => Vec::new(),
        Dialect::Main => welcome_frames(
            gateway,
            &connection,
            rooms.into_iter().map(|room| room.info).collect(),
        ),
    };
    outbox.uncork(
        frames
            .iter()
            .map(|frame| wire::frame(frame, Class::Durable)),
    );
    catch_up::go_on(hub, &connection, behind);
    Ok(connection)
}

async fn enter_rooms(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    cursors: &BTreeMap<RoomName, Seq>,
    same_log: bool,
) -> Result<Vec<Attached>, Rejected> {
    let hub = &gateway.hub;
    let mut names = vec![RoomName::lobby()];
    if connection.dialect == Dialect::Main {
        let own = hub.store().rooms_of(&connection.identity.username).await;
        names.extend(own.map_err(|error| {
            tracing::error!(%error, "someone's rooms could not be read");
            STORE_AWAY
        })?);
    }
    let (known, new): (Vec<_>, Vec<_>) = names
        .into_iter()
        .partition(|room| cursors.contains_key(room));
    let attach = |room: RoomName, resume: Option<Resume>| async move {
        let (answer, answered) = oneshot::channel();
        let connection = connection.clone();
        hub.request_wait(
            &room,
            RoomRequest::Attach {
                connection,
                resume,
                answer,
            },
        )
        .await;
        answered.await.map_err(|_| STORE_AWAY)
    };
    let answers = futures::stream::iter(new).map(|room| attach(room, None));
    let mut answers: Vec<_> = answers.buffer_unordered(ATTACH_CONCURRENCY).collect().await;
    let mut events_max = RESUME_EVENTS_MAX;
    for room in known {
        let after = cursors.get(&room).copied().unwrap_or_default();
        let answer = attach(
            room,
            Some(Resume {
                after,
                same_log,
                events_max,
            }),
        )
        .await;
        if let Ok(Some(attached)) = &answer {
            events_max = events_max.saturating_sub(attached.behind);
        }
        answers.push(answer);
    }
    let attached: Result<Vec<_>, _> = answers.into_iter().collect();
    Ok(attached?.into_iter().flatten().collect())
}

/// The welcome, and `rooms_state` frames for the rooms that it can't hold.
fn welcome_frames(
    gateway: &Gateway,
    connection: &Connection,
    mut rooms: Vec<RoomInfo>,
) -> Vec<ServerFrame> {
    let take = |rooms: &mut Vec<RoomInfo>| {
        let count = rooms.len().min(WELCOME_ROOMS_MAX);
        let (taken, _) = take_fitting(rooms[..count].iter().cloned());
        rooms.drain(..taken.len());
        taken
    };
    let first = take(&mut rooms);
    let mut frames = vec![ServerFrame::Welcome(Welcome {
        version: PROTOCOL_VERSION,
        log: gateway.hub.log().to_owned(),
        username: connection.identity.username.clone(),
        session: connection.identity.session.clone(),
        now: gateway.hub.now(),
        heartbeat_ms: HEARTBEAT_MS,
        rooms: first,
        more: !rooms.is_empty(),
        limits: Limits::default(),
    })];
    while !rooms.is_empty() {
        let taken = take(&mut rooms);
        frames.push(ServerFrame::RoomsState(RoomsState {
            rooms: taken,
            more: !rooms.is_empty(),
        }));
    }
    frames
}

struct Session {
    gateway: Gateway,
    connection: Arc<Connection>,
    /// Places for unanswered commands.
    in_flight: Arc<Semaphore>,
    pings_unanswered: u32,
    refused_in_a_row: u32,
}

impl Session {
    fn new(gateway: Gateway, connection: Arc<Connection>) -> Self {
        Self {
            gateway,
            connection,
            in_flight: Arc::new(Semaphore::new(COMMANDS_IN_FLIGHT_MAX)),
            pings_unanswered: 0,
            refused_in_a_row: 0,
        }
    }

    /// Reads until either side ends it.
    async fn serve<R: AsyncRead + Unpin>(&mut self, reader: &mut Reader<R>) {
        let mut heartbeat = interval(Duration::from_millis(HEARTBEAT_MS));
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.tick().await;
        let in_flight = self.in_flight.clone();
        loop {
            let next = async {
                let permit = in_flight.clone().acquire_owned().await;
                (permit, reader.next().await)
            };
            tokio::select! {
                (permit, incoming) = next => {
                    let Ok(permit) = permit else { return };
                    self.pings_unanswered = 0;
                    match incoming {
                        Incoming::Alive => {}
                        Incoming::Gone => return,
                        Incoming::Broken(code, reason) => {
                            let error = ErrorFrame::new(ErrorCode::BadFrame, format!("{reason}."));
                            self.connection.send(&ServerFrame::Error(error));
                            self.connection.outbox.close(code, reason);
                            return;
                        }
                        Incoming::Text(text) => self.take(&text, permit),
                    }
                }
                _ = heartbeat.tick() => {
                    if self.pings_unanswered >= HEARTBEATS_MISSED_MAX {
                        let reason = "two heartbeats were not answered";
                        self.connection.outbox.close(CloseCode::TimedOut, reason);
                        return;
                    }
                    self.pings_unanswered += 1;
                    self.connection.push(Frame::ping());
                }
            }
        }
    }

    fn take(&mut self, text: &str, permit: tokio::sync::OwnedSemaphorePermit) {
        let frame = match (codec::decode_client_frame(text), self.connection.dialect) {
            (Ok(ClientFrame::Command(frame)), Dialect::Main) => frame,
            (Ok(ClientFrame::Demo(frame)), Dialect::Demo) => match demo_command(frame) {
                Ok(frame) => frame,
                Err(error) => return self.connection.send(&ServerFrame::Error(error)),
            },
            (Err(error), _) => return self.connection.send(&ServerFrame::Error(error.into())),
            (Ok(_), _) => {
                let message = "A frame of that kind has no place here; commands have a `type`.";
                let error = ErrorFrame::new(ErrorCode::BadFrame, message);
                return self.connection.send(&ServerFrame::Error(error));
            }
        };
        let over = self.over_rate(&frame.command);
        commands::carry_out(&self.gateway.hub, &self.connection, frame, over, permit);
    }

    /// Milliseconds to wait, where the command may change something and comes too soon.
    fn over_rate(&mut self, command: &Command) -> Option<u64> {
        let changes = matches!(
            command,
            Command::Send(_) | Command::Create(_) | Command::Join(_) | Command::Leave(_)
        );
        let username = &self.connection.identity.username;
        let over = changes.then(|| self.gateway.rate.over(username)).flatten();
        match over {
            Some(_) => self.refused_in_a_row += 1,
            None if changes => self.refused_in_a_row = 0,
            None => {}
        }
        if self.refused_in_a_row > FLOOD_REFUSALS_MAX {
            self.connection
                .outbox
                .close(CloseCode::Flood, "flood; come back in a minute");
        }
        over
    }
}

/// What the FastAPI demo's page says, it says in the lobby.
fn demo_command(frame: DemoFrame) -> Result<CommandFrame, ErrorFrame> {
    let Some(text) = frame.message else {
        return Err(ErrorFrame::new(
            ErrorCode::BadField,
            "The field `message` is missing.",
        ));
    };
    let nonce = Nonce::parse(&random_hex(16))
        .map_err(|error| ErrorFrame::new(ErrorCode::Internal, error.to_string()))?;
    let send = Send {
        room: RoomName::lobby(),
        text,
        nonce,
        reply_to: None,
    };
    Ok(CommandFrame {
        id: None,
        command: Command::Send(send),
    })
}
