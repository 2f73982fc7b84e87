//! Brings the collection of words up to the log.
//!
//! An append does not wait for it. Rooms that this server appended to are followed every second,
//! from memory where [`super::recent`] has the messages. A search that needs the collection first
//! follows the rooms that it asks for, as far as it gets in a short time, and is answered with the
//! entries that exist then. The server knows in memory which rooms are up to date, so that a search
//! of rooms at rest asks nothing more.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chat_shared::{RoomName, Seq};
use futures::StreamExt;
use mongodb::bson::doc;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::behind::Behind;
use super::documents::{LogDoc, RoomDoc, SEQ_MAX, events, in_log, int, log_id};
use super::entries::{Rewording, entry_of};
use super::error::Failure;
use super::reached::Reached;
use super::recent::Part;
use super::{SEARCH, Shared};
use crate::log_failure;

/// Events that are read and written at a time.
const FOLLOWED_EVENTS_MAX: usize = 500;

/// Rooms that one search, or the background, follows at the same time.
const ROOMS_AT_ONCE_MAX: usize = 8;

/// Searches that follow rooms at the same time. One more is answered with what is there.
const FOLLOWING_SEARCHES_MAX: usize = 32;

/// How long a search waits for its rooms to be followed. They are followed on behind it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The state of the search entries as this server knows it.
pub(super) struct SearchEntries {
    /// The seq up to which a room's messages have their entries.
    reached: Reached,
    /// Rooms that this server appended texts to.
    behind: Behind<RoomName>,
    /// Rooms that are being followed, one follower each.
    followed: Mutex<HashMap<RoomName, Arc<tokio::sync::Mutex<()>>>>,
    searches: Arc<Semaphore>,
}

impl Default for SearchEntries {
    fn default() -> Self {
        Self {
            reached: Reached::default(),
            behind: Behind::default(),
            followed: Mutex::default(),
            searches: Arc::new(Semaphore::new(FOLLOWING_SEARCHES_MAX)),
        }
    }
}

impl SearchEntries {
    /// Notes that a message was stored in this room, or changed.
    pub(super) fn is_behind(&self, room: &RoomName) {
        self.behind.add(room);
    }

    fn lock_of(&self, room: &RoomName) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(self.followed.lock().entry(room.clone()).or_default())
    }

    /// Forgets the lock of a room that nobody else follows or waits for.
    fn release(&self, room: &RoomName, lock: Arc<tokio::sync::Mutex<()>>) {
        let mut followed = self.followed.lock();
        drop(lock);
        if followed
            .get(room)
            .is_some_and(|lock| Arc::strong_count(lock) == 1)
        {
            followed.remove(room);
        }
    }
}

impl Shared {
    /// Follows the rooms that this server appended to since.
    pub(super) async fn follow_appended(&self) -> Result<(), Failure> {
        let rooms: Vec<RoomName> = self.entries.behind.take().into_iter().collect();
        self.follow_rooms(rooms).await
    }

