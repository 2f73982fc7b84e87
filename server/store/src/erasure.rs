//! The part of the store that erases people: it finds what they wrote, and removes everything about
//! an account but its name.

use chat_shared::{RoomName, Seq, Username};

use super::StoreError;

/// The display name of an account that was erased.
pub const ERASED_DISPLAY_NAME: &str = "Deleted user";

/// Finds and removes the data of a person who is erased.
#[async_trait::async_trait]
pub trait ErasureStore: Send + Sync + 'static {
    /// Every room that has a log, of whichever kind, whose name comes after `after`, by name.
    async fn rooms_after(&self, after: &str, limit: usize) -> Result<Vec<RoomName>, StoreError>;

    /// The messages that a person sent in a room, above `after` and in order, deleted ones included.
    async fn messages_by(
        &self,
        room: &RoomName,
        sender: &Username,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Seq>, StoreError>;

    /// Removes everything about an account but its name, which stays taken: password, display name,
    /// picture, sessions, known networks, blocks on both sides, quotas, read markers, and the codes
    /// that it made or that are for it. The account is
    /// [`AccountState::Erased`](crate::AccountState::Erased) afterwards. It may be repeated. Without such an account it is [`StoreError::Refused`].
    async fn erase_user(&self, username: &Username) -> Result<(), StoreError>;
}
