//! Sessions that outlive what should end them, and tokens that were never given out.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bounds::Growth;
use crate::ground::{Attack, connected, fresh_address, held_if, person, sign_in_from};
use crate::support::{PASSWORD, Site, User};

const NEW_PASSWORD: &str = "another-horse-battery";

/// Sign-ins that a thief keeps going while the owner changes the password.
const THIEVES: usize = 6;

/// How long a socket may stay open after what should close it.
const CLOSE_PATIENCE: Duration = Duration::from_secs(30);

async fn change_password(site: &Site, user: &User) -> u16 {
    let body = json!({"old": PASSWORD, "new": NEW_PASSWORD});
    let headers = [("Authorization", user.bearer())];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    site.post("/password", &headers, &body).await.status
}

async fn me(site: &Site, token: &str) -> u16 {
    let bearer = format!("Bearer {token}");
    site.get("/me", &[("Authorization", &bearer)]).await.status
}

pub(crate) fn attacks() -> Vec<Attack> {
    let mut attacks = vec![
        sign_ins_under_way(),
        sockets_behind_many_sessions(),
        unbounded_sessions(),
        signed_out_while_banned(),
        token_after_a_lifted_ban(),
    ];
    attacks.extend(forged_tokens());
    attacks
}

/// A thief with the old password signs in again and again while the owner changes it.
fn sign_ins_under_way() -> Attack {
    Attack::new(
        "sign-ins under way during a password change",
        |site| async move {
            let owner = person(&site, "owner").await;
            let thieves: Vec<_> = (0..THIEVES)
                .map(|_| {
                    let (site, name) = (site.clone(), owner.name.clone());
                    tokio::spawn(async move {
                        let address = fresh_address();
                        let from = [("X-Forwarded-For", address.as_str())];
                        let body = json!({"username": name, "password": PASSWORD});
                        let mut tokens = Vec::new();
                        loop {
                            let answer = site.post("/login", &from, &body).await;
                            match answer.status {
                                200 => {
                                    tokens.push(answer.json()["token"].as_str().unwrap().to_owned())
                                }
                                _ => return tokens,
                            }
                        }
                    })
                })
                .collect();
            tokio::time::sleep(Duration::from_millis(300)).await;
            let changed = change_password(&site, &owner).await;
            let (mut taken, mut alive) = (0, 0);
            for thief in thieves {
                for token in thief.await.unwrap() {
                    taken += 1;
                    alive += usize::from(me(&site, &token).await == 200);
                }
            }
            held_if(
                changed == 200 && alive == 0,
                format!("{alive} of {taken} sessions live on"),
            )
        },
    )
    .growing(Growth::HASHES)
}

fn sockets_behind_many_sessions() -> Attack {
    Attack::new(
        "a socket behind 105 newer sessions, and a password change",
        |site| async move {
            let (owner, _) = connected(&site, "owner").await;
            let thief = sign_in_from(&site, &owner.name, &fresh_address()).await;
            let mut socket = site.enter(&thief).await;
            for n in 0..105 {
                // From several addresses, as a thief with a network has them.
                let address = format!("203.0.113.{}", n / 4 + 1);
                let body = json!({"username": owner.name, "password": PASSWORD});
                site.post("/login", &[("X-Forwarded-For", &address)], &body)
                    .await;
            }
            let owner = sign_in_from(&site, &owner.name, &fresh_address()).await;
            let changed = change_password(&site, &owner).await;
            let (code, _) = socket.closed_within(CLOSE_PATIENCE).await;
            held_if(changed == 200 && code == 4401, format!("close {code}"))
        },
    )
    .growing(Growth::HASHES)
    .long()
}

fn unbounded_sessions() -> Attack {
    Attack::new("150 sign-ins of one person", |site| async move {
        let user = person(&site, "sessions").await;
        let mut first = None;
        for n in 0..150 {
            let address = format!("203.0.113.{}", n / 4 + 1);
            let body = json!({"username": user.name, "password": PASSWORD});
            let answer = site
                .post("/login", &[("X-Forwarded-For", &address)], &body)
                .await;
            if answer.status == 200 && first.is_none() {
                first = Some(answer.json()["token"].as_str().unwrap().to_owned());
            }
        }
        let newest = sign_in_from(&site, &user.name, &fresh_address()).await;
        let bearer = newest.bearer();
        let list = site
            .get("/sessions", &[("Authorization", &bearer)])
            .await
            .json();
        let count = list["sessions"].as_array().map_or(0, Vec::len);
        let oldest = me(&site, &user.token).await;
        held_if(
            count <= 100 && oldest == 401,
            format!("{count} sessions, the oldest {oldest}"),
        )
    })
    .growing(Growth::HASHES)
    .long()
}

/// The server's admin, who may ban.
async fn root(site: &Site) -> crate::support::Ws {
    let root = sign_in_from(site, "root", &fresh_address()).await;
    site.enter(&root).await
}

fn ban(user: &User, on: bool) -> Value {
    let kind = if on { "ban" } else { "unban" };
    json!({"type": kind, "room": "lobby", "username": user.name})
}

fn signed_out_while_banned() -> Attack {
    Attack::new(
        "a session that signed out while banned, after the ban",
        |site| async move {
            let (user, mut socket) = connected(&site, "banned").await;
            let mut root = root(&site).await;
            root.done(ban(&user, true), "ok").await;
            let (code, _) = socket.closed_within(CLOSE_PATIENCE).await;
            site.post("/logout", &[("Authorization", &user.bearer())], &json!({}))
                .await;
            root.done(ban(&user, false), "ok").await;
            let after = me(&site, &user.token).await;
            held_if(
                code == 4403 && after == 401,
                format!("close {code}, then /me {after}"),
            )
        },
    )
}

fn token_after_a_lifted_ban() -> Attack {
    Attack::new("an old token after a lifted ban", |site| async move {
        let user = person(&site, "banned").await;
        let mut root = root(&site).await;
        root.done(ban(&user, true), "ok").await;
        let during = me(&site, &user.token).await;
        root.done(ban(&user, false), "ok").await;
        let after = me(&site, &user.token).await;
        held_if(
            during != 200 && after == 401,
            format!("/me {during}, then {after}"),
        )
    })
}

/// Changes to a token's text.
fn forged_tokens() -> Vec<Attack> {
    type Forge = fn(&str) -> String;
    let forges: [(&'static str, Forge); 5] = [
        ("without a signature", |token| {
            let (head, _) = token.rsplit_once('.').unwrap();
            format!("{head}.")
        }),
        ("with the algorithm `none`", |token| {
            let claims = token.split('.').nth(1).unwrap();
            format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")
        }),
        ("with other claims", |token| {
            let mut parts: Vec<&str> = token.split('.').collect();
            parts[1] = "eyJzdWIiOiJyb290In0";
            parts.join(".")
        }),
        ("cut short by a letter", |token| {
            token[..token.len() - 1].to_owned()
        }),
        ("of 16 kB", |token| format!("{token}{}", "A".repeat(16_000))),
    ];
    let attack = |(name, forge): (&'static str, Forge)| {
        Attack::new(format!("a token {name}"), move |site| async move {
            let user = person(&site, "forged").await;
            let status = me(&site, &forge(&user.token)).await;
            held_if(matches!(status, 401 | 431), status.to_string())
        })
    };
    forges.into_iter().map(attack).collect()
}
