//! From the first frame to the welcome.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chat_shared::codec::{self, ClientFrame};
use chat_shared::limits::{
    HEARTBEAT_MS, HELLO_TIMEOUT_MS, Limits, RESUME_EVENTS_MAX, RESUME_ROOMS_MAX, WELCOME_ROOMS_MAX,
};
use chat_shared::protocol::{
    CloseCode, DemoFrame, Hello, RoomInfo, RoomsState, ServerFrame, Welcome,
};
use chat_shared::{PROTOCOL_VERSION, RoomName, Seq};
use futures::StreamExt;
use tokio::io::AsyncRead;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::socket::{Incoming, Reader};
use super::{Gateway, catch_up};
use crate::accounts::{AuthError, Identity};
use crate::hub::{
    CatchUp, Connection, ConnectionGuard, Dialect, Hub, Resume, RoomRequest, Subscribed,
    take_fitting, wire,
};
use crate::send_queue::{Class, SendQueue};
use chat_rules::ReadMark;

/// Rooms that are asked at the same time when a connection comes. Each may have to be read from the
/// store first, which has others to serve too.
const SUBSCRIBE_CONCURRENCY: usize = 16;

/// Unread mentions that a welcome counts, in all rooms together.
const MENTIONS_COUNTED_MAX: usize = 1_000;

/// Why a connection ends before its welcome.
pub(super) struct Rejected(pub(super) CloseCode, pub(super) &'static str);

const STORE_AWAY: Rejected = Rejected(
    CloseCode::ServerFault,
    "the server can't reach its store; try again",
);

/// Up to the welcome. `None` where the peer went away.
pub(super) async fn begin<R: AsyncRead + Unpin>(
    gateway: &Gateway,
    reader: &mut Reader<R>,
    send_queue: &Arc<SendQueue>,
    known: Option<Identity>,
) -> Result<Option<ConnectionGuard>, Rejected> {
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
            welcome(gateway, send_queue, identity, Dialect::Main, Some(hello))
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
            welcome(gateway, send_queue, identity, Dialect::Demo, None)
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
            Err(AuthError::Banned) => Err(Rejected(CloseCode::Banned, "you are banned")),
            Err(AuthError::Invalid) => Err(Rejected(
                CloseCode::NotSignedIn,
                "the token is not valid; log in again",
            )),
        },
    }
}

/// Subscribes the connection to its rooms, then sends the welcome. Events of the rooms are held
/// back behind it meanwhile.
async fn welcome(
    gateway: &Gateway,
    send_queue: &Arc<SendQueue>,
    identity: Identity,
    dialect: Dialect,
    hello: Option<Hello>,
) -> Result<ConnectionGuard, Rejected> {
    let hub = &gateway.hub;
    let guard = hub
        .connect(
            identity,
            dialect,
            send_queue.clone(),
            gateway.limits.per_user,
        )
        .map_err(|_| {
            Rejected(
                CloseCode::TooManyConnections,
                "you have too many connections",
            )
        })?;
    let connection = guard.connection.clone();
    let (log, cursors) = hello
        .map(|hello| (hello.log, hello.resume))
        .unwrap_or_default();
    let same_log = log.as_deref().is_none_or(|log| log == hub.log());
    still_let_in(gateway, &connection).await?;
    let mut rooms = subscribe_to_rooms(gateway, &connection, &cursors, same_log).await?;
    let behind = to_catch_up(&rooms, &cursors);
    rooms.sort_by_key(|room| std::cmp::Reverse(room.active));
    if dialect == Dialect::Main {
        count_mentions(gateway, &connection, &mut rooms).await?;
    }
    let frames = match dialect {
        Dialect::Demo => Vec::new(),
        Dialect::Main => welcome_frames(
            gateway,
            &connection,
            rooms.into_iter().map(|room| room.info).collect(),
        ),
    };
    send_welcome(hub, &connection, frames, behind);
    Ok(guard)
}

/// Checks the session and the ban again: a connection that was not registered yet when its user
/// was signed out or banned could not be closed then.
async fn still_let_in(gateway: &Gateway, connection: &Connection) -> Result<(), Rejected> {
    match gateway
        .hub
        .accounts()
        .check_again(&connection.identity)
        .await
    {
        Ok(_) => Ok(()),
        Err(AuthError::Invalid) => Err(Rejected(CloseCode::NotSignedIn, "signed out")),
        Err(AuthError::Banned) => Err(Rejected(CloseCode::Banned, "you are banned")),
        Err(AuthError::Store(error)) => {
            tracing::error!(%error, "a session could not be checked");
            Err(STORE_AWAY)
        }
    }
}

