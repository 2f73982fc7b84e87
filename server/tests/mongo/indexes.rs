//! What the log says while a start builds indexes.

use crate::support::mongo_server::TestDatabase;
use crate::support::{Server, mongo_flags};

/// The lines about builds before the server listens.
async fn builds_of_a_start(database: &TestDatabase) -> Vec<String> {
    let server = Server::start_with(&mongo_flags(&database.url, database)).await;
    let lines = server.log.lines().into_iter();
    let before = lines.take_while(|line| !line.contains("listening"));
    before
        .filter(|line| line.contains("building indexes"))
        .collect()
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_start_says_which_indexes_it_builds() {
    let database = TestDatabase::new();
    let builds = builds_of_a_start(&database).await;
    for collection in ["log", "search", "chatRoomUsers"] {
        let name = format!("collection=\"{collection}\"");
        let is_said = builds.iter().any(|line| line.contains(&name));
        assert!(is_said, "{collection}: {builds:#?}");
    }
    let again = builds_of_a_start(&database).await;
    assert!(again.is_empty(), "{again:#?}");
}
