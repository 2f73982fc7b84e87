//! Two people who chat while the attacks run, and how long each message takes to come back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::support::{Site, fresh_nonce, kind_of};

/// Between two messages: below the rate of one account.
const EVERY: Duration = Duration::from_millis(60);

/// How long a message may take before the two people are given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// The room where they talk.
const ROOM: &str = "bystanders";

/// A message's way from its sender to the other person.
#[derive(Debug, Clone, Copy)]
struct RoundTrip {
    start: Instant,
    took: Duration,
}

#[derive(Debug)]
pub(crate) struct Bystanders {
    round_trips: Arc<Mutex<Vec<RoundTrip>>>,
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
        let round_trips = Arc::<Mutex<Vec<RoundTrip>>>::default();
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
                let took = start.elapsed();
                kept.lock().unwrap().push(RoundTrip { start, took });
                let seq = frame["seq"].as_u64().unwrap();
                assert!(
                    expect.is_none_or(|expect| expect == seq),
                    "a hole before {seq}"
                );
                expect = Some(seq + 1);
                let own = |frame: &serde_json::Value| {
                    kind_of(frame) == "chat" && frame["nonce"] == json!(nonce)
                };
                speaker.expect_matching("their own message", own).await;
                tokio::time::sleep(EVERY).await;
            }
        });
        Self { round_trips, task }
    }

    /// Forgets the round trips so far.
    pub(crate) fn reset(&self) {
        self.round_trips.lock().unwrap().clear();
    }

    /// The 99th percentile of the round trips since the last reset, and up to one that starts from
    /// now on. `None` where the two can't talk any more.
    pub(crate) async fn p99_with_the_next(&self) -> Option<Duration> {
        let now = Instant::now();
        let is_over = |all: &[RoundTrip]| all.last().is_some_and(|last| last.start >= now);
        while !is_over(&self.round_trips.lock().unwrap()) {
            if self.task.is_finished() || now.elapsed() > PATIENCE {
                return None;
            }
            tokio::time::sleep(EVERY / 4).await;
        }
        let all = self.round_trips.lock().unwrap();
        let mut all: Vec<_> = all.iter().map(|trip| trip.took).collect();
        all.sort_unstable();
        all.get((all.len() * 99).div_ceil(100) - 1).copied()
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
