//! Two people who chat while the attacks run, and how long each message takes to come back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::support::{Site, fresh_nonce, kind_of};

/// Between two messages.
const EVERY: Duration = Duration::from_millis(100);

/// The room where they talk.
const ROOM: &str = "bystanders";

#[derive(Debug)]
pub(crate) struct Bystanders {
    round_trips: Arc<Mutex<Vec<Duration>>>,
    task: JoinHandle<()>,
}

impl Bystanders {
    /// Signs two people up and lets them talk until they are dropped.
    pub(crate) async fn start(site: &Site) -> Self {
        let (_, mut speaker) = site.newcomer("bystander-1").await;
        let (_, mut listener) = site.newcomer("bystander-2").await;
        speaker
            .done(json!({"type": "create", "room": ROOM}), "room")
            .await;
        listener
            .done(json!({"type": "join", "room": ROOM}), "ok")
            .await;
        let round_trips = Arc::<Mutex<Vec<Duration>>>::default();
        let kept = Arc::clone(&round_trips);
        let task = tokio::spawn(async move {
            let mut expect = None;
            loop {
                let nonce = fresh_nonce();
                let start = Instant::now();
                let send = json!({"type": "send", "room": ROOM, "text": "hello", "nonce": nonce});
                speaker.send(&send).await;
                let is_it = |frame: &serde_json::Value| frame["nonce"] == json!(nonce);
                let frame = listener.expect_matching("the message", is_it).await;
                kept.lock().unwrap().push(start.elapsed());
                let seq = frame["seq"].as_u64().unwrap();
                assert!(
                    expect.is_none_or(|expect| expect == seq),
                    "a hole before {seq}"
                );
                expect = Some(seq + 1);
                let own = |frame: &serde_json::Value| {
                    kind_of(frame) == "chat" && frame["nonce"] == json!(nonce)
                };
                speaker.expect_matching("one's own message", own).await;
                tokio::time::sleep(EVERY).await;
            }
        });
        Self { round_trips, task }
    }

    /// Forgets the round trips so far.
    pub(crate) fn reset(&self) {
        self.round_trips.lock().unwrap().clear();
    }

    /// The 99th percentile of the round trips since the last reset.
    pub(crate) fn p99(&self) -> Option<Duration> {
        let mut all = self.round_trips.lock().unwrap().clone();
        all.sort_unstable();
        let at = all.len().saturating_sub(1) * 99 / 100;
        all.get(at).copied()
    }

    /// Whether they still talk: nothing was lost or came twice.
    pub(crate) fn are_well(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Drop for Bystanders {
    fn drop(&mut self) {
        self.task.abort();
    }
}
