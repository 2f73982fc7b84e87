//! What a person can ask of a room, and the sentences with which the rules refuse it.

use chat_shared::limits::{REACTIONS_MAX, TOPIC_CHARS_MAX};
use chat_shared::protocol::{ErrorCode, Role, RoomKind};
use chat_shared::{Emoji, Nonce, Seq, TextError, TimestampMs, Username};

use super::targets::CHANGES_MAX;
use super::{EventId, RoomState};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub username: Username,
    pub bot: bool,
    pub admin: bool,
}

/// Whom it is about: someone who has an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub username: Username,
    pub admin: bool,
}

/// What one may ask of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Send {
        text: String,
        reply_to: Option<Seq>,
        /// People with accounts whom the text names; who is no member is passed over.
        mentioned: Vec<Username>,
    },
    Edit {
        target: Seq,
        text: String,
        mentioned: Vec<Username>,
    },
    Delete {
        target: Seq,
    },
    React {
        target: Seq,
        emoji: Emoji,
        on: bool,
    },
    Create {
        kind: RoomKind,
        topic: String,
    },
    /// Make the direct room of the actor and another person.
    Direct {
        with: Username,
    },
    Join,
    Leave,
    Invite(Subject),
    Kick(Subject),
    Ban {
        whom: Subject,
        for_ms: Option<u64>,
    },
    Unban(Subject),
    Mute {
        whom: Subject,
        for_ms: Option<u64>,
    },
    Unmute(Subject),
    Role {
        whom: Subject,
        role: Role,
    },
    Topic(String),
}

impl Command {
    /// The message that it is about.
    pub fn target(&self) -> Option<Seq> {
        match self {
            Self::Send { reply_to, .. } => *reply_to,
            Self::Edit { target, .. } | Self::Delete { target } | Self::React { target, .. } => {
                Some(*target)
            }
            _ => None,
        }
    }
}

/// A command with all that its event needs from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal<'a> {
    pub actor: &'a Actor,
    pub command: &'a Command,
    pub nonce: Option<&'a Nonce>,
    /// For the event, should there be one.
    pub event_id: EventId,
    pub now: TimestampMs,
}

impl Proposal<'_> {
    /// When the event happens; time never goes back in a room.
    pub(super) fn at(&self, state: &RoomState) -> TimestampMs {
        self.now.max(state.ts())
    }
}

/// Why a command is refused, as a sentence for the person who gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("There is no such room.")]
    NoSuchRoom,
    #[error("There is no such message.")]
    NoSuchMessage,
    #[error("You are not in this room; join it first.")]
    NotMember,
    #[error("A room of that name exists already; choose another name, or join it.")]
    NameTaken,
    #[error("{0}.")]
    Text(TextError),
    #[error("The field `topic` is too long: {TOPIC_CHARS_MAX} characters at most.")]
    TopicTooLong,
    #[error(
        "The field `room` is wrong: names with @ are for direct rooms, which the server makes."
    )]
    DirectName,
    #[error("The lobby is everyone's and can't be left.")]
    LobbyStays,
    #[error("You can edit only what you wrote yourself.")]
    NotYours,
    #[error("Only a moderator of this room may do that.")]
    ModeratorsOnly,
    #[error("Only an owner of this room may do that.")]
    OwnersOnly,
    #[error("That person's role is as high as yours.")]
    Outranked,
    #[error("You can't do that to yourself.")]
    Yourself,
    #[error("You are muted here: you may only read.")]
    Muted,
    #[error("You are banned from this room.")]
    Banned,
    #[error("That person is banned from this room; lift the ban first.")]
    TheyAreBanned,
    #[error("That person is not in this room.")]
    NotInRoom,
    #[error("A room needs an owner; make someone else one first.")]
    LastOwner,
    #[error("A direct room is for two: nobody is added, put out or given a role.")]
    OfTwo,
    #[error("A message takes {REACTIONS_MAX} different reactions at most.")]
    TooManyReactions,
    #[error("A message can be changed {CHANGES_MAX} times at most.")]
    TooManyChanges,
}

impl Refusal {
    pub fn code(self) -> ErrorCode {
        match self {
            Self::NoSuchRoom | Self::NoSuchMessage | Self::NotInRoom => ErrorCode::NotFound,
            Self::NotMember
            | Self::LobbyStays
            | Self::NotYours
            | Self::ModeratorsOnly
            | Self::OwnersOnly
            | Self::Outranked
            | Self::Yourself
            | Self::TheyAreBanned
            | Self::LastOwner
            | Self::OfTwo
            | Self::TooManyReactions
            | Self::TooManyChanges => ErrorCode::Forbidden,
            Self::NameTaken => ErrorCode::Taken,
            Self::Text(TextError::TooLong) | Self::TopicTooLong => ErrorCode::TooLong,
            Self::Text(TextError::Empty) | Self::DirectName => ErrorCode::BadField,
            Self::Muted => ErrorCode::Muted,
            Self::Banned => ErrorCode::Banned,
        }
    }
}

/// The topic without surrounding blanks, unless it is too long.
pub(super) fn checked_topic(topic: &str) -> Result<String, Refusal> {
    let topic = topic.trim();
    if topic.chars().nth(TOPIC_CHARS_MAX).is_some() {
        return Err(Refusal::TopicTooLong);
    }
    Ok(topic.to_owned())
}
