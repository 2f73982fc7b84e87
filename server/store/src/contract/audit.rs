//! The audit.

use chat_shared::{RoomName, Username};

use crate::{AuditClass, AuditEntry, AuditId, SharedStore};

fn entry(class: AuditClass, ts: u64, action: &str) -> AuditEntry {
    AuditEntry {
        id: AuditId::new(ts, action),
        class,
        ts,
        action: action.to_owned(),
        by: None,
        username: None,
        room: None,
        from: None,
        detail: None,
    }
}

async fn actions(store: &SharedStore, before: Option<&AuditId>, limit: usize) -> Vec<String> {
    let entries = store.audit(before, limit).await.unwrap();
    entries.into_iter().map(|entry| entry.action).collect()
}

pub(crate) async fn entries_come_back_the_newest_first(store: &SharedStore) {
    assert_eq!(actions(store, None, 9).await, [""; 0]);
    let whole = AuditEntry {
        by: Some(Username::existing("an n:'\"$x")),
        username: Some(Username::existing("bob")),
        room: Some(RoomName::parse("ops").unwrap()),
        from: Some("2001:db8::/64".into()),
        detail: Some("owner".into()),
        ..entry(AuditClass::Room, 2_000, "role")
    };
    let bare = entry(AuditClass::Failure, 999, "sign_in_failed");
    let between = entry(AuditClass::SignIn, 1_000, "sign_in");
    let all = [whole, bare, between];
    for _ in 0..2 {
        store.add_audit(all.to_vec()).await.unwrap();
    }
    let [whole, bare, between] = all;
    let kept = store.audit(None, 9).await.unwrap();
    assert_eq!(kept, [whole.clone(), between.clone(), bare.clone()]);
    assert_eq!(actions(store, None, 1).await, ["role"]);
    assert_eq!(actions(store, Some(&whole.id), 1).await, ["sign_in"]);
    assert_eq!(
        actions(store, Some(&between.id), 9).await,
        ["sign_in_failed"]
    );
    assert_eq!(actions(store, Some(&bare.id), 9).await, [""; 0]);
}

pub(crate) async fn old_entries_are_purged(store: &SharedStore) {
    let entries = (0..8).map(|n| {
        let class = AuditClass::ALL[n % AuditClass::ALL.len()];
        entry(class, 1_000 + n as u64, &format!("a{n}"))
    });
    store.add_audit(entries.collect()).await.unwrap();
    store.purge_audit(1_004).await.unwrap();
    assert_eq!(actions(store, None, 9).await, ["a7", "a6", "a5", "a4"]);
    store.purge_audit(u64::MAX >> 11).await.unwrap();
    assert_eq!(actions(store, None, 9).await, [""; 0]);
}
