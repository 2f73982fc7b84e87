//! Carries out acts, in a running server and on a stopped one's store alike.

use std::collections::BTreeSet;
use std::sync::Arc;

use chat_server_store::{AccountState, SharedStore, StoreError, User};
use chat_shared::limits::{INVITE_FOR_S_MAX, INVITE_USES_MAX};
use chat_shared::{RoomName, Username};

use super::act::{Act, Answer, Link, Outcome, Person, SessionRow, StorageUse};
use crate::accounts::{
    Accounts, AdminError, NewCodeError, RegisterError, StateError, audit_info, now_ms,
};
use crate::hub::{Hub, scrubbing};

/// Seconds of a day.
pub(super) const DAY_S: u64 = 24 * 60 * 60;

/// Accounts in one page of a list.
const PEOPLE_LISTED_MAX: usize = 200;

/// Accounts that are read for one page: a search passes over those that do not match.
const PEOPLE_READ_MAX: usize = 2_000;

/// Entries of the audit in one page.
const AUDIT_LISTED_MAX: usize = 500;

/// The rooms, accounts and store that acts work on.
#[derive(Debug, Clone)]
pub struct Executor {
    pub(super) hub: Hub,
    pub(super) accounts: Accounts,
    pub(super) store: SharedStore,
    /// The server's address as people open it, such as `https://chat.example`.
    address: Option<String>,
}

