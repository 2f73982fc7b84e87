//! The calls of the fault table. Each may be repeated with the same number, and then does the same.

use std::time::Duration;

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Username};

use crate::contract::{event, said, session};
use crate::mongo::MongoStore;
use crate::{
    AccountStore, AdminStore, Append, Code, CodeId, CodeKind, CodeStore, CodeUse, CreateUser,
    LogStore, NewPassword, NewUser, PageLimit, PasswordEpoch, PasswordRecord, PolicyStore,
    ReadMark, Search, Snapshot, Store, StoreError,
};
use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};

/// How a call answers to faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Read,
    Write,
    /// The insert of events, whose outcome is found by reading back.
    Append,
    /// A write behind an append or before a search, which is repaired later.
    Projection,
}

/// A call, and the command of MongoDB in it that is hit.
pub(super) struct Call {
    pub(super) name: &'static str,
    pub(super) command: &'static str,
    pub(super) collection: &'static str,
    pub(super) kind: Kind,
}

const fn call(
    name: &'static str,
    command: &'static str,
    collection: &'static str,
    kind: Kind,
) -> Call {
    Call {
        name,
        command,
        collection,
        kind,
    }
}

pub(super) const CALLS: [Call; 39] = [
    call("append", "insert", "log", Kind::Append),
    call("append the first", "insert", "rooms", Kind::Write),
    call("append a join", "update", "memberships", Kind::Projection),
    call(
        "append an edit",
        "update",
        "messageStates",
        Kind::Projection,
    ),
    call("append a deletion", "insert", "deletions", Kind::Projection),
    call("append a topic", "update", "rooms", Kind::Projection),
    call("events", "find", "log", Kind::Read),
    call("tip", "find", "log", Kind::Read),
    call("messages_before", "find", "log", Kind::Read),
    call("messages_after", "find", "log", Kind::Read),
    call("event", "find", "log", Kind::Read),
    call("events_at", "find", "log", Kind::Read),
    call("events_by_nonces", "find", "log", Kind::Read),
    call("message_states", "find", "messageStates", Kind::Read),
    call("deleted_among", "find", "log", Kind::Read),
    call("unscrubbed", "find", "deletions", Kind::Read),
    call("mark_read", "update", "readMarks", Kind::Write),
    call("read_marks", "find", "readMarks", Kind::Read),
    call("mentions_above", "find", "log", Kind::Read),
    call("search", "find", "search", Kind::Read),
    call("search behind", "insert", "search", Kind::Projection),
    call("rooms_of", "find", "memberships", Kind::Read),
    call("public_rooms", "aggregate", "memberships", Kind::Read),
    call("snapshot", "find", "snapshots", Kind::Read),
    call("save_snapshot", "update", "snapshots", Kind::Write),
    call("create_user", "insert", "chatRoomUsers", Kind::Write),
    call("find_user", "find", "chatRoomUsers", Kind::Read),
    call("set_password", "insert", "passwordChanges", Kind::Write),
    call("session", "find", "sessions", Kind::Read),
    call("create_session", "insert", "sessions", Kind::Write),
    call("revoke_session", "delete", "sessions", Kind::Write),
    call("insert_if_absent", "insert", "claims", Kind::Write),
    call("block", "insert", "blocks", Kind::Write),
    call("remember_network", "update", "knownNetworks", Kind::Write),
    call("add_code", "insert", "codes", Kind::Write),
    call("use_code", "insert", "codeUses", Kind::Write),
    call("admins", "find", "adminLists", Kind::Read),
    call("replace_admins", "insert", "adminLists", Kind::Write),
    call("check", "update", "readiness", Kind::Write),
];

fn ops() -> RoomName {
    RoomName::parse("ops").unwrap()
}

fn ann() -> Username {
    Username::existing("ann")
}

/// A room with messages, of which one mentions ann, and ann's account.
pub(super) async fn prepare(store: &MongoStore) {
    let created = EventBody::Created {
        room_kind: RoomKind::Public,
        topic: String::new(),
        with: None,
    };
    let mention = EventBody::Message {
        text: "@ann crab".into(),
        reply_to: None,
        bot: false,
        mentions: vec![ann()],
    };
    let bodies = [created, mention, said("crab")];
    let log = (1..).zip(bodies).map(|(seq, body)| event(seq, "ann", body));
    store.append(&ops(), 0, log.collect()).await.unwrap();
    run_by_name("create_user", store, 0).await.unwrap();
}

