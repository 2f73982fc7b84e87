//! Which users of a room are online, and the frames about it. Pure: the caller passes the time.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use chat_server_rules::RoomScope;
use chat_shared::limits::{
    PRESENCE_GRACE_MS, PRESENCE_LINE_NAMES_MAX, PRESENCE_LINES_ONLINE_MAX,
    PRESENCE_NAMES_MEMBERS_MAX,
};
use chat_shared::protocol::{PresenceEvent, ServerFrame, SystemEvent, SystemKind};
use chat_shared::{RoomName, TimestampMs, Username};

/// Milliseconds between two `presence` frames, and between two lines about several people.
const PRESENCE_TICK_MS: u64 = 1_000;

#[derive(Debug)]
pub(super) struct Presence {
    room: RoomName,
    /// Whether arrivals and departures are sent as lines too, not only as `presence`.
    lines: bool,
    /// How many connections each user has; 0 during the grace period.
    online: HashMap<Username, u32>,
    /// Users without a connection, and when their grace period ends.
    leaving: BTreeMap<Username, TimestampMs>,
    /// Kept until a user comes or goes.
    names: Option<Arc<HashSet<Username>>>,
    /// Online or not, since the last `presence`.
    changed: BTreeMap<Username, bool>,
    arrived: BTreeSet<Username>,
    departed: BTreeSet<Username>,
    /// When the next `presence` or coalesced line may be sent.
    next_tick: TimestampMs,
}

impl Presence {
    pub(super) fn new(room: RoomName) -> Self {
        Self {
            lines: RoomScope::of(&room).announces_presence(),
            room,
            online: HashMap::new(),
            leaving: BTreeMap::new(),
            names: None,
            changed: BTreeMap::new(),
            arrived: BTreeSet::new(),
            departed: BTreeSet::new(),
            next_tick: 0,
        }
    }

    /// The users who are online.
    pub(super) fn names(&mut self) -> Arc<HashSet<Username>> {
        let online = &self.online;
        self.names
            .get_or_insert_with(|| Arc::new(online.keys().cloned().collect()))
            .clone()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.online.is_empty() && self.changed.is_empty()
    }

    /// A connection came. Returns the line to send at once, if any.
    pub(super) fn connect(&mut self, username: &Username, now: TimestampMs) -> Option<ServerFrame> {
        if let Some(connections) = self.online.get_mut(username) {
            *connections += 1;
            self.leaving.remove(username);
            return None;
        }
        self.online.insert(username.clone(), 1);
        self.change(username, true, now);
        if !self.lines {
            return None;
        }
        if self.online.len() > PRESENCE_LINES_ONLINE_MAX {
            if !self.departed.remove(username) {
                self.arrived.insert(username.clone());
            }
            return None;
        }
        Some(self.line(
            SystemKind::JoinedChat,
            &BTreeSet::from([username.clone()]),
            now,
        ))
    }

    /// A connection went. A user without any leaves when the grace period ends.
    pub(super) fn disconnect(&mut self, username: &Username, now: TimestampMs) {
        if let Some(connections) = self.online.get_mut(username) {
            *connections = connections.saturating_sub(1);
            if *connections == 0 {
                self.leaving
                    .insert(username.clone(), now + PRESENCE_GRACE_MS);
            }
        }
    }

    /// The user is no member any more: they leave without a line.
    pub(super) fn forget(&mut self, username: &Username, now: TimestampMs) {
        if self.online.remove(username).is_some() {
            self.leaving.remove(username);
            self.change(username, false, now);
        }
    }

    fn change(&mut self, username: &Username, online: bool, now: TimestampMs) {
        if self.changed.is_empty() && self.next_tick <= now {
            self.next_tick = now + PRESENCE_TICK_MS;
        }
        self.names = None;
        self.changed.insert(username.clone(), online);
    }

    /// When [`Presence::due`] has something to do.
    pub(super) fn deadline(&self) -> Option<TimestampMs> {
        let gone = self.leaving.values().copied().min();
        let tick = (!self.changed.is_empty()).then_some(self.next_tick);
        gone.into_iter().chain(tick).min()
    }

    /// The frames that are due.
    pub(super) fn due(&mut self, members: u64, now: TimestampMs) -> Vec<ServerFrame> {
        let mut frames = self.sweep(now);
        if !self.changed.is_empty() && self.next_tick <= now {
            self.tick(members, now, &mut frames);
        }
        frames
    }

