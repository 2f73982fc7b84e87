//! Random actions of people.

use std::time::Duration;

use chat_shared::client::CommandError;
use chat_shared::protocol::{Create, PageKind, Role};
use chat_shared::view::PageError;
use chat_shared::{Emoji, RoomName, Seq, Username};

use super::person::Person;

/// The rooms of a run. All runs share the lobby.
pub(super) fn rooms(run: u64) -> Vec<RoomName> {
    [
        "lobby".to_owned(),
        format!("pub-{run}"),
        format!("prv-{run}"),
    ]
    .iter()
    .map(|name| RoomName::parse(name).unwrap())
    .collect()
}

/// Lets one person do one thing. Returns what it was, and whether it was refused.
pub(super) async fn act(
    person: &Person,
    people: &[Person],
    rooms: &[RoomName],
    mut chance: fastrand::Rng,
) -> (&'static str, bool) {
    let room = pick_room(person, rooms, &mut chance);
    let what = chance.u8(..46);
    let person = pick_person(what, person, people, &room, &mut chance);
    let whom = pick_whom(what, person, people, &room, &mut chance);
    let message = pick_message(person, &room, &mut chance);
    let client = &person.client;
    let (what, outcome) = match what {
        0..=8 => {
            let text = text(&whom, &mut chance);
            ("send", client.send(&room, &text).await.map(drop))
        }
        9..=10 => {
            let text = text(&whom, &mut chance);
            ("reply", client.reply(&room, message, &text).await.map(drop))
        }
        11..=14 => {
            let text = text(&whom, &mut chance);
            ("edit", client.edit(&room, message, &text).await)
        }
        15..=16 => ("delete", client.delete(&room, message).await),
        17..=22 => {
            let emoji = Emoji::parse(["👍", "🎉", "🦀"][chance.usize(..3)]).unwrap();
            let on = chance.u8(..3) > 0;
            ("react", client.react(&room, message, emoji, on).await)
        }
        23..=24 => {
            let create = Create {
                private: room.as_str().starts_with("prv"),
                topic: Some("begun".to_owned()),
                nonce: None,
                room,
            };
            ("create", client.create(create).await.map(drop))
        }
        25..=26 => ("join", client.join(&room).await),
        27 => ("leave", client.leave(&room).await),
        28..=30 => ("invite", client.invite(&room, &whom).await),
        31 => ("kick", client.kick(&room, &whom).await),
        // A ban from the lobby would end the run.
        32 if !room.is_lobby() => ("ban", client.ban(&room, &whom, None).await),
        32 => ("join", client.join(&room).await),
        33 => ("unban", client.unban(&room, &whom).await),
        34..=35 => (
            "mute",
            client
                .mute(&room, &whom, Some(Duration::from_secs(3_600)))
                .await,
        ),
        36 => ("unmute", client.unmute(&room, &whom).await),
        37..=38 => {
            let role = [Role::Member, Role::Moderator, Role::Owner][chance.usize(..3)];
            ("role", client.role(&room, &whom, role).await)
        }
        39 => (
            "topic",
            client.topic(&room, &text(&whom, &mut chance)).await,
        ),
        40..=42 => ("read", client.read(&room, message).await),
        43 => ("dm", client.dm(&whom).await.map(drop)),
        44 => (
            "history",
            history(person, &room, message, &mut chance).await,
        ),
        _ => ("members", members(person, &room).await),
    };
    match outcome {
        Ok(()) => (what, false),
        Err(CommandError::Refused(error)) if !error.code.is_transient() => (what, true),
        Err(error) => panic!("{} could not {what}: {error:?}", person.name),
    }
}

