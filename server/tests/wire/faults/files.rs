//! The database's file is replaced or damaged under the server.

use std::io::{Seek, SeekFrom, Write};

use super::drill;
use crate::support::{PATIENCE, Server};

#[cfg(unix)]
#[tokio::test]
async fn nothing_is_acknowledged_into_a_file_that_was_replaced() {
    let server = Server::start().await;
    if server.database().is_some() {
        return;
    }
    let file = server.data_dir().join("chat.db");
    let away = server.data_dir().join("chat.db.away");
    drill(
        &server,
        || {
            std::fs::rename(&file, &away).unwrap();
            std::fs::write(&file, "").unwrap();
        },
        || std::fs::rename(&away, &file).unwrap(),
    )
    .await;
}

#[tokio::test]
async fn a_server_on_a_damaged_database_is_not_ready() {
    let mut server = Server::start_for_restarts().await;
    if server.database().is_some() {
        return;
    }
    let (ann, mut said) = server.newcomer("ann").await;
    said.say_many("lobby", 500).await;
    drop(said);
    server.terminate();
    server.ended(PATIENCE).await;
    server.restart().await;

    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .open(server.data_dir().join("chat.db"))
        .unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(length / 8)).unwrap();
    let garbage = vec![0xff; usize::try_from(length - length / 8).unwrap()];
    file.write_all(&garbage).unwrap();

    let skipped = server.log.lines().len();
    let bearer = ann.bearer();
    let me = server.get("/me", &[("Authorization", &bearer)]).await;
    me.refused(&[503]);
    // It stays so, although a write that touches no damaged page works.
    for _ in 0..2 {
        assert_eq!(server.readiness().await, 503, "{}", server.log.tail());
    }
    server.log.until(skipped, "the database is damaged").await;
}
