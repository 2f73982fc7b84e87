//! The index follows the log in bounded pieces, and the writer only stores them.

use super::super::indexing::{PIECE_TEXT_BYTES_MAX, next_piece, store_piece};
use super::*;
use crate::LogStore;

/// Bytes of a long text.
const LONG_BYTES: usize = 16 << 10;

fn long_log(messages: u64) -> Vec<LogEvent> {
    // Most of it is no words, as in a text of emoji.
    let text = format!("crab {}", "!".repeat(LONG_BYTES));
    (1..=messages).map(|seq| said(seq, &text)).collect()
}

async fn searched(store: &SqliteStore, name: &str) -> Seq {
    let name = name.to_owned();
    let sql = "SELECT searched FROM rooms WHERE room = ?1";
    let read = store.read(move |conn| Ok(conn.query_row(sql, [name], |row| row.get(0))?));
    read.await.unwrap()
}

#[tokio::test]
async fn a_piece_of_long_texts_has_few_events() {
    let (_dir, store) = open_new();
    store.append(&room("long"), 0, long_log(100)).await.unwrap();
    let piece = store.read(|conn| next_piece(conn, &room("long")));
    let piece = piece.await.unwrap().unwrap();
    let fitting = (PIECE_TEXT_BYTES_MAX / LONG_BYTES) as u64;
    assert!(piece.last <= fitting, "{}", piece.last);
}

#[tokio::test]
async fn a_piece_that_comes_late_changes_nothing() {
    let (_dir, store) = open_new();
    let name = room("team");
    store
        .append(&name, 0, vec![said(1, "a crab")])
        .await
        .unwrap();
    let piece = store.read(|conn| next_piece(conn, &room("team")));
    let late = piece.await.unwrap().unwrap();
    store
        .append(&name, 1, vec![said(2, "another crab")])
        .await
        .unwrap();
    store.index_rooms().await.unwrap();
    assert_eq!(searched(&store, "team").await, 2);
    store
        .write(move |conn| store_piece(conn, &room("team"), &late))
        .await
        .unwrap();
    assert_eq!(searched(&store, "team").await, 2);
}

#[tokio::test]
async fn searches_that_wait_share_one_round() {
    let (_dir, store) = open_new();
    store.append(&room("team"), 0, long_log(20)).await.unwrap();
    let turn = store.indexing.lock().await;
    let mut rounds = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        rounds.spawn(async move { store.index_rooms().await });
    }
    // Each of them runs until it waits for the turn.
    tokio::task::yield_now().await;
    drop(turn);
    rounds.join_next().await.unwrap().unwrap().unwrap();
    let first = store.indexing.lock().await.unwrap();
    while let Some(round) = rounds.join_next().await {
        round.unwrap().unwrap();
    }
    assert_eq!(*store.indexing.lock().await, Some(first), "one round");
    assert_eq!(searched(&store, "team").await, 20);
}
