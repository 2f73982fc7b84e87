//! Sessions while their account changes. What happens at the same time is in `races`.

use super::*;
use crate::hub::{ConnectionGuard, Dialect, Hub, SystemEnvironment, account_changes, heartbeat};
use crate::send_queue::{SendQueue, Socket};

fn username() -> Username {
    Username::existing("ann")
}

fn connect(hub: &Hub, identity: Identity) -> (Arc<SendQueue>, ConnectionGuard) {
    let queue = SendQueue::new(Socket::deferred(tokio::io::sink()));
    let guard = hub.connect(identity, Dialect::Main, queue.clone(), 8);
    (queue, guard.unwrap())
}

/// A world whose account changes a hub acts on.
async fn world_with_hub() -> (World, Hub) {
    let dir = tempfile::tempdir().unwrap();
    let store: SharedStore = Arc::new(SqliteStore::open(dir.path()).unwrap());
    let (accounts, changes) = open(&store, None).await;
    let environment = Arc::new(SystemEnvironment);
    let hub = Hub::open(Arc::clone(&store), accounts.clone(), environment);
    let hub = hub.await.unwrap();
    tokio::spawn(account_changes::run(hub.clone(), changes));
    let (_, ended) = mpsc::unbounded_channel();
    let world = World {
        accounts,
        ended,
        store,
        _dir: dir,
    };
    (world, hub)
}

impl World {
    async fn change_password(&self, kept: &str, old: &str, new: &str) {
        let ann = username();
        let changed = self
            .accounts
            .change_password(&ann, kept, old.to_owned(), new.to_owned());
        changed.await.unwrap();
    }

    async fn is_banned(&self, token: &str) -> bool {
        let result = self.accounts.authenticate(token).await;
        matches!(result, Err(AuthError::Banned))
    }
}

#[tokio::test]
async fn a_lifted_ban_revives_no_token_and_signing_out_ends_one_during_it() {
    let ann = username();
    let world = world().await;
    world.add("root").await;
    world.add("ann").await;
    let (before, ended) = (world.sign_in("ann").await, world.sign_in("ann").await);
    let ban = world
        .accounts
        .set_banned(&ann, Some(u64::MAX >> 11), Some(7));
    ban.await.unwrap();
    assert!(world.is_banned(&before.token).await);
    world.accounts.sign_out(&ended.token).await.unwrap();
    assert!(world.is_invalid(&ended.token).await);
    let lifted = world.accounts.set_banned(&ann, None, Some(8));
    lifted.await.unwrap();
    assert!(world.is_invalid(&before.token).await);
    let after = world.sign_in("ann").await;
    assert!(!world.is_invalid(&after.token).await);
    // The same ban, applied again by a server that starts late, ends nothing.
    let ban = world.accounts.set_banned(&ann, None, Some(7));
    ban.await.unwrap();
    assert!(!world.is_invalid(&after.token).await);
}

#[tokio::test]
async fn a_person_has_a_hundred_sessions_and_the_oldest_go() {
    let ann = username();
    let world = world().await;
    world
        .accounts
        .register(sign_up("ann", "long enough".into(), true))
        .await
        .unwrap();
    let mut old = Session {
        id: String::new(),
        username: username(),
        created: 1,
        expires: None,
        secret_hash: None,
        epoch: None,
        lobby_seq: 0,
    };
    for n in 0..100 {
        old.id = format!("session {n}");
        old.created = n + 1;
        world.store.create_session(old.clone()).await.unwrap();
    }
    let session = world.sign_in("ann").await;
    let left = world.accounts.sessions_of(&ann).await.unwrap();
    assert_eq!(left.len(), 100);
    assert!(left.iter().all(|session| session.id != "session 0"));
    assert!(!world.is_invalid(&session.token).await);
    let mut ended = world.ended;
    let change = AccountChange::SessionRevoked("session 0".to_owned());
    assert_eq!(ended.recv().await.unwrap().change, change);
}

