//! Commands of the main protocol, from a decoded frame to the request that a room is sent.
//!
//! [`handle`] is the start. A command's fields are checked ([`super::checks`]), its names are
//! looked up and it is translated ([`super::translate`]); the room decides. Pages
//! that no single room can make (`rooms`, `search`) are made here.

use std::sync::Arc;

use chat_shared::protocol::{Command, CommandFrame, ErrorFrame, Rooms, Search, ServerFrame};
use chat_shared::{RequestId, RoomName, check_display_name};
use tokio::sync::OwnedSemaphorePermit;

use super::people::LookupError;
use super::policy::Policy;
use super::translate::{Names, Translated, look_up, translate};
use super::{admins, catch_up, checks, invites, lists, lookalikes};
use crate::hub::{Ask, Connection, Envelope, Hub, Propose, Query, RoomRequest};
use crate::messages;

/// Which limits hold for a command.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// Whether the command comes too soon.
    pub(super) too_soon: Option<TooSoon>,
    /// Whether accounts have quotas.
    pub(super) has_quotas: bool,
    /// Whether commands that need room on the disk are rejected.
    pub(super) is_disk_low: bool,
}

/// How a command is rejected that is over its rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct TooSoon {
    /// Milliseconds to wait.
    pub(super) retry_after_ms: u64,
    /// Whether the log is asked for the command's nonce first. It is not where the connection had
    /// many commands rejected.
    pub(super) may_be_looked_up: bool,
}

/// A command that is being handled: who sent it, and where the reply goes.
struct CommandContext<'a> {
    hub: &'a Hub,
    connection: &'a Arc<Connection>,
    id: Option<RequestId>,
    limits: Limits,
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
    limits: Limits,
    permit: OwnedSemaphorePermit,
) {
    let CommandFrame { id, command } = frame;
    let context = CommandContext {
        hub,
        connection,
        id,
        limits,
        permit,
    };
    if let Err(error) = checks::check(&command) {
        return context.reject(error);
    }
    if let Some(too_soon) = limits.too_soon
        && !may_be_repeated(&command)
    {
        // A proposal is rejected by the room, which knows whether it repeats a stored one.
        return context.reject(messages::rate_limited(too_soon.retry_after_ms));
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
        Command::Typing(typing) => {
            let room = typing.room.clone();
            context.begin_typing(&room, Command::Typing(typing)).await;
        }
        Command::Ping => connection.send(&ServerFrame::Pong { re: context.id }),
        Command::Profile(profile) => context.change_profile(&profile.display_name).await,
        Command::Block(_) => context.change_block(command, true).await,
        Command::Unblock(_) => context.change_block(command, false).await,
        Command::InviteLink(_)
        | Command::InviteLinks(_)
        | Command::RevokeInvite(_)
        | Command::ResetLink(_)
        | Command::MakeAdmin(_)
        | Command::UnmakeAdmin(_)
        | Command::Audit(_) => {
            context.administer(command).await;
        }
        // Without a catch-all, so that the compiler finds a command that nobody handles.
        Command::Send(_)
        | Command::Edit(_)
        | Command::Delete(_)
        | Command::React(_)
        | Command::Create(_)
        | Command::Join(_)
        | Command::Leave(_)
        | Command::Invite(_)
        | Command::Kick(_)
        | Command::Ban(_)
        | Command::Unban(_)
        | Command::Mute(_)
        | Command::Unmute(_)
        | Command::Role(_)
        | Command::Topic(_)
        | Command::Dm(_) => context.propose(command).await,
    }
}

/// Whether a command reads the store. Reads have a rate of their own.
pub(super) fn is_read(command: &Command) -> bool {
    match command {
        Command::History(_)
        | Command::Events(_)
        | Command::Search(_)
        | Command::Rooms(_)
        | Command::Members(_)
        | Command::InviteLinks(_)
        | Command::Audit(_)
        | Command::Resume(_)
        | Command::Read(_) => true,
        Command::Send(_)
        | Command::Edit(_)
        | Command::Delete(_)
        | Command::React(_)
        | Command::Create(_)
        | Command::Join(_)
        | Command::Leave(_)
        | Command::Invite(_)
        | Command::Kick(_)
        | Command::Ban(_)
        | Command::Unban(_)
        | Command::Mute(_)
        | Command::Unmute(_)
        | Command::Role(_)
        | Command::Topic(_)
        | Command::Dm(_)
        | Command::Profile(_)
        | Command::Block(_)
        | Command::Unblock(_)
        | Command::InviteLink(_)
        | Command::RevokeInvite(_)
        | Command::ResetLink(_)
        | Command::MakeAdmin(_)
        | Command::UnmakeAdmin(_)
        | Command::Typing(_)
        | Command::Ping => false,
    }
}

