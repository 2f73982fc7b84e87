//! Pages of messages, as they are after all edits, deletes and reactions.

use std::collections::BTreeMap;

use chat_shared::limits::HISTORY_LIMIT_DEFAULT;
use chat_shared::protocol::{ChatEvent, History, HistoryPage, ServerFrame};
use chat_shared::{RequestId, RoomName, Seq, Username, codec};

use super::pages::{LIST_BYTES_MAX, cut, limit_of};
use super::{Hub, wire};
use chat_rules::{LogEvent, Target};
use chat_store::StoreError;

/// Bytes that a `chat` frame adds to a message's own encoding: its `type`.
const TYPE_BYTES: usize = r#""type":"chat","#.len();

/// Makes a page of the messages up to `as_of`.
pub(super) async fn history(
    hub: &Hub,
    room: &RoomName,
    as_of: Seq,
    re: Option<RequestId>,
    query: History,
    viewer: &Username,
) -> Result<ServerFrame, StoreError> {
    let limit = limit_of(query.limit, HISTORY_LIMIT_DEFAULT);
    let (older, newer) = match (query.before, query.after, query.around) {
        (_, _, Some(around)) => {
            let newer = limit / 2;
            (
                Some((around.saturating_add(1), limit - newer)),
                Some((around, newer)),
            )
        }
        (_, Some(after), _) => (None, Some((after, limit))),
        (before, _, _) => (Some((before.unwrap_or(as_of + 1), limit)), None),
    };
    let store = hub.store();
    let mut page = Page::default();
    if let Some((before, limit)) = older {
        let rows = store
            .messages_before(room, before.min(as_of + 1), limit + 1)
            .await?;
        page.prepend(shown(hub, room, rows, as_of, viewer).await?, limit);
    }
    if let Some((after, limit)) = newer {
        let mut rows = store.messages_after(room, after, limit + 1).await?;
        rows.retain(|event| event.seq <= as_of);
        page.append(shown(hub, room, rows, as_of, viewer).await?, limit);
    }
    if newer.is_none() && query.before.is_some_and(|before| before <= as_of) {
        let from = query.before.unwrap_or_default().saturating_sub(1);
        let next = store.messages_after(room, from, 1).await?;
        page.more_after |= next.first().is_some_and(|event| event.seq <= as_of);
    }
    if older.is_none() {
        let before = query
            .after
            .unwrap_or_default()
            .saturating_add(1)
            .min(as_of + 1);
        page.more_before |= !store.messages_before(room, before, 1).await?.is_empty();
    }
    Ok(ServerFrame::History(HistoryPage {
        re,
        room: room.clone(),
        as_of,
        messages: page.messages,
        more_before: page.more_before,
        more_after: page.more_after,
    }))
}

#[derive(Default)]
struct Page {
    messages: Vec<ChatEvent>,
    bytes: usize,
    more_before: bool,
    more_after: bool,
}

impl Page {
    fn fits(&mut self, message: &ChatEvent) -> bool {
        self.bytes += codec::encode(message).len() + TYPE_BYTES + 1;
        self.bytes <= LIST_BYTES_MAX
    }

    /// Takes the newest of `messages`, which come oldest first.
    fn prepend(&mut self, messages: Vec<ChatEvent>, limit: usize) {
        self.more_before = messages.len() > limit;
        let mut taken = Vec::new();
        for message in messages.into_iter().rev().take(limit) {
            if !self.fits(&message) {
                self.more_before = true;
                break;
            }
            taken.push(message);
        }
        taken.reverse();
        self.messages.splice(0..0, taken);
    }

    fn append(&mut self, messages: Vec<ChatEvent>, limit: usize) {
        let (messages, more) = cut(messages, limit);
        self.more_after = more;
        for message in messages {
            if !self.fits(&message) {
                self.more_after = true;
                break;
            }
            self.messages.push(message);
        }
    }
}

/// As many of `messages` as fit a frame, and whether some were left out.
pub fn take_fitting_messages(messages: Vec<ChatEvent>) -> (Vec<ChatEvent>, bool) {
    let count = messages.len();
    let mut page = Page::default();
    page.append(messages, count);
    (page.messages, page.more_after)
}

/// Messages as they stood at `as_of`, as `viewer` sees them: each with all that changed it.
pub async fn shown(
    hub: &Hub,
    room: &RoomName,
    messages: Vec<LogEvent>,
    as_of: Seq,
    viewer: &Username,
) -> Result<Vec<ChatEvent>, StoreError> {
    let mut targets: BTreeMap<Seq, Target> = messages
        .iter()
        .filter_map(|event| Some((event.seq, Target::new(event)?)))
        .collect();
    let seqs: Vec<Seq> = targets.keys().copied().collect();
    for event in hub.store().events_targeting(room, &seqs, as_of).await? {
        let target = event.body.target().and_then(|seq| targets.get_mut(&seq));
        if let Some(target) = target {
            target.apply(&event);
        }
    }
    Ok(targets
        .values()
        .map(|target| wire::message(room, target, viewer))
        .collect())
}
