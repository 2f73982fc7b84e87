//! The commands of admins by somebody who is none, or none any more.

use serde_json::{Value, json};

use crate::ground::{Attack, Outcome, code_of, connected, held_if};
use crate::support::{Server, Site};

/// Every command that only admins may give.
fn commands(own: &str) -> Vec<Value> {
    vec![
        json!({"type": "make_admin", "username": own}),
        json!({"type": "unmake_admin", "username": own}),
        json!({"type": "invite_link"}),
        json!({"type": "invite_links"}),
        json!({"type": "revoke_invite", "invite": "0"}),
        json!({"type": "reset_link", "username": own}),
        json!({"type": "audit"}),
    ]
}

/// One attack a command by somebody who never was an admin, and all at once by one who was.
pub(crate) fn attacks() -> Vec<Attack> {
    let kinds: Vec<String> = commands("x")
        .iter()
        .map(|command| command["type"].as_str().unwrap().to_owned())
        .collect();
    let by_others = kinds.into_iter().enumerate().map(|(at, kind)| {
        Attack::new(
            format!("`{kind}` by somebody who is no admin"),
            move |site| by_stranger(site, at),
        )
    });
    by_others
        .chain([Attack::new(
            "an admin's commands on a socket from before the right was taken",
            |_| after_the_right(),
        )])
        .collect()
}

async fn by_stranger(site: Site, at: usize) -> Outcome {
    let (user, mut stranger) = connected(&site, "stranger").await;
    let frame = stranger.ask(commands(&user.name).remove(at)).await;
    let is_admin = site.is_admin(&user).await;
    held_if(code_of(&frame) == "forbidden" && !is_admin, code_of(&frame))
}

async fn after_the_right() -> Outcome {
    let server = Server::start_with(&["--admin", "root"]).await;
    let (_, mut root) = server.newcomer("root").await;
    let (mallory, mut socket) = server.newcomer("mallory").await;
    let right = |kind: &str| json!({"type": kind, "username": "mallory"});
    root.done(right("make_admin"), "ok").await;
    socket
        .done(json!({"type": "invite_links"}), "invite_links")
        .await;
    root.done(right("unmake_admin"), "ok").await;
    let mut codes = Vec::new();
    let topic = json!({"type": "topic", "room": "lobby", "topic": "mine"});
    for command in commands("mallory").into_iter().chain([topic]) {
        codes.push(code_of(&socket.ask(command).await));
    }
    let is_admin = server.is_admin(&mallory).await;
    held_if(
        codes.iter().all(|code| code == "forbidden") && !is_admin,
        codes.join(", "),
    )
}
