//! The chat screen: the rooms, which of them is shown, and the connection.

use std::cmp::Ordering;

use chat_shared::protocol::RoomInfo;
use chat_shared::view::RoomView;
use chat_shared::{RoomName, TimestampMs, Username};

use super::{Completion, InputHistory, Membership, Overlay, Room};

/// Everything that exists while a user is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Chat {
    pub(crate) me: Username,
    pub(crate) connection: ConnectionState,
    /// The id of the server's log. With another log, sequence numbers mean other events.
    pub(crate) log: Option<String>,
    /// The lobby first, then rooms by name, then direct messages. Never empty: nobody can leave the
    /// lobby.
    rooms: Vec<Room>,
    current: usize,
    pub(crate) history: InputHistory,
    /// The room to show as soon as the server announces it.
    pub(crate) wanted: Option<RoomName>,
    /// A short message about the last key, shown until the next key.
    pub(crate) notice: Option<String>,
    pub(crate) overlay: Option<Overlay>,
    pub(crate) completion: Option<Completion>,
    /// The number of searches so far.
    pub(crate) searches: u64,
    pub(crate) save_due: SaveDue,
    /// The user can see the timeline of the current room: the window has the focus, a key was
    /// pressed not long ago, and nothing covers it.
    pub(crate) is_watched: bool,
}

/// When the drafts and the waiting messages have to be saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum SaveDue {
    #[default]
    Nothing,
    /// At this time or earlier: a draft changed.
    ScrollStep(TimestampMs),
    /// At once: a message waits to be sent.
    Now,
}

/// The connection to the server.
///
/// ```text
/// Connecting ──▶ Live ──▶ Waiting ──▶ Live        (welcome; lost; reconnected)
///                  └──────────────▶ Ended          (closed by the server for a reason that lasts)
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConnectionState {
    Connecting,
    Live,
    /// Lost; the next attempt is at `until`.
    Waiting {
        until: TimestampMs,
        why: String,
    },
    /// Closed; the client does not try again.
    Ended {
        why: String,
    },
}

impl Chat {
    pub(crate) fn new(me: Username) -> Self {
        Self {
            me,
            connection: ConnectionState::Connecting,
            log: None,
            rooms: vec![Room::new(RoomName::lobby())],
            current: 0,
            history: InputHistory::default(),
            wanted: None,
            notice: None,
            overlay: None,
            completion: None,
            searches: 0,
            save_due: SaveDue::default(),
            is_watched: true,
        }
    }

    pub(crate) fn rooms(&self) -> &[Room] {
        &self.rooms
    }

    pub(crate) fn rooms_mut(&mut self) -> &mut [Room] {
        &mut self.rooms
    }

    pub(crate) fn current_index(&self) -> usize {
        self.current
    }

    pub(crate) fn current(&self) -> &Room {
        &self.rooms[self.current]
    }

    pub(crate) fn current_mut(&mut self) -> &mut Room {
        &mut self.rooms[self.current]
    }

    pub(crate) fn room(&self, name: &RoomName) -> Option<&Room> {
        self.rooms.iter().find(|room| room.name == *name)
    }

    pub(crate) fn room_mut(&mut self, name: &RoomName) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.name == *name)
    }

    pub(crate) fn is_current(&self, name: &RoomName) -> bool {
        self.current().name == *name
    }

    /// Shows the room at `index`, if there is one.
    pub(crate) fn go(&mut self, index: usize) {
        if index >= self.rooms.len() || index == self.current {
            return;
        }
        let left = self.current_mut();
        left.read.divider = None;
        left.selected = None;
        if !left.is_scrolled() {
            left.trim_hidden();
        }
        self.current = index;
        let room = self.current_mut();
        if room.unread() > 0 {
            room.read.divider = Some(room.read_seq());
        }
        (self.notice, self.completion) = (None, None);
    }

    /// Shows a room by name, now or as soon as the server announces it.
    pub(crate) fn go_to(&mut self, name: &RoomName) {
        match self.rooms.iter().position(|room| room.name == *name) {
            Some(index) => self.go(index),
            None => self.wanted = Some(name.clone()),
        }
    }

    /// The room of this name; creates one that the server has not announced yet.
    pub(crate) fn room_or_new(&mut self, name: &RoomName) -> &mut Room {
        let at = self.rooms.iter().position(|room| room.name == *name);
        let at = at.unwrap_or_else(|| {
            self.rooms.push(Room::new(name.clone()));
            self.sort();
            self.rooms
                .iter()
                .position(|room| room.name == *name)
                .unwrap_or(0)
        });
        &mut self.rooms[at]
    }

    /// Takes in what the server says about a room that the user is in.
    pub(crate) fn put_room(&mut self, info: RoomInfo) {
        let name = info.room.clone();
        let (me, is_current) = (self.me.clone(), self.is_current(&name));
        let room = self.room_or_new(&name);
        if std::mem::take(&mut room.membership) != Membership::Member {
            // The user was away from the room: what was known of it may have a gap.
            room.forget();
        }
        let is_new = room.view.is_none();
        let info = match &mut room.view {
            Some(view) => {
                view.welcomed(&info);
                view.info().clone()
            }
            None => room.view.insert(RoomView::new(me, info)).info().clone(),
        };
        room.read.sent_seq = room.read.sent_seq.max(info.read_seq);
        // Also after a lost connection: the room may be shown, but these were never on the screen.
        if is_current && info.unread > 0 {
            room.read.divider.get_or_insert(info.read_seq);
        }
        if is_new {
            self.sort();
        }
        if self.wanted.as_ref() == Some(&name) {
            self.wanted = None;
            self.go_to(&name);
        }
    }

    /// Keeps the lobby and the rooms for which `keep` returns true.
    pub(crate) fn retain_rooms(&mut self, keep: impl Fn(&Room) -> bool) {
        let current = self.current().name.clone();
        self.rooms.retain(|room| room.name.is_lobby() || keep(room));
        self.find_current(&current);
    }

    fn sort(&mut self) {
        let current = self.current().name.clone();
        self.rooms.sort_by(order);
        self.find_current(&current);
    }

    fn find_current(&mut self, name: &RoomName) {
        match self.rooms.iter().position(|room| room.name == *name) {
            Some(index) => self.current = index,
            None => self.current = 0,
        }
    }
}

impl ConnectionState {
    /// Milliseconds until the next attempt, if one is waited for.
    pub(crate) fn wait_ms(&self, now: TimestampMs) -> Option<u64> {
        match self {
            Self::Waiting { until, .. } => until.checked_sub(now).filter(|left| *left > 0),
            _ => None,
        }
    }
}

fn order(a: &Room, b: &Room) -> Ordering {
    let class = |room: &Room| (!room.name.is_lobby(), room.is_direct());
    class(a)
        .cmp(&class(b))
        .then_with(|| a.title().cmp(b.title()))
}
