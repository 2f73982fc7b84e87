//! Memberships, blocks and quotas of accounts, against a hub with a SQLite store.

use std::sync::Arc;

use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};
use chat_server_store::sqlite::SqliteStore;
use chat_server_store::{NewUser, PasswordRecord, SharedStore};
use chat_shared::protocol::{Create, Dm, ErrorCode, Join, RoomKind};

use super::*;
use crate::accounts::{Accounts, Identity, Options, change_reports};
use crate::gateway::translate::look_up;
use crate::hub::{ConnectionGuard, Dialect, SystemEnvironment};
use crate::send_queue::{SendQueue, Socket};

struct World {
    hub: Hub,
    ann: ConnectionGuard,
    _dir: tempfile::TempDir,
}

fn user(name: &str) -> Username {
    Username::existing(name)
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

/// A server on which ann is connected, and ann and bob have had accounts for a week.
async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let store: SharedStore = Arc::new(SqliteStore::open(dir.path()).unwrap());
    let (reporter, _) = change_reports();
    let accounts = Accounts::open(Arc::clone(&store), Options::default(), reporter).await;
    let hub = Hub::open(store, accounts.unwrap(), Arc::new(SystemEnvironment));
    let hub = hub.await.unwrap();
    for name in ["ann", "bob"] {
        add(&hub, name, hub.now() - 7 * DAY_MS).await;
    }
    let identity = Identity {
        username: user("ann"),
        session: "session".to_owned(),
        bot: false,
        created: 0,
        check_at: u64::MAX,
    };
    let ann = connect(&hub, identity);
    World {
        hub,
        ann,
        _dir: dir,
    }
}

fn connect(hub: &Hub, identity: Identity) -> ConnectionGuard {
    let (socket, _) = tokio::io::duplex(1 << 20);
    let queue = SendQueue::new(Socket::deferred(socket));
    hub.connect(identity, Dialect::Main, queue, 10).unwrap()
}

async fn add(hub: &Hub, name: &str, created: TimestampMs) {
    let new = NewUser {
        username: user(name),
        password: PasswordRecord::Missing,
        bot: false,
        created,
    };
    hub.store().create_user(new).await.unwrap();
}

impl World {
    /// The code of the reply, where the command is not allowed.
    async fn code(&self, command: Command) -> Option<ErrorCode> {
        self.reply(command).await.map(|error| error.code)
    }

    async fn reply(&self, command: Command) -> Option<ErrorFrame> {
        let connection = &self.ann.connection;
        let names = look_up(&self.hub, connection, &command, false).await;
        let policy = Policy {
            hub: &self.hub,
            connection,
            has_quotas: true,
        };
        let checked = policy.check(&command, &names.ok().unwrap()).await;
        checked.ok().unwrap()
    }

    /// Puts somebody into this many rooms more.
    async fn put_into_rooms(&self, name: &str, prefix: &str, count: usize) {
        for n in 0..count {
            let created = LogEvent {
                seq: 1,
                ts: 1,
                id: EventId("1".into()),
                sender: user(name),
                nonce: EventNonce::from_seq(1),
                messages: 0,
                body: EventBody::Created {
                    room_kind: RoomKind::Public,
                    topic: String::new(),
                    with: None,
                },
            };
            let room = room(&format!("{prefix}-{n}"));
            let store = self.hub.store();
            store.append(&room, 0, vec![created]).await.unwrap();
        }
    }
}

fn create(name: &str) -> Command {
    Command::Create(Create {
        room: room(name),
        topic: None,
        private: false,
        nonce: None,
    })
}

fn join(name: &str) -> Command {
    Command::Join(Join {
        room: room(name),
        nonce: None,
    })
}

fn dm(name: &str) -> Command {
    Command::Dm(Dm {
        username: user(name),
    })
}

#[tokio::test]
async fn an_account_is_in_five_hundred_rooms_of_which_others_add_four_hundred() {
    let world = world().await;
    world
        .put_into_rooms("bob", "bobs", MEMBERSHIPS_BY_OTHERS_MAX - 1)
        .await;
    assert_eq!(world.code(dm("bob")).await, None);
    world.put_into_rooms("bob", "more", 1).await;
    assert_eq!(world.code(dm("bob")).await, Some(ErrorCode::Quota));

    world
        .put_into_rooms("ann", "anns", MEMBERSHIPS_MAX - 1)
        .await;
    assert_eq!(world.code(join("bobs-1")).await, None);
    assert_eq!(world.code(create("new")).await, None);
    world.put_into_rooms("ann", "last", 1).await;
    assert_eq!(world.code(join("bobs-1")).await, Some(ErrorCode::Quota));
    assert_eq!(world.code(create("new")).await, Some(ErrorCode::Quota));
    // Rooms that exist and rooms that ann is in cost nothing.
    assert_eq!(world.code(join("anns-1")).await, None);
    assert_eq!(world.code(create("anns-1")).await, None);
}

/// How many rooms somebody creates before a quota ends it.
async fn rooms_created(world: &World, who: &str) -> u64 {
    let mut identity = world.ann.connection.identity.clone();
    identity.username = user(who);
    let account = world.hub.store().find_user(who).await.unwrap();
    identity.created = account.unwrap().created;
    let guard = connect(&world.hub, identity);
    let policy = Policy {
        hub: &world.hub,
        connection: &guard.connection,
        has_quotas: true,
    };
    let mut count = 0;
    loop {
        let command = create(&format!("{who}-{count}"));
        let checked = policy.check(&command, &Names::default()).await;
        if let Some(error) = checked.ok().unwrap() {
            let retry = error.retry_after_ms.unwrap();
            assert!((1..=DAY_MS).contains(&retry), "{retry}");
            return count;
        }
        count += 1;
    }
}

#[tokio::test]
async fn a_new_account_has_a_fifth_of_the_daily_quotas() {
    let world = world().await;
    assert_eq!(rooms_created(&world, "bob").await, ROOMS_MADE_PER_DAY_MAX);
    assert_eq!(rooms_created(&world, "bob").await, 0);
    add(&world.hub, "cat", world.hub.now() - DAY_MS / 2).await;
    let of_new = ROOMS_MADE_PER_DAY_MAX / NEW_ACCOUNT_PART;
    assert_eq!(rooms_created(&world, "cat").await, of_new);
}
