//! Projects the log into the collections of rooms and memberships.
//!
//! Each document has the seq of its last event, and only a later event overwrites it. So it does
//! not matter in which order several servers project the same events. A room's `projected` is
//! written last.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use chat_shared::{RoomName, Seq, Username};
use futures::TryStreamExt;
use mongodb::bson::doc;

use super::documents::{
    DeletionDoc, LogDoc, NO_KIND, RoomDoc, events, in_log, int, log_id, membership_id,
};
use super::error::{Failure, too_slow};
use super::statements::Statement;
use super::{MEMBERSHIPS, Shared};
use crate::projection::{Membership, Projection, kind_before_created, kind_text, project};
use crate::{StoreError, log_failure};
use chat_server_rules::LogEvent;

/// Events read at a time when a room is repaired.
const REPAIR_EVENTS_MAX: usize = 500;

/// Rooms that are repaired at the same time. Users keep most of the connections meanwhile. At half
/// a millisecond for a query, 8,000 rooms a second are compared.
const REPAIRS_AT_ONCE_MAX: usize = 4;

/// Time between two attempts to repair what is behind its log.
const REPAIR_INTERVAL: Duration = Duration::from_secs(1);

/// The time that a start waits for all rooms to be compared with their logs. The others are
/// compared while the server serves.
const START_PATIENCE: Duration = Duration::from_secs(1);

/// Repairs what is behind the log, and gives back uses of codes that nobody has: every second until the
/// store is dropped.
pub(super) async fn keep_repairing(store: Weak<Shared>) {
    loop {
        tokio::time::sleep(REPAIR_INTERVAL).await;
        let Some(store) = store.upgrade() else { return };
        for room in store.behind.take() {
            if let Err(error) = store.repair(&room).await {
                log_failure!(warn, error, %room, "a room's listing is behind its log");
                store.behind.add(&room);
            }
        }
        if let Err(error) = store.follow_appended().await {
            log_failure!(warn, error, "the search is behind the log");
        }
        store.give_back_unused().await;
    }
}

impl Shared {
    /// Writes the room's document, before its log begins.
    pub(super) async fn announce(&self, room: &RoomName) -> Result<(), StoreError> {
        let row = RoomDoc {
            room: room.clone(),
            kind: NO_KIND.to_owned(),
            topic: String::new(),
            shape_seq: 0,
            projected: 0,
            searched: 0,
        };
        Ok(self.insert_unless_there(&self.rooms, &row).await?)
    }

    /// Projects stored events. They stay stored if this fails, and the failure is repaired later.
    pub(super) async fn project_or_repair(
        &self,
        room: &RoomName,
        after_seq: Seq,
        events: &[LogEvent],
    ) {
        self.recent.add(room, after_seq, events);
        if events.iter().any(|event| event.body.text().is_some()) {
            self.entries.is_behind(room);
        }
        let changes = |event: &LogEvent| event.seq == 1 || !event.body.is_message();
        if !events.iter().any(changes) {
            if let Some(last) = events.last()
                && self.projected.reaches(room, after_seq)
            {
                self.projected.saw(room, last.seq);
            }
            return;
        }
        let wait = self.timeouts.operation;
        let projecting = tokio::time::timeout(wait, self.project(room, after_seq, events));
        let projected = projecting.await.unwrap_or_else(|_| Err(too_slow(wait)));
        if let Err(error) = projected {
            log_failure!(warn, error, %room, "a room's listing is behind its log");
            self.behind.add(room);
        }
    }

    async fn project(
        &self,
        room: &RoomName,
        after_seq: Seq,
        events: &[LogEvent],
    ) -> Result<(), Failure> {
        let Some(last) = events.last() else {
            return Ok(());
        };
        // Another server may have stored events here and ended before it projected them.
        if after_seq > 0 && !self.projected.reaches(room, after_seq) {
            let row = self.room_row(room).await?;
            if row.projected < after_seq {
                self.project_from_log(room, row.projected).await?;
            }
        }
        self.project_events(room, events).await?;
        self.set_projected(room, last.seq).await?;
        self.projected.saw(room, last.seq);
        Ok(())
    }

    /// Brings every room's projections up to its log. After [`START_PATIENCE`] it goes on while the
    /// server serves. Until then a member may miss a room, if the last server ended within the
    /// join.
    ///
    /// # Errors
    /// If the store fails meanwhile.
    pub(super) async fn repair_all(self: &Arc<Self>) -> Result<(), Failure> {
        let store = Arc::downgrade(self);
        let mut repairing = tokio::spawn(async move {
            let Some(store) = store.upgrade() else {
                return Ok(());
            };
            store.repair_each().await
        });
        match tokio::time::timeout(START_PATIENCE, &mut repairing).await {
            Ok(Ok(repaired)) => repaired,
            Ok(Err(_)) => Err(Failure::Corrupt("a repair ended early".to_owned())),
            Err(_) => {
                tracing::info!("rooms are still compared with their logs; the server starts");
                tokio::spawn(async move {
                    match repairing.await {
                        Ok(Ok(())) => tracing::info!("all rooms are compared with their logs"),
                        Ok(Err(error)) => tracing::error!(
                            %error,
                            "not all rooms could be compared with their logs; the next start does it"
                        ),
                        Err(_) => {}
                    }
                });
                Ok(())
            }
        }
    }

    async fn repair_each(&self) -> Result<(), Failure> {
        let rooms = self.rooms.find(doc! {}).sort(doc! { "_id": 1 });
        let rooms = self.ask(rooms).await?;
        rooms
            .map_err(Failure::from)
            .try_for_each_concurrent(REPAIRS_AT_ONCE_MAX, async |row| {
                match self.repair_row(&row).await {
                    // The other rooms stay open where one can't be read.
                    Err(failure) if failure.is_of_the_data() => {
                        let room = &row.room;
                        tracing::error!(%room, %failure, "a room is set aside");
                        Ok(())
                    }
                    Err(failure) => {
                        self.behind.add(&row.room);
                        Err(failure)
                    }
                    Ok(()) => Ok(()),
                }
            })
            .await
    }

