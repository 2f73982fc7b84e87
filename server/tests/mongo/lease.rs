//! One server at a time uses a database, and another one follows when it is gone.

use crate::faults::server_behind_proxy;
use crate::proxy::Fault;
use crate::support::mongo_server::TestDatabase;
use crate::support::{PATIENCE, Server, Ws, fresh_nonce, mongo_flags, run_to_end};
use serde_json::json;
use tokio::time::{Instant, sleep};

/// What a starting server says while it waits for the holder's sign of life.
const WAITING: &str = "waiting for a sign of life";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_second_server_is_refused_while_the_first_lives() {
    let database = TestDatabase::new();
    let flags = mongo_flags(&database.url, &database);
    let mut first = Server::start_with(&flags).await;
    let (_, mut ann) = first.newcomer("ann").await;
    let data = tempfile::tempdir().unwrap();
    let (status, stderr) = run_to_end("127.0.0.1:0", data.path(), &flags).await;
    assert!(!status.success());
    let last = stderr.lines().next_back().unwrap_or_default();
    assert!(last.contains("Another chat-server (process "), "{stderr}");
    assert!(last.contains(&first.pid().to_string()), "{stderr}");
    assert!(last.contains(&database.name), "{stderr}");
    assert!(last.contains("Stop it first"), "{stderr}");
    let renewing = ["renew-log"];
    let (status, _) = run_to_end(
        "127.0.0.1:0",
        data.path(),
        &[&flags[..], &renewing].concat(),
    )
    .await;
    assert!(!status.success(), "it ends sessions of a server that runs");
    ann.say("lobby", "still here").await;

    // One that ends in order makes nobody wait.
    first.terminate();
    first.ended(PATIENCE).await;
    let second = Server::start_with(&flags).await;
    assert!(
        !second.log.tail().contains(WAITING),
        "{}",
        second.log.tail()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_successor_waits_for_a_killed_server_and_says_so() {
    let database = TestDatabase::new();
    let flags = mongo_flags(&database.url, &database);
    let mut server = Server::start_for_restarts_with(&flags).await;
    let (ann, mut said) = server.newcomer("ann").await;
    let first = said.say("lobby", "before").await["seq"].as_u64().unwrap();
    server.kill();
    server.restart().await;
    let lines = server.log.lines();
    let waiting = lines.iter().find(|line| line.contains(WAITING)).unwrap();
    assert!(waiting.contains("seconds=9"), "{waiting}");
    assert!(
        lines
            .iter()
            .any(|line| line.contains("the database is taken over"))
    );
    let mut ann = server.enter(&ann).await;
    assert_eq!(ann.say("lobby", "after").await["seq"], first + 1);
}

/// Sends messages until one is refused because the store can't be used.
async fn until_refused(person: &mut Ws) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let send = json!({
            "type": "send", "room": "lobby", "text": "anyone?", "nonce": fresh_nonce(),
        });
        let reply = person.ask(send).await;
        if reply["code"] == "unavailable" {
            return;
        }
        assert!(Instant::now() < deadline, "still writing: {reply}");
        sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_server_that_can_not_renew_its_lease_stops_writing_and_ends() {
    let database = TestDatabase::new();
    let (proxy, mut server) = server_behind_proxy(&database, &[]).await;
    let (_, mut ann) = server.newcomer("ann").await;
    ann.say("lobby", "before").await;
    // Everything else works: nothing but the lease stops it.
    proxy.play("*", Some("leases"), usize::MAX, Fault::CutBefore);
    until_refused(&mut ann).await;
    assert_eq!(server.get("/readyz", &[]).await.status, 503);

    let flags = mongo_flags(&database.url, &database);
    let successor = Server::start_with(&flags).await;
    let (_, mut bob) = successor.newcomer("bob").await;
    bob.say("lobby", "here now").await;
    until_refused(&mut ann).await;
    proxy.heal();
    let status = server.ended(PATIENCE).await;
    assert!(!status.success());
    assert!(
        server.log.tail().contains("has taken the database over"),
        "{}",
        server.log.tail()
    );
    bob.say("lobby", "still here").await;
}
