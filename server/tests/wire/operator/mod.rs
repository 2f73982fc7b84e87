//! `chat-server admin`, on a running server and on a stopped one's data alike.

mod erase;
mod invites;
mod people;
mod rooms;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::support::{PATIENCE, Server, admin_with};

/// Flags of servers that keep everything in SQLite, whatever the other tests use.
pub(super) const ON_SQLITE: [&str; 4] = ["--rate-limit", "off", "--mongo-url", ""];

/// Two people, of whom root is the admin, on a server that can be restarted.
async fn server() -> Server {
    let server = Server::start_for_restarts().await;
    for name in ["root", "Bob"] {
        server.register(name, false).await;
    }
    server
}

fn names(rows: &[Value]) -> Vec<&str> {
    let names = rows.iter().map(|row| row["username"].as_str().unwrap());
    names.collect()
}

async fn admins(server: &Server) -> Vec<String> {
    let mut rows = server.admin(&["people", "list", "--json"]).await.rows();
    rows.retain(|row| row["admin"] == true);
    names(&rows).into_iter().map(str::to_owned).collect()
}

#[tokio::test]
async fn admins_are_made_on_a_running_server_and_on_a_stopped_one() {
    let mut server = server().await;
    let bob = server.sign_in("bob").await;
    let mut bob_ws = server.enter(&bob).await;
    assert_eq!(admins(&server).await, ["root"]);
    let said = server.admin(&["people", "make-admin", "BOB"]).await.done();
    assert_eq!(said, "Bob is an admin. The admins are: Bob, root.\n");
    assert_eq!(admins(&server).await, ["Bob", "root"]);
    if server.database().is_none() {
        // The server did it, so that it holds on a connection from before.
        bob_ws
            .done(json!({"type": "invite_links"}), "invite_links")
            .await;
    }
    server.terminate();
    server.ended(PATIENCE).await;
    let said = server.admin(&["people", "unmake-admin", "root"]).await;
    assert_eq!(said.done(), "root is no admin. The admins are: Bob.\n");
    assert_eq!(admins(&server).await, ["Bob"]);
    server.restart().await;
    let (root, bob) = (server.sign_in("root").await, server.sign_in("bob").await);
    assert!(server.is_admin(&bob).await && !server.is_admin(&root).await);
}

#[tokio::test]
async fn a_refused_act_fails_with_a_sentence() {
    let mut server = server().await;
    server.register("robot", true).await;
    let acts = [
        (
            ["people", "make-admin", "nobody"],
            "No user is named nobody.",
        ),
        (["people", "make-admin", "robot"], "robot is a bot"),
        (["people", "unmake-admin", "root"], "root is the only admin"),
    ];
    for running in [true, false] {
        if !running {
            server.kill();
        }
        for (words, sentence) in acts {
            let failed = server.admin(&words).await.failed();
            assert!(failed.contains(sentence), "{running}: {failed}");
        }
        assert_eq!(admins(&server).await, ["root"]);
    }
    // The command line is wrong.
    assert_eq!(
        server.admin(&["people", "praise", "bob"]).await.code,
        Some(2)
    );
}

#[tokio::test]
async fn accounts_are_listed_and_searched() {
    let server = server().await;
    let (ann, mut ann_ws) = server.newcomer("ann").await;
    let profile = json!({"type": "profile", "display_name": "Ann of the Hills"});
    ann_ws.done(profile, "ok").await;
    let table = server.admin(&["people", "list"]).await.done();
    let heading = table.lines().next().unwrap();
    assert!(heading.starts_with("USERNAME  DISPLAY NAME"), "{table}");
    let root = table.lines().find(|line| line.starts_with("root"));
    assert!(root.unwrap().ends_with("admin"), "{table}");
    for search in ["HILLS", "an"] {
        let words = ["people", "list", search, "--json"];
        let rows = server.admin(&words).await.rows();
        assert_eq!(names(&rows), [ann.name.as_str()], "{search}");
    }
    let none = server.admin(&["people", "list", "zz"]).await.done();
    assert_eq!(none, "");
}

/// A list has more pages than one, and comes as a whole.
#[tokio::test]
async fn long_lists_come_whole() {
    let server = Server::start_with(&ON_SQLITE).await;
    let path = server.data_dir().join("chat.db");
    let database = rusqlite::Connection::open(path).unwrap();
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
               INSERT INTO users (username, folded, password_kind, password, display_name, bot, created)
               SELECT printf('u%04d', i), printf('u%04d', i), 'missing', '', 'x', 0, 1 FROM n";
    database.execute_batch(sql).unwrap();
    let all = server.admin(&["people", "list", "--json"]).await.rows();
    assert_eq!(all.len(), 2_500);
    let found = server.admin(&["people", "list", "u2499", "--json"]).await;
    assert_eq!(names(&found.rows()), ["u2499"]);
}

#[tokio::test]
async fn the_socket_is_its_users_alone_and_goes_with_the_server() {
    let mut server = Server::start_with(&ON_SQLITE).await;
    let path = server.data_dir().join("admin.sock");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    server.terminate();
    server.ended(PATIENCE).await;
    assert!(!path.exists());
}

#[tokio::test]
async fn the_socket_bounds_what_it_is_sent() {
    let server = Server::start_with(&ON_SQLITE).await;
    let path = server.data_dir().join("admin.sock");
    let exchange = async |sent: &[u8]| {
        let mut stream = UnixStream::connect(&path).await.unwrap();
        let _ = stream.write_all(sent).await;
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        let read = tokio::time::timeout(PATIENCE, read).await;
        let _ = read.expect("the server answers or closes");
        answer
    };
    let too_long = [b'x'; 20_000];
    assert_eq!(exchange(&too_long).await, "");
    let unknown = exchange(b"{\"praise\":{}}\n").await;
    assert!(unknown.contains("does not know that act"), "{unknown}");
    // Connections that say nothing take all places, until they have had their time.
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(UnixStream::connect(&path).await.unwrap());
    }
    let refused = async {
        while !exchange(b"{\"people\":{}}\n").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let refused = tokio::time::timeout(PATIENCE, refused).await;
    refused.expect("the ninth is closed");
    drop(silent);
    let answered = async {
        while exchange(b"{\"people\":{}}\n").await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, answered)
        .await
        .expect("places are free again");
}

#[tokio::test]
async fn a_server_on_a_named_socket_is_reached_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("chat.sock");
    let socket = ["--admin-socket", path.to_str().unwrap()];
    let server = Server::start_with(&[&ON_SQLITE[..], &socket].concat()).await;
    server.register("root", false).await;
    let data = server.data_dir();
    let listed = admin_with(&data, &socket, &["people", "list", "--json"]).await;
    assert_eq!(names(&listed.rows()), ["root"]);
    // Without the name the command finds no socket, and the server has the data.
    let failed = admin_with(&data, &[], &["people", "list"]).await.failed();
    assert!(failed.contains("Another chat-server uses"), "{failed}");
}
