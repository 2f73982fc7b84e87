//! Runs the fold scripts of `golden/folds` on [`chat_shared::view`]. The web page runs the same
//! scripts. `golden/folds/README.md` describes their format.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use chat_shared::RoomName;
use chat_shared::codec::{ClientFrame, decode_client_frame, decode_server_frame};
use chat_shared::protocol::{ChatEvent, Command, History, MemberInfo, ServerFrame};
use chat_shared::view::{Entry, Quote, RoomView, RoomsView, Stretch};
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    about: String,
    room: RoomName,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Step {
    Frame(Value),
    Ask(Value),
    Do(Action),
    Expect(Map<String, Value>),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    ShowLiveEnd,
}

fn scripts() -> Vec<(String, Script)> {
    let dir = format!("{}/golden/folds", env!("CARGO_MANIFEST_DIR"));
    let mut scripts = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|it| it == "json") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let script = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{name}: {e}"));
            scripts.push((name, script));
        }
    }
    scripts.sort_by(|(a, _), (b, _)| a.cmp(b));
    scripts
}

/// A client that takes the frames of a script.
#[derive(Default)]
struct Runner {
    rooms: RoomsView,
    histories: BTreeMap<String, History>,
}

impl Runner {
    fn ask(&mut self, command: &Value) {
        let frame = match decode_client_frame(&command.to_string()) {
            Ok(ClientFrame::Command(frame)) => frame,
            other => panic!("a question is a command: {other:?}"),
        };
        let id = frame.id.expect("a question has an id").to_string();
        match frame.command {
            Command::History(history) => drop(self.histories.insert(id, history)),
            Command::Members(members) if members.after.is_none() => {
                self.rooms.get_mut(&members.room).unwrap().ask_members();
            }
            Command::Members(_) => {}
            other => panic!("no script asks {other:?}"),
        }
    }

    fn take(&mut self, frame: ServerFrame) {
        match frame {
            ServerFrame::Welcome(welcome) => self.rooms.welcome(&welcome),
            ServerFrame::History(page) => {
                let id = page.re.as_ref().unwrap().to_string();
                let asked = self
                    .histories
                    .remove(&id)
                    .expect("a page that was asked for");
                let room = self.rooms.get_mut(&page.room).unwrap();
                room.take_page(asked.kind(), &page).unwrap();
            }
            ServerFrame::Members(page) => {
                self.rooms.get_mut(&page.room).unwrap().take_members(&page);
            }
            frame => self.rooms.apply(&frame),
        }
    }
}

fn described(view: Option<&RoomView>) -> Value {
    let Some(view) = view else {
        return json!({"gone": true});
    };
    let info = view.info();
    json!({
        "gone": false,
        "seq": view.seq(),
        "topic": info.topic,
        "role": info.role,
        "members": info.members,
        "read_seq": info.read_seq,
        "unread": info.unread,
        "mentions": info.mentions,
        "live": entries(view, view.live()),
        "shown": entries(view, view.shown()),
        "older": view.older_page().is_some(),
        "newer": view.newer_page().is_some(),
        "people": view.people().iter().map(person).collect::<Vec<_>>(),
    })
}

fn entries(view: &RoomView, stretch: &Stretch) -> Vec<Value> {
    let entry = |(seq, entry): (u64, &Entry)| match entry {
        Entry::Message(chat) => message(view, chat),
        Entry::System(event) => {
            let mut entry = json!({"seq": seq, "system": event.event});
            if let Some(about) = &event.username {
                entry["about"] = json!(about);
            }
            entry
        }
    };
    stretch.iter().map(entry).collect()
}

fn message(view: &RoomView, chat: &ChatEvent) -> Value {
    let mut entry = json!({"seq": chat.seq, "from": chat.username, "text": chat.message});
    let flags = [
        ("edited", chat.edited_ts.is_some()),
        ("deleted", chat.deleted),
        ("names_me", view.names_me(chat)),
    ];
    for (name, _) in flags.iter().filter(|(_, is)| *is) {
        entry[*name] = json!(true);
    }
    if !chat.reactions.is_empty() {
        entry["reactions"] = json!(chat.reactions);
    }
    if let Some(reply_to) = chat.reply_to {
        entry["reply_to"] = json!(reply_to);
        entry["quote"] = match view.quote(chat).unwrap() {
            Quote::Unknown => Value::Null,
            Quote::Deleted(from) => json!({"from": from, "deleted": true}),
            Quote::Message(chat) => json!({"from": chat.username, "text": chat.message}),
        };
    }
    entry
}

fn person(member: &MemberInfo) -> Value {
    let mut person = json!({
        "username": member.username,
        "name": member.display_name,
        "role": member.role,
        "online": member.online,
    });
    if member.muted {
        person["muted"] = json!(true);
    }
    person
}

#[test]
fn every_script_folds_as_expected() {
    let scripts = scripts();
    assert!(scripts.len() >= 30, "the scripts are missing");
    for (name, script) in scripts {
        let mut runner = Runner::default();
        assert!(!script.about.is_empty(), "{name} says what it is about");
        for (at, step) in script.steps.into_iter().enumerate() {
            match step {
                Step::Frame(frame) => {
                    let frame = decode_server_frame(&frame.to_string());
                    runner.take(frame.unwrap_or_else(|e| panic!("{name}, step {at}: {e}")));
                }
                Step::Ask(command) => runner.ask(&command),
                Step::Do(Action::ShowLiveEnd) => {
                    runner.rooms.get_mut(&script.room).unwrap().show_live_end();
                }
                Step::Expect(expected) => {
                    let view = described(runner.rooms.get(&script.room));
                    for (field, expected) in expected {
                        assert_eq!(view[&field], expected, "{name}, step {at}: {field}");
                    }
                }
            }
        }
    }
}

/// A kind of event without a script could be folded differently by each client.
#[test]
fn scripts_cover_every_event_kind() {
    let mut types = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for (_, script) in scripts() {
        for step in script.steps {
            if let Step::Frame(frame) = step {
                types.insert(frame["type"].as_str().unwrap().to_owned());
                kinds.extend(frame["event"].as_str().map(str::to_owned));
            }
        }
    }
    let expected = [
        "chat",
        "deleted",
        "edited",
        "history",
        "limited",
        "members",
        "presence",
        "profile",
        "reacted",
        "read",
        "room",
        "room_gone",
        "rooms_state",
        "system",
        "typing",
        "welcome",
    ];
    for name in expected {
        assert!(types.contains(name), "no script has a {name} frame");
    }
    let expected = [
        "created",
        "joined",
        "left",
        "invited",
        "kicked",
        "banned",
        "unbanned",
        "muted",
        "unmuted",
        "role",
        "topic",
        "joined_chat",
        "left_chat",
        "notice",
    ];
    for name in expected {
        assert!(kinds.contains(name), "no script has the event {name}");
    }
}
