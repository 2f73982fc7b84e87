//! A command of the main protocol to what it asks of a room.

use std::sync::Arc;

use chat_shared::limits::{
    EVENTS_LIMIT_MAX, HISTORY_LIMIT_MAX, LIST_LIMIT_DEFAULT, LIST_LIMIT_MAX, RESUME_ROOMS_MAX,
};
use chat_shared::protocol::{
    Command, CommandFrame, ErrorCode, ErrorFrame, RoomKind, RoomListing, Rooms, RoomsPage,
    ServerFrame,
};
use chat_shared::{LOBBY, Nonce, RequestId, RoomName};
use tokio::sync::OwnedSemaphorePermit;

use super::catch_up;
use crate::hub::{Connection, Hub, Propose, Query, RoomRequest, take_fitting};
use crate::rules;
use crate::store::{PublicRoom, StoreError};

/// Carries a command out. The answer reaches the connection by its outbox.
pub(super) fn carry_out(
    hub: &Hub,
    connection: &Arc<Connection>,
    frame: CommandFrame,
    rate_limited: Option<u64>,
    permit: OwnedSemaphorePermit,
) {
    let CommandFrame { id, command } = frame;
    let propose = |room: RoomName, nonce: Option<Nonce>, command: rules::Command, permit| {
        let connection = connection.clone();
        let id = id.clone();
        let propose = Propose {
            connection,
            id,
            nonce,
            command,
            rate_limited,
            permit,
        };
        ask_room(hub, &room, RoomRequest::Propose(propose));
    };
    let query = |room: RoomName, query: Query, permit| {
        let (connection, id) = (connection.clone(), id.clone());
        ask_room(
            hub,
            &room,
            RoomRequest::Query {
                connection,
                id,
                query,
                permit,
            },
        );
    };
    if let Err(error) = check(&command) {
        return turn_down(connection, id, error);
    }
    match command {
        Command::Send(send) => {
            let command = rules::Command::Send {
                text: send.text,
                reply_to: send.reply_to,
            };
            propose(send.room, Some(send.nonce), command, permit);
        }
        Command::Create(create) => {
            let kind = if create.private {
                RoomKind::Private
            } else {
                RoomKind::Public
            };
            let topic = create.topic.unwrap_or_default();
            propose(
                create.room,
                create.nonce,
                rules::Command::Create { kind, topic },
                permit,
            );
        }
        Command::Join(join) => propose(join.room, join.nonce, rules::Command::Join, permit),
        Command::Leave(leave) => propose(leave.room, leave.nonce, rules::Command::Leave, permit),
        Command::History(history) => {
            query(history.room.clone(), Query::History(history), permit);
        }
        Command::Events(events) => query(events.room.clone(), Query::Events(events), permit),
        Command::Members(members) => query(members.room.clone(), Query::Members(members), permit),
        Command::Rooms(rooms) => {
            let (hub, connection) = (hub.clone(), connection.clone());
            tokio::spawn(async move {
                match list_rooms(&hub, &connection, id.clone(), rooms).await {
                    Ok(page) => connection.send(&page),
                    Err(error) => {
                        tracing::error!(%error, "the rooms could not be listed");
                        let message = "The server can't reach its store; try again.";
                        let error = ErrorFrame::new(ErrorCode::Unavailable, message);
                        turn_down(&connection, id, error);
                    }
                }
                drop(permit);
            });
        }
        Command::Resume(resume) => {
            catch_up::replay(hub, connection, id, resume.rooms, permit);
        }
        Command::Ping => connection.send(&ServerFrame::Pong { re: id }),
        _ => {
            let message = "There is no such command in this version of the server.";
            turn_down(
                connection,
                id,
                ErrorFrame::new(ErrorCode::UnknownCommand, message),
            );
        }
    }
}