    /// Projects the events up to `as_of` that no server has projected, as far as this server knows
    /// the log. The tip is taken before the log is read, because later events may not be in what is
    /// read.
    pub(super) async fn project_missing(&self, room: &RoomName, as_of: Seq) -> Result<(), Failure> {
        let tip = self.tips.get(room);
        if self
            .projected
            .reaches(room, tip.map_or(as_of, |tip| tip.min(as_of)))
        {
            return Ok(());
        }
        let row = self.rooms.find_one(doc! { "_id": room.as_str() });
        let Some(row) = self.ask(row).await? else {
            return Ok(());
        };
        self.project_from_log(room, row.projected).await?;
        if let Some(tip) = tip {
            self.projected.saw(room, tip);
        }
        Ok(())
    }

    async fn repair(&self, room: &RoomName) -> Result<(), Failure> {
        let row = self.room_row(room).await?;
        self.repair_row(&row).await
    }

    async fn repair_row(&self, row: &RoomDoc) -> Result<(), Failure> {
        if row.kind == NO_KIND {
            let first = in_log(&row.room, log_id(&row.room, 1));
            if let Some(first) = self.ask(self.log.find_one(first)).await? {
                let first = LogEvent::try_from(first)?;
                self.project_events(&row.room, &[first]).await?;
            }
        }
        self.project_from_log(&row.room, row.projected).await
    }

    /// Projects all events of the log above `projected`, except messages, which change nothing.
    async fn project_from_log(&self, room: &RoomName, mut projected: Seq) -> Result<(), Failure> {
        loop {
            let seq = doc! { "$gt": int(projected) };
            let filter = doc! { "room": room.as_str(), "isMessage": false, "seq": seq };
            let find = self.log.find(filter).sort(doc! { "seq": 1 });
            let page: Vec<LogDoc> = self.collect(find.limit(REPAIR_EVENTS_MAX as i64)).await?;
            let is_last = page.len() < REPAIR_EVENTS_MAX;
            let page = events(page)?;
            if let Some(last) = page.last() {
                self.project_events(room, &page).await?;
                projected = last.seq;
                self.set_projected(room, projected).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Projects events in their order, and writes the memberships of all in one command.
    async fn project_events(&self, room: &RoomName, events: &[LogEvent]) -> Result<(), Failure> {
        let mut memberships = BTreeMap::new();
        for event in events {
            let projection = project(room, event);
            self.project_shape(room, event, &projection).await?;
            self.project_message_state(room, event).await?;
            for membership in projection.memberships {
                let (name, is_member) = match membership {
                    Membership::Begins(name) => (name, true),
                    Membership::Ends(name) => (name, false),
                };
                memberships.insert(name.clone(), (is_member, event.seq));
            }
        }
        let statements: Vec<Statement> = memberships
            .iter()
            .map(|(name, (is_member, seq))| membership_statement(room, name, *is_member, *seq))
            .collect();
        self.update_all(MEMBERSHIPS, &statements).await
    }

    /// Projects an event's changes of the room itself and of its deleted messages.
    async fn project_shape(
        &self,
        room: &RoomName,
        event: &LogEvent,
        projection: &Projection<'_>,
    ) -> Result<(), Failure> {
        let of_any_first = (event.seq == 1).then(|| kind_before_created(room));
        if let Some(kind) = projection.kind.or(of_any_first) {
            let unknown = doc! { "_id": room.as_str(), "kind": NO_KIND };
            let set = doc! { "$set": { "kind": kind_text(kind) } };
            self.ask(self.rooms.update_one(unknown, set)).await?;
        }
        if let Some(topic) = projection.topic {
            let older = doc! { "_id": room.as_str(), "shapeSeq": { "$lt": int(event.seq) } };
            let set = doc! { "$set": { "topic": topic, "shapeSeq": int(event.seq) } };
            self.ask(self.rooms.update_one(older, set)).await?;
        }
        if let Some(target) = projection.deleted {
            let deletion = DeletionDoc {
                id: log_id(room, target),
                room: room.clone(),
                target,
                scrubbed: false,
            };
            self.insert_unless_there(&self.deletions, &deletion).await?;
        }
        Ok(())
    }

    async fn set_projected(&self, room: &RoomName, seq: Seq) -> Result<(), Failure> {
        let row = doc! { "_id": room.as_str() };
        let on = doc! { "$max": { "projected": int(seq) } };
        self.ask(self.rooms.update_one(row, on)).await.map(drop)
    }

    async fn room_row(&self, room: &RoomName) -> Result<RoomDoc, Failure> {
        let row = self
            .ask(self.rooms.find_one(doc! { "_id": room.as_str() }))
            .await?;
        row.ok_or_else(|| Failure::Corrupt(format!("{room} has a log and no row")))
    }
}

/// Makes the update of a membership as of `seq`. No document is ever removed, so a duplicate key
/// means that the one in the store is of a later event.
fn membership_statement(
    room: &RoomName,
    username: &Username,
    is_member: bool,
    seq: Seq,
) -> Statement {
    let id = membership_id(room, username);
    Statement {
        filter: doc! { "_id": id, "seq": { "$lt": int(seq) } },
        update: doc! { "$set": {
            "room": room.as_str(),
            "username": username.as_str(),
            "member": is_member,
            "seq": int(seq),
        } },
        upsert: true,
    }
}
