//! Attacks on memory and time: clients that ask for much and read little.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::bounds::Growth;
use crate::ground::{
    Attack, Peak, connected, fresh_address, fresh_name, held_if, person, refusals, upload_head,
};
use crate::support::{PASSWORD, Server, Site, Ws, fresh_nonce, kind_of, on_ferretdb};

/// Connections of the one account that asks.
const SOCKETS: usize = 8;

/// Questions that each of them has under way.
const QUESTIONS: usize = 64;

/// Long messages in the room that is asked about.
const MESSAGES: usize = 200;

/// The same where FerretDB scans all of the log for each page.
const QUESTIONS_ON_FERRETDB: usize = 4;
const MESSAGES_ON_FERRETDB: usize = 40;

/// Characters of a long message: 16 kB.
const LONG: usize = 4_000;

pub(crate) fn attacks() -> Vec<Attack> {
    type Question = (&'static str, fn(&str) -> Value);
    let questions: [Question; 6] = [
        (
            "history",
            |room| json!({"type": "history", "room": room, "limit": 200}),
        ),
        (
            "events",
            |room| json!({"type": "events", "room": room, "after": 0, "limit": 500}),
        ),
        (
            "search",
            |room| json!({"type": "search", "room": room, "query": "needle", "limit": 100}),
        ),
        (
            "resume",
            |room| json!({"type": "resume", "rooms": {room: 0}}),
        ),
        (
            "members",
            |room| json!({"type": "members", "room": room, "limit": 200}),
        ),
        ("rooms", |_| json!({"type": "rooms", "limit": 200})),
    ];
    let mut attacks: Vec<Attack> = questions
        .into_iter()
        .map(|(kind, make)| unread_questions(kind, make))
        .collect();
    attacks.extend([
        edits(),
        uploads_held_at_the_last_byte(),
        sign_ups_at_once(),
        readers_that_stand_still(),
        pings(),
        typing(),
        endless_fragments(),
        many_small_reads(),
        files_unread(),
    ]);
    attacks
}

fn questions_at_once() -> usize {
    if on_ferretdb() {
        QUESTIONS_ON_FERRETDB
    } else {
        QUESTIONS
    }
}

/// A room of long messages, and the one who made it.
async fn long_room(site: &Site) -> (crate::support::User, Ws, String) {
    let (user, mut ws) = connected(site, "asker").await;
    let room = fresh_name("long");
    ws.done(json!({"type": "create", "room": room}), "room")
        .await;
    let text = format!("needle {}", "🦀".repeat(LONG - 7));
    let messages = if on_ferretdb() {
        MESSAGES_ON_FERRETDB
    } else {
        MESSAGES
    };
    for _ in 0..messages {
        loop {
            let send = json!({"type": "send", "room": room, "text": text, "nonce": fresh_nonce()});
            let answer = ws.ask(send).await;
            if kind_of(&answer) == "ack" {
                break;
            }
            let wait = answer["retry_after_ms"].as_u64().unwrap_or(100);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
    }
    (user, ws, room)
}

/// Many connections of one account ask as much as they may and read nothing.
fn unread_questions(kind: &'static str, make: fn(&str) -> Value) -> Attack {
    Attack::new(
        format!(
            "{SOCKETS} sockets × {} `{kind}`, unread",
            questions_at_once()
        ),
        move |site| async move {
            let (user, _ws, room) = long_room(&site).await;
            let mut sockets = Vec::new();
            for _ in 0..SOCKETS {
                let mut ws = site.enter(&user).await;
                for _ in 0..questions_at_once() {
                    let _ = ws.try_send(make(&room).to_string()).await;
                }
                sockets.push(ws);
            }
            tokio::time::sleep(Duration::from_secs(3)).await;
            drop(sockets);
            Ok(format!("{} questions", SOCKETS * questions_at_once()))
        },
    )
    .growing(Growth::ONE_USER)
    .long()
}

/// A message that was edited 400 times with 16 kB, opened by ten people and deleted.
fn edits() -> Attack {
    Attack::new(
        "a message edited 400 times, opened by ten, deleted",
        |site| async move {
            let (_, mut ws) = connected(&site, "editor").await;
            let room = fresh_name("edits");
            ws.done(json!({"type": "create", "room": room}), "room")
                .await;
            let seq = ws.say(&room, "first").await["seq"].clone();
            let mut edited = 0;
            let start = tokio::time::Instant::now();
            while edited < 400 && start.elapsed() < Duration::from_secs(40) {
                let text = format!("{edited} {}", "🦀".repeat(LONG - 10));
                let edit = json!({"type": "edit", "room": room, "seq": seq, "text": text});
                let answer = ws.ask(edit).await;
                match answer["code"].as_str() {
                    Some("rate_limited") => {
                        let wait = answer["retry_after_ms"].as_u64().unwrap_or(50);
                        tokio::time::sleep(Duration::from_millis(wait)).await;
                    }
                    Some(_) => break,
                    None => edited += 1,
                }
            }
            let mut readers = Vec::new();
            for _ in 0..10 {
                let (_, mut reader) = connected(&site, "reader").await;
                reader
                    .done(json!({"type": "join", "room": room}), "ok")
                    .await;
                reader
                    .send(&json!({"type": "history", "room": room, "id": "h"}))
                    .await;
                readers.push(reader);
            }
            for reader in &mut readers {
                reader.expect("history").await;
            }
            ws.done(json!({"type": "delete", "room": room, "seq": seq}), "ok")
                .await;
            held_if(edited > 100, format!("{edited} edits"))
        },
    )
    .growing(Growth::HASHES)
    .long()
}

fn uploads_held_at_the_last_byte() -> Attack {
    Attack::new(
        "150 picture uploads held at the last byte",
        |site| async move {
            let user = person(&site, "uploader").await;
            let body = vec![0; (2 << 20) - 1];
            let mut held = Vec::new();
            for _ in 0..150 {
                let mut stream = TcpStream::connect(site.address).await.unwrap();
                let head = upload_head(&site, &user, None);
                let send = async {
                    stream.write_all(head.as_bytes()).await?;
                    stream.write_all(&body).await
                };
                let _ = timeout(Duration::from_millis(300), send).await;
                held.push(stream);
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            let refused = refusals(&mut held);
            held_if(refused >= 145, format!("{refused} refused"))
        },
    )
    .growing(Growth::PICTURES)
    .long()
}

fn sign_ups_at_once() -> Attack {
    Attack::new("80 sign-ups at once", |site| async move {
        let sign_ups: Vec<_> = (0..80)
            .map(|_| {
                let site = site.clone();
                tokio::spawn(async move {
                    let address = fresh_address();
                    let body = json!({"username": fresh_name("burst"), "password": PASSWORD});
                    site.post("/register", &[("X-Forwarded-For", &address)], &body)
                        .await
                        .status
                })
            })
            .collect();
        let mut made = 0;
        for sign_up in sign_ups {
            let status = sign_up.await.unwrap();
            made += usize::from(status == 201);
            if !matches!(status, 201 | 429 | 503) {
                return Err(format!("status {status}"));
            }
        }
        held_if(made > 0, format!("{made} made, the others asked to wait"))
    })
    .growing(Growth::HASHES)
}

/// Members that read nothing while somebody speaks in long messages.
fn readers_that_stand_still() -> Attack {
    Attack::new("60 members that read nothing", |site| async move {
        let (user, mut ws, room) = long_room(&site).await;
        let mut still = Vec::new();
        for _ in 0..60 {
            still.push(site.enter(&user).await);
        }
        let text = "🦀".repeat(LONG);
        for _ in 0..60 {
            let send = json!({"type": "send", "room": room, "text": text, "nonce": fresh_nonce()});
            let answer = ws.ask(send).await;
            let wait = answer["retry_after_ms"].as_u64().unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        Ok(format!("{} stood still", still.len()))
    })
    .growing(Growth::ONE_USER)
    .long()
}

fn pings() -> Attack {
    Attack::new("100,000 pings, pongs unread", |site| async move {
        let (_, mut ws) = connected(&site, "pinger").await;
        let ping = b"\x89\x80\0\0\0\0".repeat(1_000);
        let mut sent = 0;
        for _ in 0..100 {
            if timeout(Duration::from_secs(1), ws.send_raw(&ping))
                .await
                .is_err()
            {
                break;
            }
            sent += 1_000;
        }
        Ok(format!("{sent} sent"))
    })
}

fn typing() -> Attack {
    Attack::new("20,000 typings", |site| async move {
        let (_, mut ws) = connected(&site, "typist").await;
        let (_, mut other) = connected(&site, "listener").await;
        let mut sent = 0;
        while sent < 20_000 {
            let frame = json!({"type": "typing", "room": "lobby"}).to_string();
            if ws.try_send(frame).await.is_err() {
                break;
            }
            sent += 1;
        }
        let end = fresh_name("the-end");
        ws.say("lobby", &end).await;
        let is_end = |frame: &Value| frame["message"] == json!(end);
        let frames = other.collect_until("the end", is_end).await;
        let told = frames
            .iter()
            .filter(|frame| kind_of(frame) == "typing")
            .count();
        held_if(told <= 100, format!("{told} shown to others"))
    })
    .long()
}

fn endless_fragments() -> Attack {
    Attack::new("a message of endless fragments", |site| async move {
        let (_, mut ws) = connected(&site, "fragments").await;
        ws.send_raw(b"\x01\x81\0\0\0\0x").await;
        let part = {
            let mut part = b"\x00\xFE\xFF\xFF\0\0\0\0".to_vec();
            part.extend(vec![b'x'; 65_535]);
            part
        };
        for _ in 0..200 {
            ws.send_raw(&part).await;
        }
        let (code, _) = ws.closed().await;
        held_if(matches!(code, 1009 | 1006 | 1002), format!("close {code}"))
    })
}

/// `members` as fast as it is answered: reads have a rate too.
fn many_small_reads() -> Attack {
    Attack::new("30,000 `members` as fast as can be", |site| async move {
        let (_, mut ws) = connected(&site, "reader").await;
        let (mut asked, mut refused) = (0, 0);
        while asked < 30_000 {
            for _ in 0..50 {
                ws.send(&json!({"type": "members", "room": "lobby", "limit": 1, "id": "m"}))
                    .await;
            }
            for _ in 0..50 {
                let is_answer = |frame: &Value| frame["re"] == "m";
                let frame = ws.expect_matching("an answer", is_answer).await;
                refused += usize::from(frame["code"] == "rate_limited");
            }
            asked += 50;
            if refused > 100 {
                break;
            }
        }
        held_if(
            refused > 0,
            format!("{refused} of {asked} refused for their rate"),
        )
    })
}

/// On a server of its own, whose page has a large file, without signing in.
fn files_unread() -> Attack {
    Attack::new(
        "60 readers of a file of 12 MB that don't read",
        |_| async move {
            let page = tempfile::tempdir().unwrap();
            std::fs::write(page.path().join("index.html"), "<!doctype html>").unwrap();
            std::fs::write(page.path().join("large.bin"), vec![7; 12 << 20]).unwrap();
            let server = Server::start_with(&["--web-dir", page.path().to_str().unwrap()]).await;
            let peak = Peak::watch(server.pid());
            let request = format!(
                "GET /static/large.bin HTTP/1.1\r\nHost: {}\r\n\r\n",
                server.address
            );
            let mut held = Vec::new();
            for _ in 0..60 {
                let mut stream = TcpStream::connect(server.address).await.unwrap();
                stream.write_all(request.as_bytes()).await.unwrap();
                held.push(stream);
            }
            tokio::time::sleep(Duration::from_secs(2)).await;
            let mut begun = 0;
            for stream in &held {
                let mut start = [0; 12];
                let read = stream.try_read(&mut start);
                begun += usize::from(read.is_ok() && &start == b"HTTP/1.1 200");
            }
            let grown = peak.grown_bytes();
            held_if(
                begun == held.len() && grown <= Growth::SMALL.0,
                format!("{begun} begun, {} MiB more", grown >> 20),
            )
        },
    )
    .long()
}
