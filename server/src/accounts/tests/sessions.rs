//! Sessions while their account changes: no sign-in that is under way survives it.

use super::*;
use crate::hub::{ConnectionGuard, Dialect, Hub, SystemEnvironment, heartbeat};
use crate::send_queue::{SendQueue, Socket};

/// Rounds of each race.
const ROUNDS: usize = 100;

fn username() -> Username {
    Username::existing("ann")
}

fn connect(hub: &Hub, identity: Identity) -> (Arc<SendQueue>, ConnectionGuard) {
    let queue = SendQueue::new(Socket::deferred(tokio::io::sink()));
    let guard = hub.connect(identity, Dialect::Main, queue.clone(), 8);
    (queue, guard.unwrap())
}

impl World {
    async fn hub(&self) -> Hub {
        let (store, accounts) = (Arc::clone(&self.store), self.accounts.clone());
        let hub = Hub::open(store, accounts, Arc::new(SystemEnvironment));
        hub.await.unwrap()
    }

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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sign_ins_under_way_during_a_password_change_get_no_session() {
    let ann = username();
    let mut world = world().await;
    world.ended.close();
    world.add("ann").await;
    let kept = world.log_in("ann").await;
    let id = world
        .accounts
        .authenticate(&kept.token)
        .await
        .unwrap()
        .session;
    let mut old = "password".to_owned();
    let (mut refused, mut made) = (0, 0);
    for round in 0..ROUNDS {
        let new = format!("password {round}");
        let sign_ins: Vec<_> = (0..2)
            .map(|_| {
                let (accounts, old) = (world.accounts.clone(), old.clone());
                tokio::spawn(async move { accounts.log_in("ann", old).await })
            })
            .collect();
        world.change_password(&id, &old, &new).await;
        for sign_in in sign_ins {
            match sign_in.await.unwrap() {
                Ok(session) => {
                    made += 1;
                    assert!(world.is_invalid(&session.token).await, "round {round}");
                }
                Err(error) => {
                    refused += 1;
                    assert!(matches!(error, LogInError::Invalid), "{error}");
                }
            }
        }
        assert!(!world.is_invalid(&kept.token).await);
        let sessions = world.accounts.sessions_of(&ann).await.unwrap();
        assert_eq!(sessions.len(), 1, "round {round}");
        old = new;
    }
    assert_eq!(made + refused, 2 * ROUNDS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_password_changes_at_once_one_is_done() {
    let mut world = world().await;
    world.ended.close();
    world.add("ann").await;
    let session = world.log_in("ann").await;
    let id = world
        .accounts
        .authenticate(&session.token)
        .await
        .unwrap()
        .session;
    let mut old = "password".to_owned();
    for round in 0..ROUNDS / 4 {
        let change = |new: String| {
            let (accounts, id, old) = (world.accounts.clone(), id.clone(), old.clone());
            tokio::spawn(async move {
                let ann = username();
                let changed = accounts.change_password(&ann, &id, old, new.clone());
                changed.await.is_ok().then_some(new)
            })
        };
        let one = change(format!("one {round} one"));
        let two = change(format!("two {round} two"));
        let done: Vec<_> = [one.await.unwrap(), two.await.unwrap()]
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(done.len(), 1, "round {round}");
        world.accounts.log_in("ann", done[0].clone()).await.unwrap();
        old.clone_from(&done[0]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sign_ins_under_way_during_a_ban_get_no_session() {
    let ann = username();
    let mut world = world().await;
    world.add("root").await;
    world.add("ann").await;
    world.ended.close();
    for round in 0..ROUNDS {
        let sign_ins: Vec<_> = (0..2)
            .map(|_| {
                let accounts = world.accounts.clone();
                tokio::spawn(async move { accounts.log_in("ann", "password".into()).await })
            })
            .collect();
        // Long enough for some of them to be between the check and the session.
        tokio::time::sleep(Duration::from_millis(round as u64 % 50)).await;
        let seq = Some(2 * round as u64 + 1);
        let banned = world.accounts.set_banned(&ann, Some(u64::MAX >> 11), seq);
        banned.await.unwrap();
        let seq = seq.map(|seq| seq + 1);
        let mut tokens = Vec::new();
        for sign_in in sign_ins {
            tokens.extend(sign_in.await.unwrap().ok().map(|session| session.token));
        }
        let lifted = world.accounts.set_banned(&ann, None, seq);
        lifted.await.unwrap();
        for token in &tokens {
            assert!(world.is_invalid(token).await, "round {round}");
        }
    }
}

#[tokio::test]
async fn a_lifted_ban_revives_no_token_and_signing_out_ends_one_during_it() {
    let ann = username();
    let world = world().await;
    world.add("root").await;
    world.add("ann").await;
    let (before, ended) = (world.log_in("ann").await, world.log_in("ann").await);
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
    let after = world.log_in("ann").await;
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
        .register("ann", "password".into(), true)
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
    let session = world.log_in("ann").await;
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
    let session = world.log_in("ann").await;
    let id = world
        .accounts
        .authenticate(&session.token)
        .await
        .unwrap()
        .session;
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
    let session = world.log_in("ann").await;
    rotate_key(&world.store).await.unwrap();
    let (restarted, _) = open(&world.store, None).await;
    for token in [&token, &session.token] {
        restarted.authenticate(token).await.unwrap();
    }
    let new = restarted.log_in("ann", "password".into()).await.unwrap();
    restarted.authenticate(&new.token).await.unwrap();
    assert!(
        world.is_invalid(&new.token).await,
        "an older key verified it"
    );
}

#[tokio::test]
async fn a_socket_ends_with_its_session_and_not_before() {
    let world = world().await;
    world.add("ann").await;
    let (ending, renewed) = (world.log_in("ann").await, world.log_in("ann").await);
    let hub = world.hub().await;
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
    tokio::time::timeout(Duration::from_secs(10), closed)
        .await
        .expect("the socket of an ended session is closed");
    assert!(now_ms() >= soon);
    assert!(!queues[1].0.is_closing());
    beating.abort();
}

#[tokio::test]
async fn a_password_change_closes_every_socket_but_the_kept_sessions() {
    let world = world().await;
    world.add("ann").await;
    let hub = world.hub().await;
    let mut queues = Vec::new();
    let mut kept = None;
    for n in 0..3 {
        let session = world.log_in("ann").await;
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
        .change_password(&kept.unwrap(), "password", "another one")
        .await;
    let closing: Vec<_> = queues.iter().map(|(queue, _)| queue.is_closing()).collect();
    assert_eq!(closing, [true, false, true, true]);
}
