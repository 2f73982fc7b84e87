//! Erasing people.

use chat_shared::Username;
use chat_shared::protocol::RoomKind;

use super::accounts::new_user;
use super::{created, put, room, said, session, user};
use crate::{
    AccountState, Avatar, Code, CodeId, CodeKind, CreateUser, ERASED_DISPLAY_NAME, NewPassword,
    PasswordChange, PasswordEpoch, PasswordRecord, QuotaLimits, QuotaUse, ReadMark, SharedStore,
    StoreError,
};
use chat_server_rules::EventBody;

pub(crate) async fn what_is_kept_is_counted(store: &SharedStore) {
    let before = store.usage().await.unwrap();
    assert_eq!((before.rooms, before.events), (0, 0));
    put(
        store,
        &room("ops"),
        0,
        "ann",
        [created(RoomKind::Public, ""), said("one")],
    )
    .await;
    put(
        store,
        &room("den"),
        0,
        "ann",
        [created(RoomKind::Private, "")],
    )
    .await;
    let after = store.usage().await.unwrap();
    assert_eq!((after.rooms, after.events), (2, 3));
    assert!(after.bytes > 0 && after.bytes >= before.bytes, "{after:?}");
}

pub(crate) async fn what_a_person_wrote_is_found(store: &SharedStore) {
    let (ops, secret) = (room("ops"), room("secret"));
    let rooms = async |after: &str| store.rooms_after(after, 9).await.unwrap();
    assert_eq!(rooms("").await, []);
    put(
        store,
        &ops,
        0,
        "ann",
        [created(RoomKind::Public, ""), said("one")],
    )
    .await;
    let deleted = EventBody::Deleted { target: 4 };
    put(store, &ops, 2, "bob", [said("two"), said("three"), deleted]).await;
    put(store, &ops, 5, "ann", [said("four")]).await;
    put(
        store,
        &secret,
        0,
        "bob",
        [created(RoomKind::Private, ""), said("five")],
    )
    .await;
    let both = [ops.clone(), secret.clone()];
    assert_eq!(rooms("").await, both);
    assert_eq!(rooms("ops").await, both[1..]);
    assert_eq!(store.rooms_after("", 1).await.unwrap(), both[..1]);
    let by = async |name: &str, room, after, limit| {
        let found = store.messages_by(room, &user(name), after, limit).await;
        found.unwrap()
    };
    assert_eq!(by("ann", &ops, 0, 9).await, [2, 6]);
    assert_eq!(by("bob", &ops, 0, 9).await, [3, 4]);
    assert_eq!(by("bob", &ops, 3, 9).await, [4]);
    assert_eq!(by("bob", &ops, 0, 1).await, [3]);
    assert_eq!(by("bob", &secret, 0, 9).await, [2]);
    assert_eq!(by("Bob", &ops, 0, 9).await, [0; 0]);
}

fn code(kind: CodeKind, id: &str, by: &Username, account: Option<&Username>) -> Code {
    Code {
        id: CodeId(id.to_owned()),
        kind,
        by: Some(by.clone()),
        created: 1,
        expires: 9,
        uses: 1,
        room: None,
        account: account.cloned(),
        epoch: None,
    }
}