/// Why nothing was done. Each is a sentence without its period, for the operator.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("No user is named {0}")]
    NoSuchUser(String),
    #[error(transparent)]
    Register(#[from] RegisterError),
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("No link was made: {0}")]
    Link(#[from] NewCodeError),
    #[error("{0} has an account, but no link was made ({1}): run people reset {0}")]
    NoLinkFor(Username, NewCodeError),
    #[error("There is no room #{0}")]
    NoSuchRoom(String),
    #[error("#{0} belongs to everybody in it: only other rooms have an owner")]
    NoOwner(RoomName),
    #[error("{0} is banned from #{1}: lift the ban first")]
    BannedFrom(Username, RoomName),
    #[error("{0} is deactivated or erased, and can own no room")]
    Unusable(Username),
    #[error("#{0} did not answer, or changed meanwhile: see who owns it, and try again")]
    NotHandedOver(RoomName),
    #[error("{0} owns #{1}, and {2} still does: if {2} is muted there, unmute {2}, and try again")]
    OwnerLeft(Username, RoomName, Username),
    #[error("There is no invite {0}, or it has ended")]
    NoSuchInvite(String),
    #[error(
        "Sign-up is closed on this server, so that an invite lets nobody in; start the server with \
         --registration invite first"
    )]
    Closed,
    #[error("An invite has 1 to {INVITE_USES_MAX} uses, for 1 to {} days", INVITE_FOR_S_MAX / DAY_S)]
    Range,
    #[error("#{0} did not answer, so that the erasure of {1} is not complete: try again")]
    Room(RoomName, Username),
    #[error("{0} is deactivated: reactivate the account first")]
    Deactivated(Username),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Executor {
    /// Carries acts out on the rooms and accounts of this hub. `address` begins the links that it
    /// makes.
    pub fn new(hub: Hub, address: Option<String>) -> Self {
        Self {
            accounts: hub.accounts().clone(),
            store: Arc::clone(hub.store()),
            hub,
            address,
        }
    }

    /// Carries out one act.
    pub async fn run(&self, act: Act) -> Answer {
        let name = act.name();
        let outcome = match act {
            Act::People { search, after } => self.people(&search, after).await,
            Act::Create { username, bot } => self.create(&username, bot).await,
            Act::Deactivate { username } => self.deactivate(&username).await,
            Act::Reactivate { username } => self.reactivate(&username).await,
            Act::Reset { username } => self.reset(&username).await,
            Act::Sessions { username } => self.sessions(&username).await,
            Act::EndSessions { username } => self.end_sessions(&username).await,
            Act::Erase { username, messages } => self.erase(&username, messages).await,
            Act::MakeAdmin { username } => self.set_admin(&username, true).await,
            Act::UnmakeAdmin { username } => self.set_admin(&username, false).await,
            Act::Invites => self.invites().await,
            Act::MakeInvite { uses, for_s } => self.make_invite(uses, for_s).await,
            Act::RevokeInvite { invite } => self.revoke_invite(&invite).await,
            Act::Rooms { search, after } => self.rooms(&search, &after).await,
            Act::HandOver { room, username } => self.hand_over(&room, &username).await,
            Act::Storage => self.storage().await,
            Act::Audit { before, limit } => self.audit(before, limit).await,
        };
        if let Err(error) = &outcome {
            tracing::info!(act = name, %error, "an operator's act was refused");
        }
        outcome.map_err(|failure| format!("{failure}."))
    }

    /// Waits until what the acts left to be stored is stored.
    pub(super) async fn finish(&self) {
        if let Err(error) = scrubbing::scrub_all(&self.hub).await {
            tracing::warn!(%error, "deleted texts are blanked at the server's next start");
        }
        self.accounts.flush_audit().await;
    }

    /// Finds an account by a name in any case.
    pub(super) async fn user(&self, name: &str) -> Result<User, Failure> {
        let found = self.store.find_user(name).await?;
        found.ok_or_else(|| Failure::NoSuchUser(name.to_owned()))
    }

    async fn people(&self, search: &str, mut after: String) -> Result<Outcome, Failure> {
        let search = search.to_lowercase();
        let is_wanted =
            |user: &User| is_found(&search, [user.username.as_str(), &user.display_name]);
        let admins = self.accounts.admins();
        let mut people = Vec::new();
        let mut read = 0;
        loop {
            let page = self.store.users_after(&after, PEOPLE_LISTED_MAX).await?;
            let is_last = page.len() < PEOPLE_LISTED_MAX;
            read += page.len();
            for user in page {
                after = user.username.to_string();
                if is_wanted(&user) {
                    people.push(person(user, &admins));
                }
                if people.len() == PEOPLE_LISTED_MAX {
                    let next = Some(after);
                    return Ok(Outcome::People { people, next });
                }
            }
            if is_last || read >= PEOPLE_READ_MAX {
                let next = (!is_last).then_some(after);
                return Ok(Outcome::People { people, next });
            }
        }
    }

    async fn create(&self, name: &str, bot: bool) -> Result<Outcome, Failure> {
        let user = self.accounts.create_for(name, bot).await?;
        let username = user.username.clone();
        tracing::info!(%username, bot, "an operator created an account");
        let linked = self.link(user, format!("{username} has an account."));
        linked.await.map_err(|failure| match failure {
            Failure::Link(error) => Failure::NoLinkFor(username, error),
            other => other,
        })
    }

    async fn reset(&self, name: &str) -> Result<Outcome, Failure> {
        let user = self.user(name).await?;
        match user.state {
            AccountState::Active => {}
            AccountState::Deactivated => return Err(Failure::Deactivated(user.username)),
            AccountState::Erased => return Err(Failure::NoSuchUser(name.to_owned())),
        }
        let username = user.username.clone();
        tracing::info!(%username, "an operator made a link to reset a password");
        self.link(user, String::new()).await
    }

    /// Makes a link by which a user sets the password.
    async fn link(&self, user: User, before: String) -> Result<Outcome, Failure> {
        let (secret, code) = self.accounts.make_reset(None, user.clone()).await?;
        let path = format!("/reset/{}", secret.expose());
        let username = user.username;
        let sentence = format!(
            "{before} Give {username} this link, by which the password is set once, within a day:"
        );
        let link = Link {
            username: Some(username.into()),
            url: self.url(&path),
            path,
            expires: code.expires,
        };
        let sentence = sentence.trim_start().to_owned();
        Ok(Outcome::Link { sentence, link })
    }

    async fn deactivate(&self, name: &str) -> Result<Outcome, Failure> {
        let username = self.user(name).await?.username;
        self.accounts.deactivate(&username).await?;
        let sentence = format!("{username} is deactivated, and every session of it has ended.");
        self.changed(&username, sentence).await
    }

    async fn reactivate(&self, name: &str) -> Result<Outcome, Failure> {
        let username = self.user(name).await?.username;
        self.accounts.reactivate(&username).await?;
        let sentence = format!("{username} can sign in again.");
        self.changed(&username, sentence).await
    }

    async fn sessions(&self, name: &str) -> Result<Outcome, Failure> {
        let username = self.user(name).await?.username;
        let sessions = self.accounts.sessions_of(&username).await?;
        let sessions = sessions.into_iter().map(|session| SessionRow {
            id: session.id,
            created: session.created,
            expires: session.expires,
        });
        Ok(Outcome::Sessions(sessions.collect()))
    }

    async fn end_sessions(&self, name: &str) -> Result<Outcome, Failure> {
        let username = self.user(name).await?.username;
        self.accounts.end_all_sessions(&username).await?;
        let sentence = format!("Every session of {username} has ended.");
        self.changed(&username, sentence).await
    }

    async fn set_admin(&self, name: &str, is_admin: bool) -> Result<Outcome, Failure> {
        let username = self.user(name).await?.username;
        self.accounts.set_admin(None, &username, is_admin).await?;
        let admins = self.accounts.admins();
        let admins: Vec<_> = admins.iter().map(Username::as_str).collect();
        let sentence = format!(
            "{username} is {} admin. The admins are: {}.",
            if is_admin { "an" } else { "no" },
            admins.join(", ")
        );
        self.changed(&username, sentence).await
    }

    async fn storage(&self) -> Result<Outcome, Failure> {
        let usage = self.store.usage().await?;
        Ok(Outcome::Storage(StorageUse {
            store: self.store.kind().to_owned(),
            bytes: usage.bytes,
            accounts: self.store.count_users().await?,
            rooms: usage.rooms,
            events: usage.events,
        }))
    }

    /// The whole link of a path, where the server's address is known.
    pub(super) fn url(&self, path: &str) -> Option<String> {
        let address = self.address.as_ref();
        address.map(|address| format!("{address}{path}"))
    }

    async fn audit(&self, before: Option<String>, limit: usize) -> Result<Outcome, Failure> {
        let limit = limit.min(AUDIT_LISTED_MAX);
        let (entries, more) = self.accounts.audit_page(before, limit).await?;
        let entries = entries.into_iter().map(audit_info).collect();
        Ok(Outcome::Audit { entries, more })
    }

    /// The account after a change.
    pub(super) async fn changed(
        &self,
        username: &Username,
        sentence: String,
    ) -> Result<Outcome, Failure> {
        tracing::info!(%username, %sentence, "an operator changed an account");
        let user = self.user(username.as_str()).await?;
        let person = person(user, &self.accounts.admins());
        Ok(Outcome::Changed { sentence, person })
    }
}

/// Whether one of these texts has `search` in it, in any case. `search` is in lower case.
pub(super) fn is_found(search: &str, texts: [&str; 2]) -> bool {
    texts
        .iter()
        .any(|text| text.to_lowercase().contains(search))
}

fn person(user: User, admins: &BTreeSet<Username>) -> Person {
    let now = now_ms();
    Person {
        admin: admins.contains(&user.username),
        deactivated: user.state == AccountState::Deactivated,
        erased: user.state == AccountState::Erased,
        username: user.username.into(),
        display_name: user.display_name,
        bot: user.bot,
        created: user.created,
        banned_until: user.banned_until.filter(|until| *until > now),
    }
}
