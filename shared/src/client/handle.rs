//! The sending half of a connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::timeout;

use super::{CloseReason, CommandError};
use crate::protocol::{
    Ack, Command, Create, Events, EventsPage, History, HistoryPage, Join, Leave, Members,
    MembersPage, RoomInfo, Rooms, RoomsPage, Send, ServerFrame,
};
use crate::{MessageText, Nonce, RoomName, Seq, Username};

/// How long a command other than `send` waits for its answer, its wait for a free place among
/// the unanswered ones included.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The answer to a command, as it came.
pub(crate) type Answer = Result<ServerFrame, CommandError>;

/// What a handle asks of the task that owns the connection.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) command: Command,
    pub(crate) answer: oneshot::Sender<Answer>,
}

/// Which messages [`Client::history`] asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The newest.
    Newest,
    /// The nearest under this seq.
    Before(Seq),
    /// The nearest above this seq.
    After(Seq),
    /// Those on both sides of this seq.
    Around(Seq),
}

/// The sending half of a connection; clones share it.
///
/// A `send` outlives connections: it waits until the server has answered, however often the
/// connection is lost meanwhile. Every other command fails with [`CommandError::Disconnected`]
/// when there is no connection or it ends before the answer. At most 64 commands are unanswered
/// at a time; further ones wait. A command whose future is dropped may still take effect.
#[derive(Debug, Clone)]
pub struct Client {
    pub(crate) asks: mpsc::Sender<Ask>,
    pub(crate) closed: watch::Receiver<Option<CloseReason>>,
    pub(crate) closing: Arc<Notify>,
}

/// A nonce that nobody else has: 128 random bits.
///
/// # Errors
/// [`CommandError::NoRandomness`] where the operating system has none.
pub fn new_nonce() -> Result<Nonce, CommandError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| CommandError::NoRandomness)?;
    Ok(Nonce::parse(&format!(
        "{:032x}",
        u128::from_ne_bytes(bytes)
    ))?)
}

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
        page: Page,
        limit: Option<u32>,
    ) -> Result<HistoryPage, CommandError> {
        let mut history = History {
            room: room.clone(),
            before: None,
            after: None,
            around: None,
            limit,
        };
        match page {
            Page::Newest => {}
            Page::Before(seq) => history.before = Some(seq),
            Page::After(seq) => history.after = Some(seq),
            Page::Around(seq) => history.around = Some(seq),
        }
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

    /// Asks the server for a sign of life, and says how long it took.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn ping(&self) -> Result<Duration, CommandError> {
        let start = Instant::now();
        match self.timed(Command::Ping).await? {
            ServerFrame::Pong { .. } => Ok(start.elapsed()),
            other => Err(unexpected(&other)),
        }
    }

    /// Ends the connection for good and waits until it has ended, two seconds at most. What was
    /// not answered yet fails with [`CommandError::Closed`].
    pub async fn close(&self) {
        let mut closed = self.closed.clone();
        self.closing.notify_one();
        // An error means that the task is gone, and the connection with it.
        let _ = closed.wait_for(Option::is_some).await;
    }

    async fn done(&self, command: Command) -> Result<(), CommandError> {
        match self.timed(command).await? {
            ServerFrame::Ok { .. } => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    async fn timed(&self, command: Command) -> Answer {
        timeout(COMMAND_TIMEOUT, self.ask(command))
            .await
            .unwrap_or(Err(CommandError::TimedOut))
    }

    async fn ask(&self, command: Command) -> Answer {
        let (answer, answered) = oneshot::channel();
        let sent = self.asks.send(Ask { command, answer }).await;
        match sent {
            Ok(()) => answered.await.unwrap_or_else(|_| Err(self.over())),
            Err(_) => Err(self.over()),
        }
    }

    /// Why nothing more is answered.
    fn over(&self) -> CommandError {
        CommandError::Closed(
            self.closed
                .borrow()
                .clone()
                .unwrap_or(CloseReason::ByClient),
        )
    }
}

fn unexpected(_: &ServerFrame) -> CommandError {
    CommandError::UnexpectedAnswer
}
