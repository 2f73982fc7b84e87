//! From a command of the protocol to a command of the rules.
//!
//! The names in it are looked up first ([`look_up`]); the translation itself is pure.

use chat_server_rules::{RoomCommand, Subject};
use chat_shared::protocol::{Command, RoomKind};
use chat_shared::{Nonce, RoomName, Username};

use super::people::{self, LookupError};
use crate::hub::{Connection, Hub};

/// A command of the rules, and the room that decides it.
pub(super) struct Translated {
    pub(super) room: RoomName,
    pub(super) nonce: Option<Nonce>,
    pub(super) command: RoomCommand,
}

/// The accounts that a command names.
#[derive(Default)]
pub(super) struct Names {
    /// People whom the text mentions.
    mentioned: Vec<Username>,
    /// The person whom the command is about.
    pub(super) subject: Option<Subject>,
    /// The direct room with that person.
    pub(super) direct: Option<RoomName>,
}

/// The text of a command that may mention people, and the person whom a command is about.
fn text_and_subject(command: &Command) -> (Option<&str>, Option<&Username>) {
    match command {
        Command::Send(send) => (Some(&send.text), None),
        Command::Edit(edit) => (Some(&edit.text), None),
        Command::Invite(about)
        | Command::Kick(about)
        | Command::Unban(about)
        | Command::Unmute(about) => (None, Some(&about.username)),
        Command::Ban(about) | Command::Mute(about) => (None, Some(&about.username)),
        Command::Role(about) => (None, Some(&about.username)),
        Command::Dm(dm) => (None, Some(&dm.username)),
        Command::Block(about) | Command::Unblock(about) => (None, Some(&about.username)),
        Command::Delete(_)
        | Command::React(_)
        | Command::History(_)
        | Command::Events(_)
        | Command::Search(_)
        | Command::Typing(_)
        | Command::Read(_)
        | Command::Rooms(_)
        | Command::Members(_)
        | Command::Create(_)
        | Command::Join(_)
        | Command::Leave(_)
        | Command::Topic(_)
        | Command::Profile(_)
        | Command::InviteLink(_)
        | Command::InviteLinks(_)
        | Command::RevokeInvite(_)
        | Command::ResetLink(_)
        | Command::MakeAdmin(_)
        | Command::UnmakeAdmin(_)
        | Command::Audit(_)
        | Command::Resume(_)
        | Command::Ping => (None, None),
    }
}

/// Looks up the names in a command. For a command that comes `too_soon`, mentions are not looked
/// up: it is rejected unless it repeats a stored one.
///
/// # Errors
/// Where the command is about nobody that exists, or the store fails.
pub(super) async fn look_up(
    hub: &Hub,
    connection: &Connection,
    command: &Command,
    too_soon: bool,
) -> Result<Names, LookupError> {
    let mut names = Names::default();
    let (text, subject) = text_and_subject(command);
    if let Some(text) = text.filter(|_| !too_soon) {
        names.mentioned = people::mentioned(hub, text).await?;
    }
    if let Some(username) = subject {
        names.subject = Some(people::subject(hub, username).await?);
    }
    let is_direct = matches!(
        command,
        Command::Dm(_) | Command::Block(_) | Command::Unblock(_)
    );
    if let (true, Some(with)) = (is_direct, &names.subject) {
        let own = &connection.identity.username;
        if with.username == *own {
            return Err(LookupError::Oneself);
        }
        names.direct = Some(people::direct_room(hub, own, &with.username).await?);
    }
    Ok(names)
}

/// Translates a command whose names are looked up. `None` if it is not a room's to decide.
#[expect(
    clippy::too_many_lines,
    reason = "one flat match: an arm for each command"
)]
pub(super) fn translate(command: Command, names: Names) -> Option<Translated> {
    let Names {
        mentioned,
        subject,
        direct,
    } = names;
    let for_ms = |for_s: Option<u64>| for_s.map(|seconds| seconds.saturating_mul(1_000));
    let (room, nonce, command) = match command {
        Command::Send(it) => {
            let (text, reply_to) = (it.text, it.reply_to);
            let send = RoomCommand::Send {
                text,
                reply_to,
                mentioned,
            };
            (it.room, Some(it.nonce), send)
        }
        Command::Edit(it) => {
            let (target, text) = (it.seq, it.text);
            let edit = RoomCommand::Edit {
                target,
                text,
                mentioned,
            };
            (it.room, it.nonce, edit)
        }
        Command::Delete(it) => (it.room, it.nonce, RoomCommand::Delete { target: it.seq }),
        Command::React(it) => {
            let (target, emoji, on) = (it.seq, it.emoji, it.on);
            (it.room, it.nonce, RoomCommand::React { target, emoji, on })
        }
        Command::Create(it) => {
            let kind = match it.private {
                true => RoomKind::Private,
                false => RoomKind::Public,
            };
            let topic = it.topic.unwrap_or_default();
            (it.room, it.nonce, RoomCommand::Create { kind, topic })
        }
        Command::Join(it) => (it.room, it.nonce, RoomCommand::Join),
        Command::Leave(it) => (it.room, it.nonce, RoomCommand::Leave),
        Command::Topic(it) => (it.room, it.nonce, RoomCommand::Topic(it.topic)),
        Command::Invite(it) => (it.room, it.nonce, RoomCommand::Invite(subject?)),
        Command::Kick(it) => (it.room, it.nonce, RoomCommand::Kick(subject?)),
        Command::Unban(it) => (it.room, it.nonce, RoomCommand::Unban(subject?)),
        Command::Unmute(it) => (it.room, it.nonce, RoomCommand::Unmute(subject?)),
        Command::Ban(it) => {
            let (whom, for_ms) = (subject?, for_ms(it.for_s));
            (it.room, it.nonce, RoomCommand::Ban { whom, for_ms })
        }
        Command::Mute(it) => {
            let (whom, for_ms) = (subject?, for_ms(it.for_s));
            (it.room, it.nonce, RoomCommand::Mute { whom, for_ms })
        }
        Command::Role(it) => {
            let (whom, role) = (subject?, it.role);
            (it.room, it.nonce, RoomCommand::Role { whom, role })
        }
        Command::Dm(_) => {
            let with = subject?.username;
            (direct?, None, RoomCommand::Direct { with })
        }
        // Without a catch-all, so that the compiler finds a command that nobody translates.
        Command::History(_)
        | Command::Events(_)
        | Command::Search(_)
        | Command::Typing(_)
        | Command::Read(_)
        | Command::Rooms(_)
        | Command::Members(_)
        | Command::Profile(_)
        | Command::Block(_)
        | Command::Unblock(_)
        | Command::InviteLink(_)
        | Command::InviteLinks(_)
        | Command::RevokeInvite(_)
        | Command::ResetLink(_)
        | Command::MakeAdmin(_)
        | Command::UnmakeAdmin(_)
        | Command::Audit(_)
        | Command::Resume(_)
        | Command::Ping => return None,
    };
    Some(Translated {
        room,
        nonce,
        command,
    })
}
