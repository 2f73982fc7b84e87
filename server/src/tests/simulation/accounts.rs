//! Accounts of a run. In a run of rooms everyone has one, and nobody changes it; in a run of account
//! races they are made, change, and every call takes its time before and after it acts.

use chat_shared::{RoomName, Seq, TimestampMs, Username};

use super::store::{Inner, SimStore};
use chat_server_store::{
    AccountState, AccountStore, AdminList, AdminStore, AuditEntry, AuditId, AuditStore, Avatar,
    Code, CodeId, CodeKind, CodeStore, CodeUse, CreateUser, ErasureStore, KeptCode, NewPassword,
    NewUser, PasswordChange, PasswordEpoch, PasswordRecord, PlainPassword, PolicyStore,
    QuotaLimits, QuotaUse, SESSIONS_MAX, Session, StoreError, User,
};

pub(super) fn unasked<T>() -> Result<T, StoreError> {
    Err(StoreError::Refused("no run asks for that".to_owned()))
}

#[async_trait::async_trait]
impl AccountStore for SimStore {
    async fn create_user(&self, user: NewUser) -> Result<CreateUser, StoreError> {
        let user = User {
            display_name: user.username.to_string(),
            username: user.username,
            password: user.password,
            bot: user.bot,
            created: user.created,
            avatar: None,
            banned_until: None,
            last_ban_seq: None,
            password_epoch: None,
            state: AccountState::Active,
        };
        let created = self.call(|inner| inner.users.insert(user.username.clone(), user));
        created.await;
        Ok(CreateUser::Created)
    }

    async fn find_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let made = |inner: &mut Inner| inner.users.get(&Username::existing(name)).cloned();
        if let Some(user) = self.call(made).await {
            return Ok(Some(user));
        }
        let found = self
            .lock()
            .people
            .iter()
            .find(|it| it.as_str() == name)
            .cloned();
        Ok(found.map(|username| User {
            display_name: username.to_string(),
            username,
            password: PasswordRecord::Missing,
            bot: false,
            created: 0,
            avatar: None,
            banned_until: None,
            last_ban_seq: None,
            password_epoch: None,
            state: AccountState::Active,
        }))
    }

    async fn users_after(&self, _: &str, _: usize) -> Result<Vec<User>, StoreError> {
        unasked()
    }

    async fn has_people(&self) -> Result<bool, StoreError> {
        Ok(!self.lock().people.is_empty())
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        Ok(self.lock().people.len() as u64)
    }

    async fn set_password(
        &self,
        username: &Username,
        verified: Option<&PasswordEpoch>,
        new: NewPassword,
        kept: Option<&str>,
    ) -> Result<PasswordChange, StoreError> {
        let change = |inner: &mut Inner| {
            let Some(user) = inner.users.get_mut(username) else {
                return PasswordChange::NoSuchUser;
            };
            if user.password_epoch.as_ref() != verified {
                return PasswordChange::Outdated;
            }
            user.password = new.record;
            user.password_epoch = Some(new.epoch.clone());
            let is_kept = |it: &Session| Some(it.id.as_str()) == kept;
            let sessions = &mut inner.sessions;
            sessions.retain(|it| it.username != *username || is_kept(it));
            for session in sessions.iter_mut().filter(|it| is_kept(it)) {
                session.epoch = Some(new.epoch.clone());
            }
            PasswordChange::Done
        };
        Ok(self.call(change).await)
    }

    async fn plain_passwords(&self, _: usize) -> Result<Vec<PlainPassword>, StoreError> {
        unasked()
    }

    async fn convert_password(&self, _: &Username, _: &str, _: &str) -> Result<(), StoreError> {
        unasked()
    }

    async fn set_display_name(&self, _: &Username, _: &str) -> Result<(), StoreError> {
        unasked()
    }

    async fn set_avatar(&self, _: &Username, _: Avatar) -> Result<(), StoreError> {
        unasked()
    }

    async fn avatar(&self, _: &str) -> Result<Option<Avatar>, StoreError> {
        unasked()
    }

    async fn set_banned(
        &self,
        username: &Username,
        until: Option<TimestampMs>,
        seq: Option<Seq>,
    ) -> Result<(), StoreError> {
        let ban = |inner: &mut Inner| {
            if let Some(user) = inner.users.get_mut(username) {
                user.banned_until = until;
                user.last_ban_seq = user.last_ban_seq.max(seq.filter(|_| until.is_some()));
            }
        };
        self.call(ban).await;
        Ok(())
    }

    async fn set_state(&self, _: &Username, _: AccountState) -> Result<(), StoreError> {
        unasked()
    }

    async fn sessions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError> {
        let newest = |inner: &mut Inner| {
            let own = inner.sessions.iter().rev();
            let own = own.filter(|it| it.username == *username);
            own.take(limit).cloned().collect()
        };
        Ok(self.call(newest).await)
    }

    async fn revoke_sessions_of(&self, _: &Username, _: Option<&str>) -> Result<(), StoreError> {
        unasked()
    }

    async fn create_session(&self, session: Session) -> Result<Vec<String>, StoreError> {
        let create = |inner: &mut Inner| {
            let is_own = |it: &&Session| it.username == session.username;
            let own = inner.sessions.iter().filter(is_own);
            let over = (own.clone().count() + 1).saturating_sub(SESSIONS_MAX);
            let ended: Vec<String> = own.take(over).map(|it| it.id.clone()).collect();
            inner.sessions.retain(|it| !ended.contains(&it.id));
            inner.sessions.push(session);
            ended
        };
        Ok(self.call(create).await)
    }

    /// Where nobody signed in, everyone's session is their name.
    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        let made = |inner: &mut Inner| {
            let found = inner.sessions.iter().find(|it| it.id == id).cloned();
            (found, inner.users.is_empty())
        };
        if let (found, false) = self.call(made).await {
            return Ok(found);
        }
        self.read(|_| {
            Some(Session {
                id: id.to_owned(),
                username: Username::existing(id),
                created: 0,
                expires: None,
                secret_hash: None,
                epoch: None,
                lobby_seq: 0,
            })
        })
        .await
    }

    async fn renew_session(&self, id: &str, expires: TimestampMs) -> Result<(), StoreError> {
        let renew = |inner: &mut Inner| {
            for session in inner.sessions.iter_mut().filter(|it| it.id == id) {
                session.expires = Some(expires);
            }
        };
        self.call(renew).await;
        Ok(())
    }

    async fn revoke_session(&self, id: &str) -> Result<(), StoreError> {
        let revoke = |inner: &mut Inner| inner.sessions.retain(|it| it.id != id);
        self.call(revoke).await;
        Ok(())
    }

    async fn purge_sessions(&self, _: TimestampMs) -> Result<(), StoreError> {
        unasked()
    }

    async fn insert_if_absent(&self, key: &str, value: &str) -> Result<String, StoreError> {
        let mut inner = self.lock();
        let stands = inner.claims.entry(key.to_owned());
        Ok(stands.or_insert_with(|| value.to_owned()).clone())
    }

    async fn value(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.lock().claims.get(key).cloned())
    }
}

