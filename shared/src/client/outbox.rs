//! Messages that the server has not acknowledged yet, in the order in which they were given.

use std::collections::VecDeque;

use super::session::Ticket;
use crate::protocol::Send;
use crate::{Nonce, RoomName};

/// Messages that wait for their ack.
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
pub(crate) struct Outbox {
    entries: VecDeque<Entry>,
    /// How many of the first entries were sent on this connection.
    sent: usize,
}

impl Outbox {
    /// Takes a message. One that waits already, by its room and nonce, is not sent twice: both
    /// callers get its answer.
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

    /// The connection ended: everything is to be sent again.
    pub(crate) fn rewind(&mut self) {
        self.sent = 0;
    }

    /// Removes a message that was answered; who waits for it.
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

    /// Removes everything; who waits for it.
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
    use crate::client::session::samples::{nonce, room, send};

    fn nonces(outbox: &mut Outbox) -> Vec<String> {
        std::iter::from_fn(|| outbox.next_unsent())
            .map(|message| message.nonce.into())
            .collect()
    }

    #[test]
    fn what_is_not_answered_is_sent_again_in_order() {
        let mut outbox = Outbox::default();
        for (ticket, text) in [(1, "a"), (2, "b"), (3, "c")] {
            outbox.push(ticket, send("r", text)).unwrap();
        }
        assert_eq!(nonces(&mut outbox), ["a", "b", "c"]);
        assert!(!outbox.has_unsent());
        assert_eq!(outbox.take(&room("r"), &nonce("b")), [2]);
        assert!(outbox.take(&room("r"), &nonce("b")).is_empty());
        assert!(outbox.take(&room("other"), &nonce("a")).is_empty());
        outbox.push(4, send("r", "d")).unwrap();
        assert_eq!(nonces(&mut outbox), ["d"]);
        outbox.rewind();
        assert_eq!(nonces(&mut outbox), ["a", "c", "d"]);
    }

    #[test]
    fn one_answered_before_it_was_sent_again_is_not_sent() {
        let mut outbox = Outbox::default();
        outbox.push(1, send("r", "a")).unwrap();
        outbox.push(2, send("r", "b")).unwrap();
        assert_eq!(outbox.take(&room("r"), &nonce("a")), [1]);
        assert_eq!(nonces(&mut outbox), ["b"]);
    }

    #[test]
    fn a_nonce_that_waits_is_not_sent_twice() {
        let mut outbox = Outbox::default();
        outbox.push(1, send("r", "a")).unwrap();
        outbox.push(2, send("r", "a")).unwrap();
        assert_eq!(nonces(&mut outbox), ["a"]);
        assert_eq!(outbox.take(&room("r"), &nonce("a")), [1, 2]);
    }

    #[test]
    fn it_has_a_bound() {
        let mut outbox = Outbox::default();
        for n in 0..MESSAGES_MAX {
            outbox
                .push(n as Ticket, send("r", &format!("n{n}")))
                .unwrap();
        }
        assert_eq!(outbox.push(0, send("r", "more")), Err(Full));
        assert_eq!(outbox.take_all().len(), MESSAGES_MAX);
        assert_eq!(outbox.push(0, send("r", "more")), Ok(()));
    }
}
