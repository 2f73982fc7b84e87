//! A client that is dropped a hundred times at random moments, while others talk in three rooms.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{Copy, tips};
use crate::basics::all_events;
use crate::support::{Received, Server, Site, User, Ws, from_env, seeded};

const ROOMS: [&str; 3] = ["lobby", "rust", "go"];
const TALKERS: usize = 2;
/// Messages sent before the first drop, so that the first resume has something to replay.
const PAST: usize = 120;
/// The senders wait while the dropped client misses more events than this. A room that is further
/// behind is `limited`, which other tests cover.
const MISSED_MAX: usize = 500;

#[derive(Default)]
struct Storm {
    is_over: AtomicBool,
    said: AtomicUsize,
    received: AtomicUsize,
}

impl Storm {
    fn missed(&self) -> usize {
        let received = self.received.load(Ordering::Relaxed);
        self.said.load(Ordering::Relaxed).saturating_sub(received)
    }
}

#[tokio::test]
async fn a_client_dropped_a_hundred_times_has_each_log_exactly() {
    let drops = from_env("CHAT_DROPS", 100);
    let mut chance = seeded("resume");
    let server = Server::start().await;
    let (eve_user, mut eve) = server.newcomer("eve").await;
    for room in &ROOMS[1..] {
        eve.done(json!({"type": "create", "room": room}), "room")
            .await;
    }
    eve.say_many("rust", PAST).await;
    let log = eve.welcome["log"].clone();
    drop(eve);

    let storm = Arc::new(Storm::default());
    let mut talkers = Vec::new();
    for i in 0..TALKERS {
        let user = server.user(&format!("talker{i}")).await;
        let seed = chance.u64(..);
        talkers.push(tokio::spawn(talk(
            server.clone(),
            user,
            seed,
            Arc::clone(&storm),
        )));
    }

    let mut copy = Copy::of(&ROOMS);
    for i in 0..drops {
        let hello = json!({"type": "hello", "version": 1, "log": log, "resume": copy.cursors()});
        let mut ws = server.upgrade(&eve_user).await;
        ws.send(&hello).await;
        let stay = Duration::from_millis(match chance.u32(0..10) {
            // Dropped before a reply, in the middle of the replay, or some time after it.
            0 => 0,
            1..=4 => chance.u64(0..8),
            _ => chance.u64(8..60),
        });
        let deadline = Instant::now() + stay;
        while let Some(received) = ws.receive_by(deadline).await {
            match received {
                Received::Frame(frame) => copy.take(&ws, frame),
                Received::Pong(_) => {}
                Received::Closed(code) => ws.fail(&format!("drop {i}: closed with {code}")),
            }
        }
        let received = copy.rooms.values().map(Vec::len).sum();
        storm.received.store(received, Ordering::Relaxed);
        if chance.bool() {
            // Closed properly; frames that come until the end may or may not be read.
            ws.close().await;
        }
    }
    storm.is_over.store(true, Ordering::Relaxed);
    for talker in talkers {
        talker.await.unwrap();
    }
    let said = storm.said.load(Ordering::Relaxed);

    let last = json!({"log": log, "resume": copy.cursors()});
    let mut ws = server.enter_with(&eve_user, last).await;
    let tips = tips(&ws.welcome);
    let deadline = Instant::now() + crate::support::PATIENCE;
    while !copy.has_reached(&tips) {
        match ws.receive_by(deadline).await {
            Some(Received::Frame(frame)) => copy.take(&ws, frame),
            other => ws.fail(&format!("waited for the tips {tips:?}, got {other:?}")),
        }
    }
    let total = same_as_log(&mut ws, &copy).await;
    // Two rooms created, each sender's joining of both, and every message.
    assert_eq!(
        total,
        PAST + 2 + 2 * TALKERS + said,
        "and nothing else stands there"
    );
    assert!(said > 100, "there was something to miss: {said}");
}

/// Checks that the copy of each room equals its log; returns how many events there are.
async fn same_as_log(ws: &mut Ws, copy: &Copy) -> usize {
    let mut total = 0;
    for room in ROOMS {
        let log = all_events(ws, room, 500).await;
        let mine = &copy.rooms[room];
        assert_eq!(mine.len(), log.len(), "{room}: as long as the log");
        for (mine, stored) in mine.iter().zip(&log) {
            assert_eq!(mine, stored, "{room}: as it stands in the log");
        }
        total += log.len();
    }
    total
}

/// Sends messages in all rooms until the drops are over.
async fn talk(site: Site, user: User, seed: u64, storm: Arc<Storm>) {
    let mut chance = fastrand::Rng::with_seed(seed);
    let mut ws = site.enter(&user).await;
    for room in &ROOMS[1..] {
        ws.done(json!({"type": "join", "room": room}), "ok").await;
    }
    while !storm.is_over.load(Ordering::Relaxed) {
        if storm.missed() > MISSED_MAX {
            sleep(Duration::from_millis(5)).await;
            continue;
        }
        let room = ROOMS[chance.usize(..ROOMS.len())];
        let words = chance.usize(1..=5);
        ws.say_many(room, words).await;
        storm.said.fetch_add(words, Ordering::Relaxed);
        sleep(Duration::from_millis(chance.u64(1..15))).await;
    }
}
