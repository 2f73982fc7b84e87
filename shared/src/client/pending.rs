//! Sent commands that outlive a connection: messages that the server has not acknowledged yet, in
//! the order in which they were given.

use std::collections::VecDeque;

use super::client_state::Ticket;
use crate::protocol::Send;
use crate::{Nonce, RoomName};

/// Messages that may wait for their acknowledgement.
const MESSAGES_MAX: usize = 1_000;

/// The bound is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

#[derive(Debug)]
struct Entry {
    message: Send,
    tickets: Vec<Ticket>,
}

#[derive(Debug, Default)]
pub(crate) struct PendingCommands {
    entries: VecDeque<Entry>,
    /// How many of the first entries were sent on this connection.
    sent: usize,
}

impl PendingCommands {
    /// Takes a message. A message whose room and nonce wait already is not sent twice: both callers
    /// get its answer.
    pub(crate) fn push(&mut self, ticket: Ticket, message: Send) -> Result<(), Full> {
        if let Some(at) = self.find(&message.room, &message.nonce) {
            self.entries[at].tickets.push(ticket);
            return Ok(());
        }
        if self.entries.len() >= MESSAGES_MAX {
            return Err(Full);
        }
        self.entries.push_back(Entry {
            message,
            tickets: vec![ticket],
        });
        Ok(())
    }

    pub(crate) fn has_unsent(&self) -> bool {
        self.sent < self.entries.len()
    }

    /// The next message to send, which then counts as sent.
    pub(crate) fn next_unsent(&mut self) -> Option<Send> {
        let message = self.entries.get(self.sent)?.message.clone();
        self.sent += 1;
        Some(message)
    }

    /// The connection ended: every message must be sent again.
    pub(crate) fn rewind(&mut self) {
        self.sent = 0;
    }

    /// Removes a message that was answered and returns the tickets that wait for it.
    pub(crate) fn take(&mut self, room: &RoomName, nonce: &Nonce) -> Vec<Ticket> {
        let Some(at) = self.find(room, nonce) else {
            return Vec::new();
        };
        if at < self.sent {
            self.sent -= 1;
        }
        self.entries
            .remove(at)
            .map(|entry| entry.tickets)
            .unwrap_or_default()
    }

    /// Removes all messages and returns the tickets that wait for them.
    pub(crate) fn take_all(&mut self) -> Vec<Ticket> {
        self.sent = 0;
        self.entries
            .drain(..)
            .flat_map(|entry| entry.tickets)
            .collect()
    }

    fn find(&self, room: &RoomName, nonce: &Nonce) -> Option<usize> {
        let is = |entry: &Entry| entry.message.nonce == *nonce && entry.message.room == *room;
        self.entries.iter().position(is)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::client_state::samples::{nonce, room, send};

    fn nonces(pending: &mut PendingCommands) -> Vec<String> {
        std::iter::from_fn(|| pending.next_unsent())
            .map(|message| message.nonce.into())
            .collect()
    }

    #[test]
    fn unanswered_messages_are_sent_again_in_order() {
        let mut pending = PendingCommands::default();
        for (ticket, text) in [(1, "a"), (2, "b"), (3, "c")] {
            pending.push(ticket, send("r", text)).unwrap();
        }
        assert_eq!(nonces(&mut pending), ["a", "b", "c"]);
        assert!(!pending.has_unsent());
        assert_eq!(pending.take(&room("r"), &nonce("b")), [2]);
        assert!(pending.take(&room("r"), &nonce("b")).is_empty());
        assert!(pending.take(&room("other"), &nonce("a")).is_empty());
        pending.push(4, send("r", "d")).unwrap();
        assert_eq!(nonces(&mut pending), ["d"]);
        pending.rewind();
        assert_eq!(nonces(&mut pending), ["a", "c", "d"]);
    }

    #[test]
    fn a_message_answered_before_it_was_resent_is_not_sent() {
        let mut pending = PendingCommands::default();
        pending.push(1, send("r", "a")).unwrap();
        pending.push(2, send("r", "b")).unwrap();
        assert_eq!(pending.take(&room("r"), &nonce("a")), [1]);
        assert_eq!(nonces(&mut pending), ["b"]);
    }

    #[test]
    fn a_repeated_nonce_is_sent_once() {
        let mut pending = PendingCommands::default();
        pending.push(1, send("r", "a")).unwrap();
        pending.push(2, send("r", "a")).unwrap();
        assert_eq!(nonces(&mut pending), ["a"]);
        assert_eq!(pending.take(&room("r"), &nonce("a")), [1, 2]);
    }

    #[test]
    fn the_number_of_messages_is_bounded() {
        let mut pending = PendingCommands::default();
        for n in 0..MESSAGES_MAX {
            pending
                .push(n as Ticket, send("r", &format!("n{n}")))
                .unwrap();
        }
        assert_eq!(pending.push(0, send("r", "more")), Err(Full));
        assert_eq!(pending.take_all().len(), MESSAGES_MAX);
        assert_eq!(pending.push(0, send("r", "more")), Ok(()));
    }
}
