//! Rooms: finding, making, entering and leaving them.

use super::{Client, new_nonce, unexpected};
use crate::client::CommandError;
use crate::protocol::{
    Command, Create, Dm, Join, Leave, Members, MembersPage, RoomInfo, Rooms, RoomsPage,
    ServerFrame, Topic,
};
use crate::{RoomName, Username};

impl Client {
    /// Public rooms by name.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn rooms(&self, which: Rooms) -> Result<RoomsPage, CommandError> {
        match self.timed(Command::Rooms(which)).await? {
            ServerFrame::Rooms(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// A room's members by name, those after the name `after`, at most `limit` of them.
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

    /// Makes a room and owns it. Without a nonce it gets a new one; with one it may be repeated
    /// after a [`CommandError::Disconnected`].
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

    /// Enters a room. To repeat it does no harm.
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

    /// Leaves a room. To repeat it does no harm.
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

    /// The direct room with someone, made when needed.
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

    /// Says what a room is about, as a moderator; empty takes the topic away.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn topic(&self, room: &RoomName, topic: &str) -> Result<(), CommandError> {
        let (room, topic, nonce) = (room.clone(), topic.to_owned(), Some(new_nonce()?));
        self.done(Command::Topic(Topic { room, topic, nonce }))
            .await
    }
}
