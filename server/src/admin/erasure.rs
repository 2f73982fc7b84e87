//! Erasing a person: the account first can't be used any more, then goes what its owner wrote if that is
//! wanted, then the owner's places in rooms, and last everything about the account but its name.
//!
//! Each step may be repeated. An erasure that fails in the middle leaves a deactivated account, or one
//! that is erased in part, and the same act goes on where it failed.

use chat_server_rules::RoomScope;
use chat_server_store::{AccountState, StoreError};
use chat_shared::{RoomName, Seq, Username};

use super::act::{Messages, Outcome};
use super::executor::{Executor, Failure};
use crate::hub::ERASED_AT_ONCE_MAX;

/// Rooms that are looked through at a time.
const ROOMS_AT_ONCE_MAX: usize = 100;

impl Executor {
    pub(super) async fn erase(&self, name: &str, messages: Messages) -> Result<Outcome, Failure> {
        let user = self.user(name).await?;
        let username = user.username;
        if user.state != AccountState::Erased {
            self.accounts.deactivate(&username).await?;
        }
        let sentence = match messages {
            Messages::Keep => format!("{username} is erased; the messages stay."),
            Messages::Delete => {
                let deleted = self.delete_messages(&username).await?;
                format!("{username} is erased. Messages deleted: {deleted}.")
            }
        };
        self.leave_rooms(&username).await?;
        self.accounts.erase(&username).await?;
        self.changed(&username, sentence).await
    }

    /// Deletes what a person wrote in all rooms. Returns how many messages that were.
    async fn delete_messages(&self, person: &Username) -> Result<usize, Failure> {
        let (mut deleted, mut after) = (0, String::new());
        loop {
            let rooms = self.store.rooms_after(&after, ROOMS_AT_ONCE_MAX).await?;
            let Some(last) = rooms.last() else {
                return Ok(deleted);
            };
            after = last.to_string();
            for room in &rooms {
                deleted += self.delete_messages_in(room, person).await?;
            }
        }
    }

    async fn delete_messages_in(
        &self,
        room: &RoomName,
        person: &Username,
    ) -> Result<usize, Failure> {
        let (mut deleted, mut after) = (0, 0);
        loop {
            let page = self
                .store
                .messages_by(room, person, after, ERASED_AT_ONCE_MAX);
            let page = page.await?;
            let Some(last) = page.last() else {
                return Ok(deleted);
            };
            after = *last;
            let left = self.undeleted(room, page).await?;
            if left.is_empty() {
                continue;
            }
            deleted += left.len();
            let decided = self.hub.erase_messages(person, room, left.clone()).await;
            // The room's replies are nobody's; the store says what came of them.
            if !decided || !self.undeleted(room, left).await?.is_empty() {
                return Err(Failure::Room(room.clone(), person.clone()));
            }
        }
    }

    /// Those of these messages that are not deleted.
    async fn undeleted(&self, room: &RoomName, page: Vec<Seq>) -> Result<Vec<Seq>, StoreError> {
        let deleted = self.store.deleted_among(room, &page).await?;
        let left = page.into_iter().filter(|seq| !deleted.contains(seq));
        Ok(left.collect())
    }

    /// Lets a person leave every room that can be left.
    async fn leave_rooms(&self, person: &Username) -> Result<(), Failure> {
        for room in self.store.rooms_of(person).await? {
            if room.is_direct() || RoomScope::of(&room).has_everyone() {
                continue;
            }
            let decided = self.hub.leave_room(person, &room).await;
            // Nobody reads the room's reply; the stored state shows whether the person left.
            if !decided || self.hub.stored_state(&room).await?.is_member(person) {
                return Err(Failure::Room(room, person.clone()));
            }
        }
        Ok(())
    }
}
