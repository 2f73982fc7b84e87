//! A command of the main protocol to what it asks of a room.

use std::sync::Arc;

use chat_shared::limits::{
    EVENTS_LIMIT_MAX, FOR_S_MAX, HISTORY_LIMIT_MAX, LIST_LIMIT_MAX, QUERY_CHARS_MAX,
    RESUME_ROOMS_MAX, SEARCH_LIMIT_MAX,
};
use chat_shared::protocol::{
    Command, CommandFrame, ErrorCode, ErrorFrame, RoomKind, Rooms, Search, ServerFrame,
};
use chat_shared::{Nonce, RequestId, RoomName, check_display_name};
use tokio::sync::OwnedSemaphorePermit;

use super::people::LookupError;
use super::{catch_up, lists, people};
use crate::hub::{Connection, Hub, Propose, Query, RoomRequest};

/// A command of one connection, on its way.
struct CommandContext<'a> {
    hub: &'a Hub,
    connection: &'a Arc<Connection>,
    id: Option<RequestId>,
    /// Milliseconds to wait, where it may change something and comes too soon.
    rate_limited: Option<u64>,
    permit: OwnedSemaphorePermit,
}

/// A question for a page that no single room can answer.
enum PageQuery {
    Rooms(Rooms),
    Search(Search),
}

/// Carries a command out. The answer reaches the connection by its send queue.
pub(super) async fn carry_out(
    hub: &Hub,
    connection: &Arc<Connection>,
    frame: CommandFrame,
    rate_limited: Option<u64>,
    permit: OwnedSemaphorePermit,
) {
    let CommandFrame { id, command } = frame;
    let context = CommandContext {
        hub,
        connection,
        id,
        rate_limited,
        permit,
    };
    if let Err(error) = check(&command) {
        return context.reject(error);
    }
    if is_read(&command)
        && let Some(retry_after_ms) = rate_limited
    {
        return context.reject(too_often(retry_after_ms));
    }
    match command {
        Command::History(history) => context.query(&history.room.clone(), Query::History(history)),
        Command::Events(events) => context.query(&events.room.clone(), Query::Events(events)),
        Command::Members(members) => context.query(&members.room.clone(), Query::Members(members)),
        Command::Rooms(rooms) => context.make_page(PageQuery::Rooms(rooms)),
        Command::Search(search) => context.make_page(PageQuery::Search(search)),
        Command::Resume(resume) => {
            let CommandContext { id, permit, .. } = context;
            catch_up::replay(hub, connection, id, resume.rooms, permit);
        }
        Command::Read(read) => {
            let (connection, seq) = (connection.clone(), read.seq);
            let CommandContext { id, permit, .. } = context;
            let request = RoomRequest::Read {
                connection,
                id,
                seq,
                permit,
            };
            ask_room(hub, &read.room, request);
        }
        Command::Typing(typing) => {
            let connection = connection.clone();
            let CommandContext { id, permit, .. } = context;
            let request = RoomRequest::Typing {
                connection,
                id,
                permit,
            };
            ask_room(hub, &typing.room, request);
        }
        Command::Ping => connection.send(&ServerFrame::Pong { re: context.id }),
        Command::Profile(profile) => context.change_profile(&profile.display_name).await,
        Command::Dm(_) if rate_limited.is_some() => {
            context.reject(too_often(rate_limited.unwrap_or_default()));
        }
        command => match proposed(hub, connection, command, rate_limited.is_some()).await {
            Ok(Some((room, nonce, command))) => context.propose(&room, nonce, command),
            Ok(None) => {
                let message = "There is no such command in this version of the server.";
                context.reject(ErrorFrame::new(ErrorCode::UnknownCommand, message));
            }
            Err(unnamed) => context.reject(unnamed.frame()),
        },
    }
}

