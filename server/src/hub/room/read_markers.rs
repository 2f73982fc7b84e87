//! Read markers of a room: how far each person has read.
//!
//! A marker is stored beside the room's own work. [`Room::store_marker`] begins that, and
//! [`Room::marker_stored`] sends the marker to the person's connections once it is stored.

use chat_shared::protocol::{ReadEvent, ServerFrame};
use chat_shared::{RequestId, RoomName, Seq, Username};

use super::super::request::Envelope;
use super::super::{Connection, Hub, RoomRequest, StoredMarker};
use super::{Room, reject, reply_ok};
use crate::messages;
use chat_server_rules::ReadMark;
use chat_server_store::{StoreError, log_failure};

/// Counts of a person's mentions after which the last one is sent, though newer messages came.
const COUNTS_MAX: u32 = 5;

impl Room {
    /// Stores a marker in a task of its own; it comes back as [`RoomRequest::MarkerStored`].
    pub(super) fn store_marker(&self, envelope: Envelope, seq: Seq) {
        let username = envelope.connection.identity.username.clone();
        let (tip, messages) = (
            self.audience.delivered_seq(),
            self.audience.delivered_messages(),
        );
        let seq = seq.min(tip);
        if seq <= self.mark_of(&username).seq {
            return reply_ok(&envelope.connection, envelope.id);
        }
        let at_tip = (seq == tip).then_some(messages);
        let (hub, room) = (self.hub.clone(), self.name.clone());
        tokio::spawn(async move {
            let stored = async {
                let messages = match at_tip {
                    Some(messages) => messages,
                    None => messages_at(&hub, &room, seq).await?,
                };
                let mark = ReadMark { seq, messages };
                hub.store().mark_read(&room, &username, mark).await?;
                Ok::<_, StoreError>(mark)
            };
            match stored.await {
                Ok(mark) => {
                    let stored = StoredMarker {
                        envelope,
                        mark,
                        counted: None,
                        counts_left: COUNTS_MAX,
                    };
                    hub.request_wait(&room, RoomRequest::MarkerStored(stored))
                        .await;
                }
                Err(error) => reject_marker(&envelope.connection, envelope.id, &room, &error),
            }
        });
    }

    /// Sends a marker to the person's connections, with the counts above it as of the delivered
    /// events.
    pub(super) fn marker_stored(&mut self, stored: StoredMarker) {
        let username = stored.envelope.connection.identity.username.clone();
        self.audience.set_read_marker(&username, stored.mark);
        if self.mark_of(&username) != stored.mark {
            // Another marker is further on, or a message of their own is.
            return reply_ok(&stored.envelope.connection, stored.envelope.id);
        }
        let Some(mentions) = self.mentions_above(&stored, &username) else {
            return self.count_mentions(stored);
        };
        let read = ServerFrame::Read(ReadEvent {
            room: self.name.clone(),
            seq: stored.mark.seq,
            unread: self.audience.unread_above(stored.mark),
            mentions,
        });
        for own in self.hub.connections_of(&username) {
            if self.audience.is_subscribed(&own) {
                own.send(&read);
            }
        }
        // Last, so that the reply says that all connections have the marker.
        reply_ok(&stored.envelope.connection, stored.envelope.id);
    }

    /// The mentions above a marker, where they are known. A count by the store is stale where
    /// mentions changed since: the same frames would be counted twice or not at all.
    fn mentions_above(&self, stored: &StoredMarker, username: &Username) -> Option<u64> {
        let known = self.audience.mentions.count(username, stored.mark.seq);
        known.or_else(|| {
            let (mentions, as_of) = stored.counted?;
            let is_stale = self.mentions_changed_since(as_of) && stored.counts_left > 0;
            (!is_stale).then_some(mentions)
        })
    }

    fn count_mentions(&self, mut stored: StoredMarker) {
        let (hub, room) = (self.hub.clone(), self.name.clone());
        let as_of = self.audience.delivered_seq();
        tokio::spawn(async move {
            let username = &stored.envelope.connection.identity.username;
            let seq = stored.mark.seq;
            match hub.store().mentions_above(&room, username, seq).await {
                Ok(mentions) => {
                    stored.counted = Some((mentions, as_of));
                    stored.counts_left = stored.counts_left.saturating_sub(1);
                    hub.request_wait(&room, RoomRequest::MarkerStored(stored))
                        .await;
                }
                Err(error) => {
                    let Envelope { connection, id, .. } = stored.envelope;
                    reject_marker(&connection, id, &room, &error);
                }
            }
        });
    }
}

fn reject_marker(
    connection: &Connection,
    id: Option<RequestId>,
    room: &RoomName,
    error: &StoreError,
) {
    log_failure!(error, error, %room, "a read marker could not be stored");
    reject(connection, id, room, messages::unavailable());
}

async fn messages_at(hub: &Hub, room: &RoomName, seq: Seq) -> Result<u64, StoreError> {
    let event = hub.store().event(room, seq).await?;
    let missing = || StoreError::Corrupt(format!("{room} has no event {seq}"));
    event.map(|event| event.messages).ok_or_else(missing)
}
