//! What a thief and an owner do at the same time: each race is one text, run many rounds on SQLite,
//! on MongoDB's wire, and in the simulation, whose store takes its time in the middle of each call.
//!
//! A race is given a round's own account, and draws from the round's seed when each of the two acts.

use super::*;
use crate::hub::{
    ConnectionGuard, Dialect, Environment, Hub, SystemEnvironment, account_changes, heartbeat,
};
use crate::send_queue::{SendQueue, Socket};
use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt, join_all};

#[path = "../../../tests/mongo_server/mod.rs"]
#[allow(dead_code, reason = "it is shared with the tests from outside")]
mod mongo_server;

/// Rounds of each race.
const ROUNDS: u64 = 100;

/// Milliseconds within which the two act: about what a sign-in takes.
const SPREAD_MS: u64 = 20;

/// How long a socket may stay open after what closes it: two looks of the heartbeat.
const CLOSE_PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const OLD: &str = "an old password";
const NEW: &str = "a new password";

/// A ban without an end.
const FOR_EVER: Option<TimestampMs> = Some(u64::MAX >> 11);

/// A server's accounts and its hub.
pub(crate) struct Ground {
    pub(crate) accounts: Accounts,
    pub(crate) hub: Hub,
    store: SharedStore,
}

/// One round of a race.
pub(crate) struct Round {
    ground: Arc<Ground>,
    chance: fastrand::Rng,
    ann: Username,
}

/// A race, by name.
pub(crate) type Race = (&'static str, fn(Round) -> BoxFuture<'static, ()>);

/// All races.
pub(crate) const RACES: [Race; 6] = [
    ("sign-ins during a password change", |round| {
        sign_ins_during_a_password_change(round).boxed()
    }),
    ("two password changes", |round| {
        two_password_changes(round).boxed()
    }),
    ("sign-ins during a ban", |round| {
        sign_ins_during_a_ban(round).boxed()
    }),
    ("signing out during a ban", |round| {
        signing_out_during_a_ban(round).boxed()
    }),
    ("a socket behind newer sessions", |round| {
        a_socket_behind_newer_sessions(round).boxed()
    }),
    ("a socket at its session's end", |round| {
        a_socket_at_its_sessions_end(round).boxed()
    }),
];

impl Ground {
    /// Opens accounts and a hub on a store.
    pub(crate) async fn open(store: SharedStore, environment: Arc<dyn Environment>) -> Arc<Self> {
        let (reporter, changes) = change_reports();
        let options = Options {
            admin: Some("root".to_owned()),
            ..Options::default()
        };
        let accounts = Accounts::open_quick(Arc::clone(&store), options, reporter);
        let accounts = accounts.await.unwrap();
        let hub = Hub::open(Arc::clone(&store), accounts.clone(), environment);
        let hub = hub.await.unwrap();
        tokio::spawn(account_changes::run(hub.clone(), changes));
        tokio::spawn(heartbeat::run(hub.clone()));
        Arc::new(Self {
            accounts,
            hub,
            store,
        })
    }

    /// An account whose password is [`OLD`].
    pub(crate) async fn register(&self, name: &str) -> Username {
        let sign_up = sign_up(name, OLD.to_owned(), false);
        self.accounts.register(sign_up).await.unwrap().username
    }

    /// A socket whose frames nobody reads.
    pub(crate) fn connect(&self, identity: Identity) -> (Arc<SendQueue>, ConnectionGuard) {
        let queue = SendQueue::new(Socket::deferred(tokio::io::sink()));
        let guard = self.hub.connect(identity, Dialect::Main, queue.clone(), 8);
        (queue, guard.unwrap())
    }

    /// A round with an account of its own.
    pub(crate) async fn round(self: &Arc<Self>, race: usize, seed: u64) -> Round {
        let name = format!("ann-{race}-{seed}");
        Round {
            ann: self.register(&name).await,
            ground: Arc::clone(self),
            chance: fastrand::Rng::with_seed(seed),
        }
    }
}