/// What a command asks a room to decide, with the names in it looked up. Who is mentioned by what
/// comes `too_soon` is asked of nobody: it is refused, unless it repeats what is stored.
async fn proposed(
    hub: &Hub,
    connection: &Connection,
    command: Command,
    too_soon: bool,
) -> Result<Option<(RoomName, Option<Nonce>, chat_rules::Command)>, LookupError> {
    let mentioned = async |text: &str| match too_soon {
        true => Ok(Vec::new()),
        false => people::mentioned(hub, text).await,
    };
    let subject = async |name| people::subject(hub, name).await;
    let for_ms = |for_s: Option<u64>| for_s.map(|s| s.saturating_mul(1_000));
    Ok(Some(match command {
        Command::Send(send) => {
            let command = chat_rules::Command::Send {
                mentioned: mentioned(&send.text).await?,
                text: send.text,
                reply_to: send.reply_to,
            };
            (send.room, Some(send.nonce), command)
        }
        Command::Edit(edit) => {
            let command = chat_rules::Command::Edit {
                target: edit.seq,
                mentioned: mentioned(&edit.text).await?,
                text: edit.text,
            };
            (edit.room, edit.nonce, command)
        }
        Command::Delete(delete) => {
            let command = chat_rules::Command::Delete { target: delete.seq };
            (delete.room, delete.nonce, command)
        }
        Command::React(react) => {
            let command = chat_rules::Command::React {
                target: react.seq,
                emoji: react.emoji,
                on: react.on,
            };
            (react.room, react.nonce, command)
        }
        Command::Create(create) => {
            let kind = if create.private {
                RoomKind::Private
            } else {
                RoomKind::Public
            };
            let topic = create.topic.unwrap_or_default();
            (
                create.room,
                create.nonce,
                chat_rules::Command::Create { kind, topic },
            )
        }
        Command::Join(join) => (join.room, join.nonce, chat_rules::Command::Join),
        Command::Leave(leave) => (leave.room, leave.nonce, chat_rules::Command::Leave),
        Command::Topic(topic) => (
            topic.room,
            topic.nonce,
            chat_rules::Command::Topic(topic.topic),
        ),
        Command::Invite(it) => {
            let whom = subject(&it.username).await?;
            (it.room, it.nonce, chat_rules::Command::Invite(whom))
        }
        Command::Kick(it) => {
            let whom = subject(&it.username).await?;
            (it.room, it.nonce, chat_rules::Command::Kick(whom))
        }
        Command::Unban(it) => {
            let whom = subject(&it.username).await?;
            (it.room, it.nonce, chat_rules::Command::Unban(whom))
        }
        Command::Unmute(it) => {
            let whom = subject(&it.username).await?;
            (it.room, it.nonce, chat_rules::Command::Unmute(whom))
        }
        Command::Ban(it) => {
            let (whom, for_ms) = (subject(&it.username).await?, for_ms(it.for_s));
            (it.room, it.nonce, chat_rules::Command::Ban { whom, for_ms })
        }
        Command::Mute(it) => {
            let (whom, for_ms) = (subject(&it.username).await?, for_ms(it.for_s));
            (
                it.room,
                it.nonce,
                chat_rules::Command::Mute { whom, for_ms },
            )
        }
        Command::Role(it) => {
            let (whom, role) = (subject(&it.username).await?, it.role);
            (it.room, it.nonce, chat_rules::Command::Role { whom, role })
        }
        Command::Dm(dm) => {
            let with = people::user(hub, &dm.username).await?.username;
            if with == connection.identity.username {
                return Err(LookupError::Oneself);
            }
            let room = people::direct_room(hub, &connection.identity.username, &with).await?;
            (room, None, chat_rules::Command::Direct { with })
        }
        _ => return Ok(None),
    }))
}