/// The person who does it. What only some may do is mostly tried by one of those.
fn pick_person<'a>(
    what: u8,
    person: &'a Person,
    people: &'a [Person],
    room: &RoomName,
    chance: &mut fastrand::Rng,
) -> &'a Person {
    let lowest = match what {
        37..=38 => Role::Owner,
        31..40 => Role::Moderator,
        _ => return person,
    };
    let may = people.iter().find(|it| has_role(it, room, lowest));
    may.filter(|_| chance.u8(..4) > 0).unwrap_or(person)
}

/// The person to whom it is done. Only members can be muted or get a role, which a random choice
/// would rarely hit.
fn pick_whom(
    what: u8,
    person: &Person,
    people: &[Person],
    room: &RoomName,
    chance: &mut fastrand::Rng,
) -> Username {
    let is_other_member = |it: &&Person| it.name != person.name && it.view().get(room).is_some();
    let other = people.iter().find(is_other_member);
    let any = &people[chance.usize(..people.len())];
    let whom = other.filter(|_| (34..=38).contains(&what)).unwrap_or(any);
    whom.name.clone()
}

fn has_role(person: &Person, room: &RoomName, lowest: Role) -> bool {
    let view = person.view();
    view.get(room)
        .is_some_and(|room| room.info().role >= lowest)
}

fn pick_room(person: &Person, rooms: &[RoomName], chance: &mut fastrand::Rng) -> RoomName {
    let view = person.view();
    let direct: Vec<_> = view
        .iter()
        .filter(|room| room.info().room.is_direct())
        .collect();
    if !direct.is_empty() && chance.u8(..10) == 0 {
        return direct[chance.usize(..direct.len())].info().room.clone();
    }
    // Few messages go to the lobby, because it is read whole after each run.
    let at = if chance.u8(..10) == 0 {
        0
    } else {
        chance.usize(1..rooms.len())
    };
    rooms[at].clone()
}

/// The seq of a message, most of the time an existing one.
fn pick_message(person: &Person, room: &RoomName, chance: &mut fastrand::Rng) -> Seq {
    let view = person.view();
    let Some(room) = view.get(room) else { return 1 };
    let seqs: Vec<Seq> = room.messages().map(|chat| chat.seq).collect();
    if seqs.is_empty() || chance.u8(..10) == 0 {
        return chance.u64(0..=room.seq() + 1);
    }
    // Newer messages are chosen more often.
    let newest = seqs.len().min(6);
    seqs[seqs.len() - 1 - chance.usize(..newest)]
}

fn text(whom: &Username, chance: &mut fastrand::Rng) -> String {
    let mention = if chance.bool() {
        format!("@{whom} ")
    } else {
        String::new()
    };
    format!("{mention}{:x}", chance.u32(..))
}

async fn history(
    person: &Person,
    room: &RoomName,
    around: Seq,
    chance: &mut fastrand::Rng,
) -> Result<(), CommandError> {
    let which = [
        PageKind::Newest,
        PageKind::Before(around.max(1)),
        PageKind::After(around),
        PageKind::Around(around.max(1)),
    ];
    let which = which[chance.usize(..4)];
    let limit = Some(chance.u32(1..20));
    let page = person.client.history(room, which, limit).await?;
    if let Some(view) = person.view().get_mut(room) {
        let is_ahead = view.seq() < page.as_of;
        match view.take_page(which, &page) {
            // A page from the middle of the log, or one that is ahead of the events that were
            // applied, may join nothing that the view holds.
            Err(PageError::Detached)
                if is_ahead || matches!(which, PageKind::Before(_) | PageKind::After(_)) => {}
            taken => taken.unwrap(),
        }
    }
    Ok(())
}

async fn members(person: &Person, room: &RoomName) -> Result<(), CommandError> {
    if let Some(view) = person.view().get_mut(room) {
        view.ask_members();
    }
    let mut after = None;
    loop {
        let page = person.client.members(room, after, Some(2)).await?;
        if let Some(view) = person.view().get_mut(room) {
            view.take_members(&page);
        }
        if !page.more {
            return Ok(());
        }
        after = page.members.last().map(|member| member.username.clone());
    }
}
