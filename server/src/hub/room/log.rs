//! The room's log on this node: folding it, and keeping what was folded.

use chat_shared::{RoomName, Seq};

use super::super::Hub;
use super::super::mentions::Mentions;
use super::Room;
use chat_rules::RoomState;
use chat_store::{Snapshot, StoreError};

/// Events read at a time when a room is loaded.
const LOAD_EVENTS_MAX: usize = 500;

impl Room {
    /// Folds the log anew; events that nobody was told of yet are told.
    pub(super) async fn reload_log(&mut self) -> Result<(), StoreError> {
        let (state, saved) = load(&self.hub, &self.room).await.inspect_err(|error| {
            tracing::error!(room = %self.room, %error, "the log could not be read");
        })?;
        self.targets.clear();
        if !self.loaded {
            let marks = self.hub.store().read_marks(&self.room).await?;
            self.marks = marks.into_iter().collect();
            self.mentions = Mentions::from(state.seq());
            if self.room.is_lobby() {
                let bans = state.bans(self.hub.now());
                let bans = bans.map(|(name, until)| (name.clone(), until));
                self.hub.repair_bans(bans.collect());
            }
        }
        if self.loaded {
            while self.delivered_seq < state.seq() {
                let events = self
                    .hub
                    .store()
                    .events(&self.room, self.delivered_seq, LOAD_EVENTS_MAX)
                    .await?;
                let up_to = events
                    .iter()
                    .take_while(|event| event.seq <= state.seq())
                    .count();
                if up_to == 0 {
                    return Err(StoreError::Corrupt(format!("{} has a hole", self.room)));
                }
                self.state = state.clone();
                self.apply_bans(&events[..up_to]).await;
                self.deliver_stored(&events[..up_to], None);
            }
        }
        self.delivered_seq = state.seq();
        self.delivered_messages = state.messages();
        self.state = state;
        self.saved = saved;
        self.loaded = true;
        self.in_doubt = false;
        Ok(())
    }

    /// Forgets what was decided and not stored.
    pub(super) async fn refold(&mut self) -> Result<(), StoreError> {
        self.state = load(&self.hub, &self.room).await?.0;
        self.targets.clear();
        Ok(())
    }

    pub(super) fn save_snapshot(&mut self) {
        if self.in_doubt || self.state.seq() <= self.saved {
            return;
        }
        let Ok(state) = serde_json::to_vec(&self.state) else {
            return;
        };
        let snapshot = Snapshot {
            seq: self.state.seq(),
            state,
        };
        self.saved = snapshot.seq;
        let (hub, room) = (self.hub.clone(), self.room.clone());
        tokio::spawn(async move {
            if let Err(error) = hub.store().save_snapshot(&room, snapshot).await {
                tracing::warn!(%room, %error, "a room's state was not kept; loading it takes longer");
            }
        });
    }
}

/// The room's state, and the seq of the snapshot that it began with. A snapshot of another version
/// that can't be read is as good as none: the log is the truth.
async fn load(hub: &Hub, room: &RoomName) -> Result<(RoomState, Seq), StoreError> {
    let snapshot = hub.store().snapshot(room).await?;
    let kept = snapshot.and_then(|snapshot| serde_json::from_slice(&snapshot.state).ok());
    let mut state: RoomState = kept.unwrap_or_else(|| RoomState::empty(room.clone()));
    let saved = state.seq();
    loop {
        let events = hub
            .store()
            .events(room, state.seq(), LOAD_EVENTS_MAX)
            .await?;
        for event in &events {
            if event.seq != state.seq() + 1 {
                return Err(StoreError::Corrupt(format!(
                    "{room} has a hole at {}",
                    event.seq
                )));
            }
            state.apply(event);
        }
        if events.len() < LOAD_EVENTS_MAX {
            return Ok((state, saved));
        }
    }
}