impl CommandContext<'_> {
    fn propose(self, room: &RoomName, nonce: Option<Nonce>, command: chat_rules::Command) {
        let propose = Propose {
            connection: self.connection.clone(),
            id: self.id,
            nonce,
            command,
            rate_limited: self.rate_limited,
            permit: self.permit,
        };
        ask_room(self.hub, room, RoomRequest::Propose(propose));
    }

    fn query(self, room: &RoomName, query: Query) {
        let request = RoomRequest::Query {
            connection: self.connection.clone(),
            id: self.id,
            query,
            permit: self.permit,
        };
        ask_room(self.hub, room, request);
    }

    /// Makes a page that no single room can make, in a task of its own. The task ends without a
    /// page where the connection closes first.
    fn make_page(self, query: PageQuery) {
        let (hub, connection) = (self.hub.clone(), self.connection.clone());
        let (id, permit) = (self.id, self.permit);
        tokio::spawn(async move {
            let Some(page_permit) = hub.page_permit(&connection).await else {
                return;
            };
            let re = id.clone();
            let made = match query {
                PageQuery::Rooms(rooms) => lists::rooms(&hub, &connection, re, rooms, &page_permit)
                    .await
                    .map(Ok),
                PageQuery::Search(search) => {
                    lists::search(&hub, &connection, re, search, &page_permit).await
                }
            };
            match made {
                Ok(Ok(())) => {}
                Ok(Err(error)) => reject(&connection, id, error),
                Err(error) => reject(&connection, id, LookupError::Store(error).frame()),
            }
            drop(permit);
        });
    }

    async fn change_profile(self, display_name: &str) {
        if let Some(retry_after_ms) = self.rate_limited {
            return self.reject(too_often(retry_after_ms));
        }
        let name = match check_display_name(display_name) {
            Ok(name) => name,
            Err(error) => {
                let message = format!("The field `display_name` is wrong: {error}.");
                return self.reject(ErrorFrame::new(ErrorCode::BadField, message));
            }
        };
        let username = &self.connection.identity.username;
        let accounts = self.hub.accounts();
        match accounts.set_display_name(username, name).await {
            Ok(()) => {
                if let Some(re) = self.id {
                    self.connection.send(&ServerFrame::Ok { re });
                }
            }
            Err(error) => self.reject(LookupError::Store(error).frame()),
        }
    }

    fn reject(self, error: ErrorFrame) {
        reject(self.connection, self.id, error);
    }
}

/// Whether a command reads the store. Reads have a rate of their own.
pub(super) fn is_read(command: &Command) -> bool {
    matches!(
        command,
        Command::History(_)
            | Command::Events(_)
            | Command::Search(_)
            | Command::Rooms(_)
            | Command::Members(_)
            | Command::Resume(_)
            | Command::Read(_)
    )
}

fn too_often(retry_after_ms: u64) -> ErrorFrame {
    ErrorFrame {
        retry_after_ms: Some(retry_after_ms),
        ..ErrorFrame::new(ErrorCode::RateLimited, "That is too often; wait a moment.")
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
        Command::Search(search) => {
            if search.query.chars().nth(QUERY_CHARS_MAX).is_some() {
                let message =
                    format!("The field `query` is too long: {QUERY_CHARS_MAX} characters at most.");
                return Err(ErrorFrame::new(ErrorCode::TooLong, message));
            }
            check_limit(search.limit, SEARCH_LIMIT_MAX)
        }
        Command::Ban(about) | Command::Mute(about) => match about.for_s {
            Some(seconds) if seconds == 0 || seconds > FOR_S_MAX => {
                let message = format!("The field `for_s` is wrong: it is 1 to {FOR_S_MAX}.");
                Err(ErrorFrame::new(ErrorCode::BadField, message))
            }
            _ => Ok(()),
        },
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
        RoomRequest::Query { connection, id, .. }
        | RoomRequest::Read { connection, id, .. }
        | RoomRequest::Typing { connection, id, .. } => (connection, id, None),
        _ => return,
    };
    let message = "This room has too much to do; try again.";
    let mut error = ErrorFrame::new(ErrorCode::Busy, message);
    error.nonce = nonce;
    error.room = Some(room.clone());
    reject(&connection, id, error);
}

fn reject(connection: &Connection, re: Option<RequestId>, mut error: ErrorFrame) {
    error.re = re;
    connection.send(&ServerFrame::Error(error));
}
