//! Replies that are lists, and the page of a room's members.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chat_shared::limits::{FRAME_BYTES_MAX, LIST_LIMIT_DEFAULT};
use chat_shared::protocol::{MemberInfo, Members, MembersPage, Role, ServerFrame};
use chat_shared::{RequestId, RoomName, Username, codec};
use futures::{StreamExt, TryStreamExt};
use serde::Serialize;

use super::Hub;
use crate::accounts::avatar_path;
use chat_server_rules::RoomState;
use chat_server_store::{AccountState, SharedStore, StoreError, User};

/// Bytes that the rows of one answer may take, so that the whole frame stays in its limit.
pub const LIST_BYTES_MAX: usize = FRAME_BYTES_MAX - 1_024;

/// Accounts that one page looks up at the same time.
const LOOKUPS_AT_ONCE_MAX: usize = 16;

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

/// A copy of what the room's task knows about its members, made when the query came.
pub(super) struct MembersSnapshot {
    page: MemberRows,
    online: Arc<HashSet<Username>>,
}

enum MemberRows {
    /// The wanted part, and one more.
    Members(Vec<Standing>),
    /// Every account is a member of the lobby; only people with a role, or a mute, are named here.
    Everyone(BTreeMap<Username, Standing>),
}

/// A member's role in a room.
#[derive(Clone)]
struct Standing {
    username: Username,
    role: Role,
    muted: bool,
}

impl MembersSnapshot {
    pub(super) fn new(
        hub: &Hub,
        state: &RoomState,
        online: Arc<HashSet<Username>>,
        query: &Members,
    ) -> Self {
        use std::ops::Bound;
        let now = hub.now();
        let standing = |name: &Username| Standing {
            username: name.clone(),
            role: state.role_of(name, hub.accounts().is_admin(name)),
            muted: state.is_muted(name, now),
        };
        let page = if state.scope().has_everyone() {
            let known = state.members().keys().chain(state.muted());
            let admins = hub.accounts().admins();
            let known = known.chain(admins.iter());
            MemberRows::Everyone(known.map(|name| (name.clone(), standing(name))).collect())
        } else {
            let limit = limit_of(query.limit, LIST_LIMIT_DEFAULT);
            let after = query.after.clone();
            let from = after.map_or(Bound::Unbounded, Bound::Excluded);
            let names = state.members().range((from, Bound::Unbounded));
            let names = names.take(limit + 1).map(|(name, _)| name);
            MemberRows::Members(names.map(standing).collect())
        };
        Self { page, online }
    }
}

/// Accounts that were not erased, by name.
async fn people_after(
    store: &SharedStore,
    after: &str,
    limit: usize,
) -> Result<Vec<User>, StoreError> {
    let (mut people, mut after) = (Vec::new(), after.to_owned());
    loop {
        let page = store.users_after(&after, limit).await?;
        let is_last = page.len() < limit;
        if let Some(last) = page.last() {
            after = last.username.to_string();
        }
        let left = page
            .into_iter()
            .filter(|user| user.state != AccountState::Erased);
        people.extend(left);
        if is_last || people.len() >= limit {
            return Ok(people);
        }
    }
}

pub(super) async fn members(
    hub: &Hub,
    room: &RoomName,
    re: Option<RequestId>,
    query: Members,
    asked: MembersSnapshot,
) -> Result<ServerFrame, StoreError> {
    let limit = limit_of(query.limit, LIST_LIMIT_DEFAULT);
    let store = hub.store();
    let rows: Vec<(User, Standing)> = match asked.page {
        MemberRows::Everyone(known) => {
            let after = query.after.as_ref().map_or("", Username::as_str);
            let users = people_after(store, after, limit + 1).await?;
            let standing = |name: &Username| {
                known.get(name).cloned().unwrap_or_else(|| Standing {
                    username: name.clone(),
                    role: Role::Member,
                    muted: false,
                })
            };
            let with_standing = |user: User| (standing(&user.username), user);
            let rows = users.into_iter().map(with_standing);
            rows.map(|(standing, user)| (user, standing)).collect()
        }
        MemberRows::Members(page) => {
            let users = futures::stream::iter(page).map(|standing| async move {
                let user = store.find_user(standing.username.as_str()).await?;
                Ok::<_, StoreError>(user.map(|user| (user, standing)))
            });
            let users: Vec<Option<_>> = users.buffered(LOOKUPS_AT_ONCE_MAX).try_collect().await?;
            users.into_iter().flatten().collect()
        }
    };
    let (rows, more) = cut(rows, limit);
    let (members, cut_short) = take_fitting(rows.into_iter().map(|(user, standing)| MemberInfo {
        online: asked.online.contains(&user.username),
        avatar: avatar_path(&user),
        role: standing.role,
        muted: standing.muted,
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
