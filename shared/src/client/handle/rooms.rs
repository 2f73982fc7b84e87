//! Rooms: finding, creating, entering and leaving them.

use super::{Client, new_nonce, unexpected};
use crate::client::CommandError;
use crate::protocol::{
    Command, Create, Dm, Join, Leave, Members, MembersPage, RoomInfo, Rooms, RoomsPage,
    ServerFrame, Topic,
};
use crate::{RoomName, Username};

impl Client {
    /// Lists public rooms by name.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn rooms(&self, which: Rooms) -> Result<RoomsPage, CommandError> {
        match self.timed(Command::Rooms(which)).await? {
            ServerFrame::Rooms(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Lists a room's members after the name `after`, by name, at most `limit` of them.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn members(
        &self,
        room: &RoomName,
        after: Option<Username>,
        limit: Option<u32>,
    ) -> Result<MembersPage, CommandError> {
        let command = Command::Members(Members {
            room: room.clone(),
            after,
            limit,
        });
        match self.timed(command).await? {
            ServerFrame::Members(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Creates a room that the user owns. A command without a nonce gets a new one; with the same
    /// nonce it may be repeated after a [`CommandError::Disconnected`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn create(&self, mut create: Create) -> Result<RoomInfo, CommandError> {
        if create.nonce.is_none() {
            create.nonce = Some(new_nonce()?);
        }
        match self.timed(Command::Create(create)).await? {
            ServerFrame::Room { room, .. } => Ok(room),
            other => Err(unexpected(&other)),
        }
    }

    /// Joins a room. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn join(&self, room: &RoomName) -> Result<(), CommandError> {
        let nonce = Some(new_nonce()?);
        self.done(Command::Join(Join {
            room: room.clone(),
            nonce,
        }))
        .await
    }

    /// Leaves a room. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn leave(&self, room: &RoomName) -> Result<(), CommandError> {
        let nonce = Some(new_nonce()?);
        self.done(Command::Leave(Leave {
            room: room.clone(),
            nonce,
        }))
        .await
    }

    /// Returns the direct room with another user, created if needed.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn dm(&self, username: &Username) -> Result<RoomInfo, CommandError> {
        let username = username.clone();
        match self.timed(Command::Dm(Dm { username })).await? {
            ServerFrame::Room { room, .. } => Ok(room),
            other => Err(unexpected(&other)),
        }
    }

    /// Sets the topic of a room; an empty one clears it.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn topic(&self, room: &RoomName, topic: &str) -> Result<(), CommandError> {
        let (room, topic, nonce) = (room.clone(), topic.to_owned(), Some(new_nonce()?));
        self.done(Command::Topic(Topic { room, topic, nonce }))
            .await
    }
}
