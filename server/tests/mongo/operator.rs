//! `chat-server admin` on a database that servers use: they act on what it changes.

use serde_json::json;

use crate::support::mongo_server::TestDatabase;
use crate::support::{PASSWORD, Server, admin_with, mongo_flags};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn servers_act_on_what_the_operator_does_to_the_database() {
    let database = TestDatabase::new();
    let flags = mongo_flags(&database.url, &database);
    let server = Server::start_with(&flags).await;
    server.register("root", false).await;
    let (_, mut bob) = server.newcomer("bob").await;
    bob.say("lobby", "hello").await;
    // Another machine, which has no data directory.
    let elsewhere = tempfile::tempdir().unwrap();
    let admin = async |words: &[&str]| admin_with(elsewhere.path(), &flags, words).await;
    admin(&["people", "deactivate", "bob"]).await.done();
    let (code, _) = bob.closed().await;
    assert_eq!(code, 4401);
    let body = json!({"username": "bob", "password": PASSWORD});
    server.post("/login", &[], &body).await.refused(&[403]);
    let erase = ["people", "erase", "bob", "--messages", "delete"];
    let said = admin(&erase).await.done();
    assert_eq!(said, "bob is erased. Messages deleted: 1.\n");
    server.post("/login", &[], &body).await.refused(&[401]);
    let audit = admin(&["audit", "--json"]).await.rows();
    let actions: Vec<_> = audit
        .iter()
        .map(|it| it["action"].as_str().unwrap())
        .collect();
    assert!(
        actions.contains(&"erase") && actions.contains(&"deactivate"),
        "{actions:?}"
    );
}
