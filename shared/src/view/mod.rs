//! What a client knows of a room, folded from what the server sends: no IO, no clock, no runtime.
//!
//! [`RoomView`] takes the ROOM that `welcome` or `room` told, then each frame that is about the
//! room, and the pages that were asked for, whenever they come. It holds the rules by which a late
//! page and early events agree:
//! - an event at or under the seq that the view has is known and passed over;
//! - a message of a page stands as of its `rev`; what changes it above that is applied to it,
//!   whether it came before the page or comes after;
//! - a delete masks the text of every edit, and takes reactions and mentions away;
//! - unread messages are counted from what is held where all of them are, else from what the
//!   server counted.

mod messages;
mod people;
mod rooms;
#[cfg(test)]
mod tests;
mod unread;

pub use messages::{Messages, Stale};
pub use people::People;
pub use rooms::RoomsView;

use self::unread::Counted;
use crate::protocol::{
    ChatEvent, HistoryPage, Limited, MembersPage, ReadEvent, Role, RoomInfo, RoomKind, ServerFrame,
    SystemEvent, SystemKind,
};
use crate::{Seq, Username};

/// A room as one person's client has it.
#[derive(Debug, Clone)]
pub struct RoomView {
    me: Username,
    info: RoomInfo,
    seq: Seq,
    messages: Messages,
    people: People,
    counted: Counted,
}

impl RoomView {
    /// The room of `me` as a ROOM told it; events above its `last_seq` are to follow.
    pub fn new(me: Username, info: RoomInfo) -> Self {
        let seq = info.last_seq;
        Self {
            messages: Messages::new(me.clone(), seq),
            people: People::default(),
            counted: Counted::new(&info),
            me,
            info,
            seq,
        }
    }

    /// A room of whose log all is to follow, from its first event on.
    /// What a ROOM tells and no event does (its kind, the other one of a direct room) is taken
    /// from `info`, and nothing else.
    pub fn from_the_beginning(me: Username, info: &RoomInfo) -> Self {
        let info = RoomInfo {
            room: info.room.clone(),
            kind: info.kind,
            topic: String::new(),
            last_seq: 0,
            read_seq: 0,
            unread: 0,
            mentions: 0,
            role: Role::Member,
            members: 0,
            with: info.with.clone(),
        };
        Self::new(me, info)
    }

    /// The room as a ROOM tells it, with all that followed.
    pub fn info(&self) -> &RoomInfo {
        &self.info
    }

