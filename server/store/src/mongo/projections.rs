//! What is folded from the log: which rooms there are, and who is in them.
//!
//! Each row bears the seq of the event that it is of, and only a later one writes over it, so that
//! the order in which nodes get here does not matter. `projected` is moved on last.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError, Weak};
use std::time::Duration;

use chat_shared::{RoomName, Seq};
use futures::TryStreamExt;
use mongodb::bson::doc;

use super::Shared;
use super::documents::{DeletionDoc, LogDoc, MembershipDoc, NO_KIND, RoomDoc, events, int, log_id};
use super::error::Failure;
use crate::StoreError;
use crate::projection::{Membership, Projection, kind_before_created, kind_text, project};
use chat_rules::LogEvent;

/// Events read at a time when a room is repaired.
const REPAIR_EVENTS_MAX: usize = 500;

/// Rooms that are repaired at the same time.
const REPAIRS_AT_ONCE_MAX: usize = 8;

/// Between two attempts to repair what is behind its log.
const REPAIR_INTERVAL: Duration = Duration::from_secs(1);

/// Rooms that are remembered as behind; of more, the next start takes care.
const BEHIND_ROOMS_MAX: usize = 10_000;

/// Rooms whose events are stored and whose projections may not be.
#[derive(Debug, Default)]
pub(super) struct Behind(Mutex<BTreeSet<RoomName>>);

impl Behind {
    pub(super) fn add(&self, room: &RoomName) {
        let mut rooms = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rooms.len() < BEHIND_ROOMS_MAX {
            rooms.insert(room.clone());
        }
    }

    pub(super) fn take(&self) -> BTreeSet<RoomName> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn put_back(&self, rooms: impl IntoIterator<Item = RoomName>) {
        rooms.into_iter().for_each(|room| self.add(&room));
    }
}

pub(super) async fn keep_repairing(store: Weak<Shared>) {
    loop {
        tokio::time::sleep(REPAIR_INTERVAL).await;
        let Some(store) = store.upgrade() else { return };
        for room in store.behind.take() {
            if let Err(error) = store.repair(&room).await {
                tracing::warn!(%room, %error, "a room's listing is behind its log");
                store.behind.add(&room);
            }
        }
        if let Err(error) = store.follow_search().await {
            tracing::warn!(%error, "the search is behind the log");
        }
    }
}

