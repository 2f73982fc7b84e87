//! How a room is loaded from its snapshot and its log.

use std::sync::Arc;

use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};
use chat_server_store::SharedStore;
use chat_server_store::sqlite::SqliteStore;
use chat_shared::Username;
use chat_shared::protocol::RoomKind;

use super::*;
use crate::accounts::{Accounts, Options, change_reports};
use crate::hub::SystemEnvironment;

async fn hub(dir: &tempfile::TempDir) -> Hub {
    let store: SharedStore = Arc::new(SqliteStore::open(dir.path()).unwrap());
    let (reporter, _) = change_reports();
    let accounts = Accounts::open(Arc::clone(&store), Options::default(), reporter).await;
    Hub::open(store, accounts.unwrap(), Arc::new(SystemEnvironment))
        .await
        .unwrap()
}

fn created(topic: &str) -> LogEvent {
    LogEvent {
        seq: 1,
        ts: 1,
        id: EventId("1".into()),
        sender: Username::existing("ann"),
        nonce: EventNonce::from_seq(1),
        messages: 0,
        body: EventBody::Created {
            room_kind: RoomKind::Public,
            topic: topic.into(),
            with: None,
        },
    }
}

#[tokio::test]
async fn a_snapshot_of_other_rules_is_folded_again_from_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let hub = hub(&dir).await;
    let rust = RoomName::parse("rust").unwrap();
    let log = vec![created("from the log")];
    hub.store().append(&rust, 0, log).await.unwrap();
    let mut state = RoomState::empty(rust.clone());
    state.apply(&created("from a snapshot"));
    let state = serde_json::to_vec(&state).unwrap();
    for (rules_version, topic) in [
        (RULES_VERSION, "from a snapshot"),
        (RULES_VERSION + 1, "from the log"),
        (0, "from the log"),
    ] {
        let snapshot = Snapshot {
            rules_version,
            seq: 1,
            state: state.clone(),
        };
        hub.store().save_snapshot(&rust, snapshot).await.unwrap();
        let (loaded, _) = load(&hub, &rust).await.unwrap();
        assert_eq!(loaded.topic(), topic, "{rules_version}");
    }
}
