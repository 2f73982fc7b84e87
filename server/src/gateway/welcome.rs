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
    Admission, Attached, Connection, Dialect, Resume, RoomRequest, take_fitting, wire,
};
use crate::outbox::{Class, Outbox};

/// Rooms that are asked at the same time when a connection comes.
const ATTACH_CONCURRENCY: usize = 64;

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
    outbox: &Arc<Outbox>,
    known: Option<Identity>,
) -> Result<Option<Admission>, Rejected> {
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
            Err(AuthError::Banned) => Err(Rejected(CloseCode::Banned, "you are banned")),
            Err(AuthError::Invalid) => Err(Rejected(
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
) -> Result<Admission, Rejected> {
    let hub = &gateway.hub;
    let connection = Connection::new(identity, dialect, outbox.clone());
    let admission = hub
        .admit(connection.clone(), gateway.limits.per_user)
        .map_err(|_| {
            Rejected(
                CloseCode::TooManyConnections,
                "you have too many connections",
            )
        })?;
    let (log, cursors) = hello
        .map(|hello| (hello.log, hello.resume))
        .unwrap_or_default();
    let same_log = log.as_deref().is_none_or(|log| log == hub.log());
    still_signed_in(gateway, &connection).await?;
    let mut rooms = enter_rooms(gateway, &connection, &cursors, same_log).await?;
    let behind = rooms.iter().filter(|room| room.behind > 0);
    let behind = behind.filter_map(|room| {
        cursors
            .get(&room.info.room)
            .map(|after| (room.info.room.clone(), *after))
    });
    let behind = behind.collect();
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
    outbox.uncork(
        frames
            .iter()
            .map(|frame| wire::frame(frame, Class::Durable)),
    );
    catch_up::go_on(hub, &connection, behind);
    Ok(admission)
}

/// A session that was revoked before the hub knew this connection was not there to be closed.
async fn still_signed_in(gateway: &Gateway, connection: &Connection) -> Result<(), Rejected> {
    let session = &connection.identity.session;
    match gateway.hub.accounts().still_stands(session).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Rejected(CloseCode::NotSignedIn, "signed out")),
        Err(error) => {
            tracing::error!(%error, "a session could not be checked");
            Err(STORE_AWAY)
        }
    }
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

/// One question for all rooms, however many.
async fn count_mentions(
    gateway: &Gateway,
    connection: &Connection,
    rooms: &mut [Attached],
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
    for Attached { info, .. } in rooms {
        let above = |seq: &&Seq| **seq > info.read_seq && **seq <= info.last_seq;
        let seqs = by_room.get(&info.room).map_or(&[][..], Vec::as_slice);
        info.mentions = seqs.iter().filter(above).count() as u64;
    }
    Ok(())
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
