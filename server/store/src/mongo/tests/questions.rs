//! Calls of every method of the store, for the list of its questions.

use chat_shared::protocol::RoomKind;
use chat_shared::{Emoji, RoomName, Username};

use crate::{
    AccountState, AuditClass, AuditEntry, AuditId, Avatar, Code, CodeId, CodeKind,
    KNOWN_NETWORKS_MAX, NewPassword, NewUser, PageLimit, PasswordEpoch, PasswordRecord,
    QuotaLimits, ReadMark, SESSIONS_MAX, Search, SharedStore, Snapshot,
};
use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};

fn rust() -> RoomName {
    RoomName::parse("rust").unwrap()
}

fn ann() -> Username {
    Username::existing("Ann")
}

fn event(seq: u64, body: EventBody) -> LogEvent {
    LogEvent {
        seq,
        ts: seq,
        id: EventId(format!("{seq:032x}")),
        sender: ann(),
        nonce: EventNonce::from_seq(seq),
        messages: seq,
        body,
    }
}

/// Calls each method so that it asks every question that it may ask.
pub(super) async fn ask_everything(store: &SharedStore) {
    ask_of_members(store).await;
    ask_of_messages(store).await;
    ask_of_readers(store).await;
    ask_of_accounts(store).await;
    ask_of_sessions(store).await;
    ask_of_policies(store).await;
    ask_of_codes(store).await;
    ask_of_admins(store).await;
    ask_of_audit(store).await;
    ask_of_erasure(store).await;
}

async fn ask_of_members(store: &SharedStore) {
    let (rust, ann) = (rust(), ann());
    let created = EventBody::Created {
        room_kind: RoomKind::Public,
        topic: String::new(),
        with: None,
    };
    store
        .append(&rust, 7, vec![event(8, EventBody::Joined)])
        .await
        .unwrap();
    store
        .append(&rust, 0, vec![event(1, created)])
        .await
        .unwrap();
    for seq in 2..=3 {
        store
            .append(
                &rust,
                seq - 1,
                vec![event(seq, EventBody::Left { heir: None })],
            )
            .await
            .unwrap();
    }
    store
        .append(&rust, 1, vec![event(2, EventBody::Joined)])
        .await
        .unwrap();
    let mut taken = event(4, EventBody::Joined);
    taken.nonce = EventNonce::from_seq(1);
    store.append(&rust, 3, vec![taken]).await.unwrap();
    store.events(&rust, 0, PageLimit::rows(10)).await.unwrap();
    store
        .messages_before(&rust, 9, PageLimit::rows(10))
        .await
        .unwrap();
    store
        .messages_after(&rust, 0, PageLimit::rows(10))
        .await
        .unwrap();
    store
        .events_by_nonces(&rust, &[(ann.clone(), EventNonce::from_seq(1))])
        .await
        .unwrap();
}

async fn ask_of_messages(store: &SharedStore) {
    let (rust, ann) = (rust(), ann());
    let said = EventBody::Message {
        text: "a crab".into(),
        reply_to: None,
        bot: false,
        mentions: vec![ann.clone()],
    };
    let edited = EventBody::Edited {
        target: 4,
        text: "a crab".into(),
        mentions: Vec::new(),
    };
    let topic = EventBody::Topic { topic: "t".into() };
    let deleted = EventBody::Deleted { target: 4 };
    let reacted = EventBody::Reacted {
        target: 4,
        emoji: Emoji::parse("🦀").unwrap(),
        on: true,
    };
    let conversation = [said, edited, reacted];
    let events: Vec<_> = (4..)
        .zip(conversation)
        .map(|(seq, body)| event(seq, body))
        .collect();
    for event in events {
        store
            .append(&rust, event.seq - 1, vec![event])
            .await
            .unwrap();
    }
    let search = Search {
        phrases: vec![vec!["crab".into()]],
        rooms: vec![rust.clone()],
        from: Some(ann.clone()),
        limit: 5,
        ..Search::default()
    };
    store.search(&search).await.unwrap();
    let cursor = Some("9.x".to_owned());
    store
        .search(&Search {
            cursor,
            from: None,
            ..search
        })
        .await
        .unwrap();
    store.event(&rust, 4).await.unwrap();
    for as_of in [4, 6] {
        let said = store.events(&rust, 3, PageLimit::rows(1)).await.unwrap();
        let states = store.message_states(&rust, said.events, as_of, 9_999);
        states.await.unwrap();
    }
    for (seq, body) in (7..).zip([deleted, topic]) {
        let last = vec![event(seq, body)];
        store.append(&rust, seq - 1, last).await.unwrap();
    }
    store.scrub(&rust, 4).await.unwrap();
    store.unscrubbed(9).await.unwrap();
}

