//! Tests of what is particular to SQLite; `contract` has the rest.

mod depth;
mod earlier_emoji;
mod fixtures;
mod indexing;
mod newer;
mod opening;
mod plans;
mod wal_file;
mod writing;

mod contract {
    use super::*;
    use crate::contract::{Fixture, store_contract};

    fn open() -> std::future::Ready<Fixture> {
        let (dir, store) = open_new();
        std::future::ready(Fixture {
            store,
            _keep: Box::new(dir),
        })
    }

    store_contract!(open);
}

use std::sync::Arc;

use chat_shared::{RoomName, Seq, Username};
use tempfile::TempDir;

use super::SqliteStore;
use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};

fn open_new() -> (TempDir, Arc<SqliteStore>) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path()).unwrap();
    (dir, Arc::new(store))
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn said(seq: Seq, text: &str) -> LogEvent {
    LogEvent {
        seq,
        ts: seq,
        id: EventId(format!("{seq:032x}")),
        sender: Username::existing("ann"),
        nonce: EventNonce::from_seq(seq),
        messages: seq,
        body: EventBody::Message {
            text: text.into(),
            reply_to: None,
            bot: false,
            mentions: Vec::new(),
        },
    }
}
