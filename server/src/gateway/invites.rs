//! Invite links and links to reset a password, which admins make.

use chat_shared::limits::{INVITE_FOR_S_DEFAULT, LIST_LIMIT_DEFAULT};
use chat_shared::protocol::{
    ErrorFrame, InviteLink, InviteLinks, InvitesPage, NewInviteLink, NewResetLink, ServerFrame,
};
use chat_shared::{RequestId, RoomName, Username};

use super::admins;
use super::people::{self, LookupError};
use crate::accounts::{NewCodeError, NewInvite, Registration, invite_info};
use crate::hub::{Hub, take_fitting};
use crate::messages;
use chat_server_rules::{Refusal, RoomScope};
use chat_server_store::{StoreError, log_failure};

/// Makes a link.
pub(super) async fn make(
    hub: &Hub,
    by: &Username,
    re: Option<RequestId>,
    wanted: InviteLink,
) -> Result<ServerFrame, ErrorFrame> {
    admins::check(hub, by)?;
    if hub.accounts().registration() == Registration::Closed {
        return Err(messages::no_invite_to_closed());
    }
    if let Some(room) = &wanted.room {
        check_room(hub, by, room).await?;
    }
    let invite = NewInvite {
        by: Some(by.clone()),
        uses: wanted.uses.unwrap_or(1),
        for_ms: wanted.for_s.unwrap_or(INVITE_FOR_S_DEFAULT) * 1_000,
        room: wanted.room,
    };
    let made = hub.accounts().make_invite(invite).await;
    let (secret, code) = made.map_err(|error| no_code(&error, messages::invites_too_many))?;
    Ok(ServerFrame::InviteLink(NewInviteLink {
        re,
        invite: code.id.0,
        path: format!("/join/{}", secret.expose()),
        expires: code.expires,
        uses: code.uses,
        room: code.room,
    }))
}

/// Lists the links.
pub(super) async fn list(
    hub: &Hub,
    by: &Username,
    re: Option<RequestId>,
    query: InviteLinks,
) -> Result<ServerFrame, ErrorFrame> {
    admins::check(hub, by)?;
    let invites = hub.accounts().invites().await.map_err(failed)?;
    let behind = match &query.after {
        None => 0,
        Some(after) => {
            let found = invites.iter().position(|it| it.code.id.0 == *after);
            found.map_or(invites.len(), |at| at + 1)
        }
    };
    let limit = query.limit.unwrap_or(LIST_LIMIT_DEFAULT) as usize;
    let left = invites.len() - behind;
    let page = invites
        .into_iter()
        .skip(behind)
        .take(limit)
        .map(invite_info);
    let (invites, _) = take_fitting(page);
    Ok(ServerFrame::InviteLinks(InvitesPage {
        re,
        more: invites.len() < left,
        invites,
    }))
}

/// Ends a link.
pub(super) async fn revoke(hub: &Hub, by: &Username, invite: &str) -> Result<(), ErrorFrame> {
    admins::check(hub, by)?;
    let revoked = hub.accounts().revoke_invite(Some(by), invite).await;
    match revoked.map_err(failed)? {
        true => Ok(()),
        false => Err(messages::no_such_invite()),
    }
}

/// Makes a link by which somebody sets a new password. A stolen session of an admin must not take
/// the account over, nor another admin's, so that there is no such link for admins.
pub(super) async fn reset(
    hub: &Hub,
    by: &Username,
    re: Option<RequestId>,
    username: &Username,
) -> Result<ServerFrame, ErrorFrame> {
    admins::check(hub, by)?;
    let user = people::user(hub, username).await;
    let user = user.map_err(|error| error.frame())?;
    let username = user.username.clone();
    if hub.accounts().is_admin(&username) {
        return Err(messages::no_reset_of_admin());
    }
    let made = hub.accounts().make_reset(Some(by), user).await;
    let (secret, code) = made.map_err(|error| no_code(&error, messages::resets_too_many))?;
    tracing::info!(%username, %by, "a link to reset a password was made");
    Ok(ServerFrame::ResetLink(NewResetLink {
        re,
        username,
        path: format!("/reset/{}", secret.expose()),
        expires: code.expires,
    }))
}

/// Checks that the admin may invite into a room: a public one, or one that they are in.
async fn check_room(hub: &Hub, by: &Username, room: &RoomName) -> Result<(), ErrorFrame> {
    if RoomScope::of(room).has_everyone() || room.is_direct() {
        return Err(messages::no_room_to_invite_into());
    }
    let is_in = hub
        .store()
        .rooms_of(by)
        .await
        .map_err(failed)?
        .contains(room);
    let public = hub.store().public_rooms(room.as_str(), "", 1);
    let is_public = public
        .await
        .map_err(failed)?
        .iter()
        .any(|it| it.room == *room);
    match is_in || is_public {
        true => Ok(()),
        false => Err(messages::refused(Refusal::NoSuchRoom)),
    }
}

fn failed(error: StoreError) -> ErrorFrame {
    LookupError::Store(error).frame()
}

fn no_code(error: &NewCodeError, too_many: fn() -> ErrorFrame) -> ErrorFrame {
    match error {
        NewCodeError::TooMany => return too_many(),
        NewCodeError::Random(error) => tracing::error!(%error, "a link could not be made"),
        NewCodeError::Store(error) => log_failure!(error, error, "a link could not be made"),
    }
    messages::unavailable()
}
