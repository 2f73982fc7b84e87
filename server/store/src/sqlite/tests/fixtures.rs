//! Databases of earlier schemas, each opened as it was left.

use rusqlite::Connection;

use super::*;
use crate::sqlite::migrations::SCHEMA_VERSION;
use crate::{AccountStore, Append, LogStore, PageLimit, PasswordRecord, Search, Session};

/// Each with the version that it has.
const FIXTURES: [(u32, &str); 2] = [
    (1, include_str!("fixtures/version_1.sql")),
    (2, include_str!("fixtures/version_2.sql")),
];

fn opened(version: u32, sql: &str) -> (TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let conn = Connection::open(dir.path().join("chat.db")).unwrap();
    conn.execute_batch(sql).unwrap();
    let found: u32 = conn.pragma_query_one(None, "user_version").unwrap();
    assert_eq!(found, version);
    drop(conn);
    let store = SqliteStore::open(dir.path()).unwrap();
    (dir, store)
}

async fn version_of(store: &SqliteStore) -> u32 {
    let version = |conn: &Connection| Ok(conn.pragma_query_one(None, "user_version")?);
    store.read(version).await.unwrap()
}

async fn found(store: &SqliteStore, word: &str) -> Vec<Seq> {
    let search = Search {
        phrases: vec![vec![word.to_owned()]],
        rooms: vec![room("rust")],
        limit: 9,
        ..Search::default()
    };
    let found = store.search(&search).await.unwrap();
    found.messages.into_iter().map(|(_, seq)| seq).collect()
}

#[tokio::test]
async fn a_database_of_each_earlier_schema_is_used() {
    for (version, sql) in FIXTURES {
        let (_dir, store) = opened(version, sql);
        assert_eq!(version_of(&store).await, SCHEMA_VERSION);
        let rust = room("rust");
        let log = store
            .events(&rust, 0, PageLimit::rows(99))
            .await
            .unwrap()
            .events;
        assert!(log.len() >= 3, "{version}");
        assert_eq!(log[2].body.text(), Some("hello crab"));
        let (ann, bob) = (Username::existing("ann"), Username::existing("Bob"));
        let rooms = store.public_rooms("", "", 9).await.unwrap();
        assert_eq!((rooms[0].topic.as_str(), rooms[0].members), ("crabs", 2));
        assert_eq!(store.rooms_of(&ann).await.unwrap(), [room("rust")]);

        let account = store.find_user("bob").await.unwrap().unwrap();
        assert!(account.password == PasswordRecord::Plain(vec!["secret".into()]));
        assert_eq!(
            (account.password_epoch.clone(), account.last_ban_seq),
            (None, None)
        );
        let session = store.session("s2").await.unwrap().unwrap();
        let expect = Session {
            created: 2,
            ..crate::contract::session("s2", "Bob")
        };
        assert_eq!(session, expect);
        assert!(session.is_valid_for(&account));
        assert_eq!(store.sessions_of(&bob, 9).await.unwrap().len(), 1);
        assert_eq!(store.value("admin").await.unwrap().as_deref(), Some("ann"));
        let snapshot = store.snapshot(&rust).await.unwrap().unwrap();
        assert_eq!((snapshot.rules_version, snapshot.seq), (0, 2));

        let tip = log.last().unwrap().seq;
        let next = said(tip + 1, "a new whale");
        let appended = store.append(&rust, tip, vec![next]).await.unwrap();
        assert_eq!(appended, Append::Stored);
        assert_eq!(found(&store, "whale").await, [tip + 1]);
        let greeted = if version == 1 { "crab" } else { "lobster" };
        assert_eq!(found(&store, greeted).await, [3], "{version}");
    }
}

#[tokio::test]
async fn version_2_is_migrated() {
    let (_dir, store) = opened(2, FIXTURES[1].1);
    let rust = room("rust");
    assert_eq!(store.deleted_among(&rust, &[3, 6]).await.unwrap(), [6]);
    assert_eq!(store.unscrubbed(9).await.unwrap(), [(rust.clone(), 6)]);
    let ann = Username::existing("ann");
    assert_eq!(
        store.mentions_of(&ann, 9).await.unwrap(),
        [(rust.clone(), 3)]
    );
    assert_eq!(store.read_marks(&rust).await.unwrap().len(), 1);
    assert!(store.avatar("p1").await.unwrap().is_some());
    let said = store.events_at(&rust, &[3, 6]).await.unwrap();
    let states = store.message_states(&rust, said, 7, 999).await.unwrap();
    let (greeting, oops) = (&states[0], &states[1]);
    assert_eq!((greeting.text.as_str(), greeting.rev), ("hello lobster", 5));
    assert_eq!(greeting.mentions, [ann]);
    assert_eq!(greeting.edited_ts, Some(400));
    assert_eq!(greeting.reactions().count(), 1);
    assert!(oops.deleted && oops.text.is_empty());
    store.scrub(&rust, 6).await.unwrap();
    assert_eq!(
        store
            .events(&rust, 5, PageLimit::rows(1))
            .await
            .unwrap()
            .events[0]
            .body
            .text(),
        Some("")
    );
    assert_eq!(found(&store, "oops").await, [0; 0]);
}
