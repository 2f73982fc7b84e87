//! After a random run of commands by several people, the view that a client has folded from its
//! events and pages equals the view of a fresh connection.

mod actions;
mod compare;
mod person;

use futures::future::join_all;

use self::person::Person;
use crate::support::{Server, from_env, on_ferretdb, seeded};

/// People who act in a run.
const PEOPLE: usize = 5;

/// Rounds of a run. In each, some people act at the same time.
const ROUNDS: usize = 30;

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
    let mut done = std::collections::BTreeMap::new();
    for run in 0..runs {
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
                let count: &mut (u32, u32) = done.entry(what).or_default();
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
    }
    // Actions that never happened prove nothing.
    for (what, (done, refused)) in &done {
        let enough = runs < 10 || *done > 0;
        assert!(
            enough,
            "{what} was never done ({refused} times refused): {done:?}"
        );
    }
}
