//! Newcomers whose invite link names a room: the maker of the link invites them into it.

use std::sync::Arc;
use std::time::Duration;

use chat_server_rules::{RoomCommand, Subject};
use chat_shared::{RoomName, Username};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Ask, Connection, Dialect, Envelope, Hub, Propose, RoomRequest};
use crate::accounts::Identity;
use crate::send_queue::{SendQueue, Socket};

/// How long a sign-up waits for the room. The newcomer enters it later if that takes longer.
const ROOM_WAIT: Duration = Duration::from_secs(5);

impl Hub {
    /// Lets `by` invite a newcomer to a room, and waits until the room has decided it by its rules.
    pub async fn invite_newcomer(&self, by: &Username, newcomer: &Username, room: &RoomName) {
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
        let answered = Arc::new(Semaphore::new(1));
        let Ok(permit) = Arc::clone(&answered).acquire_owned().await else {
            return;
        };
        let envelope = Envelope {
            connection,
            id: None,
            permit,
        };
        let whom = Subject {
            username: newcomer.clone(),
            admin: false,
        };
        let invite = Ask::Propose(Propose {
            nonce: None,
            command: RoomCommand::Invite(whom),
            rejection: None,
            may_be_looked_up: true,
        });
        let request = self.request_wait(room, RoomRequest::Client(envelope, invite));
        let decided = async {
            request.await;
            // The room drops the permit with its reply.
            let _ = answered.acquire().await;
        };
        if timeout(ROOM_WAIT, decided).await.is_err() {
            tracing::warn!(%room, username = %newcomer, "a newcomer is not in the room yet");
        }
    }
}