    fn sweep(&mut self, now: TimestampMs) -> Vec<ServerFrame> {
        let is_gone = |(_, at): &(&Username, &TimestampMs)| **at <= now;
        let gone: Vec<Username> = self
            .leaving
            .iter()
            .filter(is_gone)
            .map(|(username, _)| username.clone())
            .collect();
        let crowded = self.online.len() > PRESENCE_LINES_ONLINE_MAX;
        let mut frames = Vec::new();
        for username in gone {
            self.online.remove(&username);
            self.leaving.remove(&username);
            self.change(&username, false, now);
            if !self.lines {
                continue;
            }
            if crowded {
                if !self.arrived.remove(&username) {
                    self.departed.insert(username);
                }
            } else {
                frames.push(self.line(SystemKind::LeftChat, &BTreeSet::from([username]), now));
            }
        }
        frames
    }

    fn tick(&mut self, members: u64, now: TimestampMs, frames: &mut Vec<ServerFrame>) {
        self.next_tick = now + PRESENCE_TICK_MS;
        let coalesced = [
            (SystemKind::JoinedChat, std::mem::take(&mut self.arrived)),
            (SystemKind::LeftChat, std::mem::take(&mut self.departed)),
        ];
        for (kind, usernames) in coalesced {
            if !usernames.is_empty() {
                frames.push(self.line(kind, &usernames, now));
            }
        }
        let changed = std::mem::take(&mut self.changed);
        let named = members <= PRESENCE_NAMES_MEMBERS_MAX;
        let names = |wanted: bool| {
            let of_kind = changed
                .iter()
                .filter(|(_, online)| **online == wanted && named);
            of_kind.map(|(username, _)| username.clone()).collect()
        };
        frames.push(ServerFrame::Presence(PresenceEvent {
            room: self.room.clone(),
            online: names(true),
            offline: names(false),
            count: self.online.len() as u64,
        }));
    }

    fn line(&self, kind: SystemKind, who: &BTreeSet<Username>, now: TimestampMs) -> ServerFrame {
        let verb = if kind == SystemKind::JoinedChat {
            "joined"
        } else {
            "left"
        };
        let single = if who.len() == 1 {
            who.first().cloned()
        } else {
            None
        };
        let names: Vec<Username> = who.iter().take(PRESENCE_LINE_NAMES_MAX).cloned().collect();
        let message = format!("{} {verb} the chat", people(&names, who.len()));
        ServerFrame::System(SystemEvent {
            count: single.is_none().then_some(who.len() as u64),
            usernames: if single.is_some() { Vec::new() } else { names },
            username: single,
            ..SystemEvent::new(self.room.clone(), now, kind, message)
        })
    }
}

/// "ann", "ann and bob", "ann, bob and 40 others".
fn people(names: &[Username], count: usize) -> String {
    let others = count - names.len();
    let mut parts: Vec<String> = names.iter().map(ToString::to_string).collect();
    match others {
        0 => {}
        1 => parts.push("1 other".to_owned()),
        _ => parts.push(format!("{others} others")),
    }
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: usize) -> Username {
        Username::existing(&format!("u{n:02}"))
    }

    fn lobby(online: usize) -> Presence {
        let mut presence = Presence::new(RoomName::lobby());
        for n in 0..online {
            presence.connect(&name(n), 0);
        }
        presence.due(online as u64, 10_000);
        presence
    }

    fn told(frames: &[ServerFrame]) -> Vec<String> {
        frames
            .iter()
            .map(|frame| match frame {
                ServerFrame::System(system) => system.message.clone(),
                ServerFrame::Presence(p) => {
                    format!("+{} -{} ={}", p.online.len(), p.offline.len(), p.count)
                }
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn back_within_the_grace_is_no_news() {
        let mut presence = lobby(2);
        presence.disconnect(&name(1), 20_000);
        assert_eq!(presence.deadline(), Some(23_000));
        assert!(presence.connect(&name(1), 22_999).is_none());
        assert_eq!(presence.deadline(), None);
        presence.disconnect(&name(1), 30_000);
        assert_eq!(told(&presence.due(2, 33_000)), ["u01 left the chat"]);
        assert_eq!(told(&presence.due(2, 34_000)), ["+0 -1 =1"]);
        assert_eq!(presence.deadline(), None);
    }

    #[test]
    fn the_second_connection_is_no_news() {
        let mut presence = lobby(1);
        assert!(presence.connect(&name(0), 20_000).is_none());
        presence.disconnect(&name(0), 20_000);
        assert_eq!(presence.deadline(), None);
    }

    #[test]
    fn above_fifty_arrivals_share_a_line() {
        let mut presence = lobby(50);
        for n in 50..92 {
            assert!(presence.connect(&name(n), 20_000).is_none());
        }
        let line = "u50, u51, u52, u53, u54, u55, u56, u57, u58, u59 and 32 others joined the chat";
        assert_eq!(told(&presence.due(92, 21_000)), [line, "+42 -0 =92"]);
    }

    #[test]
    fn large_rooms_tell_the_count_alone() {
        let mut presence = lobby(1);
        presence.connect(&name(1), 20_000);
        assert_eq!(told(&presence.due(201, 21_000)), ["+0 -0 =2"]);
    }
}
