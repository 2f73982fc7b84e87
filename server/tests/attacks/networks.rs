//! One network that takes what is everybody's.

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::bounds::Growth;
use crate::ground::{
    Attack, PIXEL, connect_from, connected, fresh_address, fresh_name, held_if, person,
    sign_in_from,
};
use crate::support::{PASSWORD, Server, Site};

/// Keep-alive connections that one address opens: more than the server takes in all.
const CONNECTIONS: usize = 4_200;

/// Newcomers that must get in meanwhile.
const NEWCOMERS: usize = 5;

const NEWCOMER_PATIENCE: Duration = Duration::from_secs(4);

pub(crate) fn attacks() -> Vec<Attack> {
    vec![
        keep_alive_connections(),
        slow_heads(),
        sockets_of_one_ipv6_network(),
        wrong_passwords_from_elsewhere(),
        wrong_passwords_beside_a_session(),
        accounts_of_one_address(),
        many_rooms(),
        many_direct_rooms(),
        many_invitations(),
        pictures(),
        display_names(),
    ]
}

/// Connects from an address of this machine and asks for `/healthz` once, keeping the connection.
async fn keep_alive(site: &Site, from: [u8; 4]) -> Option<TcpStream> {
    let mut stream = timeout(NEWCOMER_PATIENCE, connect_from(from, site))
        .await
        .ok()?
        .ok()?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n\r\n", site.address);
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = [0; 1_024];
    let read = timeout(NEWCOMER_PATIENCE, stream.read(&mut answer))
        .await
        .ok()?
        .ok()?;
    (read > 0).then_some(stream)
}

/// A server of its own, whose only peer is the attacker: no proxy is trusted.
fn keep_alive_connections() -> Attack {
    Attack::new(
        format!("{CONNECTIONS} keep-alive connections of one address"),
        |_| async {
            let server = Server::start_with(&[]).await;
            let mut held = Vec::new();
            for _ in 0..CONNECTIONS {
                match keep_alive(&server, [127, 0, 0, 2]).await {
                    Some(stream) => held.push(stream),
                    None => break,
                }
            }
            let mut let_in = 0;
            for n in 0..NEWCOMERS {
                let from = [127, 0, 1, n as u8];
                let_in += usize::from(keep_alive(&server, from).await.is_some());
            }
            let lines = server.log.lines();
            let is_said = |line: &String| line.contains("closed to let others in");
            let said = lines.iter().filter(|line| is_said(line)).count();
            held_if(
                let_in == NEWCOMERS && said >= 1,
                format!(
                    "{} taken, {let_in} of {NEWCOMERS} newcomers let in, {said} lines in the log",
                    held.len()
                ),
            )
        },
    )
    .long()
}

fn slow_heads() -> Attack {
    Attack::new(
        "a request head that comes byte by byte",
        |site| async move {
            let mut stream = TcpStream::connect(site.address).await.unwrap();
            let slow = async {
                let request = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\n", site.address);
                for byte in request.bytes().cycle() {
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(400)).await;
                }
            };
            let ended = timeout(Duration::from_secs(25), slow).await.is_ok();
            held_if(
                ended,
                if ended {
                    "closed"
                } else {
                    "still open after 25 s"
                },
            )
        },
    )
    .long()
}

fn sockets_of_one_ipv6_network() -> Attack {
    Attack::new(
        "40 sockets of one IPv6 /64 where 5 are allowed",
        |_| async {
            let flags = [
                "--trusted-proxy",
                "127.0.0.1",
                "--registration",
                "open",
                "--max-connections-per-address",
                "5",
            ];
            let server = Server::start_with(&flags).await;
            let user = person(&server, "network").await;
            let (mut open, mut sockets) = (0, Vec::new());
            for n in 0..40 {
                let address = format!("2001:db8::{n:x}");
                let bearer = user.bearer();
                let headers = [
                    ("Authorization", bearer.as_str()),
                    ("X-Forwarded-For", &address),
                ];
                if let Ok(mut ws) = server.open("network", &headers).await {
                    ws.send(&json!({"type": "hello", "version": 1})).await;
                    if let crate::support::Received::Frame(_) = ws.receive().await {
                        open += 1;
                    }
                    sockets.push(ws);
                }
            }
            held_if(open <= 5, format!("{open} welcomed"))
        },
    )
}

async fn wrong_passwords(site: &Site, name: &str) {
    for n in 0..310 {
        let address = format!("2001:db8:{:x}::1", n % 40);
        let body = json!({"username": name, "password": "wrong-horse-battery"});
        site.post("/login", &[("X-Forwarded-For", &address)], &body)
            .await;
    }
}

fn wrong_passwords_from_elsewhere() -> Attack {
    Attack::new(
        "310 wrong passwords from elsewhere, then the owner at home",
        |site| async move {
            let (name, home) = (fresh_name("owner"), fresh_address());
            let body = json!({"username": name, "password": PASSWORD});
            let from = [("X-Forwarded-For", home.as_str())];
            site.post("/register", &from, &body).await.accepted(201);
            sign_in_from(&site, &name, &home).await;
            wrong_passwords(&site, &name).await;
            let answer = site.post("/login", &from, &body).await;
            held_if(
                answer.status == 200,
                format!("the owner gets {}", answer.status),
            )
        },
    )
    .growing(Growth::HASHES)
    .long()
}