    /// Follows the rooms that a search asks for, and stops waiting after [`PATIENCE`]. A failure
    /// leaves them behind; they are followed again later.
    pub(super) async fn follow_for_search(self: &Arc<Self>, rooms: &[RoomName]) {
        let behind = rooms.iter().filter(|room| !self.is_followed(room));
        let behind: Vec<RoomName> = behind.cloned().collect();
        if behind.is_empty() {
            return;
        }
        let Ok(permit) = Arc::clone(&self.entries.searches).try_acquire_owned() else {
            return tracing::warn!("many searches at once; one is answered with what is indexed");
        };
        let store = Arc::clone(self);
        let following = tokio::spawn(async move {
            let followed = store.follow_rooms(behind).await;
            drop(permit);
            followed
        });
        match tokio::time::timeout(PATIENCE, following).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => log_failure!(warn, error, "the search is behind the log"),
            Ok(Err(_)) => tracing::error!("following the log for a search ended early"),
            Err(_) => tracing::info!("a search is answered before all messages are indexed"),
        }
    }

    /// Whether all that this server knows of the room's log has its entries.
    fn is_followed(&self, room: &RoomName) -> bool {
        let tip = self.tips.get(room);
        tip.is_some_and(|tip| self.entries.reached.reaches(room, tip))
    }

    /// Follows each of the rooms, whatever becomes of the others. Those that fail are tried again
    /// by the background.
    async fn follow_rooms(&self, rooms: Vec<RoomName>) -> Result<(), Failure> {
        let unknown = rooms
            .iter()
            .filter(|room| self.entries.reached.get(room).is_none());
        if let Err(failure) = self.learn_reached(unknown).await {
            self.entries.behind.put_back(rooms);
            return Err(failure);
        }
        let results = futures::stream::iter(rooms).map(async |room| {
            let followed = self.follow_room(&room).await;
            (room, followed)
        });
        let mut results = results.buffer_unordered(ROOMS_AT_ONCE_MAX);
        let mut outcome = Ok(());
        while let Some((room, followed)) = results.next().await {
            match followed {
                Ok(()) => {}
                Err(failure) if failure.is_of_the_data() => {
                    tracing::warn!(%room, %failure, "a room can't be searched");
                }
                Err(failure) => {
                    self.entries.behind.add(&room);
                    outcome = Err(failure);
                }
            }
        }
        outcome
    }

    /// Reads up to where these rooms' entries reach, in one query.
    async fn learn_reached(&self, rooms: impl Iterator<Item = &RoomName>) -> Result<(), Failure> {
        let names: Vec<&str> = rooms.map(RoomName::as_str).collect();
        if names.is_empty() {
            return Ok(());
        }
        let rows = self.rooms.find(doc! { "_id": { "$in": names } });
        for row in self.collect::<RoomDoc>(rows).await? {
            self.entries.reached.saw(&row.room, row.searched);
        }
        Ok(())
    }

    async fn follow_room(&self, room: &RoomName) -> Result<(), Failure> {
        let lock = self.entries.lock_of(room);
        let guard = lock.lock().await;
        // The follower before may have done it.
        let followed = match self.is_followed(room) {
            true => Ok(()),
            false => self.follow_to_the_end(room).await,
        };
        drop(guard);
        self.entries.release(room, lock);
        followed
    }

    async fn follow_to_the_end(&self, room: &RoomName) -> Result<(), Failure> {
        // A room without a row has no log.
        let Some(mut reached) = self.entries.reached.get(room) else {
            return Ok(());
        };
        // Events that come meanwhile are followed the next time.
        let goal = self.tips.get(room);
        loop {
            let (part, is_last) = match self.recent.part(room, reached, FOLLOWED_EVENTS_MAX) {
                Some(part) => (Some(part), false),
                None => self.read_part(room, reached).await?,
            };
            if let Some(part) = part {
                reached = part.last;
                self.enter(part).await?;
                let row = doc! { "_id": room.as_str() };
                let on = doc! { "$max": { "searched": int(reached) } };
                self.ask(self.rooms.update_one(row, on)).await?;
            }
            self.tips.saw(room, reached);
            self.entries.reached.saw(room, reached);
            self.recent.followed(room, reached);
            if is_last || goal.is_some_and(|goal| goal <= reached) {
                return Ok(());
            }
        }
    }

    /// Reads the next part of a log, and whether the log ends there.
    async fn read_part(
        &self,
        room: &RoomName,
        reached: Seq,
    ) -> Result<(Option<Part>, bool), Failure> {
        let range = doc! { "$gt": log_id(room, reached), "$lte": log_id(room, SEQ_MAX) };
        let find = self.log.find(in_log(room, range)).sort(doc! { "_id": 1 });
        let page: Vec<LogDoc> = self.collect(find.limit(FOLLOWED_EVENTS_MAX as i64)).await?;
        let is_last = page.len() < FOLLOWED_EVENTS_MAX;
        let page = events(page)?;
        let Some(last) = page.last() else {
            return Ok((None, is_last));
        };
        // Of the changes of one message the last counts.
        let changes = page.iter().filter_map(Rewording::of);
        let changes: HashMap<Seq, Rewording> = changes.map(|one| (one.target, one)).collect();
        let part = Part {
            last: last.seq,
            messages: page
                .iter()
                .filter_map(|event| entry_of(room, event))
                .collect(),
            changes: changes
                .values()
                .map(|change| change.statement(room))
                .collect(),
        };
        Ok((Some(part), is_last))
    }

    /// Writes the entries of a part: its messages in one command, then its changes in another.
    async fn enter(&self, part: Part) -> Result<(), Failure> {
        if !part.messages.is_empty() {
            let insert = self.search.insert_many(part.messages).ordered(false);
            match self.ask(insert).await {
                // An entry that is there already, as the message was sent or changed since, stays.
                Ok(_) | Err(Failure::Duplicate) => {}
                Err(failure) => return Err(failure),
            }
        }
        self.update_all(SEARCH, &part.changes).await
    }
}
