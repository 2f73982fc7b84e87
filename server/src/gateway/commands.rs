//! Commands of the main protocol, from a decoded frame to the request that a room is sent.
//!
//! [`handle`] is the start. A command's fields are checked ([`super::checks`]), its names are
//! looked up and it is translated ([`super::translate`]); the room decides. What no single room
//! can answer (`rooms`, `search`) is a page made here.

use std::sync::Arc;

use chat_shared::protocol::{Command, CommandFrame, ErrorFrame, Rooms, Search, ServerFrame};
use chat_shared::{RequestId, RoomName, check_display_name};
use tokio::sync::OwnedSemaphorePermit;

use super::people::LookupError;
use super::translate::{Translated, look_up, translate};
use super::{catch_up, checks, lists, lookalikes};
use crate::hub::{Ask, Connection, Envelope, Hub, Propose, Query, RoomRequest};
use crate::messages;

/// A command that is being handled: who sent it, and where the reply goes.
struct CommandContext<'a> {
    hub: &'a Hub,
    connection: &'a Arc<Connection>,
    id: Option<RequestId>,
    /// Milliseconds to wait, where the command comes too soon.
    rate_limited: Option<u64>,
    permit: OwnedSemaphorePermit,
}

/// A question for a page that no single room can answer.
enum PageQuery {
    Rooms(Rooms),
    Search(Search),
}

/// Handles a command. The reply goes to the connection's send queue.
pub(super) async fn handle(
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
    if let Err(error) = checks::check(&command) {
        return context.reject(error);
    }
    let is_proposal = !is_read(&command) && !matches!(command, Command::Dm(_));
    if let Some(retry_after_ms) = rate_limited
        && (!is_proposal || matches!(command, Command::Profile(_)))
    {
        // A proposal is rejected by the room, which knows whether it repeats a stored one.
        return context.reject(messages::rate_limited(retry_after_ms));
    }
    match command {
        Command::History(it) => context.ask(&it.room.clone(), Ask::Query(Query::History(it))),
        Command::Events(it) => context.ask(&it.room.clone(), Ask::Query(Query::Events(it))),
        Command::Members(it) => context.ask(&it.room.clone(), Ask::Query(Query::Members(it))),
        Command::Rooms(rooms) => context.make_page(PageQuery::Rooms(rooms)),
        Command::Search(search) => context.make_page(PageQuery::Search(search)),
        Command::Resume(resume) => {
            let CommandContext { id, permit, .. } = context;
            catch_up::replay(hub, connection, id, resume.rooms, permit);
        }
        Command::Read(read) => context.ask(&read.room, Ask::Read { seq: read.seq }),
        Command::Typing(typing) => context.ask(&typing.room, Ask::Typing),
        Command::Ping => connection.send(&ServerFrame::Pong { re: context.id }),
        Command::Profile(profile) => context.change_profile(&profile.display_name).await,
        command => context.propose(command).await,
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

impl CommandContext<'_> {
    /// Has a room decide a command.
    async fn propose(self, command: Command) {
        let too_soon = self.rate_limited.is_some();
        let names = match look_up(self.hub, self.connection, &command, too_soon).await {
            Ok(names) => names,
            Err(error) => return self.reject(error.frame()),
        };
        let Some(translated) = translate(command, names) else {
            return self.reject(messages::unknown_command());
        };
        let Translated {
            room,
            nonce,
            command,
        } = translated;
        let rate_limited = self.rate_limited;
        self.ask(
            &room,
            Ask::Propose(Propose {
                nonce,
                command,
                rate_limited,
            }),
        );
    }

    /// Sends a request to a room. A room with a full inbox is busy.
    fn ask(self, room: &RoomName, ask: Ask) {
        let envelope = Envelope {
            connection: self.connection.clone(),
            id: self.id,
            permit: self.permit,
        };
        let request = RoomRequest::Client(envelope, ask);
        let Err(refused) = self.hub.request(room, request) else {
            return;
        };
        if let RoomRequest::Client(envelope, ask) = *refused {
            let mut error = messages::busy();
            error.room = Some(room.clone());
            if let Ask::Propose(propose) = ask {
                error.nonce = propose.nonce;
            }
            reject(&envelope.connection, envelope.id, error);
        }
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
        let name = match check_display_name(display_name) {
            Ok(name) => name,
            Err(error) => {
                return self.reject(messages::bad_field("display_name", &error.to_string()));
            }
        };
        let username = &self.connection.identity.username;
        match lookalikes::resembled_user(self.hub, username, name).await {
            Ok(None) => {}
            Ok(Some(other)) => return self.reject(messages::looks_like_user(&other.username)),
            Err(error) => return self.reject(LookupError::Store(error).frame()),
        }
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

/// Replies to a command with an error.
fn reject(connection: &Connection, re: Option<RequestId>, mut error: ErrorFrame) {
    error.re = re;
    connection.send(&ServerFrame::Error(error));
}