/// What can be refused without asking a room.
fn check(command: &Command) -> Result<(), ErrorFrame> {
    match command {
        Command::History(history) => {
            let ends = [history.before, history.after, history.around];
            if ends.iter().flatten().count() > 1 {
                let message = "The fields `before`, `after` and `around` exclude each other.";
                return Err(ErrorFrame::new(ErrorCode::BadField, message));
            }
            check_limit(history.limit, HISTORY_LIMIT_MAX)
        }
        Command::Events(events) => check_limit(events.limit, EVENTS_LIMIT_MAX),
        Command::Members(members) => check_limit(members.limit, LIST_LIMIT_MAX),
        Command::Rooms(rooms) => check_limit(rooms.limit, LIST_LIMIT_MAX),
        Command::Resume(resume) if resume.rooms.len() > RESUME_ROOMS_MAX => {
            let message = format!("The field `rooms` is wrong: {RESUME_ROOMS_MAX} rooms at most.");
            Err(ErrorFrame::new(ErrorCode::BadField, message))
        }
        _ => Ok(()),
    }
}

fn check_limit(limit: Option<u32>, max: u32) -> Result<(), ErrorFrame> {
    match limit {
        Some(limit) if limit == 0 || limit > max => {
            let message = format!("The field `limit` is wrong: it is 1 to {max}.");
            Err(ErrorFrame::new(ErrorCode::BadField, message))
        }
        _ => Ok(()),
    }
}

fn ask_room(hub: &Hub, room: &RoomName, request: RoomRequest) {
    let Err(refused) = hub.request(room, request) else {
        return;
    };
    let (connection, id, nonce) = match *refused {
        RoomRequest::Propose(propose) => (propose.connection, propose.id, propose.nonce),
        RoomRequest::Query { connection, id, .. } => (connection, id, None),
        _ => return,
    };
    let message = "This room has too much to do; try again.";
    let mut error = ErrorFrame::new(ErrorCode::Busy, message);
    error.nonce = nonce;
    error.room = Some(room.clone());
    turn_down(&connection, id, error);
}

fn turn_down(connection: &Connection, re: Option<RequestId>, mut error: ErrorFrame) {
    error.re = re;
    connection.send(&ServerFrame::Error(error));
}

async fn list_rooms(
    hub: &Hub,
    connection: &Connection,
    re: Option<RequestId>,
    query: Rooms,
) -> Result<ServerFrame, StoreError> {
    let limit = query.limit.unwrap_or(LIST_LIMIT_DEFAULT) as usize;
    let prefix = query.prefix.unwrap_or_default();
    let after = query.after.unwrap_or_default();
    let mut rooms = hub.store().public_rooms(&prefix, &after, limit + 1).await?;
    add_lobby(&mut rooms, &prefix, &after);
    let more = rooms.len() > limit;
    rooms.truncate(limit);
    let own = hub.store().rooms_of(&connection.identity.username).await?;
    let (rooms, cut_short) = take_fitting(rooms.into_iter().map(|room| RoomListing {
        members: if room.room.is_lobby() {
            hub.accounts().account_count()
        } else {
            room.members
        },
        joined: room.room.is_lobby() || own.contains(&room.room),
        room: room.room,
        topic: room.topic,
        last_seq: room.last_seq,
    }));
    Ok(ServerFrame::Rooms(RoomsPage {
        re,
        rooms,
        more: more || cut_short,
    }))
}

/// The lobby exists before its first event, when no store knows of it yet.
fn add_lobby(rooms: &mut Vec<PublicRoom>, prefix: &str, after: &str) {
    let wanted = LOBBY.starts_with(prefix) && LOBBY > after;
    if wanted && !rooms.iter().any(|room| room.room.is_lobby()) {
        let at = rooms.partition_point(|room| room.room.as_str() < LOBBY);
        rooms.insert(
            at,
            PublicRoom {
                room: RoomName::lobby(),
                kind: RoomKind::Public,
                topic: String::new(),
                members: 0,
                last_seq: 0,
            },
        );
    }
}
