//! Commands about who is an admin of the server and about what was done, which only admins may give.

use super::{Client, unexpected};
use crate::Username;
use crate::client::CommandError;
use crate::protocol::{AdminRight, Audit, AuditPage, Command, ServerFrame};

impl Client {
    /// Makes a user an admin of the server. Somebody who is one stays one.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn make_admin(&self, who: &Username) -> Result<(), CommandError> {
        self.done(Command::MakeAdmin(right_of(who))).await
    }

    /// Takes the admin's right from a user, who may be the caller. The last admin keeps it.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn unmake_admin(&self, who: &Username) -> Result<(), CommandError> {
        self.done(Command::UnmakeAdmin(right_of(who))).await
    }

    /// Lists who signed in and who changed what, the newest first. `before` is the
    /// [`crate::protocol::AuditInfo::entry`] behind which the page begins.
    ///
    /// # Errors
    /// [`CommandError`].
    pub async fn audit(
        &self,
        before: Option<String>,
        limit: Option<u32>,
    ) -> Result<AuditPage, CommandError> {
        match self.timed(Command::Audit(Audit { before, limit })).await? {
            ServerFrame::Audit(page) => Ok(page),
            other => Err(unexpected(&other)),
        }
    }
}

fn right_of(who: &Username) -> AdminRight {
    AdminRight {
        username: who.clone(),
    }
}