    /// The seq of the last event in the view.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The messages that are held, oldest first, as they stand now.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &ChatEvent> {
        self.messages.iter()
    }

    /// A message that is held.
    pub fn message(&self, seq: Seq) -> Option<&ChatEvent> {
        self.messages.get(seq)
    }

    /// Every message above this seq is held.
    pub fn held_above(&self) -> Seq {
        self.messages.held_above()
    }

    /// Who is in the room, as far as pages and events told.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// A connection begins anew, and tells the room again. The events that were missed follow.
    pub fn welcomed(&mut self, info: &RoomInfo) {
        self.info = RoomInfo {
            last_seq: info.last_seq.max(self.seq),
            ..info.clone()
        };
        self.counted = Counted::new(info);
        self.count();
    }

    /// More was missed than is told again: what was held is dropped, and pages are to be asked for.
    pub fn limited(&mut self, limited: &Limited) {
        self.seq = limited.last_seq;
        self.info.last_seq = limited.last_seq;
        self.messages = Messages::new(self.me.clone(), self.seq);
        self.people = People::default();
        self.counted.up_to = limited.last_seq;
    }

    /// Takes a frame; one that is about another room, or known already, changes nothing.
    pub fn apply(&mut self, frame: &ServerFrame) {
        if let Some((room, seq)) = frame.place() {
            if *room != self.info.room || seq <= self.seq {
                return;
            }
            self.seq = seq;
            self.info.last_seq = self.info.last_seq.max(seq);
        }
        match frame {
            ServerFrame::Chat(chat) => {
                self.counted.said(chat, &self.me, &mut self.info);
                self.messages.say(chat);
            }
            ServerFrame::Edited(_) | ServerFrame::Deleted(_) | ServerFrame::Reacted(_) => {
                self.messages.change(frame);
            }
            ServerFrame::System(line) if line.room == self.info.room && line.seq.is_some() => {
                self.happened(line);
            }
            ServerFrame::Read(read) if read.room == self.info.room => self.read(read),
            ServerFrame::Limited(limited) if limited.room == self.info.room => {
                self.limited(limited);
            }
            ServerFrame::Presence(presence) if presence.room == self.info.room => {
                self.people.presence(presence);
            }
            ServerFrame::Profile(profile) => self.people.profile(profile),
            _ => {}
        }
        self.count();
    }

    /// Takes a page of messages.
    ///
    /// # Errors
    /// [`Stale`] where it stands as of too long ago: ask for it again.
    pub fn history(&mut self, page: &HistoryPage) -> Result<(), Stale> {
        if page.room == self.info.room {
            self.messages.page(page)?;
            self.count();
        }
        Ok(())
    }

    /// `members` is about to be asked for from the beginning: what happens until its last page
    /// came is kept, and applied to it.
    pub fn asking_for_members(&mut self) {
        self.people.asking();
    }

    /// Takes a page of members; they are asked for one after the other.
    pub fn members(&mut self, page: &MembersPage) {
        if page.room == self.info.room {
            self.people.page(page);
            self.count_people();
        }
    }

    fn happened(&mut self, line: &SystemEvent) {
        match line.event {
            SystemKind::Topic | SystemKind::Created => {
                self.info.topic = line.topic.clone().unwrap_or_default();
            }
            SystemKind::Role if line.username.as_ref() == Some(&self.me) => {
                self.info.role = line.role.unwrap_or(self.info.role);
            }
            SystemKind::Left if line.heir.as_ref() == Some(&self.me) => {
                self.info.role = Role::Owner;
            }
            _ => {}
        }
        self.people.happened(line, self.info.kind);
        if line.event == SystemKind::Created && self.info.kind == RoomKind::Direct {
            let made = line.username.as_ref() == Some(&self.me);
            let other = if made {
                self.info.with.clone()
            } else {
                Some(self.me.clone())
            };
            if let Some(other) = other {
                self.people.add(&other, Role::Member);
            }
        }
        self.count_people();
        let is_direct = self.info.kind == RoomKind::Direct;
        if let Some(joined) = joins(line, &self.me, is_direct)
            && self.seq > self.info.read_seq
        {
            self.info.read_seq = joined;
            self.counted.reset(joined);
        }
    }

    fn count_people(&mut self) {
        if let Some(members) = self.people.count() {
            self.info.members = members;
            if let Some(own) = self.people.get(&self.me) {
                self.info.role = own.role;
            }
        }
    }

    fn read(&mut self, read: &ReadEvent) {
        if read.seq >= self.info.read_seq {
            self.info.read_seq = read.seq;
            (self.info.unread, self.info.mentions) = (read.unread, read.mentions);
        }
    }

    /// Counts what is unread where all of it is held.
    fn count(&mut self) {
        if self.seq < self.counted.up_to {
            // What was missed is still on its way.
            return;
        }
        if let Some((unread, mentions)) = self.messages.above(self.info.read_seq) {
            (self.info.unread, self.info.mentions) = (unread, mentions);
        }
    }
}

/// The seq at which `me` came in: what was said before is no news. A direct room is made for both.
fn joins(line: &SystemEvent, me: &Username, is_direct: bool) -> Option<Seq> {
    let is_me = line.username.as_ref() == Some(me);
    let comes_in = match line.event {
        SystemKind::Created => is_me || is_direct,
        SystemKind::Joined | SystemKind::Invited => is_me,
        _ => false,
    };
    line.seq.filter(|_| comes_in)
}
