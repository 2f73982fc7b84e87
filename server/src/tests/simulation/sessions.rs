//! The races of accounts, from seeds: the store takes its time in every call, and the seed says how
//! much and when each side acts.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::from_env;
use super::store::SimStore;
use super::world::SimClock;
use crate::accounts::tests::races::{Ground, RACES};

/// Seeds of each race where nobody asks for more.
const SEEDS: u64 = 100;

fn run(race: usize, seed: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (appended, _) = mpsc::unbounded_channel();
        let store = SimStore::new(seed, Vec::new(), appended);
        store.take_time();
        let clock = Arc::new(SimClock(Instant::now()));
        let ground = Ground::open(Arc::new(store), clock).await;
        let round = ground.round(race, seed).await;
        (RACES[race].1)(round).await;
    });
}

/// A failure names the account of its round, `ann-RACE-SEED`; `CHAT_SIM_SEED` repeats it.
#[test]
fn no_race_leaves_a_session_that_must_have_ended() {
    let seeds = from_env("CHAT_SIM_SEEDS").unwrap_or(SEEDS);
    let seeds = from_env("CHAT_SIM_SEED").map_or(0..seeds, |seed| seed..seed + 1);
    for race in 0..RACES.len() {
        for seed in seeds.clone() {
            run(race, seed);
        }
    }
}
