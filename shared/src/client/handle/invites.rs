//! Commands about links for newcomers and for forgotten passwords, which only the server's admin may
//! give.

use super::{Client, unexpected};
use crate::Username;
use crate::client::CommandError;
use crate::protocol::{
    Command, InviteLink, InviteLinks, InvitesPage, NewInviteLink, NewResetLink, ResetLink,
    RevokeInvite, ServerFrame,
};

impl Client {
    /// Makes a link by which people sign up. Its [`NewInviteLink::path`] can't be read again.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn invite_link(&self, link: InviteLink) -> Result<NewInviteLink, CommandError> {
        match self.timed(Command::InviteLink(link)).await? {
            ServerFrame::InviteLink(link) => Ok(link),
            other => Err(unexpected(&other)),
        }
    }

    /// Lists the invite links that have not expired, the newest first.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn invite_links(
        &self,
        after: Option<String>,
        limit: Option<u32>,
    ) -> Result<InvitesPage, CommandError> {
        let query = InviteLinks { after, limit };
        match self.timed(Command::InviteLinks(query)).await? {
            ServerFrame::InviteLinks(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Ends the invite link with this [`crate::protocol::InviteInfo::invite`].
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn revoke_invite(&self, invite: &str) -> Result<(), CommandError> {
        let invite = invite.to_owned();
        self.done(Command::RevokeInvite(RevokeInvite { invite }))
            .await
    }

    /// Makes a link by which a user gets a new password once, within a day. Its
    /// [`NewResetLink::path`] can't be read again.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn reset_link(&self, who: &Username) -> Result<NewResetLink, CommandError> {
        let username = who.clone();
        match self
            .timed(Command::ResetLink(ResetLink { username }))
            .await?
        {
            ServerFrame::ResetLink(link) => Ok(link),
            other => Err(unexpected(&other)),
        }
    }
}