impl Shared {
    /// Makes the room's row, before its log begins.
    pub(super) async fn announce(&self, room: &RoomName) -> Result<(), StoreError> {
        let row = RoomDoc {
            room: room.clone(),
            kind: NO_KIND.to_owned(),
            topic: String::new(),
            shape_seq: 0,
            projected: 0,
            searched: 0,
        };
        match self.ask(self.rooms.insert_one(row)).await {
            Ok(_) | Err(Failure::Duplicate) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Projects stored events. They are stored whatever happens here, so a failure is mended later.
    pub(super) async fn project_or_repair(
        &self,
        room: &RoomName,
        after_seq: Seq,
        events: &[LogEvent],
    ) {
        if events.iter().any(|event| event.body.text().is_some()) {
            self.unsearched.add(room);
        }
        let changes = |event: &LogEvent| event.seq == 1 || !event.body.is_message();
        if !events.iter().any(changes) {
            return;
        }
        if let Err(error) = self.project(room, after_seq, events).await {
            tracing::warn!(%room, %error, "a room's listing is behind its log");
            self.behind.add(room);
        }
    }

    async fn project(
        &self,
        room: &RoomName,
        after_seq: Seq,
        events: &[LogEvent],
    ) -> Result<(), StoreError> {
        let row = self.room_row(room).await?;
        // Another node may have stored events here and died before it projected them.
        if row.projected < after_seq {
            self.project_from_log(room, row.projected).await?;
        }
        let mut last = row.projected;
        for event in events {
            self.project_event(room, event).await?;
            last = event.seq;
        }
        Ok(self.set_projected(room, last).await?)
    }

    /// Brings every room's projections up to its log.
    pub(super) async fn repair_all(&self) -> Result<(), Failure> {
        let rooms = self.rooms.find(doc! {}).sort(doc! { "_id": 1 });
        let rooms = self.ask(rooms).await?;
        rooms
            .map_err(Failure::from)
            .try_for_each_concurrent(REPAIRS_AT_ONCE_MAX, async |row| {
                match self.repair_row(&row).await {
                    // One room that can't be read keeps nobody out of the others.
                    Err(failure) if failure.is_of_the_data() => {
                        let room = &row.room;
                        tracing::error!(%room, %failure, "a room is set aside");
                        Ok(())
                    }
                    repaired => repaired,
                }
            })
            .await
    }

    /// Projects what the log holds and no server has projected.
    pub(super) async fn project_missing(&self, room: &RoomName) -> Result<(), Failure> {
        let row = self.rooms.find_one(doc! { "_id": room.as_str() });
        match self.ask(row).await? {
            Some(row) => self.project_from_log(room, row.projected).await,
            None => Ok(()),
        }
    }

    async fn repair(&self, room: &RoomName) -> Result<(), Failure> {
        let row = self.room_row(room).await?;
        self.repair_row(&row).await
    }

    async fn repair_row(&self, row: &RoomDoc) -> Result<(), Failure> {
        if row.kind == NO_KIND {
            let first = doc! { "_id": log_id(&row.room, 1) };
            if let Some(first) = self.ask(self.log.find_one(first)).await? {
                let first = LogEvent::try_from(first)?;
                self.project_event(&row.room, &first).await?;
            }
        }
        self.unsearched.add(&row.room);
        self.project_from_log(&row.room, row.projected).await
    }

    /// Projects all that the log holds above `projected`; messages change nothing.
    async fn project_from_log(&self, room: &RoomName, mut projected: Seq) -> Result<(), Failure> {
        loop {
            let seq = doc! { "$gt": int(projected) };
            let filter = doc! { "room": room.as_str(), "isMessage": false, "seq": seq };
            let find = self.log.find(filter).sort(doc! { "seq": 1 });
            let page: Vec<LogDoc> = self.collect(find.limit(REPAIR_EVENTS_MAX as i64)).await?;
            let is_last = page.len() < REPAIR_EVENTS_MAX;
            let before = projected;
            for event in events(page)? {
                self.project_event(room, &event).await?;
                projected = event.seq;
            }
            if projected > before {
                self.set_projected(room, projected).await?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn project_event(&self, room: &RoomName, event: &LogEvent) -> Result<(), Failure> {
        let Projection {
            kind,
            topic,
            memberships,
            deleted,
            ..
        } = project(room, event);
        let of_any_first = (event.seq == 1).then(|| kind_before_created(room));
        if let Some(kind) = kind.or(of_any_first) {
            let unknown = doc! { "_id": room.as_str(), "kind": NO_KIND };
            let set = doc! { "$set": { "kind": kind_text(kind) } };
            self.ask(self.rooms.update_one(unknown, set)).await?;
        }
        if let Some(topic) = topic {
            let older = doc! { "_id": room.as_str(), "shapeSeq": { "$lt": int(event.seq) } };
            let set = doc! { "$set": { "topic": topic, "shapeSeq": int(event.seq) } };
            self.ask(self.rooms.update_one(older, set)).await?;
        }
        if let Some(target) = deleted {
            let deletion = DeletionDoc {
                id: log_id(room, target),
                room: room.clone(),
                target,
                scrubbed: false,
            };
            match self.ask(self.deletions.insert_one(&deletion)).await {
                Ok(_) | Err(Failure::Duplicate) => {}
                Err(failure) => return Err(failure),
            }
        }
        self.project_message_state(room, event).await?;
        for membership in memberships {
            let doc = match membership {
                Membership::Begins(name) => MembershipDoc::new(room, name, true, event.seq),
                Membership::Ends(name) => MembershipDoc::new(room, name, false, event.seq),
            };
            self.project_membership(doc).await?;
        }
        Ok(())
    }

    async fn project_membership(&self, membership: MembershipDoc) -> Result<(), Failure> {
        match self.ask(self.memberships.insert_one(&membership)).await {
            Err(Failure::Duplicate) => {}
            done => return done.map(drop),
        }
        // A row is never removed, so there is one to write over.
        let seq = int(membership.seq);
        let older = doc! { "_id": membership.id, "seq": { "$lt": seq } };
        let set = doc! { "$set": { "member": membership.member, "seq": seq } };
        self.ask(self.memberships.update_one(older, set)).await?;
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
