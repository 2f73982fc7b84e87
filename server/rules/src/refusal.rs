//! Why the rules refuse a command, as sentences for the person who gave it.

use chat_shared::TextError;
use chat_shared::limits::{REACTIONS_MAX, TOPIC_CHARS_MAX};
use chat_shared::protocol::ErrorCode;

use super::message_states::CHANGES_MAX;

/// Why a command is refused. Its text is a sentence for the person who gave the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The room does not exist, or the person may not know that it does.
    #[error("There is no such room.")]
    NoSuchRoom,
    /// The message does not exist, or is deleted.
    #[error("There is no such message.")]
    NoSuchMessage,
    /// The person can see the room and is no member of it.
    #[error("You are not in this room; join it first.")]
    NotMember,
    /// `create` with the name of a room that exists.
    #[error("A room of that name exists already; choose another name, or join it.")]
    NameTaken,
    /// The text of a message is not one.
    #[error("{0}.")]
    Text(TextError),
    /// The topic has more than [`TOPIC_CHARS_MAX`] characters.
    #[error("The field `topic` is too long: {TOPIC_CHARS_MAX} characters at most.")]
    TopicTooLong,
    /// `create` with the name of a direct room.
    #[error(
        "The field `room` is wrong: names with @ are for direct rooms, which the server makes."
    )]
    DirectName,
    /// Leaving the lobby, or removing a person from it.
    #[error("The lobby is everyone's and can't be left.")]
    LobbyStays,
    /// Editing a message of somebody else.
    #[error("You can edit only what you wrote yourself.")]
    NotYours,
    /// The command needs a moderator.
    #[error("Only a moderator of this room may do that.")]
    ModeratorsOnly,
    /// The command needs an owner.
    #[error("Only an owner of this room may do that.")]
    OwnersOnly,
    /// The command is about a person whose role is not lower.
    #[error("That person's role is as high as yours.")]
    Outranked,
    /// Removing, banning or muting oneself.
    #[error("You can't do that to yourself.")]
    Yourself,
    /// The person is muted.
    #[error("You are muted here: you may only read.")]
    Muted,
    /// The person is banned from the room.
    #[error("You are banned from this room.")]
    Banned,
    /// Inviting a person who is banned.
    #[error("That person is banned from this room; lift the ban first.")]
    TheyAreBanned,
    /// The command is about a person who is no member.
    #[error("That person is not in this room.")]
    NotInRoom,
    /// Taking the last owner's role away.
    #[error("A room needs an owner; make someone else one first.")]
    LastOwner,
    /// A direct room has two members, always the same, and no roles.
    #[error("A direct room is for two: nobody is added, put out or given a role.")]
    OfTwo,
    /// The message has [`REACTIONS_MAX`] different reactions.
    #[error("A message takes {REACTIONS_MAX} different reactions at most.")]
    TooManyReactions,
    /// The message was changed as often as one may be: 10,000 times.
    #[error("A message can be changed {CHANGES_MAX} times at most.")]
    TooManyChanges,
}

impl Refusal {
    /// The code of the `error` frame.
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