pub(crate) async fn an_erased_account_keeps_its_name_alone(store: &SharedStore) {
    let (ann, bob, ops) = (user("ann"), user("bob"), room("ops"));
    put(store, &ops, 0, "ann", [created(RoomKind::Public, "")]).await;
    for (name, id) in [("ann", "a"), ("bob", "b")] {
        store.create_user(new_user(name)).await.unwrap();
        store
            .set_display_name(&user(name), "Somebody")
            .await
            .unwrap();
        let png = vec![1];
        let avatar = Avatar {
            name: format!("p-{name}"),
            png,
        };
        store.set_avatar(&user(name), avatar).await.unwrap();
        store.create_session(session(id, name)).await.unwrap();
        let mark = ReadMark {
            seq: 1,
            messages: 0,
        };
        store.mark_read(&ops, &user(name), mark).await.unwrap();
        store
            .remember_network(&user(name), &format!("n-{name}"), 1)
            .await
            .unwrap();
    }
    store.set_banned(&bob, Some(7), Some(1)).await.unwrap();
    let direct = room("direct");
    store.block(&direct, &bob, &ann).await.unwrap();
    store.block(&direct, &ann, &bob).await.unwrap();
    let codes = [
        code(CodeKind::Invite, "by-bob", &bob, None),
        code(CodeKind::Invite, "by-ann", &ann, None),
        code(CodeKind::Reset, "for-bob", &ann, Some(&bob)),
        code(CodeKind::Reset, "for-ann", &ann, Some(&ann)),
    ];
    for code in codes {
        assert!(store.add_code(code).await.unwrap());
    }
    let other = store.find_user("ann").await.unwrap();
    for _ in 0..2 {
        store.erase_user(&bob).await.unwrap();
    }

    let erased = store.find_user("BOB").await.unwrap().unwrap();
    assert_eq!(erased.state, AccountState::Erased);
    assert!(erased.password == PasswordRecord::Missing);
    assert_eq!(erased.display_name, ERASED_DISPLAY_NAME);
    assert_eq!((erased.avatar, erased.banned_until), (None, None));
    assert_eq!(store.avatar("p-bob").await.unwrap(), None);
    assert_eq!(store.session("b").await.unwrap(), None);
    assert!(!store.knows_network("n-bob").await.unwrap());
    for name in [&ann, &bob] {
        assert_eq!(store.blocked_by(name).await.unwrap(), [], "{name}");
    }
    let marks = store.read_marks(&ops).await.unwrap();
    assert!(marks.iter().all(|(name, _)| *name == ann), "{marks:?}");
    let left = async |kind| {
        let kept = store.codes(kind).await.unwrap();
        kept.into_iter()
            .map(|kept| kept.code.id.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(left(CodeKind::Invite).await, ["by-ann"]);
    assert_eq!(left(CodeKind::Reset).await, ["for-ann"]);
    let taken = store.create_user(new_user("Bob")).await.unwrap();
    assert_eq!(taken, CreateUser::NameTaken);

    // Others keep what they have.
    assert_eq!(store.find_user("ann").await.unwrap(), other);
    assert!(store.avatar("p-ann").await.unwrap().is_some());
    assert!(store.session("a").await.unwrap().is_some());
    assert!(store.knows_network("n-ann").await.unwrap());
    let nobody = store.erase_user(&user("nobody")).await;
    assert!(matches!(nobody, Err(StoreError::Refused(_))), "{nobody:?}");
}

pub(crate) async fn quotas_go_with_an_account(store: &SharedStore) {
    let used = async |name: &str, kind| {
        let limits = QuotaLimits {
            today: 1,
            in_all: 1,
        };
        let used = store.use_quota(&user(name), kind, 1, limits).await;
        used.unwrap() == QuotaUse::Counted
    };
    store.create_user(new_user("bob")).await.unwrap();
    for (name, kind) in [("ann", "rooms"), ("bob", "rooms"), ("bob", "invitations")] {
        assert!(used(name, kind).await);
        assert!(!used(name, kind).await);
    }
    store.erase_user(&user("bob")).await.unwrap();
    assert!(used("bob", "rooms").await && used("bob", "invitations").await);
    assert!(!used("ann", "rooms").await);
}

/// Calls that began before the erasure may come after it.
pub(crate) async fn nothing_is_written_to_an_erased_account(store: &SharedStore) {
    let bob = user("bob");
    store.create_user(new_user("bob")).await.unwrap();
    store.erase_user(&bob).await.unwrap();
    let erased = store.find_user("bob").await.unwrap();
    let avatar = Avatar {
        name: "p".to_owned(),
        png: vec![1],
    };
    let refused = [
        store.set_state(&bob, AccountState::Active).await,
        store.set_state(&bob, AccountState::Deactivated).await,
        store.set_display_name(&bob, "Bob").await,
        store.set_avatar(&bob, avatar).await,
    ];
    for refused in refused {
        assert!(
            matches!(refused, Err(StoreError::Refused(_))),
            "{refused:?}"
        );
    }
    let new = NewPassword {
        record: PasswordRecord::Argon2id("$argon2id$".to_owned()),
        epoch: PasswordEpoch("e".to_owned()),
    };
    let changed = store.set_password(&bob, None, new, None).await.unwrap();
    assert_eq!(changed, PasswordChange::NoSuchUser);
    assert_eq!(store.find_user("bob").await.unwrap(), erased);
    assert_eq!(store.avatar("p").await.unwrap(), None);
}
