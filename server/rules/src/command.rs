//! Commands to a room, with their names resolved.

use chat_shared::protocol::{Role, RoomKind};
use chat_shared::{Emoji, Nonce, Seq, TimestampMs, Username};

use super::{EventId, RoomState};

/// The person who gives a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The person's account.
    pub username: Username,
    /// Whether the account is a bot's.
    pub bot: bool,
    /// Whether this is an admin of the server.
    pub admin: bool,
}

/// The person whom a command is about. The account exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The person's account, in its own spelling.
    pub username: Username,
    /// Whether this is an admin of the server.
    pub admin: bool,
}

/// A command that may change a room: the rules' form of `protocol::Command`, with names resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomCommand {
    /// Sends a message.
    Send {
        /// The text as it was sent, not checked yet.
        text: String,
        /// The message that it replies to.
        reply_to: Option<Seq>,
        /// Accounts that the text names. Those that are no members are left out of the event.
        mentioned: Vec<Username>,
    },
    /// Changes the text of the actor's own message.
    Edit {
        /// The message.
        target: Seq,
        /// The text as it was sent, not checked yet.
        text: String,
        /// Accounts that the text names. Those that are no members are left out of the event.
        mentioned: Vec<Username>,
    },
    /// Deletes a message: the actor's own, or any if the actor is a moderator.
    Delete {
        /// The message.
        target: Seq,
    },
    /// Deletes a message of the actor's own, also where they may not write any more: the actor is
    /// erased, and the server gives the command.
    EraseMessage {
        /// The message.
        target: Seq,
    },
    /// Adds a reaction to a message, or removes it.
    React {
        /// The message.
        target: Seq,
        /// The reaction.
        emoji: Emoji,
        /// `true` adds it, `false` removes it.
        on: bool,
    },
    /// Creates the room. The actor becomes its owner.
    Create {
        /// Public or private.
        kind: RoomKind,
        /// The topic as it was sent, not checked yet.
        topic: String,
    },
    /// Creates the direct room of the actor and another person, if there is none.
    Direct {
        /// The other person.
        with: Username,
    },
    /// Makes the actor a member.
    Join,
    /// Ends the actor's membership.
    Leave,
    /// Makes the actor a member, and a member an owner: an operator hands the room over to them. The
    /// server gives it twice.
    TakeOver,
    /// Makes a person a member.
    Invite(Subject),
    /// Removes a person from the room.
    Kick(Subject),
    /// Removes a person from the room and keeps them out.
    Ban {
        /// The person.
        whom: Subject,
        /// Milliseconds until the ban ends; `None` for no end.
        for_ms: Option<u64>,
    },
    /// Lifts a ban.
    Unban(Subject),
    /// Lets a person only read.
    Mute {
        /// The person.
        whom: Subject,
        /// Milliseconds until the mute ends; `None` for no end.
        for_ms: Option<u64>,
    },
    /// Lifts a mute.
    Unmute(Subject),
    /// Gives a member a role.
    Role {
        /// The member.
        whom: Subject,
        /// The role.
        role: Role,
    },
    /// Sets the topic; an empty one clears it.
    Topic(String),
}

impl RoomCommand {
    /// The message that the command is about, which its decision needs.
    pub fn target(&self) -> Option<Seq> {
        match self {
            Self::Send { reply_to, .. } => *reply_to,
            Self::Edit { target, .. }
            | Self::Delete { target }
            | Self::EraseMessage { target }
            | Self::React { target, .. } => Some(*target),
            Self::Create { .. }
            | Self::Direct { .. }
            | Self::Join
            | Self::Leave
            | Self::TakeOver
            | Self::Invite(_)
            | Self::Kick(_)
            | Self::Ban { .. }
            | Self::Unban(_)
            | Self::Mute { .. }
            | Self::Unmute(_)
            | Self::Role { .. }
            | Self::Topic(_) => None,
        }
    }
}

/// A command with everything that its event needs from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal<'a> {
    /// The person who gives the command.
    pub actor: &'a Actor,
    /// The command.
    pub command: &'a RoomCommand,
    /// The name that the client gave the command, by which a repetition is recognized.
    pub nonce: Option<&'a Nonce>,
    /// An id for the event, if there will be one.
    pub event_id: EventId,
    /// The server's clock.
    pub now: TimestampMs,
}

impl Proposal<'_> {
    /// The time of the event. Time never goes back in a room.
    pub(super) fn at(&self, state: &RoomState) -> TimestampMs {
        self.now.max(state.ts())
    }
}
