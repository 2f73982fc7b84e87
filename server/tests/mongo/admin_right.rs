//! The admin's right where MongoDB fails while the first person signs up, and on two servers.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::faults::server_behind_proxy;
use crate::proxy::{Fault, Proxy};
use crate::support::mongo_server::TestDatabase;
use crate::support::{PASSWORD, PATIENCE, Server, mongo_flags};

/// The status of the reply to a sign-up.
async fn sign_up(server: &Server, name: &str) -> u16 {
    let body = json!({"username": name, "password": PASSWORD});
    server.post("/register", &[], &body).await.status
}

async fn is_admin(server: &Server, name: &str) -> bool {
    server.is_admin(&server.sign_in(name).await).await
}

/// A server on which the first sign-up failed, because inserts into `collection` did.
async fn after_a_failed_sign_up(collection: &str, fault: Fault) -> (TestDatabase, Proxy, Server) {
    let database = TestDatabase::new();
    let (proxy, server) = server_behind_proxy(&database, &[]).await;
    proxy.play("insert", Some(collection), usize::MAX, fault);
    assert_eq!(sign_up(&server, "owner").await, 503);
    assert!(proxy.played() > 0);
    proxy.heal();
    (database, proxy, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_right_that_could_not_be_stored_leaves_no_account_behind() {
    let fault = Fault::error(10_107, &[]);
    let (_database, _proxy, server) = after_a_failed_sign_up("claims", fault).await;
    assert_eq!(sign_up(&server, "owner").await, 201, "nobody has the name");
    assert_eq!(sign_up(&server, "mallory").await, 201);
    assert!(is_admin(&server, "owner").await);
    assert!(!is_admin(&server, "mallory").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn an_account_that_could_not_be_stored_leaves_the_right_to_its_name() {
    let fault = Fault::error(10_107, &[]);
    let (_database, _proxy, server) = after_a_failed_sign_up("chatRoomUsers", fault).await;
    assert_eq!(sign_up(&server, "mallory").await, 201);
    assert!(!is_admin(&server, "mallory").await);
    assert_eq!(sign_up(&server, "owner").await, 201);
    assert!(is_admin(&server, "owner").await);
}

/// The other server reads the list of admins every other second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn another_server_learns_who_the_admins_are() {
    let database = TestDatabase::new();
    let on = mongo_flags(&database.url, &database);
    let flags = [&on[..], &["--shared-database"]].concat();
    let first = Server::start_with(&flags).await;
    let (_, mut root) = first.newcomer("root").await;
    let second = Server::start_with(&flags).await;
    let (bob, mut bob_ws) = second.newcomer("bob").await;
    for (command, is_admin) in [("make_admin", true), ("unmake_admin", false)] {
        let command = json!({"type": command, "username": "bob"});
        root.done(command, "ok").await;
        let deadline = Instant::now() + PATIENCE;
        while second.is_admin(&bob).await != is_admin {
            assert!(Instant::now() < deadline, "is_admin: {is_admin}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let list = bob_ws.ask(json!({"type": "invite_links"})).await;
        assert_eq!(list["type"] == "invite_links", is_admin, "{list}");
    }
}
