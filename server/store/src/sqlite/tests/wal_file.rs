//! The room that the writer keeps in the -wal file.

use std::fs;

use super::*;
use crate::{LogStore, PageLimit};

/// Bytes of the -wal file in `dir`.
fn wal_bytes(dir: &TempDir) -> u64 {
    fs::metadata(dir.path().join("chat.db-wal")).unwrap().len()
}

#[tokio::test]
async fn a_file_that_was_emptied_is_not_filled_as_far_as_before() {
    let (dir, store) = open_new();
    let create =
        |conn: &rusqlite::Connection| Ok(conn.execute_batch("CREATE TABLE filler (bytes)")?);
    store.write(create).await.unwrap();
    let fill = |conn: &rusqlite::Connection| {
        let sql = "INSERT INTO filler (bytes) VALUES (zeroblob(?1))";
        Ok(conn.execute(sql, [5 << 20])?)
    };
    store.write(fill).await.unwrap();
    assert!(wal_bytes(&dir) > 5 << 20);
    store.writer.checkpoint_soon();
    // The file is emptied after the first, the second changes nothing, and the third is answered
    // after all that the second leads to.
    for _ in 0..3 {
        store.write(|_| Ok(())).await.unwrap();
    }
    assert!(wal_bytes(&dir) < 3 << 20, "{}", wal_bytes(&dir));
}

#[tokio::test]
async fn a_wal_file_with_room_in_it_is_read_after_a_crash() {
    let (dir, store) = open_new();
    let log: Vec<_> = (1..=3)
        .map(|seq| said(seq, &format!("crab {seq}")))
        .collect();
    for (after, event) in log.iter().enumerate() {
        let one = vec![event.clone()];
        store
            .append(&room("rust"), after as Seq, one)
            .await
            .unwrap();
    }
    // The files as a crash leaves them.
    let crashed = tempfile::tempdir().unwrap();
    for name in ["chat.db", "chat.db-wal"] {
        fs::copy(dir.path().join(name), crashed.path().join(name)).unwrap();
    }
    let wal = fs::read(crashed.path().join("chat.db-wal")).unwrap();
    assert!(wal.ends_with(&[0; 1 << 20]), "room for later commits");
    assert!(wal.iter().any(|byte| *byte != 0), "and the commits so far");
    drop(wal);
    let store = SqliteStore::open(crashed.path()).unwrap();
    let read = store.events(&room("rust"), 0, PageLimit::rows(9)).await;
    assert_eq!(read.unwrap().events, log);
}
