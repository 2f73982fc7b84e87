//! Answers that are lists, and the page of a room's members.

use std::collections::HashSet;
use std::sync::Arc;

use chat_shared::limits::{FRAME_BYTES_MAX, LIST_LIMIT_DEFAULT};
use chat_shared::protocol::{MemberInfo, Members, MembersPage, ServerFrame};
use chat_shared::{RequestId, RoomName, TimestampMs, Username, codec};
use serde::Serialize;

use super::Hub;
use crate::accounts::avatar_path;
use crate::rules::RoomState;
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
pub(super) fn cut<T>(mut rows: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let more = rows.len() > limit;
    rows.truncate(limit);
    (rows, more)
}

pub(super) fn limit_of(limit: Option<u32>, default: u32) -> usize {
    limit.unwrap_or(default) as usize
}

/// What the room's task knows of its members when it is asked.
pub(super) struct MembersAsked {
    /// The wanted part, and one more; `None` in the lobby, which is everyone's.
    page: Option<Vec<Username>>,
    /// Who has a role, or is muted.
    state: Arc<RoomState>,
    now: TimestampMs,
    online: Arc<HashSet<Username>>,
}

impl MembersAsked {
    pub(super) fn new(
        state: &RoomState,
        now: TimestampMs,
        online: Arc<HashSet<Username>>,
        query: &Members,
    ) -> Self {
        use std::ops::Bound;
        let limit = limit_of(query.limit, LIST_LIMIT_DEFAULT);
        let after = query.after.clone();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let page = (!state.room().is_lobby()).then(|| {
            let names = state.members().range((from, Bound::Unbounded));
            names
                .take(limit + 1)
                .map(|(name, _)| name.clone())
                .collect()
        });
        let state = Arc::new(state.clone());
        Self {
            page,
            state,
            now,
            online,
        }
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
    let rows: Vec<User> = match asked.page {
        None => {
            let after = query.after.as_ref().map_or("", Username::as_str);
            hub.store().users_after(after, limit + 1).await?
        }
        Some(names) => {
            let mut rows = Vec::with_capacity(names.len());
            for name in names {
                rows.extend(hub.store().find_user(name.as_str()).await?);
            }
            rows
        }
    };
    let (rows, more) = cut(rows, limit);
    let role = |name: &Username| asked.state.role_of(name, hub.accounts().is_admin(name));
    let (members, cut_short) = take_fitting(rows.into_iter().map(|user| MemberInfo {
        online: asked.online.contains(&user.username),
        avatar: avatar_path(&user),
        role: role(&user.username),
        muted: asked.state.is_muted(&user.username, asked.now),
        username: user.username,
        display_name: user.display_name,
        bot: user.bot,
    }));
    let more = more || cut_short;
    Ok(ServerFrame::Members(MembersPage {
        re,
        room: room.clone(),
        members,
        more,
    }))
}
