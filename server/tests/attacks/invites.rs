//! Codes of invites and password resets that should let nobody in: each on a server of its own.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::ground::{Attack, Outcome, fresh_address, held_if};
use crate::support::{PASSWORD, Server, Ws};

/// Codes that are guessed from one network.
const GUESSES: usize = 60;

/// Sign-ups with one code at the same time.
const RACERS: usize = 10;

/// How long an invite of a second may take to end.
const END_PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn attacks() -> Vec<Attack> {
    vec![
        Attack::new("60 guessed codes of invites", |_| guessed_codes()),
        Attack::new("10 sign-ups at once with an invite for 3", |_| used_up()),
        Attack::new("an expired invite", |_| expired()),
        Attack::new("a revoked invite", |_| revoked()),
        Attack::new("a password reset used ten times at once, and again", |_| {
            reset_again()
        }),
    ]
}

async fn by_invite() -> (Server, Ws) {
    let flags = [
        "--registration",
        "invite",
        "--trusted-proxy",
        "127.0.0.1",
        "--admin",
        "root",
    ];
    let server = Server::start_with(&flags).await;
    server.register("root", false).await;
    let root = server.sign_in("root").await;
    let admin = server.enter(&root).await;
    (server, admin)
}

/// The status of a sign-up with a code, from an address of its own.
async fn sign_up(server: &Server, name: &str, code: &str) -> u16 {
    let address = fresh_address();
    let from = [("X-Forwarded-For", address.as_str())];
    let body = json!({"username": name, "password": PASSWORD, "invite": code});
    server.post("/register", &from, &body).await.status
}

async fn guessed_codes() -> Outcome {
    let (server, mut admin) = by_invite().await;
    let (_, code) = server.invite_link(&mut admin, &json!({})).await;
    let from = [("X-Forwarded-For", "203.0.113.9")];
    let (mut looked_at, mut let_in) = (0, 0);
    for n in 0..GUESSES {
        // One that differs in its last digits alone.
        let guess = format!("{}{n:04x}", &code[..28]);
        if guess == code {
            continue;
        }
        let answer = server.get(&format!("/join/{guess}"), &from).await;
        looked_at += usize::from(answer.status != 429);
        let_in += usize::from(answer.status == 303);
    }
    let status = sign_up(&server, "mallory", &"f".repeat(32)).await;
    held_if(
        let_in == 0 && looked_at <= 25 && status == 403,
        format!("{looked_at} looked at, {let_in} right; sign-up {status}"),
    )
}

async fn used_up() -> Outcome {
    let (server, mut admin) = by_invite().await;
    let (_, code) = server.invite_link(&mut admin, &json!({"uses": 3})).await;
    let server = Arc::new(server);
    let racers: Vec<_> = (0..RACERS)
        .map(|n| {
            let (server, code) = (Arc::clone(&server), code.clone());
            tokio::spawn(async move { sign_up(&server, &format!("user{n}"), &code).await })
        })
        .collect();
    let mut statuses = Vec::new();
    for racer in racers {
        statuses.push(racer.await.unwrap());
    }
    statuses.sort_unstable();
    let later = sign_up(&server, "later", &code).await;
    let holds = statuses == [[201; 3].as_slice(), &[403; RACERS - 3]].concat() && later == 403;
    held_if(holds, format!("{statuses:?}, later {later}"))
}

async fn expired() -> Outcome {
    let (server, mut admin) = by_invite().await;
    let (_, code) = server.invite_link(&mut admin, &json!({"for_s": 1})).await;
    let link = format!("/join/{code}");
    let ends = async {
        while server.get(&link, &[]).await.status == 303 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let ended = tokio::time::timeout(END_PATIENCE, ends).await.is_ok();
    let status = sign_up(&server, "mallory", &code).await;
    held_if(
        ended && status == 403,
        format!("ended: {ended}, sign-up {status}"),
    )
}

async fn revoked() -> Outcome {
    let (server, mut admin) = by_invite().await;
    let (link, code) = server.invite_link(&mut admin, &json!({"uses": 9})).await;
    let first = sign_up(&server, "first", &code).await;
    let revoke = json!({"type": "revoke_invite", "invite": link["invite"]});
    admin.done(revoke, "ok").await;
    let status = sign_up(&server, "mallory", &code).await;
    held_if(
        (first, status) == (201, 403),
        format!("before {first}, after {status}"),
    )
}

/// The status of a reset, from an address of its own.
async fn reset(server: &Server, code: &str, n: usize) -> u16 {
    let address = fresh_address();
    let from = [("X-Forwarded-For", address.as_str())];
    let body = json!({"code": code, "password": format!("battery horse {n}")});
    server.post("/reset", &from, &body).await.status
}

async fn reset_again() -> Outcome {
    let (server, mut admin) = by_invite().await;
    let (_, code) = server.invite_link(&mut admin, &json!({})).await;
    sign_up(&server, "victim", &code).await;
    let command = json!({"type": "reset_link", "username": "victim"});
    let link = admin.done(command, "reset_link").await;
    let code = link["path"].as_str().unwrap().strip_prefix("/reset/");
    let code = code.unwrap().to_owned();
    server.log.keep_secret(&code);
    let server = Arc::new(server);
    let racers: Vec<_> = (0..RACERS)
        .map(|n| {
            let (server, code) = (Arc::clone(&server), code.clone());
            tokio::spawn(async move { reset(&server, &code, n).await })
        })
        .collect();
    let mut done = 0;
    for racer in racers {
        done += usize::from(racer.await.unwrap() == 200);
    }
    let later = reset(&server, &code, RACERS).await;
    let guess = reset(&server, &"0".repeat(32), RACERS).await;
    held_if(
        (done, later, guess) == (1, 403, 403),
        format!("{done} of {RACERS} done, later {later}, guessed {guess}"),
    )
}
