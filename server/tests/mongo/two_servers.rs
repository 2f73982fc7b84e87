//! Two servers on one database, without a bus, write to one room as fast as they can.

use std::time::Duration;

use futures::future::join_all;
use mongodb::Collection;
use mongodb::bson::{Document, doc};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::proxy::Proxy;
use crate::speaker::{Acked, check_log, speak};
use crate::support::mongo_server::TestDatabase;
use crate::support::{PASSWORD, PATIENCE, Server, Ws, from_env, mongo_flags};

/// Unacknowledged messages of one sender.
const UNDER_WAY: usize = 8;

/// The flags of a server that shares this database, and `more`.
fn flags<'a, const N: usize>(database: &'a TestDatabase, more: [&'a str; N]) -> Vec<&'a str> {
    let on = mongo_flags(&database.url, database);
    let shared = on.into_iter().chain(["--shared-database"]);
    shared.chain(more).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn two_servers_write_one_log_without_holes_or_doubles() {
    let database = TestDatabase::new();
    let messages = from_env("CHAT_TWO_SERVERS_MESSAGES", 120) as usize;
    let flags = flags(&database, ["--rate-limit", "off"]);
    let servers = [
        Server::start_with(&flags).await,
        Server::start_with(&flags).await,
    ];
    // Dropping the sender would stop the speakers.
    let (_stop, stopped) = watch::channel(false);
    let mut speakers = Vec::new();
    for (i, server) in [&servers[0], &servers[1], &servers[0], &servers[1]]
        .into_iter()
        .enumerate()
    {
        let user = server.user(&format!("speaker{i}")).await;
        let speaking = speak(
            (*server).clone(),
            user,
            UNDER_WAY,
            messages,
            Duration::ZERO,
            stopped.clone(),
        );
        speakers.push(tokio::spawn(speaking));
    }
    let acked: Acked = join_all(speakers)
        .await
        .into_iter()
        .flat_map(|speaker| speaker.unwrap())
        .collect();
    assert_eq!(acked.len(), 4 * messages);
    let stored = check_log(&database, &acked).await;
    let turns = stored
        .windows(2)
        .filter(|pair| server_of(&pair[0]) != server_of(&pair[1]))
        .count();
    assert!(turns > 0, "they wrote one after the other, not at once");
}

fn server_of(doc: &mongodb::bson::Document) -> u32 {
    let name = doc.get_str("sender").unwrap();
    name.trim_start_matches("speaker").parse::<u32>().unwrap() % 2
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_username_is_unique_across_two_servers() {
    let database = TestDatabase::new();
    let flags = flags(&database, []);
    let first = Server::start_with(&flags).await;
    let second = Server::start_with(&flags).await;
    first.register("Ann", false).await;
    let taken = serde_json::json!({"username": "ann", "password": crate::support::PASSWORD});
    second.post("/register", &[], &taken).await.refused(&[409]);
    // A token from one server signs in at the other.
    let ann = second.sign_in("ann").await;
    assert_eq!(ann.name, "Ann");
    first
        .get("/me", &[("Authorization", &ann.bearer())])
        .await
        .accepted(200);
}

/// The log by which servers learn of each other's changes of accounts.
pub(crate) const ACCOUNT_LOG: &str = "@server";

/// Reads of the account log by which a server has acted on a change that is in it. The first one
/// finds it, and on a busy machine others may follow before the socket's end has come here. That
/// they come every other second is a test of the simulation.
const READS_MAX: usize = 3;

/// A server behind a proxy that counts its reads of the account log.
struct Watched {
    proxy: Proxy,
    server: Server,
    log: Collection<Document>,
}

impl Watched {
    async fn start(database: &TestDatabase, flags: &[&str]) -> Self {
        let proxy = Proxy::start(&database.url).await;
        let url = proxy.url();
        let on = mongo_flags(&url, database);
        Self {
            server: Server::start_with(&[&on[..], &["--shared-database"], flags].concat()).await,
            log: database.open().await.collection("log"),
            proxy,
        }
    }

    /// How many changes of accounts are in the log.
    async fn changes(&self) -> u64 {
        let of_accounts = doc! { "room": ACCOUNT_LOG };
        self.log.count_documents(of_accounts).await.unwrap()
    }

    /// Waits until another server has logged one more change than `before`, and then for the end of
    /// a connection to this one. Returns the close code.
    async fn closes(&self, connection: &mut Ws, before: u64) -> u16 {
        let deadline = Instant::now() + PATIENCE;
        while self.changes().await == before {
            assert!(Instant::now() < deadline, "the change is not in the log");
            sleep(Duration::from_millis(20)).await;
        }
        self.proxy.take_passed();
        let (code, _) = connection.closed().await;
        let passed = self.proxy.take_passed();
        let reads = passed
            .iter()
            .filter(|command| command.name == "find" && command.room == ACCOUNT_LOG);
        let reads = reads.count();
        assert!(reads <= READS_MAX, "{reads} reads of the account log");
        code
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_revoked_or_banned_person_is_closed_on_both_servers() {
    let database = TestDatabase::new();
    let first = Server::start_with(&flags(&database, ["--admin", "root"])).await;
    let (_, mut admin) = first.newcomer("root").await;
    let second = Watched::start(&database, &["--admin", "root"]).await;

    let ann = first.user("ann").await;
    let mut ann_there = second.server.enter(&ann).await;
    let before = second.changes().await;
    first
        .post("/logout", &[("Authorization", &ann.bearer())], &json!({}))
        .await
        .accepted(200);
    assert_eq!(second.closes(&mut ann_there, before).await, 4401);

    // A new password ends every session but the one that changed it.
    let bob = first.user("bob").await;
    let bob_elsewhere = second.server.sign_in("bob").await;
    let mut here = second.server.enter(&bob).await;
    let mut elsewhere = second.server.enter(&bob_elsewhere).await;
    let change = json!({"old": PASSWORD, "new": "another good password"});
    let before = second.changes().await;
    first
        .post("/password", &[("Authorization", &bob.bearer())], &change)
        .await
        .accepted(200);
    assert_eq!(second.closes(&mut elsewhere, before).await, 4401);
    here.done(json!({"type": "ping"}), "pong").await;

    let eve = second.server.user("eve").await;
    let mut eve_there = second.server.enter(&eve).await;
    let before = second.changes().await;
    let ban = json!({"type": "ban", "room": "lobby", "username": "eve"});
    admin.done(ban, "ok").await;
    assert_eq!(second.closes(&mut eve_there, before).await, 4403);
    let again = json!({"username": "eve", "password": PASSWORD});
    second
        .server
        .post("/login", &[], &again)
        .await
        .refused(&[403]);
}
