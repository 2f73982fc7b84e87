//! All rooms of one user.

use std::collections::BTreeMap;

use super::RoomView;
use crate::protocol::{RoomInfo, ServerFrame, Welcome};
use crate::{RoomName, Username};

/// The rooms that one user is in, as their client knows them through all its connections.
#[derive(Debug, Clone, Default)]
pub struct RoomsView {
    log: String,
    me: Option<Username>,
    rooms: BTreeMap<RoomName, RoomView>,
    /// Rooms of the last connection that this one has not described yet.
    undescribed: BTreeMap<RoomName, RoomView>,
}

impl RoomsView {
    /// Takes the first frame of a connection. The events that were missed of each room follow, or
    /// `limited` does. Another log than before drops every room: its seqs mean something else.
    pub fn welcome(&mut self, welcome: &Welcome) {
        self.undescribed = std::mem::take(&mut self.rooms);
        if self.log != welcome.log {
            self.undescribed.clear();
        }
        self.log.clone_from(&welcome.log);
        self.me = Some(welcome.username.clone());
        self.describe(&welcome.rooms, welcome.more);
    }

    /// Takes any other frame.
    pub fn apply(&mut self, frame: &ServerFrame) {
        match frame {
            ServerFrame::RoomsState(state) => self.describe(&state.rooms, state.more),
            ServerFrame::Room { room, .. } if !self.rooms.contains_key(&room.room) => {
                self.add(room);
            }
            ServerFrame::RoomGone(gone) => {
                self.rooms.remove(&gone.room);
                self.undescribed.remove(&gone.room);
            }
            // A user may be in several of the rooms.
            ServerFrame::Profile(_) => self.rooms.values_mut().for_each(|room| room.apply(frame)),
            frame => {
                if let Some(room) = room_of(frame).and_then(|name| self.rooms.get_mut(name)) {
                    room.apply(frame);
                }
            }
        }
    }

    /// The rooms by name.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &RoomView> {
        self.rooms.values()
    }

    /// The view of a room that the user is in.
    pub fn get(&self, room: &RoomName) -> Option<&RoomView> {
        self.rooms.get(room)
    }

    /// The view of a room that the user is in, to hand it a page.
    pub fn get_mut(&mut self, room: &RoomName) -> Option<&mut RoomView> {
        self.rooms.get_mut(room)
    }

    fn describe(&mut self, rooms: &[RoomInfo], more: bool) {
        for info in rooms {
            match self.undescribed.remove(&info.room) {
                Some(mut known) => {
                    known.welcomed(info);
                    self.rooms.insert(info.room.clone(), known);
                }
                None if self.rooms.contains_key(&info.room) => {}
                None => self.add(info),
            }
        }
        if !more {
            self.undescribed.clear();
        }
    }

    fn add(&mut self, info: &RoomInfo) {
        if let Some(me) = &self.me {
            let view = RoomView::new(me.clone(), info.clone());
            self.rooms.insert(info.room.clone(), view);
        }
    }
}

/// The room that a frame is about, where it is about one.
fn room_of(frame: &ServerFrame) -> Option<&RoomName> {
    match frame {
        ServerFrame::Read(it) => Some(&it.room),
        ServerFrame::Presence(it) => Some(&it.room),
        ServerFrame::Limited(it) => Some(&it.room),
        ServerFrame::System(it) => Some(&it.room),
        other => other.place().map(|(room, _)| room),
    }
}
