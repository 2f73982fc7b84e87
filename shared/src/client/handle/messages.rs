//! Messages: sending, changing, reading and searching them.

use super::{Client, new_nonce, unexpected};
use crate::client::CommandError;
use crate::protocol::{
    Ack, Command, Delete, Edit, Events, EventsPage, History, HistoryPage, PageKind, React, Read,
    ResultsPage, Search, Send, ServerFrame, Typing,
};
use crate::{Emoji, MessageText, Nonce, RoomName, Seq};

impl Client {
    /// Sends `text` to `room` with a new nonce and waits until the message is stored.
    ///
    /// # Errors
    /// [`CommandError`]. To try again after an error, use [`Client::send_with_nonce`], so that the
    /// message is not sent twice.
    pub async fn send(&self, room: &RoomName, text: &str) -> Result<Ack, CommandError> {
        self.send_with_nonce(room, text, new_nonce()?).await
    }

    /// As [`Client::send`], with the caller's nonce. A repeated nonce gets the first answer.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn send_with_nonce(
        &self,
        room: &RoomName,
        text: &str,
        nonce: Nonce,
    ) -> Result<Ack, CommandError> {
        let text = text.to_owned();
        self.submit(Send {
            room: room.clone(),
            text,
            nonce,
            reply_to: None,
        })
        .await
    }

    /// As [`Client::send`], in reply to the message `reply_to`.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn reply(
        &self,
        room: &RoomName,
        reply_to: Seq,
        text: &str,
    ) -> Result<Ack, CommandError> {
        let (text, nonce) = (text.to_owned(), new_nonce()?);
        self.submit(Send {
            room: room.clone(),
            text,
            nonce,
            reply_to: Some(reply_to),
        })
        .await
    }

    /// Sends a message that the caller built and waits until it is stored.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn submit(&self, mut message: Send) -> Result<Ack, CommandError> {
        message.text = MessageText::parse(&message.text)?.into_string();
        match self.ask(Command::Send(message)).await? {
            ServerFrame::Ack(ack) => Ok(ack),
            other => Err(unexpected(&other)),
        }
    }

    /// Returns a page of messages as they are now, at most `limit` of them.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn history(
        &self,
        room: &RoomName,
        page: PageKind,
        limit: Option<u32>,
    ) -> Result<HistoryPage, CommandError> {
        let history = History::new(room.clone(), page, limit);
        match self.timed(Command::History(history)).await? {
            ServerFrame::History(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Returns the events above `after`, as a resume would send them, at most `limit` of them.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn events(
        &self,
        room: &RoomName,
        after: Seq,
        limit: Option<u32>,
    ) -> Result<EventsPage, CommandError> {
        let command = Command::Events(Events {
            room: room.clone(),
            after,
            limit,
        });
        match self.timed(command).await? {
            ServerFrame::Events(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Changes the text of the user's own message `seq` and waits until that is stored.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn edit(&self, room: &RoomName, seq: Seq, text: &str) -> Result<(), CommandError> {
        let text = MessageText::parse(text)?.into_string();
        let (room, nonce) = (room.clone(), Some(new_nonce()?));
        self.done(Command::Edit(Edit {
            room,
            seq,
            text,
            nonce,
        }))
        .await
    }

    /// Deletes the message `seq`: the user's own, or any message for a moderator.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn delete(&self, room: &RoomName, seq: Seq) -> Result<(), CommandError> {
        let (room, nonce) = (room.clone(), Some(new_nonce()?));
        self.done(Command::Delete(Delete { room, seq, nonce }))
            .await
    }

    /// Adds the reaction `emoji` to the message `seq`, or removes it.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn react(
        &self,
        room: &RoomName,
        seq: Seq,
        emoji: Emoji,
        on: bool,
    ) -> Result<(), CommandError> {
        let (room, nonce) = (room.clone(), Some(new_nonce()?));
        self.done(Command::React(React {
            room,
            seq,
            emoji,
            on,
            nonce,
        }))
        .await
    }

    /// Searches the messages of the user's rooms, newest first.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn search(&self, search: Search) -> Result<ResultsPage, CommandError> {
        match self.timed(Command::Search(search)).await? {
            ServerFrame::Results(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Says that the user is typing, for [`crate::limits::TYPING_MS`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn typing(&self, room: &RoomName) -> Result<(), CommandError> {
        let room = room.clone();
        self.done(Command::Typing(Typing { room })).await
    }

    /// Moves the user's read marker to `seq`, only forward.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn read(&self, room: &RoomName, seq: Seq) -> Result<(), CommandError> {
        let room = room.clone();
        self.done(Command::Read(Read { room, seq })).await
    }
}
