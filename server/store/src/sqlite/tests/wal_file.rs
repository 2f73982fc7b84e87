//! The room that the writer keeps in the -wal file.

use std::fs;

use super::*;
use crate::{LogStore, PageLimit};

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
