//! What all clients share, taken by one network: others get their part all the same.

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::bounds::Growth;
use crate::ground::{
    Attack, Outcome, PIXEL, fresh_address, fresh_name, held_if, person, refusals, upload_head,
};
use crate::support::{PASSWORD, Site, call, fresh_nonce};

/// In which somebody of another network must have what they asked for, also where the machine has
/// other work.
const OTHERS_PATIENCE: Duration = Duration::from_secs(25);

/// Sign-ins of one network at the same time: more than the server checks for all.
const SIGN_INS: usize = 400;

/// Bodies of one network that are held at their last byte: more than the server reads for all.
const BODIES: usize = 1_100;

/// People of one network who send a picture: more than the server reads for all.
const PAINTERS: usize = 12;

/// People of one network who read nothing, with some connections each: their queues together may
/// hold more than the server keeps for all.
const STILL_PEOPLE: usize = 5;
const STILL_SOCKETS: usize = 14;

pub(crate) fn attacks() -> Vec<Attack> {
    vec![
        Attack::new(
            format!("{SIGN_INS} sign-ins at once from one network"),
            sign_ins,
        )
        .growing(Growth::HASHES),
        Attack::new(
            format!("{BODIES} bodies of one network held at the last byte"),
            bodies,
        )
        .growing(Growth::HASHES),
        Attack::new(
            format!("pictures of {PAINTERS} people of one network held at the last byte"),
            pictures,
        )
        .growing(Growth::PICTURES)
        .long(),
        Attack::new(
            format!(
                "{} sockets of one network that read nothing",
                STILL_PEOPLE * STILL_SOCKETS
            ),
            standing_still,
        )
        .growing(Growth::ALL_QUEUES)
        .long(),
    ]
}

/// Signs up from another network, and says how long that took.
async fn newcomer(site: &Site) -> Result<Duration, String> {
    let start = Instant::now();
    let address = fresh_address();
    let body = json!({"username": fresh_name("newcomer"), "password": PASSWORD});
    let from = [("X-Forwarded-For", address.as_str())];
    match timeout(OTHERS_PATIENCE, site.post("/register", &from, &body)).await {
        Ok(answer) if answer.status == 201 => Ok(start.elapsed()),
        Ok(answer) => Err(format!("a newcomer gets {}", answer.status)),
        Err(_) => Err(format!("a newcomer waits over {OTHERS_PATIENCE:?}")),
    }
}

async fn sign_ins(site: Site) -> Outcome {
    let address = fresh_address();
    let owner = person(&site, "owner").await;
    let flood = (0..SIGN_INS).map(|n| {
        let (site, address, name) = (site.clone(), address.clone(), owner.name.clone());
        tokio::spawn(async move {
            let body = json!({"username": name, "password": format!("wrong-horse-{n}")});
            let from = [("X-Forwarded-For", address.as_str())];
            site.post("/login", &from, &body).await.status
        })
    });
    let flood: Vec<_> = flood.collect();
    let took = newcomer(&site).await;
    let statuses = join_all(flood).await;
    let checked = statuses
        .iter()
        .filter(|status| matches!(status, Ok(401)))
        .count();
    let took = took?.as_millis();
    held_if(
        checked <= 40,
        format!("{checked} checked; a newcomer is in after {took} ms"),
    )
}

async fn bodies(site: Site) -> Outcome {
    let address = fresh_address();
    let mut held = Vec::new();
    for _ in 0..BODIES {
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let head = format!(
            "POST /login HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: {address}\r\n\
             Content-Type: application/json\r\nContent-Length: 16384\r\n\r\n",
            site.address
        );
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.write_all(&[b' '; 16_383]).await;
        held.push(stream);
    }
    let took = newcomer(&site).await?.as_millis();
    let refused = refusals(&mut held);
    held_if(
        refused >= BODIES - 512,
        format!("{refused} refused; a newcomer is in after {took} ms"),
    )
}

async fn pictures(site: Site) -> Outcome {
    let address = fresh_address();
    let body = vec![0; (2 << 20) - 1];
    let other = person(&site, "painter").await;
    let mut held = Vec::new();
    for _ in 0..PAINTERS {
        let user = person(&site, "painter").await;
        let mut stream = TcpStream::connect(site.address).await.unwrap();
        let head = upload_head(&site, &user, Some(&address));
        let send = async {
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await
        };
        let _ = timeout(Duration::from_millis(300), send).await;
        held.push(stream);
    }
    let (bearer, address) = (other.bearer(), fresh_address());
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "image/png"),
        ("X-Forwarded-For", &address),
    ];
    let answer = call(site.address, "PUT", "/avatar", &headers, PIXEL).await;
    let refused = refusals(&mut held);
    held_if(
        answer.status == 200 && refused >= PAINTERS - 4,
        format!("{refused} refused; another gets {}", answer.status),
    )
}

async fn standing_still(site: Site) -> Outcome {
    let speaker = person(&site, "speaker").await;
    let mut ws = site.enter(&speaker).await;
    let room = fresh_name("still");
    ws.done(json!({"type": "create", "room": room}), "room")
        .await;
    let address = fresh_address();
    let mut still = Vec::new();
    for _ in 0..STILL_PEOPLE {
        let user = person(&site, "still").await;
        for n in 0..STILL_SOCKETS {
            let bearer = user.bearer();
            let headers = [
                ("Authorization", bearer.as_str()),
                ("X-Forwarded-For", &address),
            ];
            let mut socket = site.open(&user.name, &headers).await.unwrap();
            socket.send(&json!({"type": "hello", "version": 1})).await;
            socket.next_any().await;
            if n == 0 {
                let join = json!({"type": "join", "room": room});
                socket.done(join, "ok").await;
            }
            still.push(socket);
        }
    }
    let text = "🦀".repeat(4_000);
    let mut said = 0;
    for _ in 0..160 {
        let send = json!({"type": "send", "room": room, "text": text, "nonce": fresh_nonce()});
        let answer = ws.ask(send).await;
        said += usize::from(answer["type"] == "ack");
        let wait = answer["retry_after_ms"].as_u64().unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    let mut closed = 0;
    for socket in &mut still {
        closed += usize::from(socket.closed_within(OTHERS_PATIENCE).await.0 == 4413);
    }
    held_if(
        closed == still.len(),
        format!("{said} long messages; {closed} closed as too slow"),
    )
}
