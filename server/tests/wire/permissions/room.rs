//! A room with a person of each kind, as members and outsiders.

use std::collections::BTreeMap;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Server, Ws, fresh_nonce};

/// All people of the table, each with one connection.
pub(super) struct People {
    connections: BTreeMap<&'static str, Ws>,
    rooms: u64,
}

/// The room that a command is sent to, and who sends it.
pub(super) struct Place {
    pub(super) room: String,
    /// A message of the person who acts.
    pub(super) own: u64,
    /// A message of someone else.
    pub(super) others: u64,
    pub(super) owner: &'static str,
    pub(super) nonce: String,
}

impl Place {
    /// The username of the person in this part of the table.
    pub(super) fn name(&self, part: &str) -> String {
        part.to_owned()
    }
}

/// All accounts, the admin's first.
const EVERYONE: [&str; 12] = [
    "root",
    "owner",
    "moderator",
    "member",
    "muted",
    "outsider",
    "banned",
    "victim",
    "guest",
    "exile",
    "silent",
    "watcher",
];

/// The people who send a message in a room while it is prepared.
const SPEAKERS: [&str; 8] = [
    "owner",
    "moderator",
    "member",
    "muted",
    "outsider",
    "banned",
    "root",
    "victim",
];

impl People {
    pub(super) async fn new(server: &Server) -> Self {
        let mut connections = BTreeMap::new();
        for name in EVERYONE {
            connections.insert(name, server.newcomer(name).await.1);
        }
        Self {
            connections,
            rooms: 0,
        }
    }

    /// Lets everyone read what came, also those whose turn is minutes away on a slow machine.
    pub(super) async fn catch_up(&mut self) {
        for connection in self.connections.values_mut() {
            connection.catch_up().await;
        }
    }

    pub(super) fn of(&mut self, name: &str) -> &mut Ws {
        self.connections.get_mut(name).expect("someone of EVERYONE")
    }

    async fn done(&mut self, who: &str, command: Value) -> Value {
        self.of(who).done(command, "ok").await
    }

    /// Lets each send one message; returns the seqs by name.
    async fn all_speak(&mut self, room: &str, who: &[&str]) -> BTreeMap<&'static str, u64> {
        let speaking = self
            .connections
            .iter_mut()
            .filter(|(name, _)| who.contains(name));
        let said = speaking.map(|(name, ws)| async move {
            let ack = ws.say(room, &format!("said by {name}")).await;
            (*name, ack["seq"].as_u64().expect("a seq"))
        });
        join_all(said).await.into_iter().collect()
    }

    /// Prepares a new room with all of its people, in which `actor` will act.
    pub(super) async fn new_room(&mut self, private: bool, actor: &str) -> Place {
        self.rooms += 1;
        let room = format!("room-{}", self.rooms);
        let create = json!({"type": "create", "room": room, "private": private});
        self.of("owner").done(create, "room").await;
        let about = |kind: &str, whom: &str| json!({"type": kind, "room": room, "username": whom});
        for whom in SPEAKERS.iter().chain(&["silent", "watcher"]).skip(1) {
            self.done("owner", about("invite", whom)).await;
        }
        let said = self.all_speak(&room, &SPEAKERS).await;
        let mut role = about("role", "moderator");
        role["role"] = json!("moderator");
        self.done("owner", role).await;
        for (kind, whom) in [
            ("mute", "muted"),
            ("mute", "silent"),
            ("ban", "banned"),
            ("ban", "exile"),
        ] {
            self.done("owner", about(kind, whom)).await;
        }
        for who in ["outsider", "root"] {
            self.done(who, json!({"type": "leave", "room": room})).await;
        }
        Place {
            own: said[actor],
            others: said["victim"],
            owner: "owner",
            nonce: fresh_nonce(),
            room,
        }
    }

    /// Prepares the direct room of `member` and `watcher`, in which `actor` will act.
    pub(super) async fn direct_room(&mut self, actor: &str) -> Place {
        let dm = json!({"type": "dm", "username": "watcher"});
        let made = self.of("member").done(dm, "room").await;
        let room = made["room"]["room"].as_str().expect("a name").to_owned();
        let said = self.all_speak(&room, &["member", "watcher"]).await;
        Place {
            own: said.get(actor).copied().unwrap_or(said["member"]),
            others: said["watcher"],
            owner: "watcher",
            nonce: fresh_nonce(),
            room,
        }
    }

    /// Prepares the lobby by undoing what the last command did there.
    pub(super) async fn lobby(&mut self, actor: &str) -> Place {
        let room = "lobby".to_owned();
        let about = |kind: &str, whom: &str| json!({"type": kind, "room": room, "username": whom});
        for (kind, whom) in [
            ("unban", "victim"),
            ("unmute", "victim"),
            ("unmute", "muted"),
            ("mute", "silent"),
            ("ban", "exile"),
        ] {
            self.done("root", about(kind, whom)).await;
        }
        for (whom, is) in [("moderator", "moderator"), ("victim", "member")] {
            let mut role = about("role", whom);
            role["role"] = json!(is);
            self.done("root", role).await;
        }
        let said = self
            .all_speak(&room, &["root", "moderator", "member", "muted", "watcher"])
            .await;
        self.done("root", about("mute", "muted")).await;
        Place {
            own: said[actor],
            others: said["watcher"],
            owner: "root",
            nonce: fresh_nonce(),
            room,
        }
    }

    /// The seq of the last event of a room that `watcher` is in.
    pub(super) async fn tip(&mut self, place: &Place) -> u64 {
        let mut after = place.own.max(place.others);
        loop {
            let ask = json!({"type": "events", "room": place.room, "after": after, "limit": 500});
            let page = self.of("watcher").done(ask, "events").await;
            let events = page["events"].as_array().expect("events");
            after = events
                .last()
                .map_or(after, |event| event["seq"].as_u64().expect("a seq"));
            if page["more"] == false {
                return after;
            }
        }
    }
}