/// The admin of a run is named by its options.
#[async_trait::async_trait]
impl AdminStore for SimStore {
    async fn admins(&self) -> Result<AdminList, StoreError> {
        Ok(AdminList::default())
    }

    async fn replace_admins(&self, _: u64, _: Vec<Username>) -> Result<bool, StoreError> {
        unasked()
    }
}

/// Nobody reads the audit of a run.
#[async_trait::async_trait]
impl AuditStore for SimStore {
    async fn add_audit(&self, _: Vec<AuditEntry>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn audit(&self, _: Option<&AuditId>, _: usize) -> Result<Vec<AuditEntry>, StoreError> {
        unasked()
    }

    async fn purge_audit(&self, _: TimestampMs) -> Result<(), StoreError> {
        unasked()
    }
}

#[async_trait::async_trait]
impl ErasureStore for SimStore {
    async fn rooms_after(&self, _: &str, _: usize) -> Result<Vec<RoomName>, StoreError> {
        unasked()
    }

    async fn messages_by(
        &self,
        _: &RoomName,
        _: &Username,
        _: Seq,
        _: usize,
    ) -> Result<Vec<Seq>, StoreError> {
        unasked()
    }

    async fn erase_user(&self, _: &Username) -> Result<(), StoreError> {
        unasked()
    }
}

#[async_trait::async_trait]
impl CodeStore for SimStore {
    async fn add_code(&self, _: Code) -> Result<bool, StoreError> {
        unasked()
    }

    async fn code(&self, _: CodeKind, _: &CodeId) -> Result<Option<KeptCode>, StoreError> {
        unasked()
    }

    async fn codes(&self, _: CodeKind) -> Result<Vec<KeptCode>, StoreError> {
        unasked()
    }

    async fn use_code(
        &self,
        _: CodeKind,
        _: &CodeId,
        _: &str,
        _: TimestampMs,
    ) -> Result<CodeUse, StoreError> {
        unasked()
    }

    async fn give_code_back(&self, _: CodeKind, _: &CodeId, _: &str) -> Result<(), StoreError> {
        unasked()
    }

    async fn remove_code(&self, _: CodeKind, _: &CodeId) -> Result<bool, StoreError> {
        unasked()
    }

    async fn purge_codes(&self, _: TimestampMs) -> Result<(), StoreError> {
        unasked()
    }
}

#[async_trait::async_trait]
impl PolicyStore for SimStore {
    async fn block(&self, _: &RoomName, _: &Username, _: &Username) -> Result<bool, StoreError> {
        unasked()
    }

    async fn unblock(&self, _: &RoomName, _: &Username) -> Result<(), StoreError> {
        unasked()
    }

    /// Nobody blocks anybody.
    async fn is_blocked(&self, _: &RoomName, _: &Username) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn blocked_by(&self, _: &Username) -> Result<Vec<Username>, StoreError> {
        Ok(Vec::new())
    }

    async fn use_quota(
        &self,
        _: &Username,
        _: &str,
        _: u64,
        _: QuotaLimits,
    ) -> Result<QuotaUse, StoreError> {
        unasked()
    }

    async fn remember_network(
        &self,
        _: &Username,
        _: &str,
        _: TimestampMs,
    ) -> Result<(), StoreError> {
        unasked()
    }

    async fn knows_network(&self, _: &str) -> Result<bool, StoreError> {
        unasked()
    }
}
