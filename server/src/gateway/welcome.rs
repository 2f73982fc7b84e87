//! A connection from its first frame until its welcome is sent: checks, sign-in, subscriptions,
//! catching up.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chat_shared::codec;
use chat_shared::limits::{
    HEARTBEAT_MS, HELLO_TIMEOUT_MS, Limits, RESUME_EVENTS_MAX, RESUME_ROOMS_MAX, WELCOME_ROOMS_MAX,
};
use chat_shared::protocol::{CloseCode, Hello, RoomInfo, RoomsState, ServerFrame, Welcome};
use chat_shared::{PROTOCOL_VERSION, RoomName, Seq, Username};
use futures::StreamExt;
use tokio::io::AsyncRead;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::socket::{Incoming, Reader};
use super::{Gateway, catch_up};
use crate::accounts::{AuthError, Identity};
use crate::hub::{
    CatchUp, Connection, ConnectionGuard, Hub, Opening, Resume, RoomRequest, Subscribed,
    take_fitting, wire,
};
use crate::send_queue::{Class, SendQueue};
use chat_server_rules::ReadMark;
use chat_server_store::log_failure;

/// How many rooms a new connection subscribes to at the same time. A room that is not loaded is read
/// from the store, which must have time for others.
const SUBSCRIBE_CONCURRENCY: usize = 16;

/// The most connections whose welcomes are made at the same time. A message waits for each task that
/// is ready before its own, so hundreds of connections that come at once take turns.
pub(super) const ENTERING_MAX: usize = 32;

/// Unread mentions that a welcome counts, in all rooms together.
const MENTIONS_COUNTED_MAX: usize = 1_000;

/// The code and the reason with which a connection is closed before its welcome.
pub(super) struct Rejected(pub(super) CloseCode, pub(super) &'static str);

const STORE_UNREACHABLE: Rejected = Rejected(
    CloseCode::ServerFault,
    "the server can't reach its store; try again",
);

/// Reads the hello and welcomes the connection. Returns `None` if the peer disconnected. `known` is
/// the identity of the upgrade request's cookie or token.
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
    let opening = codec::decode_client_frame(&text).ok().and_then(Opening::of);
    let Some(opening) = opening else {
        return Err(Rejected(
            CloseCode::BrokeProtocol,
            "the first frame must be a hello",
        ));
    };
    if opening.hello.version != PROTOCOL_VERSION {
        return Err(Rejected(CloseCode::Version, "this server speaks version 1"));
    }
    if opening.hello.resume.len() > RESUME_ROOMS_MAX {
        return Err(Rejected(
            CloseCode::BrokeProtocol,
            "resume names over 1000 rooms",
        ));
    }
    // Nothing closes the semaphore.
    let _turn = gateway.entering.acquire().await.ok();
    let identity = identify(gateway, known, opening.hello.token.as_deref()).await?;
    let is_other = |name: &Username| name.folded() != identity.username.folded();
    if opening.expected_username.as_ref().is_some_and(is_other) {
        return Err(Rejected(
            CloseCode::NotSignedIn,
            "this connection is signed in as someone else",
        ));
    }
    tracing::debug!(
        client = opening.hello.client.as_deref().unwrap_or(""),
        "hello"
    );
    welcome(gateway, send_queue, identity, opening)
        .await
        .map(Some)
}

async fn identify(
    gateway: &Gateway,
    known: Option<Identity>,
    token: Option<&str>,
) -> Result<Identity, Rejected> {
    match (known, token) {
        (Some(identity), _) => Ok(identity),
        (None, None) => Err(Rejected(CloseCode::NotSignedIn, "sign in first")),
        (None, Some(token)) => match gateway.hub.accounts().authenticate(token).await {
            Ok(identity) => Ok(identity),
            Err(AuthError::Store(error)) => {
                log_failure!(error, error, "a token could not be checked");
                Err(STORE_UNREACHABLE)
            }
            Err(AuthError::Banned) => Err(Rejected(CloseCode::Banned, "you are banned")),
            Err(AuthError::Invalid) => Err(Rejected(
                CloseCode::NotSignedIn,
                "the token is not valid; sign in again",
            )),
        },
    }
}

/// Subscribes the connection to its rooms, then sends the welcome. The send queue holds
/// back the rooms' events until the welcome is sent.
async fn welcome(
    gateway: &Gateway,
    send_queue: &Arc<SendQueue>,
    identity: Identity,
    opening: Opening,
) -> Result<ConnectionGuard, Rejected> {
    let hub = &gateway.hub;
    let guard = hub
        .connect(
            identity,
            opening.dialect,
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
    let Hello {
        log,
        resume: cursors,
        ..
    } = opening.hello;
    let same_log = log.as_deref().is_none_or(|log| log == hub.log());
    check_session_again(gateway, &connection).await?;
    let mut rooms = subscribe_to_rooms(gateway, &connection, &cursors, same_log).await?;
    let behind = to_catch_up(&rooms, &cursors);
    rooms.sort_by_key(|room| std::cmp::Reverse(room.active));
    let mut frames = Vec::new();
    if connection.dialect.has_rooms() {
        count_mentions(gateway, &connection, &mut rooms).await?;
        let rooms = rooms.into_iter().map(|room| room.info).collect();
        let blocked = blocked_by(gateway, &connection).await?;
        frames = welcome_frames(gateway, &connection, rooms, blocked);
    }
    send_welcome(hub, &connection, frames, behind);
    Ok(guard)
}

/// Checks the session and the ban again: a connection that was not registered yet when its user
/// was signed out or banned could not be closed then.
async fn check_session_again(gateway: &Gateway, connection: &Connection) -> Result<(), Rejected> {
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
            log_failure!(error, error, "a session could not be checked");
            Err(STORE_UNREACHABLE)
        }
    }
}

