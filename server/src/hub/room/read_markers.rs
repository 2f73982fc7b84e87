//! Up to where people have read, and who is writing.

use std::sync::Arc;

use chat_shared::protocol::{ReadEvent, ServerFrame};
use chat_shared::{RequestId, RoomName, Seq, Username};
use tokio::sync::OwnedSemaphorePermit;

use super::super::{Connection, Hub, RoomRequest, StoredMarker};
use super::{Room, ok, reject, unavailable};
use chat_rules::ReadMark;
use chat_store::StoreError;

/// Counts of someone's mentions after which the last one is told, though more were said meanwhile.
const COUNTS_MAX: u32 = 5;

impl Room {
    /// Stores a marker beside the room's own work; what becomes of it comes back as `Marked`.
    pub(super) fn read_up_to(
        &self,
        connection: Arc<Connection>,
        id: Option<RequestId>,
        seq: Seq,
        permit: OwnedSemaphorePermit,
    ) {
        let username = connection.identity.username.clone();
        let seq = seq.min(self.delivered_seq);
        if seq <= self.mark_of(&username).seq {
            return ok(&connection, id);
        }
        let at_tip = (seq == self.delivered_seq).then_some(self.delivered_messages);
        let (hub, room) = (self.hub.clone(), self.room.clone());
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
                    let marking = StoredMarker {
                        connection,
                        id,
                        mark,
                        counted: None,
                        counts_left: COUNTS_MAX,
                        permit,
                    };
                    hub.request_wait(&room, RoomRequest::MarkerStored(marking))
                        .await;
                }
                Err(error) => reject_marker(&connection, id, &room, &error),
            }
        });
    }

    /// Tells of a marker, with what stands above it as of what was told.
    pub(super) fn marked(&mut self, marking: StoredMarker) {
        let username = marking.connection.identity.username.clone();
        let stands = self.marks.entry(username.clone()).or_default();
        *stands = marking.mark.max(*stands);
        if self.mark_of(&username) != marking.mark {
            // Another marker is further on, or they said something themselves.
            return ok(&marking.connection, marking.id);
        }
        let Some(mentions) = self.mentions_above(&marking, &username) else {
            return self.count_mentions(marking);
        };
        let read = ServerFrame::Read(ReadEvent {
            room: self.room.clone(),
            seq: marking.mark.seq,
            unread: self.unread_above(marking.mark),
            mentions,
        });
        for own in self.hub.connections_of(&username) {
            if self.subscribers.contains(&own) {
                own.send(&read);
            }
        }
        // Last, so that who is answered knows that all have it.
        ok(&marking.connection, marking.id);
    }

    /// A count by the store is old where mentions changed since: the same frames would be counted
    /// twice or not at all.
    fn mentions_above(&self, marking: &StoredMarker, username: &Username) -> Option<u64> {
        let known = self.mentions.count(username, marking.mark.seq);
        known.or_else(|| {
            let (mentions, as_of) = marking.counted?;
            let is_old = self.mentions_changed_since(as_of) && marking.counts_left > 0;
            (!is_old).then_some(mentions)
        })
    }

    fn count_mentions(&self, mut marking: StoredMarker) {
        let (hub, room, as_of) = (self.hub.clone(), self.room.clone(), self.delivered_seq);
        tokio::spawn(async move {
            let username = &marking.connection.identity.username;
            let seq = marking.mark.seq;
            match hub.store().mentions_above(&room, username, seq).await {
                Ok(mentions) => {
                    marking.counted = Some((mentions, as_of));
                    marking.counts_left = marking.counts_left.saturating_sub(1);
                    hub.request_wait(&room, RoomRequest::MarkerStored(marking))
                        .await;
                }
                Err(error) => reject_marker(&marking.connection, marking.id, &room, &error),
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
    tracing::error!(%room, %error, "a read marker could not be stored");
    reject(connection, id, room, unavailable());
}

async fn messages_at(hub: &Hub, room: &RoomName, seq: Seq) -> Result<u64, StoreError> {
    let event = hub.store().event(room, seq).await?;
    let missing = || StoreError::Corrupt(format!("{room} has no event {seq}"));
    event.map(|event| event.messages).ok_or_else(missing)
}
