//! Commands by people who may not give them: a private room seen from outside, and from a ban.

use serde_json::{Value, json};

use crate::ground::{Attack, code_of, connected, fresh_name, held_if};

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
        .collect()
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
