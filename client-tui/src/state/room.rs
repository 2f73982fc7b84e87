//! A room on the screen: its view, its input line, its scroll position and its read marker.

use chat_shared::protocol::{ChatEvent, ReadEvent, RoomInfo, RoomKind, ServerFrame};
use chat_shared::view::{People, RoomView};
use chat_shared::{RoomName, Seq, TimestampMs, Username};

use super::{Compose, Draft, Editor, LineKey, Notes, Paging, Pending, Recalled};

/// A room that the user is in.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) name: RoomName,
    /// The room as the server sent it: description, messages and members. Absent until the server
    /// has announced the room.
    pub(crate) view: Option<RoomView>,
    /// Lines that only this client shows, between the messages.
    pub(crate) notes: Notes,
    pub(crate) paging: Paging,
    /// The user's messages that the server has not stored yet, oldest first.
    pub(crate) pending: Vec<Pending>,
    /// When the members were last asked for.
    pub(crate) members_asked_at: TimestampMs,
    pub(crate) scroll: Scroll,
    /// The rate limit allows the next message at this time.
    pub(crate) send_after: TimestampMs,
    /// The input line; each room keeps its own.
    pub(crate) input: Editor,
    pub(crate) compose: Compose,
    /// Drafts that were set aside, the last one at the end.
    pub(crate) below: Vec<Draft>,
    /// The line of the history that the input line shows.
    pub(crate) recalled: Option<Recalled>,
    pub(crate) membership: Membership,
    /// The message that the user selected.
    pub(crate) selected: Option<Seq>,
    /// A message to scroll to as soon as its page has arrived.
    pub(crate) jump: Option<Seq>,
    pub(crate) read: ReadMarker,
    pub(crate) typing: Typing,
}

/// Whether the user is in the room.
///
/// ```text
///                  /leave              left
///   ┌────────────▶ Leaving ──▶ the room goes, unless it holds unsent text
/// Member
///   └────────────▶ Closed  ──▶ Member               (removed; joined again)
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Membership {
    #[default]
    Member,
    /// This client asked to leave.
    Leaving,
    /// The user is out; the sentence says why. The room stays with its lines and drafts.
    Closed(String),
}

/// How far the user has read.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadMarker {
    /// The "new messages" line is drawn below this seq.
    pub(crate) divider: Option<Seq>,
    /// The seq that was last sent to the server as read, and when.
    pub(crate) sent_seq: Seq,
    pub(crate) sent_at: TimestampMs,
}

/// The people who are typing, and until when that is shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typing {
    pub(crate) names: Vec<Username>,
    pub(crate) until: TimestampMs,
    /// When the last typing notice was sent.
    pub(crate) sent_at: TimestampMs,
}

/// Which line is at the bottom of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scroll {
    /// The newest; new lines scroll in.
    #[default]
    Newest,
    /// The line `key`, of which the last `hidden` rows are below the screen; `new` messages arrived
    /// since.
    At {
        key: LineKey,
        hidden: usize,
        new: u64,
    },
}

impl Room {
    pub(crate) fn new(name: RoomName) -> Self {
        Self {
            name,
            view: None,
            notes: Notes::default(),
            paging: Paging::default(),
            pending: Vec::new(),
            members_asked_at: 0,
            scroll: Scroll::default(),
            send_after: 0,
            input: Editor::default(),
            compose: Compose::default(),
            below: Vec::new(),
            recalled: None,
            membership: Membership::default(),
            selected: None,
            jump: None,
            read: ReadMarker::default(),
            typing: Typing::default(),
        }
    }

    /// The server's description of the room, with every change since.
    pub(crate) fn info(&self) -> Option<&RoomInfo> {
        self.view.as_ref().map(RoomView::info)
    }

    /// The members of the room, once the server has announced it.
    pub(crate) fn people(&self) -> Option<&People> {
        self.view.as_ref().map(RoomView::people)
    }

    /// How many members are online.
    pub(crate) fn online(&self) -> u64 {
        self.people().map_or(0, People::online_count)
    }

    /// The number of unread messages.
    pub(crate) fn unread(&self) -> u64 {
        self.info().map_or(0, |info| info.unread)
    }

