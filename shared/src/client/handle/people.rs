//! Commands about users: members of a room, and the own profile.

use std::time::Duration;

use super::{Client, new_nonce};
use crate::client::CommandError;
use crate::protocol::{About, AboutFor, Block, Command, GiveRole, Profile, Role};
use crate::{RoomName, Username};

impl Client {
    /// Makes another user a member of a room.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn invite(&self, room: &RoomName, who: &Username) -> Result<(), CommandError> {
        self.done(Command::Invite(about(room, who)?)).await
    }

    /// Removes a user from a room; they may come back.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn kick(&self, room: &RoomName, who: &Username) -> Result<(), CommandError> {
        self.done(Command::Kick(about(room, who)?)).await
    }

    /// Removes a user from a room and keeps them out for whole seconds, or without a duration until
    /// [`Client::unban`]. A ban from the lobby is a ban from the server.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn ban(
        &self,
        room: &RoomName,
        who: &Username,
        for_time: Option<Duration>,
    ) -> Result<(), CommandError> {
        self.done(Command::Ban(about_for(room, who, for_time)?))
            .await
    }

    /// Lifts a ban.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn unban(&self, room: &RoomName, who: &Username) -> Result<(), CommandError> {
        self.done(Command::Unban(about(room, who)?)).await
    }

    /// Mutes a user for whole seconds, or without a duration until [`Client::unmute`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn mute(
        &self,
        room: &RoomName,
        who: &Username,
        for_time: Option<Duration>,
    ) -> Result<(), CommandError> {
        self.done(Command::Mute(about_for(room, who, for_time)?))
            .await
    }

    /// Lifts a mute.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn unmute(&self, room: &RoomName, who: &Username) -> Result<(), CommandError> {
        self.done(Command::Unmute(about(room, who)?)).await
    }

    /// Gives a member a role.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn role(
        &self,
        room: &RoomName,
        who: &Username,
        role: Role,
    ) -> Result<(), CommandError> {
        self.done(Command::Role(GiveRole {
            room: room.clone(),
            username: who.clone(),
            role,
            nonce: Some(new_nonce()?),
        }))
        .await
    }

    /// Changes the display name; [`crate::check_display_name`] has its rules.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn profile(&self, display_name: &str) -> Result<(), CommandError> {
        let display_name = display_name.to_owned();
        self.done(Command::Profile(Profile { display_name })).await
    }

    /// Keeps another user from inviting this one, from starting a direct room with this one, and
    /// from writing to the one that the two have. [`crate::protocol::Welcome::blocked`] and the
    /// frame [`crate::protocol::ServerFrame::Blocked`] have everyone who is blocked.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn block(&self, who: &Username) -> Result<(), CommandError> {
        let username = who.clone();
        self.done(Command::Block(Block { username })).await
    }

    /// Lifts a block.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn unblock(&self, who: &Username) -> Result<(), CommandError> {
        let username = who.clone();
        self.done(Command::Unblock(Block { username })).await
    }
}

fn about(room: &RoomName, who: &Username) -> Result<About, CommandError> {
    Ok(About {
        room: room.clone(),
        username: who.clone(),
        nonce: Some(new_nonce()?),
    })
}

fn about_for(
    room: &RoomName,
    who: &Username,
    for_time: Option<Duration>,
) -> Result<AboutFor, CommandError> {
    Ok(AboutFor {
        room: room.clone(),
        username: who.clone(),
        for_s: for_time.map(|time| time.as_secs()),
        nonce: Some(new_nonce()?),
    })
}