async fn ask_of_readers(store: &SharedStore) {
    let (rust, ann) = (rust(), ann());
    for seq in [2, 3] {
        let mark = ReadMark { seq, messages: 1 };
        store.mark_read(&rust, &ann, mark).await.unwrap();
    }
    store.read_marks(&rust).await.unwrap();
    store.mentions_above(&rust, &ann, 0).await.unwrap();
    store.mentions_of(&ann, 9).await.unwrap();
    store.rooms_of(&ann).await.unwrap();
    store.public_rooms("", "", 10).await.unwrap();
    for seq in [5, 6] {
        let snapshot = Snapshot {
            rules_version: 1,
            seq,
            state: Vec::new(),
        };
        store.save_snapshot(&rust, snapshot).await.unwrap();
    }
    store.snapshot(&rust).await.unwrap();
}

async fn ask_of_accounts(store: &SharedStore) {
    let ann = ann();
    let password = PasswordRecord::Argon2id("$argon2id$".into());
    let new = NewUser {
        username: ann.clone(),
        password: password.clone(),
        bot: false,
        created: 1,
    };
    for _ in 0..2 {
        store.create_user(new.clone()).await.unwrap();
    }
    for name in ["Ann", "ann", "Demo", "demo", "eve"] {
        store.find_user(name).await.unwrap();
    }
    store.users_after("", 10).await.unwrap();
    store.count_users().await.unwrap();
    store.has_people().await.unwrap();
    store.plain_passwords(10).await.unwrap();
    store
        .convert_password(&Username::existing("Demo"), "x", "$argon2id$")
        .await
        .unwrap();
    let new = NewPassword {
        record: password,
        epoch: PasswordEpoch("e".into()),
    };
    store
        .set_password(&ann, None, new, Some("x"))
        .await
        .unwrap();
    store.set_banned(&ann, Some(7), Some(1)).await.unwrap();
    store.set_state(&ann, AccountState::Active).await.unwrap();
    let avatar = Avatar {
        name: "a".into(),
        png: vec![1],
    };
    for _ in 0..2 {
        store.set_avatar(&ann, avatar.clone()).await.unwrap();
    }
    store.avatar("a").await.unwrap();
}

async fn ask_of_sessions(store: &SharedStore) {
    let ann = ann();
    store.sessions_of(&ann, 9).await.unwrap();
    store.revoke_sessions_of(&ann, Some("x")).await.unwrap();
    for n in 0..=SESSIONS_MAX {
        let session = crate::contract::session(&format!("s{n}"), "ann");
        store.create_session(session).await.unwrap();
    }
    store.session("s").await.unwrap();
    store.renew_session("s", 3).await.unwrap();
    store.revoke_session("s").await.unwrap();
    store.purge_sessions(9).await.unwrap();
    store.insert_if_absent("k", "v").await.unwrap();
    store.value("k").await.unwrap();
}

async fn ask_of_policies(store: &SharedStore) {
    let (ann, bob) = (ann(), Username::existing("bob"));
    store.block(&rust(), &ann, &bob).await.unwrap();
    store.is_blocked(&rust(), &bob).await.unwrap();
    store.unblock(&rust(), &bob).await.unwrap();
    let (today, in_all) = (9, 9);
    for _ in 0..2 {
        let limits = QuotaLimits { today, in_all };
        store.use_quota(&ann, "k", 1, limits).await.unwrap();
    }
    for n in [0, 0].into_iter().chain(1..=KNOWN_NETWORKS_MAX) {
        let network = format!("n{n}");
        store.remember_network(&ann, &network, 1).await.unwrap();
    }
    store.knows_network("n").await.unwrap();
    store.check().await.unwrap();
}

async fn ask_of_codes(store: &SharedStore) {
    let (kind, id) = (CodeKind::Invite, CodeId("c".into()));
    let code = Code {
        id: id.clone(),
        kind,
        by: Some(ann()),
        created: 1,
        expires: 9,
        uses: 2,
        room: None,
        account: None,
        epoch: None,
    };
    store.add_code(code).await.unwrap();
    store.code(kind, &id).await.unwrap();
    store.use_code(kind, &id, "a", 2).await.unwrap();
    store.codes(kind).await.unwrap();
    store.give_code_back(kind, &id, "a").await.unwrap();
    store.purge_codes(5).await.unwrap();
    store.remove_code(kind, &id).await.unwrap();
}

async fn ask_of_admins(store: &SharedStore) {
    for version in [0, 1, 0] {
        store.replace_admins(version, vec![ann()]).await.unwrap();
    }
}

async fn ask_of_audit(store: &SharedStore) {
    let entry = AuditEntry {
        id: AuditId::new(1, "x"),
        class: AuditClass::Change,
        ts: 1,
        action: "role".into(),
        by: None,
        username: None,
        room: None,
        from: None,
        detail: None,
    };
    for _ in 0..2 {
        store.add_audit(vec![entry.clone()]).await.unwrap();
    }
    store.audit(None, 9).await.unwrap();
    store.purge_audit(9).await.unwrap();
}

async fn ask_of_erasure(store: &SharedStore) {
    store.rooms_after("", 9).await.unwrap();
    store.messages_by(&rust(), &ann(), 0, 9).await.unwrap();
    store.erase_user(&ann()).await.unwrap();
}
