//! Accounts that change, from seeds: the store takes its time in every call, and the seed says how
//! much and when each side acts.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::from_env;
use super::store::SimStore;
use super::world::SimClock;
use crate::accounts::tests::races::{Ground, OLD, RACES};

/// Seeds of each race where nobody asks for more.
const SEEDS: u64 = 100;

/// How long a server without a bus may take to act on a change that another server made.
const KNOWN_WITHIN: Duration = Duration::from_secs(5);

/// Milliseconds within which a change is made, so that it meets every moment between two reads of
/// the account log.
const SPREAD_MS: u64 = 4_000;

/// A change that ends a session of ann.
#[derive(Debug, Clone, Copy)]
enum Change {
    SignOut,
    Password,
    Ban,
}

/// Runs it in a runtime whose time is paused, with a store that takes its time.
fn run_on_store<T: Future<Output = ()>>(seed: u64, run: impl FnOnce(SimStore) -> T) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let (appended, _) = mpsc::unbounded_channel();
        let store = SimStore::new(seed, Vec::new(), appended);
        store.take_time();
        run(store).await;
    });
}

async fn server(store: &SimStore) -> Arc<Ground> {
    let clock = Arc::new(SimClock(Instant::now()));
    Ground::open(Arc::new(store.clone()), clock).await
}

fn seeds() -> std::ops::Range<u64> {
    let seeds = from_env("CHAT_SIM_SEEDS").unwrap_or(SEEDS);
    from_env("CHAT_SIM_SEED").map_or(0..seeds, |seed| seed..seed + 1)
}

/// A failure names the account of its round, `ann-RACE-SEED`; `CHAT_SIM_SEED` repeats it.
#[test]
fn no_race_leaves_a_session_that_must_have_ended() {
    for (race, (_, run)) in RACES.iter().enumerate() {
        for seed in seeds() {
            run_on_store(seed, async |store| {
                let ground = server(&store).await;
                run(ground.round(race, seed).await).await;
            });
        }
    }
}

#[test]
fn a_change_closes_the_sockets_of_another_server_within_five_seconds() {
    for change in [Change::SignOut, Change::Password, Change::Ban] {
        for seed in seeds() {
            run_on_store(seed, async |store| {
                let took = time_until_closed(&store, seed, change).await;
                assert!(took < KNOWN_WITHIN, "{change:?}, seed {seed}: {took:?}");
            });
        }
    }
}

/// Changes ann's account on one server, and returns how long her socket on another stays open.
async fn time_until_closed(store: &SimStore, seed: u64, change: Change) -> Duration {
    let mut chance = fastrand::Rng::with_seed(seed);
    let (here, there) = (server(store).await, server(store).await);
    let ann = here.register("ann").await;
    let sign_in = async || {
        let session = here.accounts.sign_in("ann", OLD.to_owned()).await;
        session.unwrap().token
    };
    let (ends, kept) = (sign_in().await, sign_in().await);
    let authenticate = async |token: &str| there.accounts.authenticate(token).await.unwrap();
    let kept = authenticate(&kept).await;
    let kept_session = kept.session.clone();
    let (queue, _guard) = there.connect(authenticate(&ends).await);
    let (kept, _kept_guard) = there.connect(kept);
    sleep(Duration::from_millis(chance.u64(..SPREAD_MS))).await;
    match change {
        Change::SignOut => here.accounts.sign_out(&ends).await.unwrap(),
        Change::Password => {
            let (old, new) = (OLD.to_owned(), "another password".to_owned());
            let changed = here.accounts.change_password(&ann, &kept_session, old, new);
            changed.await.unwrap();
        }
        Change::Ban => {
            let until = Some(u64::MAX >> 11);
            here.accounts
                .set_banned(&ann, until, Some(1))
                .await
                .unwrap();
        }
    }
    let changed = Instant::now();
    while !queue.is_closing() && changed.elapsed() < KNOWN_WITHIN {
        sleep(Duration::from_millis(10)).await;
    }
    let took = changed.elapsed();
    assert_eq!(kept.is_closing(), matches!(change, Change::Ban));
    took
}
