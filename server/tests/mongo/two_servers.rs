//! Show 4: two servers on one database, without a bus, write to one room as fast as they can.

use std::time::Duration;

use futures::future::join_all;
use tokio::sync::watch;

use crate::speaker::{Acked, check_log, speak};
use crate::support::mongo_server::TestDatabase;
use crate::support::{Server, from_env};

/// Messages that each keeps under way.
const UNDER_WAY: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_holds() {
    let Some(database) = TestDatabase::new() else {
        return;
    };
    let messages = from_env("CHAT_TWO_SERVERS_MESSAGES", 120) as usize;
    let flags = [
        "--rate-limit",
        "off",
        "--mongo-url",
        &database.url,
        "--mongo-database",
        &database.name,
    ];
    let servers = [
        Server::start_with(&flags).await,
        Server::start_with(&flags).await,
    ];
    // Kept open until the end, or they would be told to stop.
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
async fn a_name_is_one_persons_on_both() {
    let Some(database) = TestDatabase::new() else {
        return;
    };
    let flags = [
        "--mongo-url",
        &database.url,
        "--mongo-database",
        &database.name,
    ];
    let first = Server::start_with(&flags).await;
    let second = Server::start_with(&flags).await;
    first.register("Ann", false).await;
    let taken = serde_json::json!({"username": "ann", "password": crate::support::PASSWORD});
    second.post("/register", &[], &taken).await.refused(&[409]);
    // A token of one opens the other.
    let ann = second.log_in("ann").await;
    assert_eq!(ann.name, "Ann");
    first
        .get("/me", &[("Authorization", &ann.bearer())])
        .await
        .accepted(200);
}