impl Round {
    /// Waits for a moment that the seed chooses, then does it, beside everything else.
    fn at_some_time<T: Send + 'static>(
        &mut self,
        act: impl Future<Output = T> + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        let wait = Duration::from_millis(self.chance.u64(..SPREAD_MS));
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            act.await
        })
    }

    fn accounts(&self) -> Accounts {
        self.ground.accounts.clone()
    }

    async fn sign_in(&self) -> NewSession {
        let name = self.ann.as_str();
        self.accounts().sign_in(name, OLD.to_owned()).await.unwrap()
    }

    /// Sign-ins with the old password, at some time. Returns the tokens that they got.
    fn sign_ins(&mut self) -> Vec<tokio::task::JoinHandle<Option<String>>> {
        let sign_in = |round: &mut Self| {
            let (accounts, ann) = (round.accounts(), round.ann.clone());
            round.at_some_time(async move {
                let session = accounts.sign_in(ann.as_str(), OLD.to_owned()).await;
                session.ok().map(|session| session.token)
            })
        };
        (0..2).map(|_| sign_in(self)).collect()
    }

    fn change_password(&mut self, kept: &str, new: &'static str) -> tokio::task::JoinHandle<bool> {
        let (accounts, ann, kept) = (self.accounts(), self.ann.clone(), kept.to_owned());
        self.at_some_time(async move {
            let changed = accounts.change_password(&ann, &kept, OLD.to_owned(), new.to_owned());
            changed.await.is_ok()
        })
    }

    /// Bans at some time, and lifts the ban some time later.
    fn ban_and_lift(&mut self) -> tokio::task::JoinHandle<()> {
        let (accounts, ann) = (self.accounts(), self.ann.clone());
        let wait = Duration::from_millis(self.chance.u64(1..SPREAD_MS));
        self.at_some_time(async move {
            accounts.set_banned(&ann, FOR_EVER, Some(1)).await.unwrap();
            tokio::time::sleep(wait).await;
            accounts.set_banned(&ann, None, Some(2)).await.unwrap();
        })
    }

    async fn identity(&self, token: &str) -> Identity {
        self.accounts().authenticate(token).await.unwrap()
    }

    async fn check_invalid(&self, token: &str) {
        let found = self.accounts().authenticate(token).await;
        assert!(
            matches!(found, Err(AuthError::Invalid)),
            "{}: a token that must have ended gives {found:?}",
            self.ann
        );
    }

    fn connect(&self, identity: Identity) -> (Arc<SendQueue>, ConnectionGuard) {
        self.ground.connect(identity)
    }
}

async fn sign_ins_during_a_password_change(mut round: Round) {
    let kept = round.sign_in().await;
    let id = round.identity(&kept.token).await.session;
    let sign_ins = round.sign_ins();
    let changed = round.change_password(&id, NEW);
    assert!(changed.await.unwrap());
    for sign_in in sign_ins {
        if let Some(token) = sign_in.await.unwrap() {
            round.check_invalid(&token).await;
        }
    }
    round.identity(&kept.token).await;
    let left = round.accounts().sessions_of(&round.ann).await.unwrap();
    assert_eq!(left.len(), 1, "{}", round.ann);
}

async fn two_password_changes(mut round: Round) {
    let session = round.sign_in().await;
    let id = round.identity(&session.token).await.session;
    let news = ["the password of one", "the password of two"];
    let changes = news.map(|new| round.change_password(&id, new));
    let mut done = Vec::new();
    for (change, new) in changes.into_iter().zip(news) {
        if change.await.unwrap() {
            done.push(new);
        }
    }
    assert_eq!(done.len(), 1, "{}", round.ann);
    for new in news {
        let accounts = round.accounts();
        let session = accounts.sign_in(round.ann.as_str(), new.to_owned()).await;
        assert_eq!(session.is_ok(), new == done[0], "{}", round.ann);
    }
}

async fn sign_ins_during_a_ban(mut round: Round) {
    let before = round.sign_in().await;
    let sign_ins = round.sign_ins();
    let (accounts, ann) = (round.accounts(), round.ann.clone());
    let banned = round.at_some_time(async move {
        accounts.set_banned(&ann, FOR_EVER, Some(1)).await.unwrap();
    });
    banned.await.unwrap();
    let mut tokens = vec![before.token.clone()];
    for sign_in in sign_ins {
        tokens.extend(sign_in.await.unwrap());
    }
    let lifted = round.accounts();
    lifted.set_banned(&round.ann, None, Some(2)).await.unwrap();
    for token in tokens {
        round.check_invalid(&token).await;
    }
    let after = round.sign_in().await;
    round.identity(&after.token).await;
}