/// Whether a room must decide a command that comes too soon: it knows whether the command repeats
/// one that is stored.
fn may_be_repeated(command: &Command) -> bool {
    let is_stored_elsewhere = matches!(
        command,
        Command::Dm(_)
            | Command::Profile(_)
            | Command::Block(_)
            | Command::Unblock(_)
            | Command::InviteLink(_)
            | Command::RevokeInvite(_)
            | Command::ResetLink(_)
            | Command::MakeAdmin(_)
            | Command::UnmakeAdmin(_)
    );
    !is_read(command) && !is_stored_elsewhere
}

/// Whether a command lets the log grow. What removes, or holds people back, is never rejected for
/// want of room.
fn needs_room(command: &Command) -> bool {
    matches!(
        command,
        Command::Send(_)
            | Command::Edit(_)
            | Command::React(_)
            | Command::Create(_)
            | Command::Dm(_)
            | Command::Topic(_)
    )
}

impl CommandContext<'_> {
    /// Has a room decide a command.
    async fn propose(self, command: Command) {
        let too_soon = self.limits.too_soon;
        let names = match look_up(self.hub, self.connection, &command, too_soon.is_some()).await {
            Ok(names) => names,
            Err(error) => return self.reject(error.frame()),
        };
        let rejection = match self.check_policy(&command, &names).await {
            Ok(rejection) => rejection.map(Box::new),
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
        self.ask(
            &room,
            Ask::Propose(Propose {
                nonce,
                command,
                rejection,
                may_be_looked_up: too_soon.is_none_or(|too_soon| too_soon.may_be_looked_up),
            }),
        );
    }

    /// The reply to a command that comes too soon, or that its account may not give.
    async fn check_policy(
        &self,
        command: &Command,
        names: &Names,
    ) -> Result<Option<ErrorFrame>, LookupError> {
        if let Some(too_soon) = self.limits.too_soon {
            return Ok(Some(messages::rate_limited(too_soon.retry_after_ms)));
        }
        if self.limits.is_disk_low && needs_room(command) {
            return Ok(Some(messages::disk_low()));
        }
        self.policy().check(command, names).await
    }

    fn policy(&self) -> Policy<'_> {
        Policy {
            hub: self.hub,
            connection: self.connection,
            has_quotas: self.limits.has_quotas,
        }
    }

    /// Shows the members of a room that the user is typing, unless the other person of a direct room
    /// has blocked the user.
    async fn begin_typing(self, room: &RoomName, command: Command) {
        let rejection = self.policy().check(&command, &Names::default()).await;
        match rejection {
            Ok(None) => self.ask(room, Ask::Typing),
            Ok(Some(error)) => self.reject(error),
            Err(error) => self.reject(error.frame()),
        }
    }

    /// Blocks or unblocks a person, and sends all the user's connections whom they have blocked.
    async fn change_block(self, command: Command, is_on: bool) {
        let names = match look_up(self.hub, self.connection, &command, false).await {
            Ok(names) => names,
            Err(error) => return self.reject(error.frame()),
        };
        let (Some(whom), Some(room)) = (names.subject, names.direct) else {
            return self.reject(messages::unknown_command());
        };
        let (hub, own) = (self.hub, &self.connection.identity.username);
        match hub.change_block(own, &whom.username, &room, is_on).await {
            Ok(true) => self.accept(),
            Ok(false) => self.reject(messages::blocks_too_many()),
            Err(error) => self.reject(LookupError::Store(error).frame()),
        }
    }

    /// Carries out a command of an admin.
    async fn administer(self, command: Command) {
        let (hub, by, re) = (
            self.hub,
            &self.connection.identity.username,
            self.id.clone(),
        );
        let reply = match command {
            Command::InviteLink(link) => invites::make(hub, by, re, link).await.map(Some),
            Command::InviteLinks(query) => invites::list(hub, by, re, query).await.map(Some),
            Command::RevokeInvite(it) => invites::revoke(hub, by, &it.invite).await.map(|()| None),
            Command::ResetLink(it) => {
                let link = invites::reset(hub, by, re, &it.username);
                link.await.map(Some)
            }
            Command::Audit(query) => admins::audit(hub, by, re, query).await.map(Some),
            Command::MakeAdmin(it) => {
                let made = admins::set(hub, by, &it.username, true);
                made.await.map(|()| None)
            }
            Command::UnmakeAdmin(it) => {
                let unmade = admins::set(hub, by, &it.username, false);
                unmade.await.map(|()| None)
            }
            _ => Err(messages::unknown_command()),
        };
        match reply {
            Ok(Some(frame)) => self.connection.send(&frame),
            Ok(None) => self.accept(),
            Err(error) => self.reject(error),
        }
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
        let connection = self.connection.clone();
        let (id, permit) = (self.id, self.permit);
        self.hub.spawn_background(|hub| async move {
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
            Ok(()) => self.accept(),
            Err(error) => self.reject(LookupError::Store(error).frame()),
        }
    }

    /// Replies `ok`, where the command has an id.
    fn accept(self) {
        if let Some(re) = self.id {
            self.connection.send(&ServerFrame::Ok { re });
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
