//! After a random run of commands by several people, the view that a client has folded from its
//! events and pages equals the view of a fresh connection.

mod actions;
mod compare;
mod person;

use std::collections::BTreeMap;

use futures::future::join_all;

use self::person::Person;
use crate::support::{Server, from_env, on_ferretdb, seeded};

/// People who act in a run.
const PEOPLE: usize = 5;

/// Rounds of a run. In each, some people act at the same time.
const ROUNDS: usize = 30;

/// So many runs are continued until each action has succeeded.
const RUNS_FOR_EACH_ACTION: u64 = 10;

/// They are continued to this multiple of their number at most.
const MOST_REPEATS: u64 = 10;

/// How often each action was done, and how often it was refused.
type Counts = BTreeMap<&'static str, (u32, u32)>;

#[tokio::test]
async fn a_view_folded_from_events_equals_a_fresh_one() {
    let runs = from_env("CHAT_SNAPSHOT_RUNS", if on_ferretdb() { 2 } else { 15 });
    let mut chance = seeded("snapshot");
    let server = Server::start().await;
    // The admin has more rights in a room than its log says.
    server.register("root", false).await;
    let mut people = Vec::new();
    for i in 0..PEOPLE {
        people.push(Person::new(&server, &format!("p{i}")).await);
    }
    let mut counts = Counts::new();
    let mut run = 0;
    // Actions that never happened prove nothing.
    let most = if runs < RUNS_FOR_EACH_ACTION {
        runs
    } else {
        MOST_REPEATS * runs
    };
    while run < runs || (run < most && never_done(&counts).is_some()) {
        let rooms = actions::rooms(run);
        for _ in 0..ROUNDS {
            let acting = (0..chance.usize(1..=6)).map(|_| {
                let person = &people[chance.usize(..PEOPLE)];
                actions::act(
                    person,
                    &people,
                    &rooms,
                    fastrand::Rng::with_seed(chance.u64(..)),
                )
            });
            for (what, refused) in join_all(acting.collect::<Vec<_>>()).await {
                let count = counts.entry(what).or_default();
                count.0 += u32::from(!refused);
                count.1 += u32::from(refused);
            }
            if chance.u8(..8) == 0 {
                let who = chance.usize(..PEOPLE);
                people[who].vanish_and_come_back().await;
            }
        }
        for person in &people {
            compare::with_a_fresh_connection(person, &format!("after run {run}")).await;
        }
        run += 1;
    }
    let never = never_done(&counts).filter(|_| runs >= RUNS_FOR_EACH_ACTION);
    assert_eq!(never, None, "never done in {run} runs: {counts:?}");
}

/// An action that was refused each time.
fn never_done(counts: &Counts) -> Option<&'static str> {
    let mut each = counts.iter();
    each.find_map(|(what, (done, _))| (*done == 0).then_some(*what))
}