async fn signing_out_during_a_ban(mut round: Round) {
    let (ended, other) = (round.sign_in().await, round.sign_in().await);
    let id = round.identity(&ended.token).await.session;
    let banned = round.ban_and_lift();
    let (accounts, token) = (round.accounts(), ended.token.clone());
    let signed_out = round.at_some_time(async move { accounts.sign_out(&token).await });
    signed_out.await.unwrap().unwrap();
    banned.await.unwrap();
    let left = round.ground.store.session(&id).await.unwrap();
    assert_eq!(left, None, "{}: the row stays", round.ann);
    round.check_invalid(&ended.token).await;
    round.check_invalid(&other.token).await;
}

/// Another process made so many newer sessions that the store ended the oldest, of which nothing told
/// this one's hub.
async fn a_socket_behind_newer_sessions(mut round: Round) {
    let (thief, owner) = (round.sign_in().await, round.sign_in().await);
    let identity = round.identity(&thief.token).await;
    let store = &round.ground.store;
    store.revoke_session(&identity.session).await.unwrap();
    let (queue, guard) = round.connect(identity);
    let id = round.identity(&owner.token).await.session;
    assert!(round.change_password(&id, NEW).await.unwrap());
    assert!(queue.is_closing(), "{}: the socket stays", round.ann);
    round.check_invalid(&thief.token).await;
    drop(guard);
}

async fn a_socket_at_its_sessions_end(mut round: Round) {
    let (ends, lasts) = (round.sign_in().await, round.sign_in().await);
    let (mut ends, mut lasts) = (
        round.identity(&ends.token).await,
        round.identity(&lasts.token).await,
    );
    // It ends before a heartbeat can look, which would look again only at the old end.
    let store = &round.ground.store;
    store.renew_session(&ends.session, 1).await.unwrap();
    for identity in [&mut ends, &mut lasts] {
        identity.check_at = round.ground.hub.now() + round.chance.u64(..SPREAD_MS);
    }
    let (ended, lasting) = (round.connect(ends), round.connect(lasts));
    let queue = &ended.0;
    let closed = async {
        while !queue.is_closing() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let closed = tokio::time::timeout(CLOSE_PATIENCE, closed).await;
    assert!(closed.is_ok(), "{}: the socket stays", round.ann);
    assert!(!lasting.0.is_closing(), "{}", round.ann);
}

/// Runs the race at this place of [`RACES`], `at_once` rounds at a time.
async fn run(ground: &Arc<Ground>, at: usize, at_once: u64) {
    let (name, race) = RACES[at];
    for first in (0..ROUNDS).step_by(at_once as usize) {
        let rounds = (first..ROUNDS.min(first + at_once)).map(|seed| {
            let ground = Arc::clone(ground);
            tokio::spawn(async move { race(ground.round(at, seed).await).await })
        });
        for round in join_all(rounds).await {
            round.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_race_leaves_a_session_that_must_have_ended() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(dir.path()).unwrap());
    let ground = Ground::open(store, Arc::new(SystemEnvironment)).await;
    for at in 0..RACES.len() {
        run(&ground, at, 10).await;
    }
}

/// Races that are run at the same time on MongoDB's wire. FerretDB answers few calls at a time within
/// the store's time limit.
const RACES_AT_ONCE_MAX: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn no_race_leaves_a_session_that_must_have_ended_on_mongodb() {
    // The last race waits for heartbeats: it begins first, with more rounds at once than the others.
    let races = futures::stream::iter((0..RACES.len()).rev());
    let all = races.for_each_concurrent(RACES_AT_ONCE_MAX, async |at| {
        // FerretDB reads all accounts to find one, so each race has a database of its own.
        let database = mongo_server::TestDatabase::new();
        let store = chat_server_store::mongo::MongoStore::open(&database.url, &database.name);
        let store = Arc::new(store.await.unwrap());
        let ground = Ground::open(store, Arc::new(SystemEnvironment)).await;
        let waits = at + 1 == RACES.len();
        run(&ground, at, if waits { 10 } else { 2 }).await;
    });
    all.await;
}
