//! A room as a client knows it, folded from what the server sends.
//!
//! This module does no IO and has no clock. Every Rust client keeps its rooms in a [`RoomView`]
//! (or all of them in [`RoomsView`]) and adds only what belongs to its screen: scroll position,
//! selection, drafts, who is typing. The web page has its own fold; the scripts in `golden/folds`
//! hold both to the same results.
//!
//! # How to use it
//! 1. Make a view from each room that `welcome`, `rooms_state` or `room` describes
//!    ([`RoomView::new`]); after a reconnect, hand the new description to [`RoomView::welcomed`].
//! 2. Hand every frame to [`RoomView::apply`].
//! 3. Show [`RoomView::shown`]. To look further back, ask the server for
//!    [`RoomView::older_page`] and hand the answer to [`RoomView::take_page`].
//! 4. When [`RoomView::wants_members`], call [`RoomView::ask_members`], ask for the members page by
//!    page, and hand each page to [`RoomView::take_members`].
//!
//! # Rules
//! - An event at or below the seq that the view has is known, and changes nothing.
//! - A message of a page is as of its `rev`. Changes above that are applied to it, whether they
//!   came before the page or come after it.
//! - A delete removes a message's text, mentions and reactions; edits and reactions that come
//!   after it change nothing.
//! - What the server describes in `welcome` includes every event up to `last_seq`. Replayed events
//!   up to there don't count again.

mod changes;
mod people;
mod rooms;
mod stretch;
#[cfg(test)]
mod tests;
mod timeline;
mod unread;

pub use people::People;
pub use rooms::RoomsView;
pub use stretch::{Entry, Stretch};
pub use timeline::{HIDDEN_ENTRIES_MAX, PageError, SHOWN_ENTRIES_MAX};

use self::changes::change_of;
use self::timeline::Timeline;
use self::unread::CountedByServer;
use crate::protocol::{
    ChatEvent, HistoryPage, Limited, MembersPage, PageKind, ReadEvent, Role, RoomInfo, RoomKind,
    ServerFrame, SystemEvent, SystemKind,
};
use crate::{Seq, Username};

/// A room as one user's client knows it.
#[derive(Debug, Clone)]
pub struct RoomView {
    me: Username,
    info: RoomInfo,
    seq: Seq,
    timeline: Timeline,
    people: People,
    counted: CountedByServer,
}

