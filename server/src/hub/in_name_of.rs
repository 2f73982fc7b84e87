//! Commands that the server gives in somebody's name: an invitation by the maker of an invite link, and
//! what an operator's acts ask of rooms.

use std::sync::Arc;
use std::time::Duration;

use chat_server_rules::{RoomCommand, RoomState, Subject};
use chat_server_store::StoreError;
use chat_shared::protocol::Role;
use chat_shared::{RoomName, Seq, Username};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::room::committer::load;
use super::{Ask, Connection, Dialect, Envelope, Hub, Propose, RoomRequest};
use crate::accounts::Identity;
use crate::send_queue::{SendQueue, Socket};

/// How long a sign-up waits for the room. The newcomer enters it later if that takes longer.
const ROOM_WAIT: Duration = Duration::from_secs(5);

/// How long a room has to decide the commands that an operator's act asks of it at a time.
const ACT_WAIT: Duration = Duration::from_secs(30);

/// Messages of one person that are erased at a time.
pub const ERASED_AT_ONCE_MAX: usize = 64;

impl Hub {
    /// Lets `by` invite a newcomer to a room, and waits until the room has decided it by its rules.
    pub async fn invite_newcomer(&self, by: &Username, newcomer: &Username, room: &RoomName) {
        let whom = Subject {
            username: newcomer.clone(),
            admin: false,
        };
        let invite = [RoomCommand::Invite(whom)];
        let decided = self.give_in_name_of(by, room, invite);
        if timeout(ROOM_WAIT, decided).await.is_err() {
            tracing::warn!(%room, username = %newcomer, "a newcomer is not in the room yet");
        }
    }

    /// Deletes messages of a person, [`ERASED_AT_ONCE_MAX`] at most, whether the person is still a
    /// member of the room or not. Returns whether the room has decided it; the store then says what is
    /// deleted.
    pub async fn erase_messages(
        &self,
        person: &Username,
        room: &RoomName,
        messages: impl IntoIterator<Item = Seq>,
    ) -> bool {
        let erase = |target| RoomCommand::EraseMessage { target };
        let commands = messages.into_iter().take(ERASED_AT_ONCE_MAX).map(erase);
        let decided = self.give_in_name_of(person, room, commands);
        timeout(ACT_WAIT, decided).await.is_ok()
    }

    /// Lets a person leave a room. Returns whether the room has decided it.
    pub async fn leave_room(&self, person: &Username, room: &RoomName) -> bool {
        let decided = self.give_in_name_of(person, room, [RoomCommand::Leave]);
        timeout(ACT_WAIT, decided).await.is_ok()
    }

    /// Makes a person an owner of a room, and a member before that. Returns whether the room has
    /// decided it.
    pub async fn take_over_room(&self, person: &Username, room: &RoomName) -> bool {
        let commands = [RoomCommand::TakeOver, RoomCommand::TakeOver];
        let decided = self.give_in_name_of(person, room, commands);
        timeout(ACT_WAIT, decided).await.is_ok()
    }

    /// Makes an owner of a room a member. Returns whether the room has decided it.
    pub async fn step_down(&self, owner: &Username, room: &RoomName) -> bool {
        let whom = Subject {
            username: owner.clone(),
            admin: false,
        };
        let role = Role::Member;
        let decided = self.give_in_name_of(owner, room, [RoomCommand::Role { whom, role }]);
        timeout(ACT_WAIT, decided).await.is_ok()
    }

    /// A room's state as it is stored now, whether the room is loaded here or not.
    ///
    /// # Errors
    /// Where the store fails.
    pub async fn stored_state(&self, room: &RoomName) -> Result<RoomState, StoreError> {
        Ok(load(self, room).await?.0)
    }

    /// Gives commands in somebody's name and waits until the room has decided them.
    async fn give_in_name_of(
        &self,
        by: &Username,
        room: &RoomName,
        commands: impl IntoIterator<Item = RoomCommand>,
    ) {
        let identity = Identity {
            username: by.clone(),
            session: String::new(),
            bot: false,
            created: 0,
            check_at: u64::MAX,
        };
        // The room replies to a connection. Nobody reads from this one, which is in no list.
        let queue = SendQueue::new(Socket::deferred(tokio::io::sink()));
        let share = self.0.shares.of(by);
        let connection = Connection::new(identity, Dialect::Main, queue, share);
        // The room drops a command's permit with its reply.
        let unanswered = Arc::new(Semaphore::new(ERASED_AT_ONCE_MAX));
        for command in commands {
            let Ok(permit) = Arc::clone(&unanswered).acquire_owned().await else {
                return;
            };
            let envelope = Envelope {
                connection: Arc::clone(&connection),
                id: None,
                permit,
            };
            let propose = Ask::Propose(Propose {
                nonce: None,
                command,
                rejection: None,
                may_be_looked_up: true,
            });
            let request = RoomRequest::Client(envelope, propose);
            self.request_wait(room, request).await;
        }
        let all = u32::try_from(ERASED_AT_ONCE_MAX).unwrap_or(u32::MAX);
        let _ = unanswered.acquire_many(all).await;
    }
}
