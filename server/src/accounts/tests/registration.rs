//! Tests of who may sign up.

use super::*;

/// A store without accounts, and starts of servers on it.
pub(super) struct Installation {
    pub(super) store: SharedStore,
    _dir: tempfile::TempDir,
}

impl Installation {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store: SharedStore = Arc::new(SqliteStore::open(dir.path()).unwrap());
        Self { store, _dir: dir }
    }

    pub(super) async fn start(&self, options: Options) -> Accounts {
        let (reporter, _) = change_reports();
        Accounts::open_quick(Arc::clone(&self.store), options, reporter)
            .await
            .unwrap()
    }

    pub(super) async fn add_account(&self) {
        let user = NewUser {
            username: Username::existing("old"),
            password: PasswordRecord::Missing,
            bot: false,
            created: 1,
        };
        self.store.create_user(user).await.unwrap();
    }
}

fn exposed() -> Options {
    Options {
        is_exposed: true,
        ..Options::default()
    }
}

pub(super) fn chosen(registration: Registration) -> Options {
    Options {
        registration: Some(registration),
        ..Options::default()
    }
}

async fn try_sign_up(accounts: &Accounts, name: &str, bot: bool) -> Result<(), RegisterError> {
    let password = "long enough".to_owned();
    let signed_up = accounts.register(sign_up(name, password, bot)).await;
    signed_up.map(drop)
}

async fn try_with_link(accounts: &Accounts, name: &str, link: &str) -> Result<(), RegisterError> {
    let sign_up = SignUp {
        set_up: Some(link),
        ..sign_up(name, "long enough".to_owned(), false)
    };
    accounts.register(sign_up).await.map(drop)
}

#[tokio::test]
async fn what_was_right_for_a_new_installation_stays() {
    for (has_account, first, expect) in [
        (false, exposed(), Registration::Invite),
        (false, Options::default(), Registration::Open),
        (true, exposed(), Registration::Open),
        (true, Options::default(), Registration::Open),
    ] {
        let installation = Installation::new();
        if has_account {
            installation.add_account().await;
        }
        let case = format!("{has_account} {first:?}");
        let begun = installation.start(first).await;
        assert_eq!(begun.registration(), expect, "{case}");
        // The flag counts while it is given.
        let closed = installation.start(chosen(Registration::Closed)).await;
        assert_eq!(closed.registration(), Registration::Closed);
        installation.add_account().await;
        for later in [exposed(), Options::default()] {
            let later = installation.start(later).await;
            assert_eq!(later.registration(), expect, "{case}");
        }
    }
}

#[tokio::test]
async fn strangers_do_not_get_in() {
    let installation = Installation::new();
    let accounts = installation.start(exposed()).await;
    for bot in [false, true] {
        let error = try_sign_up(&accounts, "stranger", bot).await.unwrap_err();
        assert!(matches!(error, RegisterError::InviteNeeded), "{error}");
    }
    let closed = Options {
        registration: Some(Registration::Closed),
        ..exposed()
    };
    let accounts = installation.start(closed).await;
    let error = try_with_link(&accounts, "stranger", "guess").await;
    assert!(matches!(error, Err(RegisterError::Closed)), "{error:?}");
    assert_eq!(installation.store.count_users().await.unwrap(), 0);
}

#[tokio::test]
async fn a_taken_name_is_not_told_to_who_may_not_sign_up() {
    let installation = Installation::new();
    installation.add_account().await;
    let accounts = installation.start(chosen(Registration::Invite)).await;
    let error = try_sign_up(&accounts, "old", false).await.unwrap_err();
    assert!(matches!(error, RegisterError::InviteNeeded), "{error}");
}

#[tokio::test]
async fn the_set_up_link_lets_one_person_in() {
    let installation = Installation::new();
    let accounts = installation.start(exposed()).await;
    let link = accounts.set_up_secret().unwrap().to_owned();
    // All have passed the first check before one of them has an account.
    let (first, second, third) = tokio::join!(
        try_with_link(&accounts, "ann", &link),
        try_with_link(&accounts, "bob", &link),
        try_with_link(&accounts, "cat", &link),
    );
    let results = [first, second, third];
    let let_in = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(let_in, 1, "{results:?}");
    assert_eq!(installation.store.count_users().await.unwrap(), 1);
    assert!(!accounts.admins().is_empty());
    let again = try_with_link(&accounts, "dan", &link).await;
    assert!(matches!(again, Err(RegisterError::InviteNeeded)));
}

