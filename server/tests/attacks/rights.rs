//! Commands by people who may not give them: a private room seen from outside, and from a ban.

use serde_json::{Value, json};

use crate::ground::{Attack, code_of, connected, fresh_name, held_if};
use crate::support::{Site, User, Ws};

/// Every command that names a room.
fn commands(room: &str) -> Vec<Value> {
    let mut commands = vec![
        json!({"type": "send", "text": "hello", "nonce": "n"}),
        json!({"type": "edit", "seq": 2, "text": "changed"}),
        json!({"type": "delete", "seq": 2}),
        json!({"type": "react", "seq": 2, "emoji": "👍", "on": true}),
        json!({"type": "history"}),
        json!({"type": "events", "after": 0}),
        json!({"type": "search", "query": "secret"}),
        json!({"type": "typing"}),
        json!({"type": "read", "seq": 1}),
        json!({"type": "join"}),
        json!({"type": "leave"}),
        json!({"type": "invite", "username": "root"}),
        json!({"type": "kick", "username": "root"}),
        json!({"type": "ban", "username": "root"}),
        json!({"type": "unban", "username": "root"}),
        json!({"type": "mute", "username": "root"}),
        json!({"type": "unmute", "username": "root"}),
        json!({"type": "role", "username": "root", "role": "owner"}),
        json!({"type": "topic", "topic": "mine"}),
        json!({"type": "members"}),
    ];
    for command in &mut commands {
        command["room"] = json!(room);
    }
    commands
}

/// One attack a command: an outsider gives it in a private room that holds a secret.
pub(crate) fn attacks() -> Vec<Attack> {
    let kinds: Vec<String> = commands("x")
        .iter()
        .map(|command| command["type"].as_str().unwrap().to_owned())
        .collect();
    let outside = kinds.into_iter().enumerate().map(|(at, kind)| {
        Attack::new(
            format!("`{kind}` in a private room of others"),
            move |site| async move {
                let room = fresh_name("private");
                let (_, mut owner) = connected(&site, "owner").await;
                owner
                    .done(
                        json!({"type": "create", "room": room, "private": true}),
                        "room",
                    )
                    .await;
                owner.say(&room, "a secret").await;
                let (_, mut outsider) = connected(&site, "outsider").await;
                let frame = outsider.ask(commands(&room).remove(at)).await;
                let leaks = frame.to_string().contains("a secret");
                held_if(code_of(&frame) == "not_found" && !leaks, code_of(&frame))
            },
        )
    });
    outside
        .chain([banned_by_socket(), kicked_in_the_middle()])
        .chain(past_a_block())
        .collect()
}

/// Ways to a person who has blocked the one who tries them.
fn past_a_block() -> [Attack; 3] {
    [
        Attack::new(
            "a direct room with a person who blocked one",
            |site| async move {
                let (ann, _, _, mut mallory) = blocked(&site).await;
                let frame = mallory
                    .ask(json!({"type": "dm", "username": ann.name}))
                    .await;
                held_if(code_of(&frame) == "forbidden", code_of(&frame))
            },
        ),
        Attack::new(
            "an invitation to a person who blocked one",
            |site| async move {
                let (ann, _, _, mut mallory) = blocked(&site).await;
                let room = fresh_name("public");
                mallory
                    .done(json!({"type": "create", "room": room}), "room")
                    .await;
                let invite = json!({"type": "invite", "room": room, "username": ann.name});
                let frame = mallory.ask(invite).await;
                held_if(code_of(&frame) == "forbidden", code_of(&frame))
            },
        ),
        Attack::new(
            "a message in the direct room with a person who blocked one",
            |site| async move {
                let (ann, mut owner, user, mut mallory) = blocked(&site).await;
                owner
                    .done(json!({"type": "unblock", "username": user.name}), "ok")
                    .await;
                let made = mallory
                    .done(json!({"type": "dm", "username": ann.name}), "room")
                    .await;
                owner
                    .done(json!({"type": "block", "username": user.name}), "ok")
                    .await;
                let room = &made["room"]["room"];
                let mut codes = Vec::new();
                for n in 0..3 {
                    let text = json!({"type": "send", "room": room, "text": "psst", "nonce": format!("n{n}")});
                    codes.push(code_of(&mallory.ask(text).await));
                }
                held_if(
                    codes.iter().all(|code| code == "forbidden"),
                    codes.join(", "),
                )
            },
        ),
    ]
}

/// Two connected people, the first of whom has blocked the second.
async fn blocked(site: &Site) -> (User, Ws, User, Ws) {
    let (ann, mut owner) = connected(site, "owner").await;
    let (user, mallory) = connected(site, "blocked").await;
    let block = json!({"type": "block", "username": user.name});
    owner.done(block, "ok").await;
    (ann, owner, user, mallory)
}

fn banned_by_socket() -> Attack {
    Attack::new(
        "a banned member reads on by a second socket",
        |site| async move {
            let room = fresh_name("public");
            let (_, mut owner) = connected(&site, "owner").await;
            owner
                .done(json!({"type": "create", "room": room}), "room")
                .await;
            let (user, mut first) = connected(&site, "member").await;
            let mut second = site.enter(&user).await;
            first
                .done(json!({"type": "join", "room": room}), "ok")
                .await;
            let ban = json!({"type": "ban", "room": room, "username": user.name});
            owner.done(ban, "ok").await;
            owner.say(&room, "a secret").await;
            let mut seen = String::new();
            for ws in [&mut first, &mut second] {
                for frame in ws
                    .collect_until("a pong", |frame| frame["type"] == "room_gone")
                    .await
                {
                    seen.push_str(&frame.to_string());
                }
                let history = ws.ask(json!({"type": "history", "room": room})).await;
                seen.push_str(&history.to_string());
            }
            held_if(!seen.contains("a secret"), "both sockets are out")
        },
    )
}

fn kicked_in_the_middle() -> Attack {
    Attack::new(
        "20 questions under way while being removed",
        |site| async move {
            let room = fresh_name("public");
            let (_, mut owner) = connected(&site, "owner").await;
            owner
                .done(json!({"type": "create", "room": room}), "room")
                .await;
            let (user, mut member) = connected(&site, "member").await;
            member
                .done(json!({"type": "join", "room": room}), "ok")
                .await;
            for _ in 0..20 {
                member
                    .send(&json!({"type": "history", "room": room, "id": "h"}))
                    .await;
            }
            owner
                .done(
                    json!({"type": "kick", "room": room, "username": user.name}),
                    "ok",
                )
                .await;
            member.send(&json!({"type": "ping", "id": "last"})).await;
            let frames = member
                .collect_until("the pong", |frame| frame["re"] == "last")
                .await;
            let gone = frames.iter().position(|frame| frame["type"] == "room_gone");
            let after = &frames[gone.map_or(frames.len(), |at| at + 1)..];
            let late = after
                .iter()
                .filter(|frame| frame["type"] == "history")
                .count();
            held_if(late == 0, format!("{late} pages after room_gone"))
        },
    )
}