pub(super) async fn run(call: &Call, store: &MongoStore, n: u64) -> Result<(), StoreError> {
    run_by_name(call.name, store, n).await
}

async fn run_by_name(name: &str, store: &MongoStore, n: u64) -> Result<(), StoreError> {
    match name {
        name if name.starts_with("append") => append(name, store, n).await,
        "search" | "search behind" => search(name, store, n).await,
        "create_user" | "find_user" | "set_password" => account(name, store, n).await,
        "session" | "create_session" | "revoke_session" => sessions(name, store, n).await,
        "insert_if_absent" => {
            let value = store.insert_if_absent(&format!("k{n}"), "v").await?;
            expect(value == "v", "the value")
        }
        "block" => {
            let blocked = Username::existing(&format!("b{n}"));
            let room = RoomName::parse(&format!("direct{n}")).unwrap();
            expect(store.block(&room, &ann(), &blocked).await?, "blocked")
        }
        "add_code" | "use_code" => codes(name, store, n).await,
        "admins" => store.admins().await.map(drop),
        "replace_admins" => {
            let version = store.admins().await?.version;
            let replaced = store.replace_admins(version, vec![ann()]).await?;
            expect(replaced, "replaced")
        }
        "remember_network" => store.remember_network(&ann(), &format!("n{n}"), n).await,
        "check" => {
            // One that was acknowledged less than a second ago is not written again.
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            store.check().await
        }
        name => read(name, store).await,
    }
}

/// What a fault must not change is a value of the right kind.
fn expect(is_right: bool, what: &str) -> Result<(), StoreError> {
    match is_right {
        true => Ok(()),
        false => Err(StoreError::Corrupt(format!("not {what}"))),
    }
}

/// The same event each time it is made.
fn same(seq: u64, n: u64, body: EventBody) -> LogEvent {
    LogEvent {
        id: EventId(format!("{n:032x}")),
        ..event(seq, "ann", body)
    }
}

async fn append(name: &str, store: &MongoStore, n: u64) -> Result<(), StoreError> {
    let room = RoomName::parse(&format!("room{n}")).unwrap();
    let first = same(1, n, said("crab"));
    if name == "append the first" {
        let outcome = store.append(&room, 0, vec![first]).await?;
        return expect(outcome == Append::Stored, "stored");
    }
    // Its room is made before the fault hits it, or by the attempt before.
    let (after, event) = match name {
        "append" => (3, same(4, n, said("crab"))),
        "append a join" => (3, same(4, n, EventBody::Joined)),
        "append an edit" => {
            let (target, text, mentions) = (2, "x".into(), Vec::new());
            let body = EventBody::Edited {
                target,
                text,
                mentions,
            };
            (3, same(4, n, body))
        }
        "append a deletion" => (3, same(4, n, EventBody::Deleted { target: 2 })),
        _ => (3, same(4, n, EventBody::Topic { topic: "t".into() })),
    };
    let after = after + n - 1;
    let event = LogEvent {
        seq: after + 1,
        nonce: EventNonce::from_seq(after + 1),
        ..event
    };
    let outcome = store.append(&ops(), after, vec![event]).await?;
    expect(outcome == Append::Stored, "stored")
}

async fn search(name: &str, store: &MongoStore, n: u64) -> Result<(), StoreError> {
    if name == "search behind" {
        let tip = store.tip(&ops()).await?;
        let more = same(tip + 1, 1_000 + tip, said("crab"));
        store.append(&ops(), tip, vec![more]).await?;
    }
    let search = Search {
        phrases: vec![vec!["crab".to_owned()]],
        rooms: vec![ops()],
        limit: usize::try_from(n).unwrap_or(1),
        ..Search::default()
    };
    store.search(&search).await.map(drop)
}

