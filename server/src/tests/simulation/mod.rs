//! Whole servers without sockets, run from a seed: rooms, gateway and catch-up as they are, on a
//! store that refuses, times out and lies about the outcome, under a clock of its own. Several
//! nodes share the store; the bus between them loses, doubles and reorders its hints. Clients
//! vanish and reconnect, and are removed and let in meanwhile.
//!
//! `CHAT_SIM_SEEDS=10000 cargo test -p chat-server --lib simulation` runs so many, `CHAT_SIM_SEED`
//! one again.

mod accounts;
mod checks;
mod client;
mod faults;
mod sessions;
mod store;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use chat_shared::TimestampMs;

use self::faults::{Broken, set_broken};
use self::world::World;

/// Seeds where nobody asks for more.
const SEEDS: u64 = 500;

/// Steps of a run.
const STEPS: usize = 240;

/// When every run begins.
const BEGIN_MS: TimestampMs = 1_700_000_000_000;

/// How often each thing happened, faults among them.
type Counts = BTreeMap<&'static str, u64>;

/// Runs a seed and counts what happened.
///
/// # Errors
/// The promise that was broken.
fn run(seed: u64) -> Result<Counts, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .map_err(|error| error.to_string())?;
    runtime.block_on(async {
        let mut world = World::new(seed).await;
        for _ in 0..STEPS {
            world.step().await;
        }
        world.end().await
    })
}

/// Everything that must have happened for anything to be proven.
const MUST_HAPPEN: [&str; 22] = [
    "store refused",
    "store timed out",
    "store lied: all was stored",
    "store lied: some was stored",
    "store lied: stored later",
    "store stored a prefix",
    "store was slow",
    "store refused to read",
    "store timed out reading",
    "number lost to another node",
    "nonce taken",
    "hint lost",
    "hint doubled",
    "hint reordered",
    "vanished",
    "came back",
    "node replaced",
    "kicked",
    "banned",
    "acked",
    "refused",
    "said again",
];

fn run_all(seeds: std::ops::Range<u64>) -> Result<Counts, (u64, String)> {
    let next = AtomicU64::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let results = std::thread::scope(|scope| {
        let work = || {
            let mut counts = Counts::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= seeds.end {
                    return Ok(counts);
                }
                for (what, n) in run(seed).map_err(|wrong| (seed, wrong))? {
                    *counts.entry(what).or_default() += n;
                }
            }
        };
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ended = running.into_iter().map(|thread| thread.join().unwrap());
        ended.collect::<Vec<_>>()
    });
    let mut all = Counts::new();
    for result in results {
        for (what, n) in result? {
            *all.entry(what).or_default() += n;
        }
    }
    Ok(all)
}

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
#[expect(clippy::print_stderr, reason = "a long run says what happened in it")]
fn nothing_is_lost_doubled_reordered_or_shown_to_who_may_not_see_it() {
    if let Some(seed) = from_env("CHAT_SIM_SEED") {
        let counts = run(seed).unwrap_or_else(|wrong| panic!("CHAT_SIM_SEED={seed}: {wrong}"));
        return eprintln!("CHAT_SIM_SEED={seed}: {counts:#?}");
    }
    let seeds = from_env("CHAT_SIM_SEEDS").unwrap_or(SEEDS);
    let counts = run_all(0..seeds).unwrap_or_else(|(seed, wrong)| {
        panic!("CHAT_SIM_SEED={seed} repeats it: {wrong}");
    });
    eprintln!("{seeds} seeds of {STEPS} steps: {counts:#?}");
    for what in MUST_HAPPEN {
        let n = counts.get(what).copied().unwrap_or_default();
        assert!(n > 0 || seeds < 50, "{what}: never in {seeds} seeds");
    }
}

/// Breaks a rule and looks for a seed whose run fails for that reason: its failure contains `sign`.
#[expect(
    clippy::print_stderr,
    reason = "the seed that finds a broken rule is shown"
)]
fn check_is_found(rule: Broken, sign: &str) {
    set_broken(Some(rule));
    let mut others = Vec::new();
    let found = (0..SEEDS).find_map(|seed| {
        let wrong = run(seed).err()?;
        if wrong.contains(sign) {
            return Some((seed, wrong));
        }
        others.push(wrong);
        None
    });
    set_broken(None);
    let Some((seed, wrong)) = found else {
        panic!("{rule:?}: no failure of {SEEDS} seeds says {sign:?}, but: {others:#?}");
    };
    eprintln!("{rule:?}: CHAT_SIM_SEED={seed} finds it: {wrong}");
    assert!(run(seed).is_ok(), "seed {seed} passes with the rule whole");
}

#[test]
fn a_removed_member_that_still_hears_is_found() {
    check_is_found(Broken::RemovedMembersStillHear, "had no right to hear");
}

#[test]
fn an_acknowledgement_of_what_is_not_stored_is_found() {
    check_is_found(Broken::ErrorsCountAsStored, "is acked as");
}

#[test]
fn an_event_that_a_client_misses_is_found() {
    check_is_found(Broken::EventsGetLost, "a gap from");
}