/// Sends the welcome and then replays what the connection missed. A welcome of several frames is
/// paced by the send queue, in a task of its own, while the connection loop already handles commands.
fn send_welcome(
    hub: &Hub,
    connection: &Arc<Connection>,
    frames: Vec<ServerFrame>,
    behind: Vec<(RoomName, Seq, CatchUp)>,
) {
    let encode = |frame: &ServerFrame| wire::frame(frame, Class::Paced);
    if frames.len() <= 1 {
        connection.send_queue.uncork(frames.iter().map(encode));
        return catch_up::replay_rooms(hub, connection, behind);
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
        catch_up::replay_rooms(&hub, &connection, behind);
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
    if connection.dialect.has_rooms() {
        let own = hub.store().rooms_of(&connection.identity.username).await;
        names.extend(own.map_err(|error| {
            log_failure!(error, error, "a user's rooms could not be read");
            STORE_UNREACHABLE
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
        answered.await.map_err(|_| STORE_UNREACHABLE)
    };
    let answers = futures::stream::iter(names).map(subscribe);
    let answers: Vec<_> = answers
        .buffer_unordered(SUBSCRIBE_CONCURRENCY)
        .collect()
        .await;
    let subscribed: Result<Vec<_>, _> = answers.into_iter().collect();
    Ok(subscribed?.into_iter().flatten().collect())
}

/// Returns the rooms to catch up, by name. A room with which the replay would have over
/// [`RESUME_EVENTS_MAX`] events gets `limited` instead; such rooms come first.
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
            // With no events allowed, the room replies `limited`.
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

/// Counts the unread mentions of each room, with one query for all rooms.
async fn count_mentions(
    gateway: &Gateway,
    connection: &Connection,
    rooms: &mut [Subscribed],
) -> Result<(), Rejected> {
    let username = &connection.identity.username;
    let store = gateway.hub.store();
    let all = store.mentions_of(username, MENTIONS_COUNTED_MAX).await;
    let all = all.map_err(|error| {
        log_failure!(error, error, "a user's mentions could not be read");
        STORE_UNREACHABLE
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
/// as read, so that they don't use up [`MENTIONS_COUNTED_MAX`] the next time.
fn forget_mentions(gateway: &Gateway, connection: &Connection, read: Vec<(RoomName, ReadMark)>) {
    if read.is_empty() {
        return;
    }
    let (hub, username) = (gateway.hub.clone(), connection.identity.username.clone());
    tokio::spawn(async move {
        for (room, mark) in read {
            if let Err(error) = hub.store().mark_read(&room, &username, mark).await {
                log_failure!(warn, error, %room, "read mentions stay in the store for now");
            }
        }
    });
}

/// Everyone whom the user has blocked.
async fn blocked_by(gateway: &Gateway, connection: &Connection) -> Result<Vec<Username>, Rejected> {
    let store = gateway.hub.store();
    let blocked = store.blocked_by(&connection.identity.username).await;
    blocked.map_err(|error| {
        log_failure!(error, error, "a user's block list could not be read");
        STORE_UNREACHABLE
    })
}

/// The welcome, and `rooms_state` frames for the rooms that it can't hold.
fn welcome_frames(
    gateway: &Gateway,
    connection: &Connection,
    mut rooms: Vec<RoomInfo>,
    blocked: Vec<Username>,
) -> Vec<ServerFrame> {
    let take = |rooms: &mut Vec<RoomInfo>| {
        let count = rooms.len().min(WELCOME_ROOMS_MAX);
        let (taken, _) = take_fitting(rooms[..count].iter().cloned());
        rooms.drain(..taken.len());
        taken
    };
    // A long block list and many rooms don't fit into one frame; the rooms then follow in
    // `rooms_state`.
    let first = match blocked.len() {
        0 => take(&mut rooms),
        _ => Vec::new(),
    };
    let mut frames = vec![ServerFrame::Welcome(Welcome {
        version: PROTOCOL_VERSION,
        log: gateway.hub.log().to_owned(),
        username: connection.identity.username.clone(),
        session: connection.identity.session.clone(),
        now: gateway.hub.now(),
        heartbeat_ms: HEARTBEAT_MS,
        rooms: first,
        more: !rooms.is_empty(),
        blocked,
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
