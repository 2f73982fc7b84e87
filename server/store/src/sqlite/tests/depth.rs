//! A page costs what its rows cost, at whatever depth of the room it lies.

use chat_shared::{RoomName, Seq};
use rusqlite::StatementStatus;

use super::super::{log, search};
use super::*;
use crate::tokens::phrases;
use crate::{LogStore, Search};
use chat_server_rules::LogEvent;

const MESSAGES: u64 = 100_000;
const PAGE: u64 = 50;
const APPENDED_AT_ONCE: u64 = 5_000;

fn message(seq: Seq) -> LogEvent {
    said(seq, &format!("a crab numbered {seq}"))
}

/// Steps of SQLite's virtual machine, and rows, of one page.
async fn cost(store: &SqliteStore, sql: &'static str, key: (String, i64, i64)) -> (i32, u64) {
    store
        .read(move |conn| {
            let mut query = conn.prepare(sql).unwrap();
            let mut rows = query.query(key.clone()).unwrap();
            let mut count = 0;
            while rows.next().unwrap().is_some() {
                count += 1;
            }
            drop(rows);
            assert_eq!(query.get_status(StatementStatus::Sort), 0, "{sql}");
            assert_eq!(query.get_status(StatementStatus::FullscanStep), 0, "{sql}");
            Ok((query.get_status(StatementStatus::VmStep), count))
        })
        .await
        .unwrap()
}

#[tokio::test]
async fn a_page_costs_the_same_at_any_depth() {
    let (_dir, store) = open_new();
    let lobby = RoomName::lobby();
    for first in (1..=MESSAGES).step_by(APPENDED_AT_ONCE as usize) {
        let events = (first..first + APPENDED_AT_ONCE).map(message).collect();
        store.append(&lobby, first - 1, events).await.unwrap();
    }
    let page = |before: u64| ("lobby".to_owned(), before as i64, PAGE as i64);
    let first = cost(&store, log::MESSAGES_BEFORE, page(MESSAGES + 1)).await;
    let deep = MESSAGES + 1 - 999 * PAGE;
    let thousandth = cost(&store, log::MESSAGES_BEFORE, page(deep)).await;
    assert_eq!(first.1, PAGE);
    assert_eq!(first, thousandth);

    let crabs = Search {
        phrases: phrases("crab"),
        rooms: vec![lobby],
        limit: PAGE as usize,
        ..Search::default()
    };
    let found = store.search(&crabs).await.unwrap();
    assert_eq!(found.messages.first(), Some(&(RoomName::lobby(), MESSAGES)));
    let words = search::expression(&crabs);
    let newest = cost(&store, search::FIND, (words.clone(), i64::MAX, PAGE as i64)).await;
    let below = search::first_id(MESSAGES / 2);
    let middle = cost(&store, search::FIND, (words, below, PAGE as i64)).await;
    assert_eq!(newest.1, PAGE);
    assert_eq!(newest, middle);
}
