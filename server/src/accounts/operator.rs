//! Acts on accounts that only the operator carries out: opening those of a server that does not run, and making
//! one for somebody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chat_server_store::{AdminList, CreateUser, NewUser, PasswordRecord, SharedStore, User};
use chat_shared::Username;

use super::admin::Vacancy;
use super::admins::Admins;
use super::audit::AuditWriter;
use super::networks::NetworkHasher;
use super::password::Passwords;
use super::picture::Pictures;
use super::registration::{REGISTRATION_KEY, kept_registration};
use super::token::Keyring;
use super::{
    Accounts, AuditAction, Audited, ChangeReporter, Inner, OpenError, Options, RegisterError,
    Registration, now_ms, policy,
};

impl Accounts {
    /// The accounts of a store for an operator's acts. Nothing is decided that the start of a server
    /// decides: who becomes its admin and who may sign up. `options` are those of the server.
    ///
    /// # Errors
    /// [`OpenError`], for the operator.
    pub async fn open_for_operator(
        store: SharedStore,
        options: Options,
        changes: ChangeReporter,
    ) -> Result<Self, OpenError> {
        let named = match &options.admin {
            Some(name) => store.find_user(name).await?.map(|user| user.username),
            None => None,
        };
        let accounts = Self(Arc::new(Inner {
            passwords: Passwords::new()?,
            pictures: Pictures::default(),
            keys: Keyring::load(&*store).await?,
            networks: NetworkHasher::load(&store).await?,
            admins: Admins::new(named, AdminList::default()),
            vacancy: Vacancy::Closed,
            registration: options
                .registration
                .or(kept_registration(&store).await?)
                .unwrap_or(Registration::Open),
            count: AtomicU64::new(store.count_users().await?),
            changes,
            audit: AuditWriter::start(Arc::clone(&store)),
            store,
        }));
        accounts.refresh_admins().await?;
        Ok(accounts)
    }

    /// Makes an account without a password. A link to reset the password ([`Accounts::make_reset`])
    /// gives it the first one.
    ///
    /// On a server without accounts this keeps `invite` as the registration of starts without the
    /// flag. Such a server would count as one that was open before, where everybody may sign up.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn create_for(&self, name: &str, bot: bool) -> Result<User, RegisterError> {
        let username = Username::parse_new(name)?;
        if policy::is_reserved(&username) {
            return Err(RegisterError::Reserved);
        }
        let store = &self.0.store;
        if store.count_users().await? == 0 {
            let invite = Registration::Invite.name();
            store.insert_if_absent(REGISTRATION_KEY, invite).await?;
        }
        let new = NewUser {
            username: username.clone(),
            password: PasswordRecord::Missing,
            bot,
            created: now_ms(),
        };
        if store.create_user(new).await? == CreateUser::NameTaken {
            return Err(RegisterError::Taken);
        }
        self.0.count.fetch_add(1, Ordering::Relaxed);
        self.audit(Audited::new(AuditAction::Create, None).to(&username));
        self.user(&username).await?.ok_or(RegisterError::Busy)
    }
}
