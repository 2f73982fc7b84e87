//! The names and addresses by which a server is reached, and its first start: each on a server of
//! its own.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ground::{Attack, Outcome, held_if, person, status_of};
use crate::support::tls::TestCertificate;
use crate::support::{PASSWORD, Server, run_to_end};

/// The name of a site that its owner has made to point to this machine.
const REBOUND: &str = "rebound.example";

/// How long a server that refuses to start may take to say so.
const START_PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn attacks() -> Vec<Attack> {
    vec![
        Attack::new("sign-in by a name that points here", |_| rebound_sign_in()),
        Attack::new("a socket by a name that points here", |_| rebound_socket()),
        Attack::new("a request for another host than --public-url", |_| {
            other_host()
        }),
        Attack::new(
            "/metrics where it has an address of its own",
            |_| async move {
                let server = Server::start_with(&["--metrics-listen", "127.0.0.1:0"]).await;
                let answer = server.get("/metrics", &[]).await;
                held_if(answer.status == 404, answer.status.to_string())
            },
        ),
        Attack::new("plain HTTP after a visit by HTTPS", |_| downgrade()),
        Attack::new("a stranger signs up first on a new server", |_| {
            first_account()
        }),
        Attack::new("a guessed set-up link", |_| guessed_set_up_link()),
        Attack::new("a start with an emptied database", |_| emptied_database()),
    ]
}

async fn rebound_sign_in() -> Outcome {
    let server = Server::start_with(&[]).await;
    let user = server.user("ann").await;
    let host = format!("{REBOUND}:{}", server.address.port());
    let origin = format!("http://{host}");
    let from = [("Host", host.as_str()), ("Origin", &origin)];
    let body = json!({"username": user.name, "password": PASSWORD});
    let answer = server.post("/login", &from, &body).await;
    held_if(answer.status == 421, answer.status.to_string())
}

async fn rebound_socket() -> Outcome {
    let server = Server::start_with(&[]).await;
    let user = server.user("ann").await;
    let host = format!("{REBOUND}:{}", server.address.port());
    let origin = format!("http://{host}");
    let headers = [
        ("Host", host.as_str()),
        ("Origin", &origin),
        ("Cookie", &user.cookie),
    ];
    match server.open("mallory", &headers).await {
        Ok(_) => Err("the upgrade was accepted".to_owned()),
        Err(answer) => held_if(answer.status == 421, answer.status.to_string()),
    }
}

async fn other_host() -> Outcome {
    let flags = ["--public-url", "https://chat.example"];
    let server = Server::start_with(&flags).await;
    let other = server.get("/", &[("Host", "other.example")]).await.status;
    let own = server.get("/", &[("Host", "chat.example")]).await.status;
    held_if(
        (own, other) == (200, 421),
        format!("{other}, by its own name {own}"),
    )
}

/// With TLS, browsers are told to come by TLS only.
async fn downgrade() -> Outcome {
    let certificate = TestCertificate::new();
    let server = Server::start_with(&certificate.flags()).await;
    let tcp = TcpStream::connect(server.address).await.unwrap();
    let mut tls = certificate
        .connector()
        .connect("localhost".try_into().unwrap(), tcp)
        .await
        .unwrap();
    tls.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // The server may end the connection without TLS's own close.
    let _ = tls.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    let says_so = answer.contains("strict-transport-security: max-age=");
    held_if(
        status_of(&answer) == 200 && says_so,
        if says_so {
            "told to stay with HTTPS"
        } else {
            "not told to stay with HTTPS"
        },
    )
}

/// A server that others can reach, before anybody has signed up to it.
async fn first_account() -> Outcome {
    let server =
        Server::start_with(&["--trusted-proxy", "127.0.0.1", "--registration", "open"]).await;
    let stranger = person(&server, "stranger").await;
    let is_admin = server.is_admin(&stranger).await;
    held_if(!is_admin, format!("admin: {is_admin}"))
}

async fn guessed_set_up_link() -> Outcome {
    let server =
        Server::start_with(&["--trusted-proxy", "127.0.0.1", "--registration", "open"]).await;
    let guess = "A".repeat(43);
    let answer = server.get(&format!("/setup/{guess}"), &[]).await;
    let cookie = format!("chat_setup={guess}");
    let body = json!({"username": "mallory", "password": PASSWORD});
    let from = [("Cookie", cookie.as_str())];
    server.post("/register", &from, &body).await.accepted(201);
    let mallory = server.sign_in("mallory").await;
    let is_admin = server.is_admin(&mallory).await;
    held_if(
        answer.status == 404 && !is_admin,
        format!("{}, admin: {is_admin}", answer.status),
    )
}

/// A database that was emptied, by a full disk or by a mistake, is not a new one: the first who
/// signs up would become its admin.
async fn emptied_database() -> Outcome {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("chat.db");
    drop(chat_server_store::sqlite::SqliteStore::open(data.path()).unwrap());
    std::fs::write(&path, "").unwrap();
    let start = run_to_end("127.0.0.1:0", data.path(), &[]);
    match tokio::time::timeout(START_PATIENCE, start).await {
        Ok((status, said)) => held_if(
            !status.success() && said.contains("is empty"),
            "refused to start",
        ),
        Err(_) => Err("it started".to_owned()),
    }
}
