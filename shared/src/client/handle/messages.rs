//! What is said in a room: saying it, changing it, reading it.

use super::{Client, new_nonce, unexpected};
use crate::client::CommandError;
use crate::protocol::{
    Ack, Command, Delete, Edit, Events, EventsPage, History, HistoryPage, PageKind, React, Read,
    ResultsPage, Search, Send, ServerFrame, Typing,
};
use crate::{Emoji, MessageText, Nonce, RoomName, Seq};

impl Client {
    /// Says `text` in `room`, marked with a new nonce, and waits until it is stored.
    ///
    /// # Errors
    /// [`CommandError`]. Whoever wants to try again after one uses [`Client::send_with_nonce`],
    /// so that the message can't be there twice.
    pub async fn send(&self, room: &RoomName, text: &str) -> Result<Ack, CommandError> {
        self.send_with_nonce(room, text, new_nonce()?).await
    }

    /// As [`Client::send`], with a nonce of the caller's: repeated, it gets the first answer.
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

    /// As [`Client::send`], as an answer to the message `reply_to`.
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

    /// Sends a message of which the caller chose every part, and waits until it is stored.
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

    /// A page of messages as they stand now, at most `limit` of them.
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

    /// The events above `after`, as a resume would send them, at most `limit` of them.
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

    /// Gives one's own message `seq` another text, and waits until that is stored.
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

    /// Takes the text of the message `seq` away for good: one's own, or any as a moderator.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn delete(&self, room: &RoomName, seq: Seq) -> Result<(), CommandError> {
        let (room, nonce) = (room.clone(), Some(new_nonce()?));
        self.done(Command::Delete(Delete { room, seq, nonce }))
            .await
    }

    /// Puts `emoji` on the message `seq`, or takes it back.
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

    /// Messages with the words of a query, newest first, of the rooms that one is in.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn search(&self, search: Search) -> Result<ResultsPage, CommandError> {
        match self.timed(Command::Search(search)).await? {
            ServerFrame::Results(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Says that one is writing, which holds for [`crate::limits::TYPING_MS`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn typing(&self, room: &RoomName) -> Result<(), CommandError> {
        let room = room.clone();
        self.done(Command::Typing(Typing { room })).await
    }

    /// Says that one has read up to `seq`; the marker only moves forward.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn read(&self, room: &RoomName, seq: Seq) -> Result<(), CommandError> {
        let room = room.clone();
        self.done(Command::Read(Read { room, seq })).await
    }
}