    /// How many of the unread messages mention the user.
    pub(crate) fn mentions(&self) -> u64 {
        self.info().map_or(0, |info| info.mentions)
    }

    /// The seq up to which the user has read.
    pub(crate) fn read_seq(&self) -> Seq {
        self.info().map_or(0, |info| info.read_seq)
    }

    /// The seq of the last event that arrived.
    pub(crate) fn tip(&self) -> Seq {
        self.view.as_ref().map_or(0, RoomView::seq)
    }

    /// Notes that the user has read everything.
    pub(crate) fn mark_read(&mut self) {
        let seq = self.tip();
        let Some(view) = self.view.as_mut().filter(|view| view.info().read_seq < seq) else {
            return;
        };
        let read = ReadEvent {
            room: self.name.clone(),
            seq,
            unread: 0,
            mentions: 0,
        };
        view.apply(&ServerFrame::Read(read));
    }

    /// Returns true if the server has announced the room and the user is still in it.
    pub(crate) fn is_open(&self) -> bool {
        self.view.is_some() && self.closed().is_none()
    }

    /// Why the user is no longer in the room, if so.
    pub(crate) fn closed(&self) -> Option<&str> {
        match &self.membership {
            Membership::Closed(why) => Some(why),
            Membership::Member | Membership::Leaving => None,
        }
    }

    /// Returns true if a text would be lost with the room.
    pub(crate) fn holds_text(&self) -> bool {
        !self.pending.is_empty() || !self.drafts().is_empty()
    }

    /// The name to show; for a direct message the other person's.
    pub(crate) fn title(&self) -> &str {
        let with = self.info().and_then(|info| info.with.as_ref());
        with.map_or(self.name.as_str(), Username::as_str)
    }

    pub(crate) fn is_direct(&self) -> bool {
        let kind = self.info().map(|info| info.kind);
        kind == Some(RoomKind::Direct) || self.name.is_direct()
    }

    /// Returns true if the newest line is not at the bottom of the screen.
    pub(crate) fn is_scrolled(&self) -> bool {
        self.scroll != Scroll::Newest
    }

    /// A message that is held, as it is now.
    pub(crate) fn message(&self, seq: Seq) -> Option<&ChatEvent> {
        self.view.as_ref()?.message(seq)
    }

    /// The messages that are shown, newest first.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &ChatEvent> {
        let view = self.view.iter();
        view.flat_map(|view| view.shown().messages().rev())
    }

    /// The seq of the newest message that is shown.
    pub(crate) fn newest(&self) -> Option<Seq> {
        self.messages().next().map(|message| message.seq)
    }

    /// The seq of the oldest message that is shown.
    pub(crate) fn oldest(&self) -> Option<Seq> {
        let mut messages = self.view.as_ref()?.shown().messages();
        messages.next().map(|message| message.seq)
    }

    /// Returns true if what is shown ends at the newest message.
    pub(crate) fn is_live(&self) -> bool {
        self.view.as_ref().is_none_or(RoomView::is_at_live_end)
    }

    /// Goes to the newest message and leaves the past.
    pub(crate) fn show_newest(&mut self) {
        self.scroll = Scroll::Newest;
        if let Some(view) = &mut self.view {
            view.show_live_end();
        }
    }

    /// Lets the view drop old lines, but none while the user is scrolled up to them.
    pub(crate) fn trim(&mut self) {
        let is_following = !self.is_scrolled();
        if let Some(view) = &mut self.view {
            view.follow(is_following);
            if is_following {
                self.notes.drop_before(view.shown().after());
            }
        }
    }

    /// Keeps only the newest lines, for a room that is not shown.
    pub(crate) fn trim_hidden(&mut self) {
        if let Some(view) = &mut self.view {
            view.hide();
            self.notes.drop_before(view.shown().after());
        }
    }

    /// Drops what is held of the room, because it may have a gap.
    pub(crate) fn forget(&mut self) {
        self.view = None;
        self.restart();
    }

    /// Drops this client's notes and requests after the view has dropped its messages.
    pub(crate) fn restart(&mut self) {
        self.notes.clear();
        self.paging.restart();
        (self.scroll, self.selected, self.jump) = Default::default();
    }
}
