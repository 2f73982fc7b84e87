//! A user and a password in the URL, whom the proxy asks for with SCRAM-SHA-256 before a FerretDB.
//! A MongoDB whose URL has a user asks by itself.

use crate::proxy::{Account, Front, Proxy};
use crate::secrets::{SECRET, last_line};
use crate::support::mongo_server::TestDatabase;
use crate::support::{Server, mongo_flags};

const NAME: &str = "chat";
const PASSWORD: &str = "correct-horse";

/// A database that only a user opens.
async fn guarded(database: &TestDatabase) -> Proxy {
    let front = Front {
        account: Some(Account {
            name: NAME.to_owned(),
            password: PASSWORD.to_owned(),
        }),
        tls: None,
    };
    Proxy::start_with(&database.url, front).await
}

/// Whether the MongoDB of the tests asks for a user by itself; nobody can sign in twice.
fn asks_by_itself(database: &TestDatabase) -> bool {
    database.url.contains('@')
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_user_with_the_right_password_is_let_in() {
    let database = TestDatabase::new();
    let proxy = match asks_by_itself(&database) {
        true => Proxy::start(&database.url).await,
        false => guarded(&database).await,
    };
    let url = proxy.url();
    assert!(url.contains('@'), "{url}");
    let server = Server::start_with(&mongo_flags(&url, &database)).await;
    let (_, mut ann) = server.newcomer("ann").await;
    ann.say("lobby", "a crab").await;
    assert_eq!(ann.expect("chat").await["seq"], 1);
    // A MongoDB's own sign-in passes the proxy; the proxy's does not.
    let passed = proxy.take_passed();
    let steps = passed
        .iter()
        .filter(|command| command.name.starts_with("sasl"));
    assert_eq!(steps.count() > 0, asks_by_itself(&database));
    assert_eq!(proxy.signed_in() > 0, !asks_by_itself(&database));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_wrong_or_missing_password_ends_the_start_with_one_sentence() {
    let database = TestDatabase::new();
    let proxy = guarded(&database).await;
    let address = proxy.address;
    for url in [
        format!("mongodb://{NAME}:{SECRET}@{address}/?directConnection=true"),
        format!("mongodb://{SECRET}:{PASSWORD}@{address}/?directConnection=true"),
        format!("mongodb://{address}/?directConnection=true"),
    ] {
        let last = last_line(url).await;
        let sentence = last.split_once("MongoDB at ").map(|(_, rest)| rest);
        let sentence = sentence.unwrap_or_else(|| panic!("{last}"));
        assert!(
            sentence.starts_with(&format!("{address} refuses us: ")),
            "{last}"
        );
        assert!(
            sentence.contains("Correct the user and password in MONGO_URL"),
            "{last}"
        );
        assert!(!last.contains(PASSWORD), "{last}");
    }
    assert_eq!(proxy.signed_in(), 0);
}
