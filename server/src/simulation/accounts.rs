//! Accounts of a run: everyone has one, and nobody changes it.

use chat_shared::{Seq, TimestampMs, Username};

use super::store::SimStore;
use chat_store::{
    AccountStore, Avatar, CreateUser, NewPassword, NewUser, PasswordChange, PasswordEpoch,
    PasswordRecord, PlainPassword, Session, StoreError, User,
};

pub(super) fn unasked<T>() -> Result<T, StoreError> {
    Err(StoreError::Refused("no run asks for that".to_owned()))
}

#[async_trait::async_trait]
impl AccountStore for SimStore {
    async fn create_user(&self, _: NewUser) -> Result<CreateUser, StoreError> {
        unasked()
    }

    async fn find_user(&self, name: &str) -> Result<Option<User>, StoreError> {
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
        }))
    }

    async fn users_after(&self, _: &str, _: usize) -> Result<Vec<User>, StoreError> {
        unasked()
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        Ok(self.lock().people.len() as u64)
    }

    async fn set_password(
        &self,
        _: &Username,
        _: Option<&PasswordEpoch>,
        _: NewPassword,
        _: Option<&str>,
    ) -> Result<PasswordChange, StoreError> {
        unasked()
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
        _: &Username,
        _: Option<TimestampMs>,
        _: Option<Seq>,
    ) -> Result<(), StoreError> {
        unasked()
    }

    async fn sessions_of(&self, _: &Username, _: usize) -> Result<Vec<Session>, StoreError> {
        unasked()
    }

    async fn revoke_sessions_of(&self, _: &Username, _: Option<&str>) -> Result<(), StoreError> {
        unasked()
    }

    async fn create_session(&self, _: Session) -> Result<Vec<String>, StoreError> {
        unasked()
    }

    /// Everyone's session is their name.
    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
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

    async fn renew_session(&self, _: &str, _: TimestampMs) -> Result<(), StoreError> {
        unasked()
    }

    async fn revoke_session(&self, _: &str) -> Result<(), StoreError> {
        unasked()
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
