//! The right of the server's admins: who may give their commands, and how it is given and taken.

use chat_shared::Username;
use chat_shared::protocol::ErrorFrame;

use super::people::{self, LookupError};
use crate::accounts::AdminError;
use crate::hub::Hub;
use crate::messages;

/// Rejects a command that only admins may give.
///
/// # Errors
/// The reply.
pub(super) fn check(hub: &Hub, username: &Username) -> Result<(), ErrorFrame> {
    match hub.accounts().is_admin(username) {
        true => Ok(()),
        false => Err(messages::admin_only()),
    }
}

/// Makes a user an admin, or takes the right from them.
///
/// # Errors
/// The reply; nothing changed.
pub(super) async fn set(
    hub: &Hub,
    by: &Username,
    username: &Username,
    is_admin: bool,
) -> Result<(), ErrorFrame> {
    check(hub, by)?;
    let user = people::user(hub, username).await;
    let username = user.map_err(|error| error.frame())?.username;
    let set = hub.accounts().set_admin(Some(by), &username, is_admin);
    set.await.map_err(|error| match error {
        AdminError::Store(error) => LookupError::Store(error).frame(),
        AdminError::NoSuchUser(username) => messages::no_such_user(&username),
        AdminError::NotAdmin => messages::admin_only(),
        error => messages::admin_unchanged(&error),
    })?;
    tracing::info!(%username, %by, is_admin, "an admin changed who is an admin");
    Ok(())
}
