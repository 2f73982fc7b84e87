//! Sign-up and sign-in: the two ways by which a password gives an account.

use std::sync::atomic::Ordering;

use chat_server_rules::AccountChange;
use chat_server_store::{
    AccountState, CreateUser, NewUser, PasswordRecord, Session, StoreError, User, log_failure,
};
use chat_shared::Username;

use super::password::Verdict;
use super::registration::Entry;
use super::sessions::{NewSession, SESSION_LIFETIME};
use super::token::{Secret, SessionClaims, random_id};
use super::{
    Accounts, AuditAction, Audited, Inner, RegisterError, SignInError, SignUp, SignedUp, as_ms,
    now_ms, policy,
};
use crate::network::ClientNetwork;

/// A sign-up that was checked and whose password is hashed.
struct CheckedSignUp {
    user: NewUser,
    entry: Entry,
    opens_set_up: bool,
    invite: Option<String>,
}

impl Accounts {
    /// Makes an account.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register(&self, sign_up: SignUp<'_>) -> Result<SignedUp, RegisterError> {
        self.register_and(sign_up, |_| std::future::ready(())).await
    }

    /// Makes an account, and then does for it what `welcome` says.
    ///
    /// Once the password is hashed, the rest is a task of its own: where this future is dropped
    /// between the steps, an invite is not used for nothing, and the newcomer gets into its room.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub async fn register_and<W>(
        &self,
        sign_up: SignUp<'_>,
        welcome: impl FnOnce(SignedUp) -> W + Send + 'static,
    ) -> Result<SignedUp, RegisterError>
    where
        W: Future<Output = ()> + Send,
    {
        let checked = self.check_sign_up(sign_up).await?;
        let accounts = self.clone();
        let rest = tokio::spawn(async move {
            let signed_up = accounts.store_sign_up(checked).await?;
            welcome(signed_up.clone()).await;
            Ok(signed_up)
        });
        rest.await.unwrap_or(Err(RegisterError::Busy))
    }

    /// Checks a sign-up and hashes its password.
    async fn check_sign_up(&self, sign_up: SignUp<'_>) -> Result<CheckedSignUp, RegisterError> {
        let Inner {
            store, passwords, ..
        } = &*self.0;
        let username = Username::parse_new(sign_up.username)?;
        let entry = self.entry(&sign_up, &username).await?;
        let opens_set_up = self.is_by_set_up_link(&sign_up);
        self.check_begun(&username, opens_set_up).await?;
        let SignUp {
            password,
            bot,
            invite,
            ..
        } = sign_up;
        policy::check_new_password(&username, &password)?;
        // The operator may give the admin any name.
        if policy::is_reserved(&username) && !self.is_admin(&username) {
            return Err(RegisterError::Reserved);
        }
        // This spares the cost of a hash. The store decides below.
        if store.find_user(username.as_str()).await?.is_some() {
            return Err(RegisterError::Taken);
        }
        let password = passwords
            .hash(password)
            .await
            .map_err(|_| RegisterError::Busy)?;
        let user = NewUser {
            username,
            password: PasswordRecord::Argon2id(password),
            bot,
            created: now_ms(),
        };
        Ok(CheckedSignUp {
            user,
            entry,
            opens_set_up,
            invite: invite.map(str::to_owned),
        })
    }

    /// Takes what lets the sign-up in, and stores the account.
    ///
    /// Where the store fails, the use of the invite is lost: the account may have been made, and an
    /// invite lets in no more people than it says.
    async fn store_sign_up(&self, checked: CheckedSignUp) -> Result<SignedUp, RegisterError> {
        let CheckedSignUp {
            user,
            entry,
            opens_set_up,
            invite,
        } = checked;
        let (username, bot) = (user.username.clone(), user.bot);
        // The set-up may have begun while the password was hashed.
        self.check_begun(&username, opens_set_up).await?;
        let used = self.enter(entry, &username, bot, invite.as_deref()).await?;
        match self.0.store.create_user(user).await? {
            CreateUser::NameTaken => {
                self.give_back(used).await;
                return Err(RegisterError::Taken);
            }
            CreateUser::Created => self.0.count.fetch_add(1, Ordering::Relaxed),
        };
        let invite = used.as_ref().map(|used| &used.code);
        tracing::info!(
            %username,
            bot,
            invite = invite.map(|code| code.id.0.as_str()),
            invited_by = invite.and_then(|code| code.by.as_ref()).map(Username::as_str),
            "account created"
        );
        let signed_up = Audited::new(AuditAction::SignUp, Some(&username)).to(&username);
        self.audit(match invite {
            Some(code) => signed_up.detail(format!("invite {}", code.id.0)),
            None => signed_up,
        });
        if let Err(error) = self.learn_admin().await {
            log_failure!(
                warn,
                error,
                "the admin's name could not be read; the next sign-in tries again"
            );
        }
        let invite = used.map(|used| used.code);
        Ok(SignedUp { username, invite })
    }

    /// Checks a password and makes a session. The rules for new names and passwords do not apply,
    /// so that every account of the FastAPI demo can sign in. `from` is where the client is.
    ///
    /// # Errors
    /// [`SignInError`].
    pub async fn sign_in_from(
        &self,
        name: &str,
        password: String,
        from: Option<ClientNetwork>,
    ) -> Result<NewSession, SignInError> {
        let found = self.0.store.find_user(name).await?;
        let username = found.as_ref().map(|user| user.username.clone());
        let signed_in = self.check_and_sign_in(found, password).await;
        let failure = match &signed_in {
            Ok(_) => None,
            Err(SignInError::Invalid) if username.is_none() => Some("unknown username"),
            Err(SignInError::Invalid) => Some("wrong password"),
            Err(SignInError::Banned) => Some("banned"),
            Err(SignInError::Deactivated) => Some("deactivated"),
            Err(SignInError::Busy | SignInError::Store(_)) => return signed_in,
        };
        let audited = match failure {
            None => Audited::new(AuditAction::SignIn, username.as_ref()),
            Some(failure) => Audited::new(AuditAction::SignInFailed, None).detail(failure),
        };
        // A name that nobody has may be a password.
        self.audit(audited.to(username.as_ref()).from(from));
        signed_in
    }

    async fn check_and_sign_in(
        &self,
        user: Option<User>,
        password: String,
    ) -> Result<NewSession, SignInError> {
        let Inner {
            store,
            passwords,
            keys,
            ..
        } = &*self.0;
        let record = user.as_ref().map(|user| user.password.clone());
        let verdict = passwords
            .verify(password.clone(), record)
            .await
            .map_err(|_| SignInError::Busy)?;
        let (Some(user), Verdict::Right { rehashed }) = (user, verdict) else {
            return Err(SignInError::Invalid);
        };
        self.check_usable(&user)?;
        if let Some(hash) = rehashed {
            // The sign-in succeeds nevertheless, and the next one tries again.
            let converted = store.convert_password(&user.username, &password, &hash);
            if let Err(error) = converted.await {
                log_failure!(warn, error, username = ?user.username.as_str(), "a password could not be converted");
            }
        }
        let created = now_ms();
        let expires = (!user.bot).then(|| created + as_ms(SESSION_LIFETIME));
        let username = user.username;
        let random = |error: getrandom::Error| StoreError::Unavailable(error.to_string());
        let id = random_id().map_err(random)?;
        let secret = Secret::random().map_err(random)?;
        let session = Session {
            id: id.clone(),
            username: username.clone(),
            created,
            expires,
            secret_hash: Some(secret.hash()),
            epoch: user.password_epoch,
            lobby_seq: user.last_ban_seq.unwrap_or_default(),
        };
        let token = keys
            .sign(&SessionClaims::new(&username, &id, secret, created))
            .map_err(|error| StoreError::Corrupt(error.to_string()))?;
        for ended in store.create_session(session.clone()).await? {
            let change = AccountChange::SessionRevoked(ended);
            self.0.changes.report(&username, change).await;
        }
        // The account may have changed since its password was verified.
        let now = self.user(&username).await?.ok_or(SignInError::Invalid)?;
        if let Err(error) = self.check_usable(&now) {
            store.revoke_session(&id).await?;
            return Err(error);
        }
        if !session.is_valid_for(&now) {
            store.revoke_session(&id).await?;
            return Err(SignInError::Invalid);
        }
        Ok(NewSession {
            username,
            token,
            expires,
        })
    }

    /// Checks that the owner of an account may use it, after their password was right.
    fn check_usable(&self, user: &User) -> Result<(), SignInError> {
        match user.state {
            AccountState::Erased => Err(SignInError::Invalid),
            AccountState::Deactivated => Err(SignInError::Deactivated),
            AccountState::Active if self.is_banned(user) => Err(SignInError::Banned),
            AccountState::Active => Ok(()),
        }
    }
}
