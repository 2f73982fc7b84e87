//! The subscribers of a room, and the delivery of frames to all of them.
//!
//! Frames are encoded once. In rooms of thousands the machine's cores share one delivery; the
//! room's task, and the runtime's worker under it, wait until all of them are done, so that batches
//! never overtake each other.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use chat_shared::protocol::ServerFrame;
use chat_shared::{Username, codec};

use super::Connection;
use super::dialect::{Dialect, EncodedFrames, Speakers};
use crate::send_queue::{Class, Frame, SendQueue};

/// Bytes of one shared buffer; a longer batch is several.
const BATCH_BYTES_MAX: usize = 64 << 10;

/// Connections of one room from which the machine's cores share a delivery.
const SHARED_OUT_MIN: usize = 2_000;

/// The connections that are subscribed to a room.
#[derive(Debug, Default)]
pub(super) struct Subscribers {
    /// Side by side, since every delivery goes through all of them.
    all: Vec<Subscriber>,
    /// The index in `all` of each connection, by its id.
    places: HashMap<u64, usize>,
    speakers: Speakers,
}

#[derive(Debug)]
struct Subscriber {
    send_queue: Arc<SendQueue>,
    connection: Arc<Connection>,
    dialect: Dialect,
    /// Not while it catches up.
    live: bool,
}

impl Subscribers {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn contains(&self, connection: &Connection) -> bool {
        self.places.contains_key(&connection.id)
    }

    pub(super) fn is_live(&self, connection: &Connection) -> bool {
        let place = self.places.get(&connection.id);
        place.is_some_and(|place| self.all[*place].live)
    }

    pub(super) fn add(&mut self, connection: Arc<Connection>, live: bool) {
        self.speakers.add(&connection);
        self.places.insert(connection.id, self.all.len());
        self.all.push(Subscriber {
            send_queue: connection.send_queue.clone(),
            dialect: connection.dialect,
            connection,
            live,
        });
    }

    pub(super) fn set_live(&mut self, connection: &Connection, live: bool) {
        if let Some(place) = self.places.get(&connection.id) {
            self.all[*place].live = live;
        }
    }

    /// Returns `false` where it was not subscribed.
    pub(super) fn remove(&mut self, connection: &Connection) -> bool {
        let Some(place) = self.places.remove(&connection.id) else {
            return false;
        };
        self.all.swap_remove(place);
        if let Some(moved) = self.all.get(place) {
            self.places.insert(moved.connection.id, place);
        }
        self.speakers.remove(connection);
        true
    }

    /// Removes all connections of one user.
    pub(super) fn remove_all_of(&mut self, username: &Username) -> Vec<Arc<Connection>> {
        let connections = self.all.iter().map(|subscriber| &subscriber.connection);
        let of_them = connections.filter(|connection| connection.identity.username == *username);
        let removed: Vec<_> = of_them.cloned().collect();
        for connection in &removed {
            self.remove(connection);
        }
        removed
    }

    /// Hands a batch to all live subscribers, each in its dialect. It returns when all have it, so
    /// that each connection gets its batches in their order, whichever core writes.
    pub(super) fn deliver(&self, batch: &Batch) {
        let cores = match self.all.len() {
            0..SHARED_OUT_MIN => 1,
            _ => std::thread::available_parallelism().map_or(1, usize::from),
        };
        if cores == 1 {
            return deliver_to(&self.all, batch);
        }
        std::thread::scope(|scope| {
            let mut parts = self.all.chunks(self.all.len().div_ceil(cores));
            let own = parts.next().unwrap_or_default();
            for part in parts {
                scope.spawn(|| deliver_to(part, batch));
            }
            deliver_to(own, batch);
        });
    }

    /// Encodes frames once, in the dialects that are needed now.
    pub(super) fn encode<'a>(
        &self,
        frames: impl IntoIterator<Item = &'a ServerFrame>,
        class: Class,
    ) -> Batch {
        let mut batch = Batch::default();
        let mut open = BytesMut::new();
        let mut lens = Vec::new();
        for frame in frames {
            let mut encoded = BytesMut::new();
            Frame::write_text(&mut encoded, &codec::encode(frame));
            if !open.is_empty() && open.len() + encoded.len() > BATCH_BYTES_MAX {
                batch.seal(std::mem::take(&mut open), &mut lens, class);
            }
            lens.push(encoded.len());
            open.extend_from_slice(&encoded);
            batch.frames.push_derived(&self.speakers, frame, class);
        }
        batch.seal(open, &mut lens, class);
        batch
    }
}

fn deliver_to(subscribers: &[Subscriber], batch: &Batch) {
    for subscriber in subscribers.iter().filter(|subscriber| subscriber.live) {
        for frame in batch.frames.of(subscriber.dialect) {
            subscriber.send_queue.push(frame);
        }
    }
}

/// Frames encoded once for all members.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// In the main protocol, shared buffers of several frames each.
    frames: EncodedFrames,
    /// The single frames, as parts of the shared buffers.
    pub(super) singles: Vec<Bytes>,
}

impl Batch {
    fn seal(&mut self, open: BytesMut, lens: &mut Vec<usize>, class: Class) {
        if open.is_empty() {
            return;
        }
        let bytes = open.freeze();
        let mut start = 0;
        for len in lens.drain(..) {
            self.singles.push(bytes.slice(start..start + len));
            start += len;
        }
        self.frames.push_main(Frame::whole(bytes, class));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::wire;

    #[test]
    fn a_batch_never_splits_a_frame() {
        let notice = |n: usize| wire::notice("x".repeat(n), 0);
        let frames = [notice(40_000), notice(30_000), notice(10), notice(63_000)];
        let batch = Subscribers::default().encode(&frames, Class::Durable);
        assert_eq!(batch.singles.len(), 4);
        let main = batch.frames.of(Dialect::Main);
        assert_eq!(main.len(), 3);
        for frame in main {
            assert!(frame.len() <= BATCH_BYTES_MAX);
        }
        let joined: Vec<u8> = main.iter().flat_map(|f| f.bytes().to_vec()).collect();
        assert_eq!(joined, batch.singles.concat());
        assert!(batch.frames.of(Dialect::Demo).is_empty(), "nobody needs it");
    }
}
