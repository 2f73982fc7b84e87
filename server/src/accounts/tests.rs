//! Tests of accounts on a real store, without sockets.

use super::sessions::SESSION_RENEWAL;
use super::token::{Secret, SessionClaims};
use super::*;
use chat_server_rules::AccountChange;
use chat_server_store::sqlite::SqliteStore;
use chat_server_store::{NewUser, PasswordRecord, Session};
use std::task::Poll;
use tokio::sync::mpsc;

mod admin;
mod admins;
mod audit;
mod invites;
pub(crate) mod races;
mod registration;
mod resets;
mod sessions;

impl Accounts {
    /// As [`Accounts::open`], with hashes that are quick and come one at a time.
    async fn open_quick(
        store: SharedStore,
        options: Options,
        changes: ChangeReporter,
    ) -> Result<Self, OpenError> {
        Self::open_with(store, options, changes, Passwords::quick()?).await
    }
}

impl Accounts {
    /// As [`Accounts::sign_in_from`], from nowhere.
    pub(crate) async fn sign_in(
        &self,
        name: &str,
        password: String,
    ) -> Result<NewSession, SignInError> {
        self.sign_in_from(name, password, None).await
    }
}

/// How long what was begun may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Drops a future after it was polled `polls` times, unless it ends before. What the last poll asked
/// of the store has some time to happen before.
async fn polled<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let (mut future, mut left) = (Box::pin(future), polls);
    let ended = std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    });
    let ended = ended.await;
    if ended.is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ended
}

struct World {
    accounts: Accounts,
    ended: mpsc::UnboundedReceiver<AccountEvent>,
    store: SharedStore,
    _dir: tempfile::TempDir,
}

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let store: SharedStore = Arc::new(SqliteStore::open(dir.path()).unwrap());
    let (accounts, changes) = open(&store, None).await;
    World {
        accounts,
        ended: recorded(changes),
        store,
        _dir: dir,
    }
}

/// Acts on no change and passes them all on.
pub(crate) fn recorded(mut changes: ReportedChanges) -> mpsc::UnboundedReceiver<AccountEvent> {
    let (sender, events) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(change) = changes.next().await {
            let _ = sender.send(change.acted());
        }
    });
    events
}

fn sign_up(username: &str, password: String, bot: bool) -> SignUp<'_> {
    SignUp {
        username,
        password,
        bot,
        set_up: None,
        invite: None,
    }
}

/// As another start of the server finds it.
async fn open(store: &SharedStore, admin: Option<&str>) -> (Accounts, ReportedChanges) {
    let (reporter, changes) = change_reports();
    let options = Options {
        admin: admin.map(str::to_owned),
        ..Options::default()
    };
    (
        Accounts::open(Arc::clone(store), options, reporter)
            .await
            .unwrap(),
        changes,
    )
}

impl World {
    async fn add(&self, name: &str) {
        self.accounts
            .register(sign_up(name, "long enough".into(), false))
            .await
            .unwrap();
    }

    /// An account as the FastAPI demo kept it.
    async fn add_demo(&self, name: &str, passwords: &[&str]) {
        let plain = passwords
            .iter()
            .map(|&password| password.to_owned())
            .collect();
        let user = NewUser {
            username: Username::existing(name),
            password: PasswordRecord::Plain(plain),
            bot: false,
            created: 1,
        };
        self.store.create_user(user).await.unwrap();
    }

    async fn sign_in(&self, name: &str) -> NewSession {
        self.accounts
            .sign_in(name, "long enough".into())
            .await
            .unwrap()
    }

    async fn is_invalid(&self, token: &str) -> bool {
        matches!(
            self.accounts.authenticate(token).await,
            Err(AuthError::Invalid)
        )
    }

    /// Lets the session end at `expires`, and says when it ends after one use.
    async fn use_at(&self, session: &NewSession, expires: TimestampMs) -> TimestampMs {
        let id = self
            .accounts
            .authenticate(&session.token)
            .await
            .unwrap()
            .session;
        self.store.renew_session(&id, expires).await.unwrap();
        self.accounts.session(&session.token).await.unwrap();
        self.store
            .session(&id)
            .await
            .unwrap()
            .unwrap()
            .expires
            .unwrap()
    }
}

#[tokio::test]
async fn a_session_lasts_until_it_is_revoked() {
    let mut world = world().await;
    world.add("ann").await;
    let (first, second) = (world.sign_in("ann").await, world.sign_in("ANN").await);
    let identity = world.accounts.authenticate(&first.token).await.unwrap();
    assert_eq!(identity.username.as_str(), "ann");
    assert!(!identity.bot);

    world.accounts.sign_out(&first.token).await.unwrap();
    assert!(world.is_invalid(&first.token).await);
    assert!(!world.is_invalid(&second.token).await);
    let ended = AccountEvent {
        change: AccountChange::SessionRevoked(identity.session.clone()),
        username: identity.username,
    };
    assert_eq!(world.ended.recv().await, Some(ended));

    world.accounts.sign_out(&first.token).await.unwrap();
    assert!(world.ended.try_recv().is_err());
}