#[tokio::test]
async fn a_copied_database_signs_nobody_in() {
    let ann = username();
    let world = world().await;
    world.add("ann").await;
    let session = world.sign_in("ann").await;
    let identity = world.accounts.authenticate(&session.token).await;
    let id = identity.unwrap().session;
    let kept = world.store.session(&id).await.unwrap().unwrap();
    let keys = Keyring::load(&*world.store).await.unwrap();
    let wrong = Secret::random().unwrap();
    assert!(kept.secret_hash.is_some_and(|hash| hash != wrong.hash()));
    let claims = SessionClaims::new(&ann, &id, wrong, kept.created);
    let without = SessionClaims {
        sec: None,
        ..claims.clone()
    };
    for claims in [claims, without] {
        let forged = keys.sign(&claims).unwrap();
        assert!(world.is_invalid(&forged).await);
    }
}

#[tokio::test]
async fn tokens_from_before_secrets_and_rotations_stay_valid() {
    let ann = username();
    let world = world().await;
    world.add("ann").await;
    let old = Session {
        id: "before".to_owned(),
        username: username(),
        created: now_ms(),
        expires: None,
        secret_hash: None,
        epoch: None,
        lobby_seq: 0,
    };
    world.store.create_session(old).await.unwrap();
    let claims = SessionClaims {
        sec: None,
        ..SessionClaims::new(&ann, "before", Secret::random().unwrap(), now_ms())
    };
    let keys = Keyring::load(&*world.store).await.unwrap();
    let token = keys.sign(&claims).unwrap();
    let session = world.sign_in("ann").await;
    rotate_key(&world.store).await.unwrap();
    let (restarted, _) = open(&world.store, None).await;
    for token in [&token, &session.token] {
        restarted.authenticate(token).await.unwrap();
    }
    let new = restarted
        .sign_in("ann", "long enough".into())
        .await
        .unwrap();
    restarted.authenticate(&new.token).await.unwrap();
    assert!(
        world.is_invalid(&new.token).await,
        "an older key verified it"
    );
}

#[tokio::test]
async fn a_socket_ends_with_its_session_and_not_before() {
    let (world, hub) = world_with_hub().await;
    world.add("ann").await;
    let (ending, renewed) = (world.sign_in("ann").await, world.sign_in("ann").await);
    let soon = now_ms() + 300;
    let mut queues = Vec::new();
    for (session, expires) in [(&ending, soon), (&renewed, soon + 60_000)] {
        let mut identity = world.accounts.authenticate(&session.token).await.unwrap();
        world
            .store
            .renew_session(&identity.session, expires)
            .await
            .unwrap();
        identity.check_at = soon;
        queues.push(connect(&hub, identity));
    }
    let beating = tokio::spawn(heartbeat::run(hub.clone()));
    assert!(!queues[0].0.is_closing());
    let closed = async {
        while !queues[0].0.is_closing() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), closed)
        .await
        .expect("the socket of an ended session is closed");
    assert!(now_ms() >= soon);
    assert!(!queues[1].0.is_closing());
    beating.abort();
}

#[tokio::test]
async fn a_password_change_closes_every_socket_but_the_kept_sessions() {
    let (world, hub) = world_with_hub().await;
    world.add("ann").await;
    let mut queues = Vec::new();
    let mut kept = None;
    for n in 0..3 {
        let session = world.sign_in("ann").await;
        let identity = world.accounts.authenticate(&session.token).await.unwrap();
        if n == 1 {
            kept = Some(identity.session.clone());
        }
        queues.push(connect(&hub, identity));
    }
    // A session that is in no list any more, as behind a hundred newer ones.
    let identity = Identity {
        session: "unlisted".to_owned(),
        ..queues[0].1.connection.identity.clone()
    };
    queues.push(connect(&hub, identity));
    world
        .change_password(&kept.unwrap(), "long enough", "another one")
        .await;
    let closing: Vec<_> = queues.iter().map(|(queue, _)| queue.is_closing()).collect();
    assert_eq!(closing, [true, false, true, true]);
}
