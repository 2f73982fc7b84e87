//! Accounts that others add to rooms without end, and accounts that join without end.

use serde_json::json;

use crate::bounds::Growth;
use crate::ground::{Attack, Outcome, code_of, connected, fresh_name, held_if};
use crate::support::{Site, User, Ws};

/// Rooms that an account is in at most, as PROTOCOL.md says, and up to which others can add it.
const ROOMS_MAX: usize = 500;
const ROOMS_BY_OTHERS_MAX: usize = 400;

/// Rooms that an account creates on its first day.
const ROOMS_OF_ONE: usize = 10;

/// Attempts over a limit.
const TOO_MANY: usize = 2 * ROOMS_OF_ONE;

pub(crate) fn attacks() -> [Attack; 2] {
    [
        Attack::new(
            format!(
                "a person invited to {} rooms by accounts that made them for it",
                ROOMS_BY_OTHERS_MAX + TOO_MANY
            ),
            invited_everywhere,
        )
        .growing(Growth::HASHES)
        .long(),
        Attack::new(
            format!("an account that enters {} rooms", ROOMS_MAX + TOO_MANY),
            enters_everything,
        )
        .growing(Growth::HASHES)
        .long(),
    ]
}

/// Lets fresh accounts create this many rooms and invite `whom` to each. Returns the replies' codes.
async fn add_to_rooms(site: &Site, whom: &User, rooms: usize) -> Vec<String> {
    let mut codes = Vec::new();
    for _ in 0..rooms / ROOMS_OF_ONE {
        let (_, mut puppet) = connected(site, "puppet").await;
        for room in create_rooms(&mut puppet).await {
            let invite = json!({"type": "invite", "room": room, "username": whom.name});
            codes.push(code_of(&puppet.ask(invite).await));
        }
    }
    codes
}

/// Creates as many public rooms as a new account can on its first day.
async fn create_rooms(ws: &mut Ws) -> Vec<String> {
    let mut rooms = Vec::new();
    for _ in 0..ROOMS_OF_ONE {
        let room = fresh_name("crowd");
        ws.done(json!({"type": "create", "room": room}), "room")
            .await;
        rooms.push(room);
    }
    rooms
}

fn count(codes: &[String], code: &str) -> usize {
    codes.iter().filter(|found| *found == code).count()
}

/// The person keeps places for rooms of their own choice.
async fn invited_everywhere(site: Site) -> Outcome {
    let (person, mut ws) = connected(&site, "popular").await;
    let codes = add_to_rooms(&site, &person, ROOMS_BY_OTHERS_MAX + TOO_MANY).await;
    let (added, refused) = (count(&codes, "ok"), count(&codes, "quota"));
    let (stranger, mut direct) = connected(&site, "stranger").await;
    let dm = json!({"type": "dm", "username": person.name});
    let dm = code_of(&direct.ask(dm).await);
    let own = json!({"type": "create", "room": fresh_name("own")});
    let own = code_of(&ws.ask(own).await);
    let back = json!({"type": "dm", "username": stranger.name});
    let back = code_of(&ws.ask(back).await);
    held_if(
        (added, refused) == (ROOMS_BY_OTHERS_MAX, TOO_MANY)
            && (&*dm, &*own, &*back) == ("quota", "room", "room"),
        format!(
            "{added} times in, {refused} refused; a stranger's direct room: {dm}; \
             rooms that the person starts: {own}, {back}"
        ),
    )
}

async fn enters_everything(site: Site) -> Outcome {
    let (person, mut ws) = connected(&site, "everywhere").await;
    // Being invited is faster than the account's own rate of commands.
    let codes = add_to_rooms(&site, &person, ROOMS_BY_OTHERS_MAX).await;
    let invited = count(&codes, "ok");
    let mut codes = Vec::new();
    while codes.len() < ROOMS_MAX + TOO_MANY - ROOMS_BY_OTHERS_MAX {
        let (_, mut maker) = connected(&site, "maker").await;
        for room in create_rooms(&mut maker).await {
            codes.push(enter(&mut ws, &room).await);
        }
    }
    let (joined, refused) = (count(&codes, "ok"), count(&codes, "quota"));
    let own = json!({"type": "create", "room": fresh_name("own")});
    let own = code_of(&ws.ask(own).await);
    held_if(
        (invited + joined, refused) == (ROOMS_MAX, TOO_MANY) && own == "quota",
        format!(
            "in {} rooms, {refused} refused; a room of its own: {own}",
            invited + joined
        ),
    )
}

/// Joins a room, as soon as the account's rate allows it.
async fn enter(ws: &mut Ws, room: &str) -> String {
    loop {
        let reply = ws.ask(json!({"type": "join", "room": room})).await;
        match reply["retry_after_ms"].as_u64() {
            Some(wait) if code_of(&reply) == "rate_limited" => {
                tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
            }
            _ => return code_of(&reply),
        }
    }
}
