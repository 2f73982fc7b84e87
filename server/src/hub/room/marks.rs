//! Up to where people have read, and who is writing.

use std::sync::Arc;

use chat_shared::limits::TYPING_MEMBERS_MAX;
use chat_shared::protocol::{ErrorCode, ErrorFrame, ReadEvent, ServerFrame, TypingEvent};
use chat_shared::{RequestId, Seq};
use tokio::sync::OwnedSemaphorePermit;

use super::super::{Connection, Hub, RoomRequest};
use super::{Room, turn_down, unavailable};
use crate::rules::ReadMark;
use crate::store::StoreError;

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
        let seq = seq.min(self.told);
        if seq <= self.mark_of(&username).seq {
            return ok(&connection, id);
        }
        let at_tip = (seq == self.told).then_some(self.told_messages);
        let (hub, room) = (self.hub.clone(), self.room.clone());
        tokio::spawn(async move {
            let stored = async {
                let messages = match at_tip {
                    Some(messages) => messages,
                    None => messages_at(&hub, &room, seq).await?,
                };
                let mark = ReadMark { seq, messages };
                let store = hub.store();
                store.mark_read(&room, &username, mark).await?;
                let mentions = store.mentions_above(&room, &username, seq).await?;
                Ok::<_, StoreError>((mark, mentions))
            };
            let (mark, mentions) = match stored.await {
                Ok(stored) => stored,
                Err(error) => {
                    tracing::error!(%room, %error, "a read marker could not be stored");
                    return turn_down(&connection, id, &room, unavailable());
                }
            };
            let marked = RoomRequest::Marked {
                connection,
                id,
                mark,
                mentions,
                permit,
            };
            hub.request_wait(&room, marked).await;
        });
    }

    pub(super) fn marked(
        &mut self,
        connection: &Connection,
        id: Option<RequestId>,
        mark: ReadMark,
        mentions: u64,
    ) {
        let username = &connection.identity.username;
        let stands = self.marks.entry(username.clone()).or_default();
        *stands = mark.max(*stands);
        ok(connection, id);
        let mark = self.mark_of(username);
        let read = ServerFrame::Read(ReadEvent {
            room: self.room.clone(),
            seq: mark.seq,
            unread: self.unread_above(mark),
            mentions,
        });
        for own in self.hub.connections_of(username) {
            if self.subscribers.contains(&own) {
                own.send(&read);
            }
        }
    }

    pub(super) fn typing(&mut self, connection: &Connection, id: Option<RequestId>) {
        let (username, now) = (&connection.identity.username, self.hub.now());
        if self.state.is_muted(username, now) {
            let error = ErrorFrame::new(ErrorCode::Muted, "You are muted here: you may only read.");
            return turn_down(connection, id, &self.room, error);
        }
        ok(connection, id);
        if self.member_count() <= TYPING_MEMBERS_MAX {
            self.typing.begin(username, now);
            self.tell_who_types(true);
        }
    }

    pub(super) fn tell_typing(&mut self) {
        self.tell_who_types(false);
    }

    fn tell_who_types(&mut self, again: bool) {
        if let Some(usernames) = self.typing.news(self.hub.now(), again) {
            let room = self.room.clone();
            let typing = ServerFrame::Typing(TypingEvent { room, usernames });
            self.tell_ephemeral(&[typing]);
        }
    }
}

async fn messages_at(hub: &Hub, room: &chat_shared::RoomName, seq: Seq) -> Result<u64, StoreError> {
    let event = hub.store().event(room, seq).await?;
    let missing = || StoreError::Corrupt(format!("{room} has no event {seq}"));
    event.map(|event| event.messages).ok_or_else(missing)
}

fn ok(connection: &Connection, id: Option<RequestId>) {
    if let Some(re) = id {
        connection.send(&ServerFrame::Ok { re });
    }
}