/// A preview of the message that a reply answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quote<'a> {
    /// The message is not held; ask for the page around it and hand that to
    /// [`RoomView::take_quoted`].
    Unknown,
    /// The message was deleted.
    Deleted(&'a Username),
    /// The message as it is now.
    Message(&'a ChatEvent),
}

impl RoomView {
    /// Makes the view of `me` from the server's description. The events above `info.last_seq` are
    /// to follow.
    pub fn new(me: Username, info: RoomInfo) -> Self {
        let seq = info.last_seq;
        Self {
            timeline: Timeline::new(me.clone(), seq),
            people: People::default(),
            counted: CountedByServer::new(&info),
            me,
            info,
            seq,
        }
    }

    /// Makes the view of a room whose whole log is to follow, from its first event on.
    ///
    /// Only what no event tells is taken from `info`: the room's name and kind, and the other
    /// person of a direct room.
    pub fn from_the_beginning(me: Username, info: &RoomInfo) -> Self {
        let info = RoomInfo {
            members: 0,
            with: info.with.clone(),
            ..RoomInfo::new(info.room.clone(), info.kind)
        };
        Self::new(me, info)
    }

    /// The room as a `welcome` would describe it after everything that followed.
    pub fn info(&self) -> &RoomInfo {
        &self.info
    }

    /// The seq of the last event in the view.
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The live end of the room. New events are added to it whatever is shown.
    pub fn live(&self) -> &Stretch {
        self.timeline.live()
    }

    /// The entries that the reader looks at: a window of the past after a jump or a long way up, else the live
    /// end. At most [`SHOWN_ENTRIES_MAX`] entries are held.
    pub fn shown(&self) -> &Stretch {
        self.timeline.shown()
    }

    /// Whether [`RoomView::shown`] is the live end.
    pub fn is_at_live_end(&self) -> bool {
        self.timeline.is_at_live_end()
    }

    /// The messages of the live end, oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &ChatEvent> {
        self.live().messages()
    }

    /// A message that is held, shown or not.
    pub fn message(&self, seq: Seq) -> Option<&ChatEvent> {
        self.timeline.message(seq)
    }

    /// Every message above this seq is in the live end.
    pub fn held_above(&self) -> Seq {
        self.live().after()
    }

    /// The page to ask for to see further back than [`RoomView::shown`]; `None` at the room's first
    /// message.
    pub fn older_page(&self) -> Option<PageKind> {
        self.timeline.older_page()
    }

    /// The page to ask for to see further down; `None` at the live end.
    pub fn newer_page(&self) -> Option<PageKind> {
        self.timeline.newer_page()
    }

    /// Says whether the reader is at the bottom and sees each new entry.
    ///
    /// While they are not, nothing that is shown is dropped for new entries: a live end that grows
    /// too long becomes a window of the past. A new view follows.
    pub fn follow(&mut self, is_following: bool) {
        self.timeline.follow(is_following);
    }

    /// Leaves a window of the past and shows the live end.
    pub fn show_live_end(&mut self) {
        self.timeline.show_live_end();
    }

    /// Keeps only [`HIDDEN_ENTRIES_MAX`] entries of the live end, for a room that is not shown.
    pub fn hide(&mut self) {
        self.timeline.hide();
    }

    /// Returns a preview of the message that `reply` answers; `None` if it answers none.
    pub fn quote(&self, reply: &ChatEvent) -> Option<Quote<'_>> {
        let seq = reply.reply_to?;
        Some(match self.message(seq) {
            None => Quote::Unknown,
            Some(chat) if chat.deleted => Quote::Deleted(&chat.username),
            Some(chat) => Quote::Message(chat),
        })
    }

    /// Whether a message by somebody else names the reader.
    pub fn names_me(&self, chat: &ChatEvent) -> bool {
        chat.username != self.me && chat.mentions.contains(&self.me)
    }

    /// The members of the room, as far as they are known from pages and events.
    pub fn people(&self) -> &People {
        &self.people
    }

    /// Whether the list of members is to be asked for: never yet on this connection, or somebody
    /// came of whom only the username is known.
    pub fn wants_members(&self) -> bool {
        self.people.are_wanted()
    }

    /// Takes the room's description on a new connection. The events that were missed follow, or
    /// [`RoomView::limited`] does.
    pub fn welcomed(&mut self, info: &RoomInfo) {
        self.info = RoomInfo {
            last_seq: info.last_seq.max(self.seq),
            ..info.clone()
        };
        self.counted = CountedByServer::new(info);
        self.people.reconnected();
        self.recount();
    }

    /// More was missed than is replayed: drops the messages and members, which are to be asked for
    /// again, and takes the events above `limited.last_seq`.
    pub fn limited(&mut self, limited: &Limited) {
        self.seq = limited.last_seq;
        self.info.last_seq = limited.last_seq;
        self.timeline = Timeline::new(self.me.clone(), self.seq);
        self.people = People::default();
        self.counted.restart_at(limited.last_seq);
    }

    /// Takes a frame. A frame about another room, or with an event that the view has, changes
    /// nothing.
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
                self.counted.take_message(chat, &self.me, &mut self.info);
                let was_held = self.live().message(chat.seq).is_some();
                self.timeline.push_message(chat);
                if was_held {
                    // A page had the message already, perhaps edited since.
                    self.recount();
                }
            }
            ServerFrame::Edited(_) | ServerFrame::Deleted(_) | ServerFrame::Reacted(_) => {
                self.change(frame);
            }
            ServerFrame::System(event) if event.room == self.info.room => self.system(event),
            ServerFrame::Read(read) if read.room == self.info.room => self.read(read),
            ServerFrame::Limited(limited) if limited.room == self.info.room => {
                self.limited(limited);
            }
            ServerFrame::Presence(presence) if presence.room == self.info.room => {
                self.people.presence(presence);
                self.count_people();
            }
            ServerFrame::Profile(profile) => self.people.profile(profile),
            _ => {}
        }
        if frame.place().is_some() && self.counted.ends_at(self.seq) {
            self.recount();
        }
    }

    /// Shows the reader's own message from its ack on. Its event follows and changes nothing more,
    /// so that the counts stay those of the events.
    pub fn take_acknowledged(&mut self, chat: &ChatEvent) {
        if chat.room == self.info.room && chat.seq > self.seq {
            self.timeline.put_early(chat);
        }
    }

    /// Takes the page that was asked for with `kind`.
    ///
    /// # Errors
    /// [`PageError`], where the page can't be taken in. Ask for it again.
    pub fn take_page(&mut self, kind: PageKind, page: &HistoryPage) -> Result<(), PageError> {
        if page.room == self.info.room {
            self.timeline.take_page(kind, page)?;
            self.recount();
        }
        Ok(())
    }

    /// Keeps the messages of a page for the replies that quote them; what is shown stays.
    ///
    /// # Errors
    /// [`PageError::Stale`]. Ask for the page again.
    pub fn take_quoted(&mut self, page: &HistoryPage) -> Result<(), PageError> {
        if page.room == self.info.room {
            self.timeline.take_quoted(page)?;
        }
        Ok(())
    }

    /// Call this when the first page of members is asked for. Events that come until the last page
    /// is there are kept and applied to it.
    pub fn ask_members(&mut self) {
        self.people.ask();
    }

    /// Takes a page of members. Pages are asked for one after the other; after a page with `more`
    /// the client may stop, and then knows only the first members.
    pub fn take_members(&mut self, page: &MembersPage) {
        if page.room == self.info.room {
            self.people.take_page(page, self.info.kind);
            self.count_people();
        }
    }

    /// Ends mutes whose time is over.
    pub fn expire_mutes(&mut self, now: crate::TimestampMs) {
        self.people.expire(now);
    }

    fn change(&mut self, frame: &ServerFrame) {
        let Some((seq, target)) = change_of(frame) else {
            return;
        };
        let named_before = self.is_named_in(target);
        self.timeline.push_change(frame);
        let named = [named_before, self.is_named_in(target)];
        self.counted.take_change(seq, target, named, &mut self.info);
        if target > self.info.read_seq {
            self.recount();
        }
    }

    fn is_named_in(&self, seq: Seq) -> bool {
        let message = self.message(seq);
        message.is_some_and(|chat| chat.mentions.contains(&self.me))
    }

    fn system(&mut self, event: &SystemEvent) {
        let Some(seq) = event.seq else { return };
        self.timeline.push_system(seq, event);
        self.describe(event);
        let was_member = event
            .username
            .as_ref()
            .is_some_and(|name| self.people.get(name).is_some());
        self.people.happened(event, self.info.kind);
        if event.event == SystemKind::Created && self.info.kind == RoomKind::Direct {
            self.add_the_other(event);
        }
        if !self.counted.includes(seq) {
            self.count_one(event, was_member);
        }
        self.count_people();
        if self.lets_me_in(event) && seq > self.info.read_seq {
            self.info.read_seq = seq;
            if !self.counted.includes(seq) {
                (self.info.unread, self.info.mentions) = (0, 0);
            }
        }
    }

    /// Takes what an event says of the topic and of the reader's own role.
    fn describe(&mut self, event: &SystemEvent) {
        match event.event {
            SystemKind::Topic | SystemKind::Created => {
                self.info.topic = event.topic.clone().unwrap_or_default();
            }
            SystemKind::Role if event.username.as_ref() == Some(&self.me) => {
                self.info.role = event.role.unwrap_or(self.info.role);
            }
            SystemKind::Left if event.heir.as_ref() == Some(&self.me) => {
                self.info.role = Role::Owner;
            }
            _ => {}
        }
    }

    /// A direct room is created with both its members.
    fn add_the_other(&mut self, event: &SystemEvent) {
        let is_mine = event.username.as_ref() == Some(&self.me);
        let other = if is_mine {
            self.info.with.clone()
        } else {
            Some(self.me.clone())
        };
        if let Some(other) = other {
            self.people.add(&other, Role::Member);
        }
    }

    /// Counts a member who came or went, where not all members are known.
    fn count_one(&mut self, event: &SystemEvent, was_member: bool) {
        // The description that came with the reader's own entry counts them already.
        let is_me = event.username.as_ref() == Some(&self.me);
        match event.event {
            SystemKind::Joined | SystemKind::Invited if !is_me && !was_member => {
                self.info.members += 1;
            }
            SystemKind::Left | SystemKind::Kicked | SystemKind::Banned => {
                self.info.members = self.info.members.saturating_sub(1);
            }
            _ => {}
        }
    }

    /// Takes the number of members and the own role from the members, where all are known.
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
            self.recount();
        }
    }

    /// Counts what is unread, where every message above the marker is held and no event that the
    /// server counted is still to come. A message of a page whose event is still to come is counted
    /// with its event.
    fn recount(&mut self) {
        let live = self.timeline.live();
        if self.counted.is_ahead_of(self.seq) || live.after() > self.info.read_seq {
            return;
        }
        let unread = live.messages().rev();
        let unread = unread.skip_while(|chat| chat.seq > self.seq);
        let unread = unread.take_while(|chat| chat.seq > self.info.read_seq);
        (self.info.unread, self.info.mentions) = unread.fold((0, 0), |(all, named), chat| {
            (all + 1, named + u64::from(chat.mentions.contains(&self.me)))
        });
    }

    /// Whether the event made the reader a member: what was said before is read.
    fn lets_me_in(&self, event: &SystemEvent) -> bool {
        let is_me = event.username.as_ref() == Some(&self.me);
        match event.event {
            SystemKind::Created => is_me || self.info.kind == RoomKind::Direct,
            SystemKind::Joined | SystemKind::Invited => is_me,
            _ => false,
        }
    }
}
