//! Two servers on one database, without a bus, write to one room as fast as they can.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::sync::watch;

use crate::speaker::{Acked, check_log, speak};
use crate::support::mongo_server::TestDatabase;
use crate::support::{PASSWORD, Server, from_env, mongo_flags};

/// Unacknowledged messages of one sender.
const UNDER_WAY: usize = 8;

/// The flags of a server on this database, and `more`.
fn flags<'a, const N: usize>(database: &'a TestDatabase, more: [&'a str; N]) -> Vec<&'a str> {
    let on = mongo_flags(&database.url, database);
    on.into_iter().chain(more).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn two_servers_write_one_log_without_holes_or_doubles() {
    let database = TestDatabase::new();
    let messages = from_env("CHAT_TWO_SERVERS_MESSAGES", 120) as usize;
    let flags = flags(&database, ["--rate-limit", "off"]);
    let servers = [
        Server::start_with(&flags).await,
        Server::start_with(&flags).await,
    ];
    // Dropping the sender would stop the speakers.
    let (_stop, stopped) = watch::channel(false);
    let mut speakers = Vec::new();
    for (i, server) in [&servers[0], &servers[1], &servers[0], &servers[1]]
        .into_iter()
        .enumerate()
    {
        let user = server.user(&format!("speaker{i}")).await;
        let speaking = speak(
            (*server).clone(),
            user,
            UNDER_WAY,
            messages,
            Duration::ZERO,
            stopped.clone(),
        );
        speakers.push(tokio::spawn(speaking));
    }
    let acked: Acked = join_all(speakers)
        .await
        .into_iter()
        .flat_map(|speaker| speaker.unwrap())
        .collect();
    assert_eq!(acked.len(), 4 * messages);
    let stored = check_log(&database, &acked).await;
    let turns = stored
        .windows(2)
        .filter(|pair| server_of(&pair[0]) != server_of(&pair[1]))
        .count();
    assert!(turns > 0, "they wrote one after the other, not at once");
}

fn server_of(doc: &mongodb::bson::Document) -> u32 {
    let name = doc.get_str("sender").unwrap();
    name.trim_start_matches("speaker").parse::<u32>().unwrap() % 2
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_username_is_unique_across_two_servers() {
    let database = TestDatabase::new();
    let flags = flags(&database, []);
    let first = Server::start_with(&flags).await;
    let second = Server::start_with(&flags).await;
    first.register("Ann", false).await;
    let taken = serde_json::json!({"username": "ann", "password": crate::support::PASSWORD});
    second.post("/register", &[], &taken).await.refused(&[409]);
    // A token from one server signs in at the other.
    let ann = second.sign_in("ann").await;
    assert_eq!(ann.name, "Ann");
    first
        .get("/me", &[("Authorization", &ann.bearer())])
        .await
        .accepted(200);
}

/// Without a bus, a server looks for changes of accounts every other second. The limit is for a
/// machine that has other work.
const KNOWN_WITHIN: Duration = Duration::from_secs(30);

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_revoked_or_banned_person_is_closed_on_both_servers() {
    let database = TestDatabase::new();
    let flags = flags(&database, ["--admin", "root"]);
    let first = Server::start_with(&flags).await;
    let (_, mut admin) = first.newcomer("root").await;
    let second = Server::start_with(&flags).await;

    let ann = first.user("ann").await;
    let mut ann_there = second.enter(&ann).await;
    first
        .post("/logout", &[("Authorization", &ann.bearer())], &json!({}))
        .await
        .accepted(200);
    assert_eq!(ann_there.closed_within(KNOWN_WITHIN).await.0, 4401);

    // A new password ends every session but the one that changed it.
    let bob = first.user("bob").await;
    let bob_elsewhere = second.sign_in("bob").await;
    let mut here = second.enter(&bob).await;
    let mut elsewhere = second.enter(&bob_elsewhere).await;
    let change = json!({"old": PASSWORD, "new": "another good password"});
    first
        .post("/password", &[("Authorization", &bob.bearer())], &change)
        .await
        .accepted(200);
    assert_eq!(elsewhere.closed_within(KNOWN_WITHIN).await.0, 4401);
    here.done(json!({"type": "ping"}), "pong").await;

    let eve = second.user("eve").await;
    let mut eve_there = second.enter(&eve).await;
    admin
        .done(
            json!({"type": "ban", "room": "lobby", "username": "eve"}),
            "ok",
        )
        .await;
    assert_eq!(eve_there.closed_within(KNOWN_WITHIN).await.0, 4403);
    let again = json!({"username": "eve", "password": PASSWORD});
    second.post("/login", &[], &again).await.refused(&[403]);
}