#[tokio::test]
async fn a_session_outlives_a_restart_and_not_its_time() {
    let world = world().await;
    world.add("ann").await;
    let session = world.sign_in("ann").await;
    let (accounts, _) = open(&world.store, None).await;
    let id = accounts.authenticate(&session.token).await.unwrap().session;
    assert_eq!(accounts.account_count(), 1);
    world.store.renew_session(&id, now_ms() - 1).await.unwrap();
    assert!(world.is_invalid(&session.token).await);
    accounts.purge_sessions().await.unwrap();
    assert_eq!(world.store.session(&id).await.unwrap(), None);
}

#[tokio::test]
async fn use_renews_once_a_day() {
    let world = world().await;
    world.add("ann").await;
    let session = world.sign_in("ann").await;
    let (lifetime, minute) = (as_ms(SESSION_LIFETIME), 60_000);
    let early = now_ms() + lifetime - as_ms(SESSION_RENEWAL) + minute;
    assert_eq!(world.use_at(&session, early).await, early);
    let due = now_ms() + lifetime - as_ms(SESSION_RENEWAL) - minute;
    assert!(world.use_at(&session, due).await >= now_ms() + lifetime - minute);
}

#[tokio::test]
async fn a_bots_session_has_no_end() {
    let world = world().await;
    world
        .accounts
        .register(sign_up("bot", "long enough".into(), true))
        .await
        .unwrap();
    let session = world.sign_in("bot").await;
    assert_eq!(session.expires, None);
    let live = world.accounts.session(&session.token).await.unwrap();
    assert!(live.identity.bot && live.expires.is_none());
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_get_the_same_error() {
    let world = world().await;
    world.add("ann").await;
    for (name, password) in [
        ("ann", "passwore"),
        ("bob", "long enough"),
        ("", ""),
        ("ann ", "long enough"),
    ] {
        let error = world
            .accounts
            .sign_in(name, password.into())
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "Invalid username or password", "{name}");
    }
}

#[tokio::test]
async fn passwords_of_the_demo_are_accepted_and_converted() {
    let world = world().await;
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g";
    world.add_demo("Jürgen von X", &["x"]).await;
    world.add_demo("twice", &["one", "two"]).await;
    world.add_demo("hash", &[hash]).await;
    for (name, password) in [("jürgen von x", "x"), ("hash", hash)] {
        for _ in 0..2 {
            world.accounts.sign_in(name, password.into()).await.unwrap();
            let user = world.store.find_user(name).await.unwrap().unwrap();
            assert!(
                matches!(user.password, PasswordRecord::Argon2id(_)),
                "{name}"
            );
        }
    }
    // Whichever of two was used, the other opens the account still.
    for password in ["one", "two", "one"] {
        world
            .accounts
            .sign_in("twice", password.into())
            .await
            .unwrap();
    }
    assert!(
        world
            .accounts
            .sign_in("twice", "three".into())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn names_are_checked_and_unique_when_folded() {
    let world = world().await;
    let check = async |name: &str, password: &str, expect: &str| {
        let error = world
            .accounts
            .register(sign_up(name, password.into(), false))
            .await
            .unwrap_err();
        assert!(error.to_string().contains(expect), "{name}: {error}");
    };
    world.add("Ann").await;
    check("aNN", "long enough", "Username already exists").await;
    check("a b", "long enough", "A username is").await;
    check("", "long enough", "A username is").await;
    check("bob", "passwor", "too short").await;
    check("bob", &"p".repeat(257), "too long").await;
    world.add_demo("Zoë", &["x"]).await;
    world.add_demo("dUP", &["x"]).await;
    check("Dup", "long enough", "Username already exists").await;
    assert_eq!(world.accounts.account_count(), 1);
}

#[tokio::test]
async fn a_named_admin_who_is_not_there_yet_is_it_by_the_letter() {
    let world = world().await;
    let (named, _) = open(&world.store, Some("root")).await;
    named
        .register(sign_up("ann", "long enough".into(), false))
        .await
        .unwrap();
    assert!(!named.is_admin(&Username::existing("ann")));
    assert!(named.is_admin(&Username::existing("root")));
    assert!(!named.is_admin(&Username::existing("ROOT")));
}

#[tokio::test]
async fn no_secret_is_in_debug() {
    let world = world().await;
    world.add("ann").await;
    let session = world.sign_in("ann").await;
    let text = format!("{session:?} {:?}", world.accounts);
    assert!(
        !text.contains(&session.token) && !text.contains("long enough"),
        "{text}"
    );
}
