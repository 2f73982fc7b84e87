//! The people who may sign up: everybody, people with an invite, or nobody.
//!
//! The operator chooses the registration with a flag. Without the flag, the first start that knows
//! this setting chooses one and stores it under [`REGISTRATION_KEY`], so that an upgrade neither
//! opens nor closes a server:
//!
//! | at the first start that knows this setting | registration |
//! |---|---|
//! | there are accounts | open |
//! | no account yet, and others can reach the server | invite |
//! | no account yet, and only this machine can reach the server | open until the next start |
//!
//! A server where nobody could sign up would never get an admin. So the person who becomes the admin
//! by signing up is always let in: the first person, the one who opened the set-up link, and the one
//! whom the operator named. Of several at the same time one is, because each claims [`ADMIN_CLAIM`]
//! first.

use chat_server_store::{Code, CodeKind, SharedStore, log_failure};
use chat_shared::Username;
use clap::ValueEnum as _;

use super::admin::ADMIN_CLAIM;
use super::invites::{self, id_of};
use super::token::random_id;
use super::{Accounts, OpenError, Options, RegisterError, now_ms};

/// The key in the store of the registration that a start without the flag uses.
pub(super) const REGISTRATION_KEY: &str = "registration";

/// The people who may create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Registration {
    /// Everybody who reaches the server
    Open,
    /// People with an invite
    Invite,
    /// Nobody
    Closed,
}

impl Registration {
    /// The name in the flag, in the store and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Closed => "closed",
        }
    }
}

/// A request for an account.
#[derive(Clone)]
pub struct SignUp<'r> {
    pub username: &'r str,
    pub password: String,
    pub bot: bool,
    /// The secret of the set-up link that the browser opened.
    pub set_up: Option<&'r str>,
    /// The code of an invite.
    pub invite: Option<&'r str>,
}

impl std::fmt::Debug for SignUp<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignUp")
            .field("username", &self.username)
            .field("bot", &self.bot)
            .finish_non_exhaustive()
    }
}

/// An account that was made.
#[derive(Debug, Clone)]
pub struct SignedUp {
    pub username: Username,
    /// The invite that was used.
    pub invite: Option<Code>,
}

/// What lets a sign-up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// Everybody may sign up.
    Open,
    /// The operator named this account as the admin.
    NamedAdmin,
    /// The one who claims the admin's right.
    FutureAdmin,
    /// Somebody with an invite.
    Invite,
}

/// A use of an invite, which is given back if no account comes of it.
#[derive(Debug, Clone)]
pub(super) struct InviteUse {
    pub(super) code: Code,
    /// Names this use.
    attempt: String,
}

impl Accounts {
    /// The people who may create an account.
    pub fn registration(&self) -> Registration {
        self.0.registration
    }

    /// What lets a sign-up in, as far as that can be known before a password hash is spent.
    ///
    /// # Errors
    /// [`RegisterError`] if nothing does.
    pub(super) async fn entry(
        &self,
        sign_up: &SignUp<'_>,
        username: &Username,
    ) -> Result<Entry, RegisterError> {
        if self.0.registration == Registration::Open {
            return Ok(Entry::Open);
        }
        if !sign_up.bot {
            if self.is_admin(username) {
                return Ok(Entry::NamedAdmin);
            }
            if self.is_by_set_up_link(sign_up) || self.is_for_first_person().await? {
                return Ok(Entry::FutureAdmin);
            }
        }
        match (self.0.registration, sign_up.invite) {
            (Registration::Invite, Some(code)) => {
                self.check_invite(code).await??;
                Ok(Entry::Invite)
            }
            (Registration::Invite | Registration::Closed | Registration::Open, _) => {
                Err(self.no_entry())
            }
        }
    }

    /// Whether a person signs up who has opened the set-up link.
    pub(super) fn is_by_set_up_link(&self, sign_up: &SignUp<'_>) -> bool {
        !sign_up.bot && sign_up.set_up.is_some_and(|it| self.opens_set_up(it))
    }

    /// Takes what lets a sign-up in, as the last step before the account is stored.
    ///
    /// # Errors
    /// [`RegisterError`] if another sign-up has taken it meanwhile.
    pub(super) async fn enter(
        &self,
        entry: Entry,
        username: &Username,
        bot: bool,
        invite: Option<&str>,
    ) -> Result<Option<InviteUse>, RegisterError> {
        match entry {
            Entry::NamedAdmin => {}
            Entry::Open => {
                if !bot {
                    self.claim_for_first_person(username).await?;
                }
                // Nobody needs it here. It only says which room the newcomer joins.
                return match self.use_invite(invite).await {
                    Err(RegisterError::Invite(_)) => Ok(None),
                    used => used,
                };
            }
            Entry::Invite => return self.use_invite(invite).await,
            Entry::FutureAdmin => {
                let store = &self.0.store;
                let admin = store.insert_if_absent(ADMIN_CLAIM, username.as_str());
                let admin = Username::existing(&admin.await?);
                if admin.folded() != username.folded() {
                    return Err(self.no_entry());
                }
            }
        }
        Ok(None)
    }

    /// Takes one use of an invite, if there is one.
    async fn use_invite(&self, code: Option<&str>) -> Result<Option<InviteUse>, RegisterError> {
        let Some(code) = code else {
            return Ok(None);
        };
        let attempt = random_id().map_err(|_| RegisterError::Busy)?;
        let (store, id) = (&self.0.store, id_of(code));
        let used = store.use_code(CodeKind::Invite, &id, &attempt, now_ms());
        let code = invites::taken(used.await?)?;
        Ok(Some(InviteUse { code, attempt }))
    }

    /// Gives the use of an invite back of which no account came.
    pub(super) async fn give_back(&self, used: Option<InviteUse>) {
        let Some(InviteUse { code, attempt }) = used else {
            return;
        };
        let store = &self.0.store;
        let given_back = store.give_code_back(CodeKind::Invite, &code.id, &attempt);
        if let Err(error) = given_back.await {
            log_failure!(warn, error, "the use of an invite could not be given back");
        }
    }

    /// Why nobody else can sign up.
    fn no_entry(&self) -> RegisterError {
        match self.0.registration {
            Registration::Closed => RegisterError::Closed,
            Registration::Invite | Registration::Open => RegisterError::InviteNeeded,
        }
    }
}

/// The people who may create an account: what the operator says, else what the store says, else what
/// is right for an installation of this kind with `accounts` accounts.
pub(super) async fn find_registration(
    store: &SharedStore,
    options: &Options,
    accounts: u64,
) -> Result<Registration, OpenError> {
    let kept = match store.value(REGISTRATION_KEY).await? {
        Some(kept) => kept,
        // Somebody tries the server on their own machine. It may still be put where others reach
        // it, so that the next start decides.
        None if accounts == 0 && !options.is_exposed => Registration::Open.name().to_owned(),
        None => {
            let fitting = match accounts {
                0 => Registration::Invite,
                _ => Registration::Open,
            };
            let kept = store.insert_if_absent(REGISTRATION_KEY, fitting.name());
            kept.await?
        }
    };
    match options.registration {
        Some(chosen) => Ok(chosen),
        None => named(kept),
    }
}

/// The people who may create an account, if the store says so.
pub(super) async fn kept_registration(
    store: &SharedStore,
) -> Result<Option<Registration>, OpenError> {
    let kept = store.value(REGISTRATION_KEY).await?;
    kept.map(named).transpose()
}

fn named(name: String) -> Result<Registration, OpenError> {
    let mut all = Registration::value_variants().iter().copied();
    all.find(|it| it.name() == name)
        .ok_or(OpenError::Registration(name))
}
