use chat_shared::protocol::RoomInfo;
use chat_shared::{RoomName, TimestampMs, Username};

use super::{InputHistory, Room};

/// All that is there once one is logged in.
#[derive(Debug, Clone)]
pub(crate) struct Chat {
    pub(crate) me: Username,
    pub(crate) link: Link,
    /// Which log the rooms' numbers belong to.
    pub(crate) log: Option<String>,
    /// The lobby first, then by name. Never empty: the lobby can't be left.
    rooms: Vec<Room>,
    current: usize,
    pub(crate) history: InputHistory,
    /// The room to go to once the server tells of it.
    pub(crate) wanted: Option<RoomName>,
    /// A word about the last key, until the next one.
    pub(crate) notice: Option<String>,
}

/// The connection to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    Connecting,
    Live,
    /// Down; the next try is at this time.
    Waiting {
        until: TimestampMs,
        why: String,
    },
    /// Down for good.
    Ended {
        why: String,
    },
}

impl Chat {
    pub(crate) fn new(me: Username) -> Self {
        Self {
            me,
            link: Link::Connecting,
            log: None,
            rooms: vec![Room::new(RoomName::lobby())],
            current: 0,
            history: InputHistory::default(),
            wanted: None,
            notice: None,
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

    pub(crate) fn room_mut(&mut self, name: &RoomName) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| room.name == *name)
    }

    pub(crate) fn is_current(&self, name: &RoomName) -> bool {
        self.current().name == *name
    }

    /// Goes to the room at `index`, where there is one.
    pub(crate) fn go(&mut self, index: usize) {
        if index < self.rooms.len() {
            self.current = index;
            self.rooms[index].unread = 0;
            self.notice = None;
        }
    }

    /// Goes to a room by name, now or once the server tells of it.
    pub(crate) fn go_to(&mut self, name: &RoomName) {
        match self.rooms.iter().position(|room| room.name == *name) {
            Some(index) => self.go(index),
            None => self.wanted = Some(name.clone()),
        }
    }

    /// Takes in what the server says of a room one is in.
    pub(crate) fn put_room(&mut self, info: RoomInfo) {
        let name = info.room.clone();
        let place = self
            .rooms
            .binary_search_by_key(&order(&info.room), |room| order(&room.name));
        match place {
            Ok(index) => self.rooms[index].info = Some(info),
            Err(index) => {
                let mut room = Room::new(info.room.clone());
                room.unread = info.unread;
                room.info = Some(info);
                self.rooms.insert(index, room);
                if index <= self.current {
                    self.current += 1;
                }
            }
        }
        if self.wanted.as_ref() == Some(&name) {
            self.wanted = None;
            self.go_to(&name);
        }
    }

    /// Keeps only the rooms that `keep` names, and the lobby.
    pub(crate) fn retain_rooms(&mut self, keep: impl Fn(&RoomName) -> bool) {
        let current = self.current().name.clone();
        self.rooms
            .retain(|room| room.name.is_lobby() || keep(&room.name));
        match self.rooms.iter().position(|room| room.name == current) {
            Some(index) => self.current = index,
            None => self.go(0),
        }
    }
}

impl Link {
    /// How long until the next try, where one is waited for.
    pub(crate) fn wait_ms(&self, now: TimestampMs) -> Option<u64> {
        match self {
            Self::Waiting { until, .. } => until.checked_sub(now).filter(|left| *left > 0),
            _ => None,
        }
    }
}

fn order(name: &RoomName) -> (bool, RoomName) {
    (!name.is_lobby(), name.clone())
}
