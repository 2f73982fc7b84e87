//! Commands about who is an admin of the server, which only admins may give.

use super::Client;
use crate::Username;
use crate::client::CommandError;
use crate::protocol::{AdminRight, Command};

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
}

fn right_of(who: &Username) -> AdminRight {
    AdminRight {
        username: who.clone(),
    }
}
