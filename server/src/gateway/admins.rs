//! The right of the server's admins: who may give their commands, how it is given and taken, and the
//! audit, which they read.

use chat_shared::limits::LIST_LIMIT_DEFAULT;
use chat_shared::protocol::{Audit, AuditPage, ErrorFrame, ServerFrame};
use chat_shared::{RequestId, Username};

use super::people::{self, LookupError};
use crate::accounts::{AdminError, audit_info};
use crate::hub::{Hub, take_fitting};
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

/// Lists who signed in and who changed what.
///
/// # Errors
/// The reply.
pub(super) async fn audit(
    hub: &Hub,
    by: &Username,
    re: Option<RequestId>,
    query: Audit,
) -> Result<ServerFrame, ErrorFrame> {
    check(hub, by)?;
    let limit = query.limit.unwrap_or(LIST_LIMIT_DEFAULT) as usize;
    let page = hub.accounts().audit_page(query.before, limit).await;
    let (entries, more) = page.map_err(|error| LookupError::Store(error).frame())?;
    let (entries, cut_short) = take_fitting(entries.into_iter().map(audit_info));
    Ok(ServerFrame::Audit(AuditPage {
        re,
        entries,
        more: more || cut_short,
    }))
}
