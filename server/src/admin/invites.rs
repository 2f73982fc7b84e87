//! Acts on invite links.

use chat_shared::limits::{INVITE_FOR_S_MAX, INVITE_USES_MAX};

use super::act::{Link, Outcome};
use super::executor::{Executor, Failure};
use crate::accounts::{NewInvite, Registration, invite_info};

impl Executor {
    pub(super) async fn invites(&self) -> Result<Outcome, Failure> {
        let invites = self.accounts.invites().await?;
        Ok(Outcome::Invites(
            invites.into_iter().map(invite_info).collect(),
        ))
    }

    pub(super) async fn make_invite(&self, uses: u32, for_s: u64) -> Result<Outcome, Failure> {
        let is_in_range =
            (1..=INVITE_USES_MAX).contains(&uses) && (1..=INVITE_FOR_S_MAX).contains(&for_s);
        if !is_in_range {
            return Err(Failure::Range);
        }
        if self.accounts.registration() == Registration::Closed {
            return Err(Failure::Closed);
        }
        let invite = NewInvite {
            by: None,
            uses,
            for_ms: for_s * 1_000,
            room: None,
        };
        let (secret, code) = self.accounts.make_invite(invite).await?;
        let path = format!("/join/{}", secret.expose());
        let link = Link {
            username: None,
            url: self.url(&path),
            path,
            expires: code.expires,
        };
        let people = match uses {
            1 => "one person signs".to_owned(),
            uses => format!("{uses} people sign"),
        };
        let sentence = format!("By this link {people} up, as invite {}:", code.id.0);
        Ok(Outcome::Link { sentence, link })
    }

    pub(super) async fn revoke_invite(&self, invite: &str) -> Result<Outcome, Failure> {
        match self.accounts.revoke_invite(None, invite).await? {
            true => Ok(Outcome::Done {
                sentence: format!("Nobody signs up by invite {invite} any more."),
            }),
            false => Err(Failure::NoSuchInvite(invite.to_owned())),
        }
    }
}