/// Sends the welcome and then replays what the connection missed. A welcome of several frames is
/// paced by the send queue, in a task of its own, while the connection is read already.
fn send_welcome(
    hub: &Hub,
    connection: &Arc<Connection>,
    frames: Vec<ServerFrame>,
    behind: Vec<(RoomName, Seq, CatchUp)>,
) {
    let encode = |frame: &ServerFrame| wire::frame(frame, Class::Paced);
    if frames.len() <= 1 {
        connection.send_queue.uncork(frames.iter().map(encode));
        return catch_up::go_on(hub, connection, behind);
    }
    let (hub, connection) = (hub.clone(), connection.clone());
    tokio::spawn(async move {
        for frame in frames {
            let _permit = connection.send_queue.pacing_permit().await;
            if connection.send_queue.is_closing() {
                return;
            }
            connection.send_queue.lead(encode(&frame));
        }
        connection.send_queue.uncork([]);
        catch_up::go_on(&hub, &connection, behind);
    });
}

async fn subscribe_to_rooms(
    gateway: &Gateway,
    connection: &Arc<Connection>,
    cursors: &BTreeMap<RoomName, Seq>,
    same_log: bool,
) -> Result<Vec<Subscribed>, Rejected> {
    let hub = &gateway.hub;
    let mut names = vec![RoomName::lobby()];
    if connection.dialect == Dialect::Main {
        let own = hub.store().rooms_of(&connection.identity.username).await;
        names.extend(own.map_err(|error| {
            tracing::error!(%error, "someone's rooms could not be read");
            STORE_AWAY
        })?);
    }
    let subscribe = |room: RoomName| async move {
        let resume = cursors.get(&room).map(|after| Resume {
            after: *after,
            same_log,
            events_max: RESUME_EVENTS_MAX,
        });
        let (answer, answered) = oneshot::channel();
        let connection = connection.clone();
        let request = RoomRequest::Subscribe {
            connection,
            resume,
            answer,
        };
        hub.request_wait(&room, request).await;
        answered.await.map_err(|_| STORE_AWAY)
    };
    let answers = futures::stream::iter(names).map(subscribe);
    let answers: Vec<_> = answers
        .buffer_unordered(SUBSCRIBE_CONCURRENCY)
        .collect()
        .await;
    let subscribed: Result<Vec<_>, _> = answers.into_iter().collect();
    Ok(subscribed?.into_iter().flatten().collect())
}

/// The rooms that hold the connection back, in their order. One that would bring the replay over
/// its limit is told so instead, before the others.
fn to_catch_up(
    rooms: &[Subscribed],
    cursors: &BTreeMap<RoomName, Seq>,
) -> Vec<(RoomName, Seq, CatchUp)> {
    let behind: HashMap<&RoomName, u64> = rooms
        .iter()
        .filter(|room| room.behind > 0)
        .map(|room| (&room.info.room, room.behind))
        .collect();
    let (mut limited, mut replayed) = (Vec::new(), Vec::new());
    let mut events_max = RESUME_EVENTS_MAX;
    for (room, after) in cursors {
        let Some(behind) = behind.get(room) else {
            continue;
        };
        let after = *after;
        if let Some(left) = events_max.checked_sub(*behind) {
            events_max = left;
            replayed.push((room.clone(), after, CatchUp::Continue { after }));
        } else {
            let too_far = Resume {
                after,
                same_log: true,
                events_max: 0,
            };
            limited.push((room.clone(), after, CatchUp::Start(too_far)));
        }
    }
    limited.append(&mut replayed);
    limited
}

/// One question for all rooms, however many.
async fn count_mentions(
    gateway: &Gateway,
    connection: &Connection,
    rooms: &mut [Subscribed],
) -> Result<(), Rejected> {
    let username = &connection.identity.username;
    let store = gateway.hub.store();
    let all = store.mentions_of(username, MENTIONS_COUNTED_MAX).await;
    let all = all.map_err(|error| {
        tracing::error!(%error, "someone's mentions could not be read");
        STORE_AWAY
    })?;
    let mut by_room: HashMap<RoomName, Vec<Seq>> = HashMap::new();
    for (room, seq) in all {
        by_room.entry(room).or_default().push(seq);
    }
    let mut read = Vec::new();
    for Subscribed { info, mark, .. } in rooms {
        let seqs = by_room.get(&info.room).map_or(&[][..], Vec::as_slice);
        let above = |seq: &&Seq| **seq > info.read_seq && **seq <= info.last_seq;
        info.mentions = seqs.iter().filter(above).count() as u64;
        if seqs.iter().any(|seq| *seq <= mark.seq) {
            read.push((info.room.clone(), *mark));
        }
    }
    forget_mentions(gateway, connection, read);
    Ok(())
}

/// Removes from the store, in the background, mentions that a later message of the user has marked
/// as read, so that they take no place in the next count.
fn forget_mentions(gateway: &Gateway, connection: &Connection, read: Vec<(RoomName, ReadMark)>) {
    if read.is_empty() {
        return;
    }
    let (hub, username) = (gateway.hub.clone(), connection.identity.username.clone());
    tokio::spawn(async move {
        for (room, mark) in read {
            if let Err(error) = hub.store().mark_read(&room, &username, mark).await {
                tracing::warn!(%room, %error, "read mentions stay in the store for now");
            }
        }
    });
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
