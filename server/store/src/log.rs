//! The part of the store that keeps the rooms' logs and what is folded from them.

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Seq, Username};

use super::StoreError;
use chat_server_rules::{
    EVENT_FORMAT_VERSION, EVENT_KINDS, EventNonce, LogEvent, MessageState, ReadMark,
};

/// The rooms' logs.
#[async_trait::async_trait]
pub trait LogStore: Send + Sync + 'static {
    /// Appends `events`, numbered from `after_seq + 1` on with no hole.
    ///
    /// `after_seq` 0 makes the room. No events, or ones that are not so numbered, are
    /// [`StoreError::Refused`]. Nothing is stored unless the answer is [`Append::Stored`] or
    /// [`Append::Prefix`]; after an error any number of the first ones may be, and the caller
    /// reads the log to know.
    async fn append(
        &self,
        room: &RoomName,
        after_seq: Seq,
        events: Vec<LogEvent>,
    ) -> Result<Append, StoreError>;

    /// Events above `after`, in order.
    async fn events(
        &self,
        room: &RoomName,
        after: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError>;

    /// The number of the last event; 0 where there is none.
    async fn tip(&self, room: &RoomName) -> Result<Seq, StoreError>;

    /// The messages (events whose body is a message) nearest under `before`, oldest first.
    async fn messages_before(
        &self,
        room: &RoomName,
        before: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError>;

    /// The messages nearest above `after`, oldest first.
    async fn messages_after(
        &self,
        room: &RoomName,
        after: Seq,
        limit: PageLimit,
    ) -> Result<Page, StoreError>;

    /// The events of `room` that these senders marked with these nonces, in any order. A store asks
    /// for all of them at once; a batch of commands has few.
    async fn events_by_nonces(
        &self,
        room: &RoomName,
        marks: &[(Username, EventNonce)],
    ) -> Result<Vec<LogEvent>, StoreError>;

    /// The event with that number.
    async fn event(&self, room: &RoomName, seq: Seq) -> Result<Option<LogEvent>, StoreError>;

    /// The events of these numbers that there are, in that order. A store that can ask for them at
    /// once does.
    async fn events_at(&self, room: &RoomName, seqs: &[Seq]) -> Result<Vec<LogEvent>, StoreError> {
        let asked = seqs.iter().map(|seq| self.event(room, *seq));
        let found = futures::future::try_join_all(asked).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Messages with their changes up to and with `as_of`, in the order of `messages`, which are
    /// the events that sent them; other events are passed over. The answer ends before the message
    /// that would bring it over `bytes`, but never before the first.
    ///
    /// The number of rows that it reads does not grow with the number of edits.
    async fn message_states(
        &self,
        room: &RoomName,
        messages: Vec<LogEvent>,
        as_of: Seq,
        bytes: usize,
    ) -> Result<Vec<MessageState>, StoreError>;

    /// Which of these messages are deleted.
    async fn deleted_among(
        &self,
        room: &RoomName,
        messages: &[Seq],
    ) -> Result<Vec<Seq>, StoreError>;

    /// Blanks the stored text of a deleted message and of its edits, and takes it out of the
    /// search, so that no later read finds it. It may be repeated, and is no error where there is
    /// nothing to do. However often the message was edited, other writes go on in between.
    async fn scrub(&self, room: &RoomName, target: Seq) -> Result<(), StoreError>;

    /// Deleted messages whose text was not scrubbed yet, `limit` at most.
    async fn unscrubbed(&self, limit: usize) -> Result<Vec<(RoomName, Seq)>, StoreError>;

    /// Moves a person's read marker of a room forward. A marker that is further on stays.
    async fn mark_read(
        &self,
        room: &RoomName,
        username: &Username,
        mark: ReadMark,
    ) -> Result<(), StoreError>;

    /// The read markers of a room that were set by [`LogStore::mark_read`].
    async fn read_marks(&self, room: &RoomName) -> Result<Vec<(Username, ReadMark)>, StoreError>;

    /// How many messages of `room` above `after` mention `username`; deleted ones are not counted.
    async fn mentions_above(
        &self,
        room: &RoomName,
        username: &Username,
        after: Seq,
    ) -> Result<u64, StoreError>;

    /// Mentions of `username` above their read markers, `limit` at most.
    async fn mentions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<(RoomName, Seq)>, StoreError>;

    /// Messages that a search finds, newest first.
    async fn search(&self, search: &Search) -> Result<Found, StoreError>;

    /// Rooms other than the lobby that `username` is a member of.
    async fn rooms_of(&self, username: &Username) -> Result<Vec<RoomName>, StoreError>;

    /// Public rooms whose names begin with `prefix` and come after `after`, by name. The lobby is
    /// among them once it has an event.
    async fn public_rooms(
        &self,
        prefix: &str,
        after: &str,
        limit: usize,
    ) -> Result<Vec<PublicRoom>, StoreError>;

    /// The folded state of a room as it was kept last, whichever rules folded it.
    async fn snapshot(&self, room: &RoomName) -> Result<Option<Snapshot>, StoreError>;

    /// Keeps the folded state of a room, so that loading it need not read the whole log. One with
    /// a lower seq than what the same rules folded changes nothing.
    async fn save_snapshot(&self, room: &RoomName, snapshot: Snapshot) -> Result<(), StoreError>;
}

/// Refuses an event that a newer version wrote: by the version of its format, which is known before
/// its body is read.
pub(crate) fn check_format(room: &RoomName, seq: Seq, format: u32) -> Result<(), StoreError> {
    if format > EVENT_FORMAT_VERSION {
        return Err(StoreError::TooNew(format!(
            "event {seq} of {room} has format {format}, and this version reads up to \
             {EVENT_FORMAT_VERSION}"
        )));
    }
    Ok(())
}

/// Why an event's body can't be read, by its kind: a newer version may have written it.
pub(crate) fn unreadable(
    room: &RoomName,
    seq: Seq,
    kind: Option<&str>,
    reason: &str,
) -> StoreError {
    match kind {
        Some(kind) if !EVENT_KINDS.contains(&kind) => {
            let kind: String = kind.chars().take(KIND_CHARS_MAX).collect();
            StoreError::TooNew(format!("event {seq} of {room} is of the kind {kind:?}"))
        }
        _ => StoreError::Corrupt(format!("event {seq} of {room}: {reason}")),
    }
}

/// Characters of an unknown kind that an error quotes.
const KIND_CHARS_MAX: usize = 40;

/// Refuses events that can't follow `after_seq`; every store asks here first.
pub(crate) fn check_numbers(after_seq: Seq, events: &[LogEvent]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Err(StoreError::Refused("an append of no events".into()));
    }
    for (event, expect) in events.iter().zip(after_seq.saturating_add(1)..) {
        if event.seq != expect {
            let found = event.seq;
            return Err(StoreError::Refused(format!(
                "an event {found} in the place of {expect}"
            )));
        }
    }
    Ok(())
}

/// Bytes of a page where its reader names no bound.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;

/// How much one read returns at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageLimit {
    /// Rows.
    pub rows: usize,
    /// As [`LogEvent::bytes`] counts. A first row comes however long it is.
    pub bytes: usize,
}

