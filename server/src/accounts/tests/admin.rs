//! Tests of the first admin: on a server that has none, one person becomes it.

use super::*;

impl World {
    async fn add_bot(&self, name: &str) {
        let password = "long enough".to_owned();
        self.accounts
            .register(sign_up(name, password, true))
            .await
            .unwrap();
    }

    /// As another start of the server, which others can reach and where everybody may sign up.
    async fn exposed(&self) -> Accounts {
        let options = Options {
            is_exposed: true,
            registration: Some(Registration::Open),
            ..Options::default()
        };
        let (reporter, _) = change_reports();
        Accounts::open(Arc::clone(&self.store), options, reporter)
            .await
            .unwrap()
    }
}

fn user(name: &str) -> Username {
    Username::existing(name)
}

async fn is_admin(accounts: &Accounts, name: &str) -> bool {
    let session = accounts.sign_in(name, "long enough".into()).await.unwrap();
    accounts.session(&session.token).await.unwrap().admin
}

#[tokio::test]
async fn the_first_person_is_the_admin() {
    let world = world().await;
    world.add_bot("bot").await;
    world.add("ann").await;
    world.add("bob").await;
    assert!(is_admin(&world.accounts, "ann").await);
    assert!(!is_admin(&world.accounts, "bob").await);
    assert!(!is_admin(&world.accounts, "bot").await);
    let (restarted, _) = open(&world.store, None).await;
    assert!(restarted.is_admin(&user("ann")));
    let (named, _) = open(&world.store, Some("BOB")).await;
    assert!(is_admin(&named, "bob").await);
    assert!(!is_admin(&named, "ann").await);
}

#[tokio::test]
async fn another_nodes_first_account_becomes_known() {
    let world = world().await;
    let (other, _) = open(&world.store, None).await;
    world.add("ann").await;
    assert!(is_admin(&other, "ann").await);
}

/// The server ends between storing who the admin is and storing the account.
#[tokio::test]
async fn a_crash_before_the_account_gives_nobody_else_the_right() {
    let world = world().await;
    let ann = user("ann");
    world.accounts.claim_for_first_person(&ann).await.unwrap();
    world.add("mallory").await;
    assert!(!is_admin(&world.accounts, "mallory").await);
    let (restarted, _) = open(&world.store, None).await;
    assert!(!is_admin(&restarted, "mallory").await);
    world.add("ann").await;
    assert!(is_admin(&world.accounts, "ann").await);
    assert!(!is_admin(&world.accounts, "mallory").await);
}

#[tokio::test]
async fn an_installation_with_accounts_stays_without_an_admin() {
    let world = world().await;
    world.add_demo("ann", &["long enough"]).await;
    let starts = [
        (open(&world.store, None).await.0, "bob"),
        (world.exposed().await, "cat"),
    ];
    for (accounts, name) in starts {
        let password = "long enough".to_owned();
        accounts
            .register(sign_up(name, password, false))
            .await
            .unwrap();
        for name in ["ann", name] {
            assert!(!is_admin(&accounts, name).await, "{name}");
        }
        assert_eq!(accounts.set_up_secret(), None);
    }
}

#[tokio::test]
async fn an_exposed_server_gives_the_right_by_its_link_alone() {
    let world = world().await;
    let earlier = world.exposed().await;
    let password = || "long enough".to_owned();
    earlier
        .register(sign_up("mallory", password(), false))
        .await
        .unwrap();
    assert!(!is_admin(&earlier, "mallory").await);
    let old = earlier.set_up_secret().unwrap().to_owned();
    // A restart makes another link, also where accounts were made meanwhile.
    let accounts = world.exposed().await;
    let secret = accounts.set_up_secret().unwrap().to_owned();
    assert!(accounts.opens_set_up(&secret));
    for (name, secret) in [("mallory", "guess"), ("mallory", &old), ("nobody", &secret)] {
        let became = accounts.become_admin(&user(name), secret).await.unwrap();
        assert!(!became, "{name}");
    }
    accounts
        .register(sign_up("bot", password(), true))
        .await
        .unwrap();
    assert!(!accounts.become_admin(&user("bot"), &secret).await.unwrap());
    accounts
        .register(sign_up("ann", password(), false))
        .await
        .unwrap();
    assert!(accounts.become_admin(&user("ann"), &secret).await.unwrap());
    assert!(is_admin(&accounts, "ann").await);
    // It was used.
    assert_eq!(accounts.set_up_secret(), None);
    let again = accounts.become_admin(&user("mallory"), &secret).await;
    assert!(!again.unwrap());
    assert!(!is_admin(&accounts, "mallory").await);
    let (restarted, _) = open(&world.store, None).await;
    assert!(restarted.is_admin(&user("ann")));
}
