use chat_shared::protocol::{RoomInfo, RoomKind};
use chat_shared::{RoomName, Seq, TimestampMs, Username};

use super::{Editor, Entry, LineKey, Members, Pending, Timeline};

/// A room one is in.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) name: RoomName,
    /// Absent until the server has told it.
    pub(crate) info: Option<RoomInfo>,
    pub(crate) timeline: Timeline,
    /// Own messages that are not stored yet, oldest first.
    pub(crate) pending: Vec<Pending>,
    pub(crate) members: Members,
    pub(crate) scroll: Scroll,
    /// Each room keeps what was being typed in it.
    pub(crate) input: Editor,
    pub(crate) compose: Compose,
    /// The message that was chosen with the keys for it.
    pub(crate) selected: Option<Seq>,
    /// A message to show as soon as its page is here.
    pub(crate) jump: Option<Seq>,
    /// Messages that one has not seen, and how many of them name one.
    pub(crate) unread: u64,
    pub(crate) mentions: u64,
    pub(crate) read: ReadMarker,
    pub(crate) typing: Typing,
}

/// What Enter does with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Compose {
    #[default]
    New,
    Reply(Seq),
    Edit(Seq),
}

/// How far one has read.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReadMarker {
    /// Up to where, as the server has it.
    pub(crate) seq: Seq,
    /// Where the line "new messages" stands: behind this.
    pub(crate) divider: Option<Seq>,
    /// The last event that was told.
    pub(crate) tip: Seq,
    /// Up to where the server's count of unread messages reaches.
    pub(crate) counted_up_to: Seq,
    /// Up to where it was told, and when.
    pub(crate) sent_seq: Seq,
    pub(crate) sent_at: TimestampMs,
}

/// Who is writing, and until when that holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Typing {
    pub(crate) names: Vec<Username>,
    pub(crate) until: TimestampMs,
    /// When oneself was last said to be writing.
    pub(crate) sent_at: TimestampMs,
}

/// Which line stands at the bottom of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Scroll {
    /// The newest; it follows.
    #[default]
    Newest,
    /// This one, of which the last `hidden` rows are below the screen. `new` messages came since.
    At {
        key: LineKey,
        hidden: usize,
        new: u64,
    },
}

/// What the timeline shows, stored or not.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TimelineItem<'a> {
    Entry(&'a Entry),
    Pending(&'a Pending),
}

impl TimelineItem<'_> {
    pub(crate) fn ts(&self) -> chat_shared::TimestampMs {
        match self {
            Self::Entry(entry) => entry.ts,
            Self::Pending(pending) => pending.ts,
        }
    }
}

impl Room {
    pub(crate) fn new(name: RoomName) -> Self {
        Self {
            name,
            info: None,
            timeline: Timeline::default(),
            pending: Vec::new(),
            members: Members::default(),
            scroll: Scroll::default(),
            input: Editor::default(),
            compose: Compose::default(),
            selected: None,
            jump: None,
            unread: 0,
            mentions: 0,
            read: ReadMarker::default(),
            typing: Typing::default(),
        }
    }

    /// The name to show: a direct room's is the other person's.
    pub(crate) fn title(&self) -> &str {
        let with = self.info.as_ref().and_then(|info| info.with.as_ref());
        with.map_or(self.name.as_str(), Username::as_str)
    }

    pub(crate) fn is_direct(&self) -> bool {
        let kind = self.info.as_ref().map(|info| info.kind);
        kind == Some(RoomKind::Direct) || self.name.is_direct()
    }

    /// Whether one reads further up than the newest line.
    pub(crate) fn is_scrolled(&self) -> bool {
        self.scroll != Scroll::Newest
    }

    /// The lines up to and with `key`, newest first.
    pub(crate) fn up_from(
        &self,
        key: LineKey,
    ) -> impl Iterator<Item = (LineKey, TimelineItem<'_>)> {
        let pending = self.pending.iter().enumerate().rev();
        let pending =
            pending.map(|(index, line)| (LineKey::pending(index), TimelineItem::Pending(line)));
        let lines = self.timeline.lines().range(..=key).rev();
        let lines = lines.map(|(key, entry)| (*key, TimelineItem::Entry(entry)));
        pending.filter(move |(at, _)| *at <= key).chain(lines)
    }

    /// The lines from `key` on, oldest first.
    pub(crate) fn down_from(
        &self,
        key: LineKey,
    ) -> impl Iterator<Item = (LineKey, TimelineItem<'_>)> {
        let lines = self.timeline.lines().range(key..);
        let lines = lines.map(|(key, entry)| (*key, TimelineItem::Entry(entry)));
        let pending = self.pending.iter().enumerate();
        let pending =
            pending.map(|(index, line)| (LineKey::pending(index), TimelineItem::Pending(line)));
        lines.chain(pending.filter(move |(at, _)| *at >= key))
    }
}