fn wrong_passwords_beside_a_session() -> Attack {
    Attack::new(
        "310 wrong passwords, then a password change by session",
        |site| async move {
            let owner = person(&site, "owner").await;
            wrong_passwords(&site, &owner.name).await;
            let body = json!({"old": PASSWORD, "new": "another-horse-battery"});
            let headers = [("Authorization", owner.bearer())];
            let headers = headers
                .each_ref()
                .map(|(name, value)| (*name, value.as_str()));
            let answer = site.post("/password", &headers, &body).await;
            held_if(
                answer.status == 200,
                format!("the owner gets {}", answer.status),
            )
        },
    )
    .growing(Growth::HASHES)
    .long()
}

fn accounts_of_one_address() -> Attack {
    Attack::new("100 accounts of one address", |site| async move {
        let address = fresh_address();
        let mut made = 0;
        for _ in 0..100 {
            let body = json!({"username": fresh_name("puppet"), "password": PASSWORD});
            let answer = site
                .post("/register", &[("X-Forwarded-For", &address)], &body)
                .await;
            made += usize::from(answer.status == 201);
        }
        // 20 at once and one a minute.
        held_if((20..=25).contains(&made), format!("{made} made"))
    })
    .growing(Growth::HASHES)
}

/// Asks with a fresh frame each time until one is refused for another reason than its rate.
async fn until_refused(
    ws: &mut crate::support::Ws,
    most: usize,
    make: impl Fn(usize) -> serde_json::Value,
) -> usize {
    let mut done = 0;
    for n in 0..most {
        let answer = ws.ask(make(n)).await;
        if answer["code"] == "rate_limited" {
            let wait = answer["retry_after_ms"].as_u64().unwrap_or(1_000);
            if wait > 10_000 {
                return done;
            }
            tokio::time::sleep(Duration::from_millis(wait.min(100))).await;
            continue;
        }
        if answer["type"] == "error" {
            return done;
        }
        done += 1;
    }
    done
}

fn many_rooms() -> Attack {
    Attack::new("100 rooms made by a new account", |site| async move {
        let (_, mut ws) = connected(&site, "maker").await;
        let base = fresh_name("r");
        let room = |n| json!({"type": "create", "room": format!("{base}-{n}")});
        let made = until_refused(&mut ws, 100, room).await;
        held_if(made == 10, format!("{made} made"))
    })
}

/// Signs up some people, for rooms with them.
async fn victims(site: &Site, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for _ in 0..count {
        names.push(person(site, "victim").await.name);
    }
    names
}

fn many_direct_rooms() -> Attack {
    let attack = Attack::new("a direct room with each of 15 people", |site| async move {
        let (_, mut ws) = connected(&site, "maker").await;
        let names = victims(&site, 15).await;
        let direct = |n| json!({"type": "dm", "username": names[n]});
        let made = until_refused(&mut ws, names.len(), direct).await;
        held_if(made == 10, format!("{made} made"))
    });
    attack.growing(Growth::HASHES)
}

fn many_invitations() -> Attack {
    let attack = Attack::new("invitations of 50 people into a room", |site| async move {
        let (_, mut ws) = connected(&site, "maker").await;
        let room = fresh_name("r");
        ws.done(json!({"type": "create", "room": room}), "room")
            .await;
        let names = victims(&site, 50).await;
        let invite = |n| json!({"type": "invite", "room": room, "username": names[n]});
        let made = until_refused(&mut ws, names.len(), invite).await;
        held_if(made == 40, format!("{made} invited"))
    });
    attack.growing(Growth::HASHES).long()
}

/// A change of profile is sent to every connection.
fn display_names() -> Attack {
    Attack::new("60 display names in a row", |site| async move {
        let (user, mut ws) = connected(&site, "chameleon").await;
        let (_, mut other) = connected(&site, "watcher").await;
        let start = Instant::now();
        for n in 0..60 {
            let name = format!("Colour {n}");
            ws.ask(json!({"type": "profile", "display_name": name}))
                .await;
        }
        let end = fresh_name("the-end");
        ws.say("lobby", &end).await;
        let is_end = |frame: &serde_json::Value| frame["message"] == json!(end);
        let frames = other.collect_until("the end", is_end).await;
        let is_told = |frame: &&serde_json::Value| {
            frame["type"] == "profile" && frame["username"] == json!(user.name)
        };
        let told = frames.iter().filter(is_told).count();
        let most = start.elapsed().as_secs() as usize + 1;
        held_if(told <= most, format!("{told} told to others"))
    })
}

fn pictures() -> Attack {
    Attack::new("60 pictures of one account in a row", |site| async move {
        let user = person(&site, "painter").await;
        let bearer = user.bearer();
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "image/png"),
        ];
        let mut taken = 0;
        for _ in 0..60 {
            let answer =
                crate::support::call(site.address, "PUT", "/avatar", &headers, PIXEL).await;
            taken += usize::from(answer.status == 200);
        }
        held_if(taken == 10, format!("{taken} taken"))
    })
    .growing(Growth::DECODED)
}
