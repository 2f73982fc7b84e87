//! The permission table, as in PROTOCOL.md: a line for each command, a letter for each person.
//!
//! `+` is done, `F` forbidden, `N` not_found (it does not exist for them), `M` muted, `B` banned,
//! `T` taken, `X` bad_field.

use serde_json::{Value, json};

use super::room::Place;

/// The people of a public or a private room, in the order of the letters.
pub(super) const PEOPLE: [&str; 7] = [
    "owner",
    "moderator",
    "member",
    "muted",
    "outsider",
    "banned",
    "root",
];

/// The people of a direct room: one of the two, and outsiders.
pub(super) const PEOPLE_OF_TWO: [&str; 3] = ["member", "outsider", "root"];

/// The people of the lobby, which the admin owns. A person who is banned there is banned from the
/// server.
pub(super) const PEOPLE_OF_THE_LOBBY: [&str; 4] = ["root", "moderator", "member", "muted"];

/// A command in a room.
pub(super) struct Line {
    pub(super) command: &'static str,
    /// Makes the command; `None` if the room has no such case.
    pub(super) make: fn(&Place) -> Value,
    /// The type of the reply if the command is done.
    pub(super) reply: &'static str,
    /// How many events it makes if it is done and changes something.
    pub(super) events: Events,
    /// The letters of a public room's people, a private one's, a direct one's, and the lobby's.
    pub(super) letters: [&'static str; 4],
}

#[derive(Clone, Copy)]
pub(super) enum Events {
    /// None: it reads, or has no durable effect.
    None,
    /// One if it is done.
    One,
    /// One or none: joining again has no effect.
    OneAtMost,
}

/// The error code that a letter means; `None` for done.
pub(super) fn code(letter: char) -> Option<&'static str> {
    match letter {
        '+' => None,
        'F' => Some("forbidden"),
        'N' => Some("not_found"),
        'M' => Some("muted"),
        'B' => Some("banned"),
        'T' => Some("taken"),
        'X' => Some("bad_field"),
        other => panic!("no such letter: {other}"),
    }
}

fn line(
    command: &'static str,
    reply: &'static str,
    events: Events,
    letters: [&'static str; 4],
    make: fn(&Place) -> Value,
) -> Line {
    Line {
        command,
        make,
        reply,
        events,
        letters,
    }
}

fn about(kind: &str, place: &Place, username: &str) -> Value {
    json!({"type": kind, "room": place.room, "username": place.name(username)})
}

#[rustfmt::skip]
pub(super) fn lines() -> Vec<Line> {
    use Events::{None, One, OneAtMost};
    vec![
        //                              public     private    direct lobby
        line("send", "ack", One,      ["+++MFBF", "+++MNNN", "+NN", "+++M"], |place| {
            json!({"type": "send", "room": place.room, "text": "hi", "nonce": place.nonce})
        }),
        line("edit own", "ok", One,   ["+++MFBF", "+++MNNN", "+NN", "+++M"], |place| {
            json!({"type": "edit", "room": place.room, "seq": place.own, "text": "changed"})
        }),
        line("edit another's", "ok", One, ["FFFMFBF", "FFFMNNN", "FNN", "FFFM"], |place| {
            json!({"type": "edit", "room": place.room, "seq": place.others, "text": "changed"})
        }),
        line("delete own", "ok", One, ["+++MFB+", "+++MNNN", "+NN", "+++M"], |place| {
            json!({"type": "delete", "room": place.room, "seq": place.own})
        }),
        line("delete another's", "ok", One, ["++FMFB+", "++FMNNN", "FNN", "++FM"], |place| {
            json!({"type": "delete", "room": place.room, "seq": place.others})
        }),
        line("react", "ok", One,      ["+++MFBF", "+++MNNN", "+NN", "+++M"], |place| {
            json!({"type": "react", "room": place.room, "seq": place.others, "emoji": "👍", "on": true})
        }),
        line("history", "history", None, ["++++FBF", "++++NNN", "+NN", "++++"], |place| {
            json!({"type": "history", "room": place.room})
        }),
        line("events", "events", None, ["++++FBF", "++++NNN", "+NN", "++++"], |place| {
            json!({"type": "events", "room": place.room, "after": 0})
        }),
        line("members", "members", None, ["++++FBF", "++++NNN", "+NN", "++++"], |place| {
            json!({"type": "members", "room": place.room})
        }),
        line("search", "results", None, ["++++NNN", "++++NNN", "+NN", "++++"], |place| {
            json!({"type": "search", "room": place.room, "query": "said"})
        }),
        line("typing", "ok", None,    ["+++MFBF", "+++MNNN", "+NN", "+++M"], |place| {
            json!({"type": "typing", "room": place.room})
        }),
        line("read", "ok", None,      ["++++FBF", "++++NNN", "+NN", "++++"], |place| {
            json!({"type": "read", "room": place.room, "seq": place.others})
        }),
        line("join", "ok", OneAtMost, ["+++++B+", "++++NNN", "+NN", "++++"], |place| {
            json!({"type": "join", "room": place.room})
        }),
        line("leave", "ok", OneAtMost, ["+++++++", "++++NNN", "FNN", "FFFF"], |place| {
            json!({"type": "leave", "room": place.room})
        }),
        line("invite", "ok", OneAtMost, ["+++MFB+", "++FMNNN", "FNN", "+++M"], |place| {
            about("invite", place, "guest")
        }),
        line("kick", "ok", One,       ["++FMFB+", "++FMNNN", "FNN", "FFFM"], |place| {
            about("kick", place, "victim")
        }),
        line("ban", "ok", One,        ["++FMFB+", "++FMNNN", "FNN", "++FM"], |place| {
            about("ban", place, "victim")
        }),
        line("unban", "ok", OneAtMost, ["++FMFB+", "++FMNNN", "FNN", "++FM"], |place| {
            about("unban", place, "exile")
        }),
        line("mute", "ok", One,       ["++FMFB+", "++FMNNN", "FNN", "++FM"], |place| {
            about("mute", place, "victim")
        }),
        line("unmute", "ok", OneAtMost, ["++FMFB+", "++FMNNN", "FNN", "++FM"], |place| {
            about("unmute", place, "silent")
        }),
        line("role", "ok", One,       ["+FFMFBF", "+FFMNNN", "FNN", "+FFM"], |place| {
            let mut role = about("role", place, "victim");
            role["role"] = json!("moderator");
            role
        }),
        line("topic", "ok", One,      ["++FMFB+", "++FMNNN", "FNN", "++FM"], |place| {
            json!({"type": "topic", "room": place.room, "topic": format!("about {}", place.nonce)})
        }),
        // Nobody is removed, banned or muted by a person whose role is not higher.
        line("kick a moderator", "ok", One, ["+FFMFBF", "+FFMNNN", "FNN", "FFFM"], |place| {
            about("kick", place, "moderator")
        }),
        line("mute an owner", "ok", One, ["FFFMFBF", "FFFMNNN", "FNN", "FFFM"], |place| {
            about("mute", place, place.owner)
        }),
        // A name is taken for everyone; only the server creates direct rooms' names.
        line("create", "room", None,  ["TTTTTTT", "TTTTTTT", "XXX", "TTTT"], |place| {
            json!({"type": "create", "room": place.room})
        }),
    ]
}
