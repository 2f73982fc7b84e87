//! Pages of messages, as they are after all edits, deletes and reactions.

use chat_shared::limits::HISTORY_LIMIT_DEFAULT;
use chat_shared::protocol::{ChatEvent, History, HistoryPage, ServerFrame};
use chat_shared::{RequestId, RoomName, Seq, Username, codec};

use super::pages::{LIST_BYTES_MAX, limit_of};
use super::{Hub, wire};
use chat_server_rules::LogEvent;
use chat_server_store::{PageLimit, StoreError};

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
    let page_limit = |rows| PageLimit {
        rows,
        bytes: LIST_BYTES_MAX,
    };
    if let Some((before, limit)) = older {
        let before = before.min(as_of + 1);
        let rows = store.messages_before(room, before, page_limit(limit));
        let mut rows = rows.await?;
        rows.events.reverse();
        page.prepend(shown_page(hub, room, rows, as_of, viewer).await?);
    }
    if let Some((after, limit)) = newer {
        let rows = store.messages_after(room, after, page_limit(limit));
        let mut rows = rows.await?;
        let count = rows.events.len();
        rows.events.retain(|event| event.seq <= as_of);
        rows.more &= rows.events.len() == count;
        page.append(shown_page(hub, room, rows, as_of, viewer).await?);
    }
    if newer.is_none() && query.before.is_some_and(|before| before <= as_of) {
        let from = query.before.unwrap_or_default().saturating_sub(1);
        let next = store.messages_after(room, from, PageLimit::rows(1)).await?;
        page.more_after |= next.events.first().is_some_and(|event| event.seq <= as_of);
    }
    if older.is_none() {
        let before = query
            .after
            .unwrap_or_default()
            .saturating_add(1)
            .min(as_of + 1);
        let older = store.messages_before(room, before, PageLimit::rows(1));
        page.more_before |= !older.await?.events.is_empty();
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

    /// Takes as many of `shown` as fit, which come newest first.
    fn prepend(&mut self, shown: Shown) {
        self.more_before = shown.more;
        let mut taken = Vec::new();
        for message in shown.messages {
            if !self.fits(&message) {
                self.more_before = true;
                break;
            }
            taken.push(message);
        }
        taken.reverse();
        self.messages.splice(0..0, taken);
    }

    /// Takes as many of `shown` as fit, which come oldest first.
    fn append(&mut self, shown: Shown) {
        self.more_after = shown.more;
        for message in shown.messages {
            if !self.fits(&message) {
                self.more_after = true;
                break;
            }
            self.messages.push(message);
        }
    }
}

/// Messages of a page, and whether the store had more.
struct Shown {
    messages: Vec<ChatEvent>,
    more: bool,
}

async fn shown_page(
    hub: &Hub,
    room: &RoomName,
    rows: chat_server_store::Page,
    as_of: Seq,
    viewer: &Username,
) -> Result<Shown, StoreError> {
    let count = rows.events.len();
    let messages = shown(hub, room, rows.events, as_of, viewer, LIST_BYTES_MAX).await?;
    let more = rows.more || messages.len() < count;
    Ok(Shown { messages, more })
}

/// As many of `messages` as fit a frame, and whether some were left out.
pub fn take_fitting_messages(messages: Vec<ChatEvent>) -> (Vec<ChatEvent>, bool) {
    let mut page = Page::default();
    let more = false;
    page.append(Shown { messages, more });
    (page.messages, page.more_after)
}

/// Messages as they were at `as_of`, as `viewer` sees them: each with all that changed it. It ends
/// before what would bring their texts over `bytes`, but never before the first.
pub async fn shown(
    hub: &Hub,
    room: &RoomName,
    messages: Vec<LogEvent>,
    as_of: Seq,
    viewer: &Username,
    bytes: usize,
) -> Result<Vec<ChatEvent>, StoreError> {
    let states = hub.store().message_states(room, messages, as_of, bytes);
    let states = states.await?;
    let states = states.iter();
    Ok(states
        .map(|state| wire::message(room, state, viewer))
        .collect())
}
