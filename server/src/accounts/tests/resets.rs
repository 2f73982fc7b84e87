//! Tests of links to reset a password: who may make them, and what ends them.

use super::*;
use chat_server_store::CodeKind;

const NEW: &str = "another long one";

impl World {
    async fn find(&self, name: &str) -> User {
        self.store.find_user(name).await.unwrap().unwrap()
    }

    /// The code of a link that `by` makes for `name`.
    async fn reset_link(&self, by: &str, name: &str) -> String {
        let user = self.find(name).await;
        let by = Username::existing(by);
        let made = self.accounts.make_reset(Some(&by), user);
        made.await.unwrap().0.expose().to_owned()
    }
}

/// A server with its admin, root, and with bob.
async fn with_bob() -> World {
    let world = world().await;
    world.add("root").await;
    world.add("bob").await;
    world
}

/// Lets the database refuse to change an account, or no longer.
fn refuse_changes(world: &World, refuse: bool) {
    let database = rusqlite::Connection::open(world._dir.path().join("chat.db")).unwrap();
    let sql = match refuse {
        true => {
            "CREATE TRIGGER refusal BEFORE UPDATE ON users
             BEGIN SELECT RAISE(ABORT, 'refused'); END"
        }
        false => "DROP TRIGGER refusal",
    };
    database.execute_batch(sql).unwrap();
}

async fn is_void(accounts: &Accounts, code: &str) -> bool {
    let checked = accounts.check_reset(code).await.unwrap();
    let reset = accounts.reset_password(code, NEW.to_owned()).await;
    let refused = matches!(reset, Err(ResetError::Invalid));
    assert_eq!(checked.is_none(), refused, "{reset:?}");
    refused
}

#[tokio::test]
async fn no_link_gives_the_admins_password() {
    let world = with_bob().await;
    // As an earlier version made it.
    let own = world.reset_link("root", "root").await;
    assert!(is_void(&world.accounts, &own).await);
    world.sign_in("root").await;
}

#[tokio::test]
async fn links_of_an_earlier_admin_are_void() {
    let world = with_bob().await;
    world.add("cat").await;
    let code = world.reset_link("root", "bob").await;
    let (named, _) = open(&world.store, Some("cat")).await;
    assert!(is_void(&named, &code).await);
    // Only another start of the server has another admin.
    assert!(!is_void(&world.accounts, &code).await);
}

#[tokio::test]
async fn a_new_link_ends_the_earlier_ones_of_its_user() {
    let world = with_bob().await;
    world.add("cat").await;
    let cats = world.reset_link("root", "cat").await;
    let earlier = world.reset_link("root", "bob").await;
    let later = world.reset_link("root", "bob").await;
    assert!(is_void(&world.accounts, &earlier).await);
    assert!(!is_void(&world.accounts, &later).await);
    assert!(!is_void(&world.accounts, &cats).await);
    assert!(world.store.codes(CodeKind::Reset).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_link_outlives_a_failure_of_the_store() {
    let world = with_bob().await;
    let code = world.reset_link("root", "bob").await;
    refuse_changes(&world, true);
    let failed = world.accounts.reset_password(&code, NEW.to_owned()).await;
    assert!(matches!(failed, Err(ResetError::Store(_))), "{failed:?}");
    refuse_changes(&world, false);
    assert!(!is_void(&world.accounts, &code).await);
    assert!(is_void(&world.accounts, &code).await);
}

/// The client goes at each point of a reset in turn, so that the server drops what it does for it.
#[tokio::test]
async fn a_new_password_ends_connections_also_where_the_client_goes() {
    let mut world = with_bob().await;
    for polls in 0.. {
        assert!(polls < 100, "a reset takes fewer steps");
        let code = world.reset_link("root", "bob").await;
        let before = world.find("bob").await.password_epoch;
        let reset = world.accounts.reset_password(&code, NEW.to_owned());
        let ended = polled(reset, polls).await;
        // The writer does one thing after the other: what was asked before this is done.
        world.store.insert_if_absent("after", "").await.unwrap();
        if world.find("bob").await.password_epoch != before {
            let reported = tokio::time::timeout(PATIENCE, world.ended.recv()).await;
            assert!(reported.is_ok(), "not reported after {polls} polls");
        }
        if let Some(ended) = ended {
            ended.unwrap();
            break;
        }
    }
}
