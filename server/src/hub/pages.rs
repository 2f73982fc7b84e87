//! Answers that are read from the store: pages of messages, events and members.

use std::collections::HashSet;
use std::sync::Arc;

use chat_shared::limits::{
    EVENTS_LIMIT_DEFAULT, FRAME_BYTES_MAX, HISTORY_LIMIT_DEFAULT, LIST_LIMIT_DEFAULT,
};
use chat_shared::protocol::{
    Events, EventsPage, History, HistoryPage, MemberInfo, Members, MembersPage, Role, ServerFrame,
};
use chat_shared::{RequestId, RoomName, Seq, Username, codec};
use serde::Serialize;

use super::{Hub, wire};
use crate::rules::{LogEvent, RoomState};
use crate::store::{StoreError, User};

/// Bytes that the rows of one answer may take, so that the whole frame stays in its limit.
pub const LIST_BYTES_MAX: usize = FRAME_BYTES_MAX - 1_024;

/// As many of `rows` as fit a frame, and whether some were left out.
pub fn take_fitting<T: Serialize>(rows: impl IntoIterator<Item = T>) -> (Vec<T>, bool) {
    let mut taken = Vec::new();
    let mut bytes = 0;
    for row in rows {
        bytes += codec::encode(&row).len() + 1;
        if bytes > LIST_BYTES_MAX {
            return (taken, true);
        }
        taken.push(row);
    }
    (taken, false)
}

/// The rows up to `limit`, and whether there was one more.
fn cut<T>(mut rows: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

fn limit_of(limit: Option<u32>, default: u32) -> usize {
    limit.unwrap_or(default) as usize
}

/// Bytes that a `chat` frame adds to a message's own encoding: its `type`.
const TYPE_BYTES: usize = r#""type":"chat","#.len();

/// A page of the messages that stand at or under `as_of`.
pub(super) async fn history(
    hub: &Hub,
    room: &RoomName,
    as_of: Seq,
    re: Option<RequestId>,
    query: History,
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
        page.prepend(room, &rows, limit);
    }
    if let Some((after, limit)) = newer {
        let mut rows = store.messages_after(room, after, limit + 1).await?;
        rows.retain(|event| event.seq <= as_of);
        page.append(room, rows, limit);
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
    messages: Vec<chat_shared::protocol::ChatEvent>,
    bytes: usize,
    more_before: bool,
    more_after: bool,
}

impl Page {
    fn fits(&mut self, message: &chat_shared::protocol::ChatEvent) -> bool {
        self.bytes += codec::encode(message).len() + TYPE_BYTES + 1;
        self.bytes <= LIST_BYTES_MAX
    }

    /// Takes the newest of `rows`, which come oldest first.
    fn prepend(&mut self, room: &RoomName, rows: &[LogEvent], limit: usize) {
        self.more_before = rows.len() > limit;
        let mut taken = Vec::new();
        for event in rows.iter().rev().take(limit) {
            let message = wire::message(room, event);
            if !self.fits(&message) {
                self.more_before = true;
                break;
            }
            taken.push(message);
        }
        taken.reverse();
        self.messages.splice(0..0, taken);
    }

    fn append(&mut self, room: &RoomName, rows: Vec<LogEvent>, limit: usize) {
        let (rows, more) = cut(rows, limit);
        self.more_after = more;
        for event in &rows {
            let message = wire::message(room, event);
            if !self.fits(&message) {
                self.more_after = true;
                break;
            }
            self.messages.push(message);
        }
    }
}

/// What a resume would send above `query.after`, up to `as_of`.
pub(super) async fn events(
    hub: &Hub,
    room: &RoomName,
    as_of: Seq,
    re: Option<RequestId>,
    query: Events,
) -> Result<ServerFrame, StoreError> {
    let limit = limit_of(query.limit, EVENTS_LIMIT_DEFAULT);
    let mut rows = hub.store().events(room, query.after, limit + 1).await?;
    rows.retain(|event| event.seq <= as_of);
    let (rows, more) = cut(rows, limit);
    let (events, cut_short) = take_fitting(rows.iter().map(|event| wire::event_frame(room, event)));
    let more = more || cut_short;
    Ok(ServerFrame::Events(EventsPage {
        re,
        room: room.clone(),
        events,
        more,
    }))
}

/// What the room's task knows of its members when it is asked.
pub(super) struct MembersAsked {
    /// The wanted part, and one more; `None` in the lobby, which is everyone's.
    pub(super) page: Option<Vec<(Username, Role)>>,
    pub(super) online: Arc<HashSet<Username>>,
}

impl MembersAsked {
    pub(super) fn new(
        state: &RoomState,
        hub: &Hub,
        online: Arc<HashSet<Username>>,
        query: &Members,
    ) -> Self {
        use std::ops::Bound;
        let limit = limit_of(query.limit, LIST_LIMIT_DEFAULT);
        let from = query
            .after
            .clone()
            .map_or(Bound::Unbounded, Bound::Excluded);
        let page = (!state.room().is_lobby()).then(|| {
            let names = state
                .members()
                .range((from, Bound::Unbounded))
                .take(limit + 1);
            names
                .map(|(name, _)| {
                    (
                        name.clone(),
                        state.role_of(name, hub.accounts().is_admin(name)),
                    )
                })
                .collect()
        });
        Self { page, online }
    }
}

pub(super) async fn members(
    hub: &Hub,
    room: &RoomName,
    re: Option<RequestId>,
    query: Members,
    asked: MembersAsked,
) -> Result<ServerFrame, StoreError> {
    let limit = limit_of(query.limit, LIST_LIMIT_DEFAULT);
    let rows: Vec<(User, Role)> = match asked.page {
        None => {
            let after = query.after.as_ref().map_or("", Username::as_str);
            let users = hub.store().users_after(after, limit + 1).await?;
            let lobby = RoomState::empty(RoomName::lobby());
            let role = |name: &Username| lobby.role_of(name, hub.accounts().is_admin(name));
            users
                .into_iter()
                .map(|user| (role(&user.username), user))
                .map(|(r, u)| (u, r))
                .collect()
        }
        Some(page) => {
            let mut rows = Vec::with_capacity(page.len());
            for (name, role) in page {
                if let Some(user) = hub.store().find_user(name.as_str()).await? {
                    rows.push((user, role));
                }
            }
            rows
        }
    };
    let (rows, more) = cut(rows, limit);
    let (members, cut_short) = take_fitting(rows.into_iter().map(|(user, role)| MemberInfo {
        online: asked.online.contains(&user.username),
        avatar: crate::accounts::avatar_path(&user.username),
        username: user.username,
        display_name: user.display_name,
        role,
        bot: user.bot,
        muted: false,
    }));
    let more = more || cut_short;
    Ok(ServerFrame::Members(MembersPage {
        re,
        room: room.clone(),
        members,
        more,
    }))
}
