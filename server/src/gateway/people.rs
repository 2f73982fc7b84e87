//! Accounts for the usernames in commands.

use chat_shared::limits::MENTIONS_MAX;
use chat_shared::protocol::ErrorFrame;
use chat_shared::{RoomName, Username, mentioned_names};

use futures::future::try_join_all;

use crate::hub::{Hub, random_hex};
use crate::messages;
use chat_server_rules::Subject;
use chat_server_store::{AccountState, StoreError, User, log_failure};

/// Bytes of randomness in a direct room's name.
const DIRECT_ID_BYTES: usize = 16;

/// Why someone can't be named.
pub(super) enum LookupError {
    Nobody(Username),
    /// A direct room is with someone else.
    Oneself,
    Store(StoreError),
}

impl From<StoreError> for LookupError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl LookupError {
    pub(super) fn frame(&self) -> ErrorFrame {
        match self {
            Self::Nobody(username) => messages::no_such_user(username),
            Self::Oneself => messages::direct_with_oneself(),
            Self::Store(error) => {
                log_failure!(error, error, "an account could not be looked up");
                messages::unavailable()
            }
        }
    }
}

/// Someone who has an account that was not erased, in the spelling of it.
pub(super) async fn user(hub: &Hub, name: &Username) -> Result<User, LookupError> {
    let found = hub.store().find_user(name.as_str()).await?;
    let found = found.filter(|user| user.state != AccountState::Erased);
    found.ok_or_else(|| LookupError::Nobody(name.clone()))
}

pub(super) async fn subject(hub: &Hub, name: &Username) -> Result<Subject, LookupError> {
    let username = user(hub, name).await?.username;
    let admin = hub.accounts().is_admin(&username);
    Ok(Subject { username, admin })
}

/// Those of the names in a text who have accounts. A text without any asks nobody.
pub(super) async fn mentioned(hub: &Hub, text: &str) -> Result<Vec<Username>, LookupError> {
    let mut asked: Vec<&str> = Vec::new();
    for name in mentioned_names(text) {
        if asked.len() < MENTIONS_MAX && !asked.contains(&name) {
            asked.push(name);
        }
    }
    let found = asked.iter().map(|name| hub.store().find_user(name));
    let found = try_join_all(found).await?;
    Ok(found
        .into_iter()
        .flatten()
        .map(|user| user.username)
        .collect())
}

/// The key under which the store keeps the name of two people's direct room.
fn direct_key(one: &Username, other: &Username) -> String {
    let (first, second) = (one.min(other), one.max(other));
    // A name may hold anything, so the first's length tells where the second begins.
    format!("direct:{}:{first}:{second}", first.as_str().len())
}

fn direct_name(name: &str) -> Result<RoomName, StoreError> {
    RoomName::parse(name).map_err(|_| StoreError::Corrupt(format!("a direct room {name:?}")))
}

/// The direct room of two people, if its name is fixed already.
pub(super) async fn known_direct_room(
    hub: &Hub,
    one: &Username,
    other: &Username,
) -> Result<Option<RoomName>, StoreError> {
    let name = hub.store().value(&direct_key(one, other)).await?;
    name.as_deref().map(direct_name).transpose()
}

/// The direct room of two people. The first of them who asks fixes its name.
pub(super) async fn direct_room(
    hub: &Hub,
    one: &Username,
    other: &Username,
) -> Result<RoomName, StoreError> {
    let fresh = format!("@{}", random_hex(DIRECT_ID_BYTES));
    let name = hub
        .store()
        .insert_if_absent(&direct_key(one, other), &fresh)
        .await?;
    direct_name(&name)
}
