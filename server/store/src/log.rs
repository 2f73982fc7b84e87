//! The part of the store that keeps the rooms' logs and what is folded from them.

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Seq, Username};

use super::StoreError;
use chat_rules::{EVENT_FORMAT_VERSION, EVENT_KINDS, EventNonce, LogEvent, ReadMark, Target};

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

    /// The event that `sender` marked with `nonce` in `room`.
    async fn event_by_nonce(
        &self,
        room: &RoomName,
        sender: &Username,
        nonce: &EventNonce,
    ) -> Result<Option<LogEvent>, StoreError>;

    /// The event with that number.
    async fn event(&self, room: &RoomName, seq: Seq) -> Result<Option<LogEvent>, StoreError>;

    /// The events of these numbers that there are, in that order. A store that can ask for them at
    /// once does.
    async fn events_at(&self, room: &RoomName, seqs: &[Seq]) -> Result<Vec<LogEvent>, StoreError> {
        let asked = seqs.iter().map(|seq| self.event(room, *seq));
        let found = futures::future::try_join_all(asked).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Messages with all that changed them up to and with `as_of`, in the order of `messages`,
    /// which are the events that said them; other events are passed over. It ends before what would
    /// bring their texts over `bytes`, but never before the first.
    ///
    /// What it reads does not grow with the number of edits.
    async fn message_states(
        &self,
        room: &RoomName,
        messages: Vec<LogEvent>,
        as_of: Seq,
        bytes: usize,
    ) -> Result<Vec<Target>, StoreError>;

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

    /// Moves someone's read marker of a room forward; one that is further on already stays.
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

    /// Where `username` is mentioned above what [`LogStore::mark_read`] was told, `limit` at most.
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
pub(crate) fn take_bytes(states: &mut Vec<Target>, bytes: usize) {
    let mut sum = 0;
    let fits = states.iter().position(|state| {
        sum += state.bytes();
        sum > bytes
    });
    states.truncate(fits.map_or(states.len(), |over| over.max(1)));
}

/// What is searched for: messages that hold all words and all phrases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Each a row of words that follow each other; a single word is a phrase of one. Cut and
    /// folded by the tokeniser that cut the messages. Never empty.
    pub phrases: Vec<Vec<String>>,
    /// Only in these rooms.
    pub rooms: Vec<RoomName>,
    pub from: Option<Username>,
    /// From the last page.
    pub cursor: Option<String>,
    pub limit: usize,
}

/// A page of what a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub messages: Vec<(RoomName, Seq)>,
    /// Where the next page begins, where there may be one.
    pub cursor: Option<String>,
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Append {
    Stored,
    /// The first `stored` of them stand, some and not all; the next met what would have been one of
    /// the answers below. Each was decided against its predecessors alone, so those that stand are
    /// as good as any: settle them, read the log, and decide the others again.
    ///
    /// A store that has transactions never answers so.
    Prefix {
        stored: usize,
    },
    /// Someone else's events stand at those numbers, or the log does not reach `after_seq`: read
    /// the log from what one has applied, and decide again.
    Lost,
    /// One of the events bears a (room, sender, nonce) that stands in the log already, or that an
    /// earlier one of the same append bears.
    NonceTaken {
        /// Which of the proposed events; the first where there are several.
        index: usize,
        /// The event that bears it. One above `after_seq` is a proposed one, and is not stored.
        existing: Box<LogEvent>,
    },
}

/// A public room as the directory lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicRoom {
    pub room: RoomName,
    pub kind: RoomKind,
    pub topic: String,
    /// Members by event; the lobby's are not counted here.
    pub members: u64,
    pub last_seq: Seq,
}

/// A room's folded state. It is a cache: one that other rules folded is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The rules that folded it, as [`chat_rules::RULES_VERSION`] has it; 0 where that was not
    /// kept.
    pub rules_version: u32,
    /// Up to which seq it is folded.
    pub seq: Seq,
    /// The rules' own encoding; a store does not look into it.
    pub state: Vec<u8>,
}