impl PageLimit {
    /// So many rows, of [`PAGE_BYTES_MAX`] together.
    pub fn rows(rows: usize) -> Self {
        Self {
            rows,
            bytes: PAGE_BYTES_MAX,
        }
    }
}

/// A part of a log, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// The events.
    pub events: Vec<LogEvent>,
    /// Whether the limit kept something out.
    pub more: bool,
}

impl Page {
    /// Takes the event in, unless it is over `limit`; then the page is finished.
    pub(crate) fn take_in(&mut self, bytes: &mut usize, event: LogEvent, limit: PageLimit) -> bool {
        *bytes += event.bytes();
        let fits = self.events.is_empty() || *bytes <= limit.bytes;
        if self.events.len() < limit.rows && fits {
            self.events.push(event);
        } else {
            self.more = true;
        }
        !self.more
    }
}

/// As many of `states` as `bytes` hold, and the first in any case.
pub(crate) fn take_bytes(states: &mut Vec<MessageState>, bytes: usize) {
    let mut sum = 0;
    let fits = states.iter().position(|state| {
        sum += state.bytes();
        sum > bytes
    });
    states.truncate(fits.map_or(states.len(), |over| over.max(1)));
}

/// A search for messages that have all words and all phrases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Each a row of words that follow each other; a single word is a phrase of one. Cut and
    /// folded by the tokeniser that cut the messages. Never empty.
    pub phrases: Vec<Vec<String>>,
    /// Only in these rooms.
    pub rooms: Vec<RoomName>,
    /// Only messages of this person.
    pub from: Option<Username>,
    /// [`Found::cursor`] of the page before; `None` for the first.
    pub cursor: Option<String>,
    /// Messages in a page.
    pub limit: usize,
}

/// A page of what a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The messages, newest first.
    pub messages: Vec<(RoomName, Seq)>,
    /// Where the next page begins, where there may be one.
    pub cursor: Option<String>,
}

/// The outcome of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Append {
    /// All events are stored.
    Stored,
    /// Only the first events are stored; the next met what would have been one of the answers
    /// below. Each event was decided against its predecessors alone, so those that are stored are
    /// valid: acknowledge them, read the log, and decide the others again.
    ///
    /// A store with transactions never gives this answer.
    Prefix {
        /// How many events are stored: at least one, and not all.
        stored: usize,
    },
    /// Another server has used these numbers, or the log does not reach `after_seq`. Read the log
    /// above the last applied event, and decide again.
    Lost,
    /// One of the events has a (room, sender, nonce) that is in the log already, or that an earlier
    /// event of the same append has. Nothing is stored.
    NonceTaken {
        /// Which of the proposed events; the first where there are several.
        index: usize,
        /// The event that has it. If its seq is above `after_seq`, it is a proposed one.
        existing: Box<LogEvent>,
    },
}

/// A public room as the directory lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicRoom {
    /// The room's name.
    pub room: RoomName,
    /// Always public.
    pub kind: RoomKind,
    /// The topic; empty for none.
    pub topic: String,
    /// Members by event; the lobby's are not counted here.
    pub members: u64,
    /// The number of the last event.
    pub last_seq: Seq,
}

/// A room's folded state. It is a cache: one that other rules folded is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The rules that folded it, as [`chat_server_rules::RULES_VERSION`] has it; 0 where that was not
    /// kept.
    pub rules_version: u32,
    /// Up to which seq it is folded.
    pub seq: Seq,
    /// The rules' own encoding; a store does not look into it.
    pub state: Vec<u8>,
}