#[tokio::test]
async fn the_first_person_on_this_machine_gets_in_and_nobody_else() {
    let installation = Installation::new();
    let accounts = installation.start(chosen(Registration::Closed)).await;
    let bot = try_sign_up(&accounts, "bot", true).await;
    assert!(matches!(bot, Err(RegisterError::Closed)), "{bot:?}");
    let (first, second) = tokio::join!(
        try_sign_up(&accounts, "ann", false),
        try_sign_up(&accounts, "bob", false),
    );
    let results = [first, second];
    let let_in = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(let_in, 1, "{results:?}");
    assert!(try_sign_up(&accounts, "cat", false).await.is_err());
    assert_eq!(installation.store.count_users().await.unwrap(), 1);
}

#[tokio::test]
async fn the_named_admin_gets_in() {
    let installation = Installation::new();
    let options = Options {
        admin: Some("root".to_owned()),
        ..exposed()
    };
    let accounts = installation.start(options).await;
    assert!(try_sign_up(&accounts, "ann", false).await.is_err());
    assert!(try_sign_up(&accounts, "root", true).await.is_err());
    try_sign_up(&accounts, "root", false).await.unwrap();
}

/// The server ends between storing who the admin is and storing the account.
#[tokio::test]
async fn only_the_set_up_link_completes_a_set_up_that_failed() {
    let installation = Installation::new();
    installation.start(exposed()).await;
    let store = &installation.store;
    store.insert_if_absent("admin", "ann").await.unwrap();
    let at_home = installation.start(Options::default()).await;
    assert!(at_home.set_up_secret().is_some());
    let open = Options {
        registration: Some(Registration::Open),
        ..exposed()
    };
    let accounts = installation.start(open).await;
    let link = accounts.set_up_secret().map(str::to_owned);
    let error = try_sign_up(&accounts, "Ann", false).await;
    assert!(matches!(error, Err(RegisterError::Reserved)), "{error:?}");
    try_sign_up(&accounts, "mallory", false).await.unwrap();
    assert!(accounts.admins().is_empty());
    let link = link.expect("a link");
    let error = try_with_link(&accounts, "bob", &link).await.unwrap_err();
    let expect = "The set-up was begun as ann: sign up with that username";
    assert_eq!(error.to_string(), expect);
    // With invites too, after one more start, and where only this machine can reach the server.
    let invite = chosen(Registration::Invite);
    let accounts = installation.start(invite).await;
    let link = accounts.set_up_secret().unwrap().to_owned();
    let error = try_with_link(&accounts, "bob", &link).await.unwrap_err();
    assert_eq!(error.to_string(), expect);
    try_with_link(&accounts, "Ann", &link).await.unwrap();
    assert!(accounts.is_admin(&Username::existing("Ann")));
    assert_eq!(accounts.set_up_secret(), None);
}

/// The first person on this machine got as far as the claim, and then others can reach the server.
#[tokio::test]
async fn a_claim_without_an_account_is_nobodys_on_a_server_that_others_can_reach() {
    let installation = Installation::new();
    installation.start(Options::default()).await;
    let store = &installation.store;
    store.insert_if_absent("admin", "ann").await.unwrap();
    let open = Options {
        registration: Some(Registration::Open),
        ..exposed()
    };
    let accounts = installation.start(open).await;
    let error = try_sign_up(&accounts, "ann", false).await;
    assert!(matches!(error, Err(RegisterError::Reserved)), "{error:?}");
    assert!(accounts.set_up_secret().is_some());
}

/// Somebody tries it on their own machine and then lets others reach it.
#[tokio::test]
async fn a_server_without_accounts_decides_again() {
    let installation = Installation::new();
    for _ in 0..2 {
        let tried = installation.start(Options::default()).await;
        assert_eq!(tried.registration(), Registration::Open);
    }
    let accounts = installation.start(exposed()).await;
    assert_eq!(accounts.registration(), Registration::Invite);
    let accounts = installation.start(Options::default()).await;
    assert_eq!(accounts.registration(), Registration::Invite);
}
