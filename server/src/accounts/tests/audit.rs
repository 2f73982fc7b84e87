//! Tests of the audit: what is in it, and what never is.

use std::net::Ipv4Addr;

use chat_server_store::AuditClass;
use chat_shared::RoomName;

use super::*;
use crate::network::ClientNetwork;

async fn entries(accounts: &Accounts) -> Vec<chat_server_store::AuditEntry> {
    accounts.audit_page(None, 100).await.unwrap().0
}

async fn actions(accounts: &Accounts) -> Vec<String> {
    let entries = entries(accounts).await.into_iter().rev();
    entries.map(|entry| entry.action).collect()
}

#[tokio::test]
async fn sign_ins_are_kept_with_where_they_came_from() {
    let world = world().await;
    world.add("ann").await;
    let from = Some(ClientNetwork::of(Ipv4Addr::new(203, 0, 113, 9).into()));
    let attempts = [
        ("ANN", "long enough"),
        ("ann", "a wrong one"),
        ("my secret password", "long enough"),
    ];
    for (name, password) in attempts {
        let attempt = world.accounts.sign_in_from(name, password.into(), from);
        let _ = attempt.await;
    }
    let kept = entries(&world.accounts).await;
    let shown: Vec<_> = kept
        .iter()
        .rev()
        .map(|entry| {
            let name = |name: &Option<Username>| name.as_ref().map(Username::to_string);
            let (by, username) = (name(&entry.by), name(&entry.username));
            (entry.action.as_str(), by, username, entry.detail.as_deref())
        })
        .collect();
    let ann = || Some("ann".to_owned());
    assert_eq!(
        shown,
        [
            ("sign_up", ann(), ann(), None),
            ("sign_in", ann(), ann(), None),
            ("sign_in_failed", None, ann(), Some("wrong password")),
            ("sign_in_failed", None, None, Some("unknown username")),
        ]
    );
    let newest = &kept[..3];
    assert!(
        newest
            .iter()
            .all(|it| it.from.as_deref() == Some("203.0.113.9"))
    );
    // A name that nobody has may be a password.
    assert!(!format!("{kept:?}").contains("secret"), "{kept:?}");
}

#[tokio::test]
async fn changes_are_kept() {
    let world = world().await;
    for name in ["root", "bob"] {
        world.add(name).await;
    }
    let accounts = &world.accounts;
    let (root, bob) = (Username::existing("root"), Username::existing("bob"));
    accounts.set_admin(Some(&root), &bob, true).await.unwrap();
    accounts.set_admin(Some(&root), &bob, true).await.unwrap();
    accounts.set_admin(None, &bob, false).await.unwrap();
    accounts.deactivate(&bob).await.unwrap();
    accounts.reactivate(&bob).await.unwrap();
    accounts.end_all_sessions(&bob).await.unwrap();
    let session = world.sign_in("bob").await;
    let kept = accounts.authenticate(&session.token).await.unwrap().session;
    accounts
        .change_password(&bob, &kept, "long enough".into(), "another one".into())
        .await
        .unwrap();
    let user = accounts.user(&bob).await.unwrap().unwrap();
    let (code, _) = accounts.make_reset(Some(&root), user).await.unwrap();
    accounts
        .reset_password(code.expose(), "yet another one".into())
        .await
        .unwrap();
    let expect = [
        "sign_up",
        "sign_up",
        "make_admin",
        "unmake_admin",
        "deactivate",
        "reactivate",
        "end_sessions",
        "sign_in",
        "password_changed",
        "reset_link",
        "password_reset",
    ];
    assert_eq!(actions(accounts).await, expect);
    let all = format!("{:?}", entries(accounts).await);
    for secret in ["long enough", "another one", code.expose()] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[tokio::test]
async fn old_entries_go() {
    let world = world().await;
    world.add("ann").await;
    let accounts = &world.accounts;
    let day = Duration::from_secs(24 * 60 * 60);
    accounts.flush_audit().await;
    accounts.purge_audit(day).await.unwrap();
    assert_eq!(actions(accounts).await, ["sign_up"]);
    tokio::time::sleep(Duration::from_millis(2)).await;
    accounts.purge_audit(Duration::ZERO).await.unwrap();
    assert_eq!(actions(accounts).await, [""; 0]);
}

/// An entry that mallory can make without end in a room of their own.
fn mute_in(room: &str) -> Audited {
    let (mallory, bob) = (Username::existing("mallory"), Username::existing("bob"));
    let muted = Audited::new(AuditAction::Mute, Some(&mallory)).to(&bob);
    muted.in_room(&RoomName::parse(room).unwrap())
}

#[tokio::test]
async fn what_people_do_in_their_rooms_has_a_bound_of_its_own() {
    let world = world().await;
    let accounts = &world.accounts;
    let handed_over = Audited::new(AuditAction::Role, None);
    let ops = RoomName::parse("ops").unwrap();
    for audited in [mute_in("ops"), mute_in("lobby"), handed_over.in_room(&ops)] {
        accounts.audit(audited);
    }
    let kept = entries(accounts).await.into_iter().rev();
    let classes: Vec<_> = kept.map(|entry| entry.class).collect();
    let expect = [AuditClass::Room, AuditClass::Change, AuditClass::Change];
    assert_eq!(classes, expect);
}

/// No task runs between these calls, so that nothing is stored meanwhile.
#[tokio::test]
async fn a_flood_leaves_places_for_changes() {
    let world = world().await;
    let accounts = &world.accounts;
    for _ in 0..5_000 {
        accounts.audit(mute_in("ops"));
        accounts.audit(Audited::new(AuditAction::SignInFailed, None));
    }
    let root = Username::existing("root");
    accounts.audit(Audited::new(AuditAction::MakeAdmin, Some(&root)));
    assert_eq!(entries(accounts).await[0].action, "make_admin");
}