async fn account(name: &str, store: &MongoStore, n: u64) -> Result<(), StoreError> {
    let username = match n {
        0 => ann(),
        n => Username::existing(&format!("user{n}")),
    };
    let record = PasswordRecord::Argon2id("$argon2id$x".into());
    match name {
        "find_user" => {
            let found = store.find_user("ann").await?;
            expect(found.is_some(), "found")
        }
        "set_password" => {
            let user = store.find_user("ann").await?;
            let before = user.and_then(|user| user.password_epoch);
            let new = NewPassword {
                record,
                epoch: PasswordEpoch(format!("e{n}")),
            };
            let changed = store.set_password(&ann(), before.as_ref(), new, None).await;
            changed.map(drop)
        }
        _ => {
            let user = NewUser {
                username,
                password: record,
                bot: false,
                created: 1,
            };
            // The attempt before may have made it.
            let created: CreateUser = store.create_user(user).await?;
            let _ = created;
            Ok(())
        }
    }
}

async fn codes(name: &str, store: &MongoStore, n: u64) -> Result<(), StoreError> {
    let id = CodeId(format!("c{n}"));
    let code = Code {
        id: id.clone(),
        kind: CodeKind::Invite,
        by: Some(ann()),
        created: 1,
        expires: 9,
        uses: 5,
        room: None,
        account: None,
        epoch: None,
    };
    expect(store.add_code(code).await?, "kept")?;
    if name == "use_code" {
        let used = store.use_code(CodeKind::Invite, &id, "attempt", 2).await?;
        expect(matches!(used, CodeUse::Taken(_)), "taken")?;
    }
    Ok(())
}

async fn sessions(name: &str, store: &MongoStore, n: u64) -> Result<(), StoreError> {
    let id = format!("s{n}");
    match name {
        "session" => store.session("s").await.map(drop),
        "create_session" => match store.create_session(session(&id, "ann")).await {
            // The attempt before made it.
            Err(StoreError::Refused(text)) if text.contains("taken") => Ok(()),
            created => created.map(drop),
        },
        _ => store.revoke_session(&id).await,
    }
}

async fn read(name: &str, store: &MongoStore) -> Result<(), StoreError> {
    let (room, limit) = (ops(), PageLimit::rows(9));
    match name {
        "events" => store.events(&room, 0, limit).await.map(drop),
        "tip" => expect(store.tip(&room).await? == 3, "the tip"),
        "messages_before" => store.messages_before(&room, 9, limit).await.map(drop),
        "messages_after" => store.messages_after(&room, 0, limit).await.map(drop),
        "event" => expect(store.event(&room, 2).await?.is_some(), "an event"),
        "events_at" => expect(store.events_at(&room, &[3, 2]).await?.len() == 2, "both"),
        "events_by_nonces" => {
            let marks = [(ann(), EventNonce::from_seq(2))];
            let found = store.events_by_nonces(&room, &marks).await?;
            expect(found.len() == 1, "one event")
        }
        "message_states" => {
            let sent = vec![same(2, 2, said("crab"))];
            store.message_states(&room, sent, 3, 999).await.map(drop)
        }
        "deleted_among" => store.deleted_among(&room, &[2]).await.map(drop),
        "unscrubbed" => store.unscrubbed(9).await.map(drop),
        "mark_read" => {
            let mark = ReadMark {
                seq: 2,
                messages: 1,
            };
            store.mark_read(&room, &ann(), mark).await
        }
        "read_marks" => store.read_marks(&room).await.map(drop),
        "mentions_above" => {
            let mentions = store.mentions_above(&room, &ann(), 0).await?;
            expect(mentions == 1, "one mention")
        }
        "rooms_of" => expect(store.rooms_of(&ann()).await? == [room], "the room"),
        "public_rooms" => {
            let rooms = store.public_rooms("", "", 9).await?;
            expect(rooms.len() == 1 && rooms[0].members == 1, "the room")
        }
        "snapshot" => store.snapshot(&room).await.map(drop),
        "save_snapshot" => {
            let snapshot = Snapshot {
                rules_version: 1,
                seq: 3,
                state: vec![1],
            };
            store.save_snapshot(&room, snapshot).await
        }
        name => unreachable!("no call is named {name}"),
    }
}
