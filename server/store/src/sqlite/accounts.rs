//! Accounts, sessions and values in SQLite.

use chat_shared::{Seq, TimestampMs, Username};
use rusqlite::{Connection, OptionalExtension, Row};

use super::SqliteStore;
use super::avatars::set_avatar;
use super::rows::{bound, collect, column, execute};
use crate::{
    AccountState, AccountStore, Avatar, CreateUser, NewPassword, NewUser, PasswordChange,
    PasswordEpoch, PasswordRecord, PlainPassword, SESSIONS_MAX, SecretHash, Session, StoreError,
    User,
};

pub(super) const USER_BY_NAME: &str =
    "SELECT username, password_kind, password, display_name, bot, created, avatar,
         banned_until, last_ban_seq, password_epoch, state
     FROM users WHERE username = ?1";

pub(super) const USER_BY_FOLDED: &str =
    "SELECT username, password_kind, password, display_name, bot, created, avatar,
         banned_until, last_ban_seq, password_epoch, state
     FROM users WHERE folded = ?1";

pub(super) const USERS_AFTER: &str =
    "SELECT username, password_kind, password, display_name, bot, created, avatar,
         banned_until, last_ban_seq, password_epoch, state
     FROM users WHERE username > ?1 ORDER BY username LIMIT ?2";

pub(super) const SESSIONS_OF: &str =
    "SELECT id, username, created, expires, secret_hash, epoch, lobby_seq FROM sessions
     WHERE username = ?1 ORDER BY created DESC LIMIT ?2";

pub(super) const SESSION: &str =
    "SELECT id, username, created, expires, secret_hash, epoch, lobby_seq FROM sessions
     WHERE id = ?1";

/// All of a person's sessions above a number of others; a new one is not among them.
pub(super) const OLDEST_SESSIONS: &str = "SELECT id FROM sessions
     WHERE username = ?1 AND id <> ?2 ORDER BY created DESC, id DESC LIMIT -1 OFFSET ?3";

pub(super) const PURGE_SESSIONS: &str = "DELETE FROM sessions WHERE expires < ?1";

#[async_trait::async_trait]
impl AccountStore for SqliteStore {
    async fn create_user(&self, user: NewUser) -> Result<CreateUser, StoreError> {
        self.write(move |conn| {
            let (password_kind, password) = encode_password(&user.password)?;
            let made = execute(
                conn,
                "INSERT INTO users
                     (username, folded, password_kind, password, display_name, bot, created)
                 VALUES (?1, ?2, ?3, ?4, ?1, ?5, ?6) ON CONFLICT DO NOTHING",
                (
                    user.username.as_str(),
                    user.username.folded(),
                    password_kind,
                    password,
                    user.bot,
                    user.created,
                ),
            )?;
            Ok(if made == 1 {
                CreateUser::Created
            } else {
                CreateUser::NameTaken
            })
        })
        .await
    }

    async fn find_user(&self, name: &str) -> Result<Option<User>, StoreError> {
        let name = Username::existing(name);
        self.read(move |conn| {
            let exact = collect(conn, USER_BY_NAME, [name.as_str()], decode_user)?.pop();
            match exact {
                Some(user) => Ok(Some(user)),
                None => Ok(collect(conn, USER_BY_FOLDED, [name.folded()], decode_user)?.pop()),
            }
        })
        .await
    }

    async fn users_after(&self, after: &str, limit: usize) -> Result<Vec<User>, StoreError> {
        let after = after.to_owned();
        self.read(move |conn| collect(conn, USERS_AFTER, (after, bound(limit as u64)), decode_user))
            .await
    }

    async fn has_people(&self) -> Result<bool, StoreError> {
        self.read(|conn| one(conn, "SELECT EXISTS (SELECT 1 FROM users WHERE bot = 0)"))
            .await
    }

    async fn count_users(&self) -> Result<u64, StoreError> {
        self.read(|conn| one(conn, "SELECT count(*) FROM users"))
            .await
    }

    async fn set_password(
        &self,
        username: &Username,
        verified: Option<&PasswordEpoch>,
        new: NewPassword,
        kept: Option<&str>,
    ) -> Result<PasswordChange, StoreError> {
        let (username, verified) = (username.clone(), verified.cloned());
        let kept = kept.unwrap_or_default().to_owned();
        self.write(move |conn| set_password(conn, &username, verified.as_ref(), &new, &kept))
            .await
    }

    /// The demo never kept anything in SQLite.
    async fn plain_passwords(&self, _limit: usize) -> Result<Vec<PlainPassword>, StoreError> {
        Ok(Vec::new())
    }

    async fn convert_password(
        &self,
        username: &Username,
        plain: &str,
        argon2id: &str,
    ) -> Result<(), StoreError> {
        let username = username.clone();
        let (plain_kind, plain) = encode_password(&PasswordRecord::Plain(vec![plain.into()]))?;
        let (kind, argon2id) = encode_password(&PasswordRecord::Argon2id(argon2id.into()))?;
        self.write(move |conn| {
            execute(
                conn,
                "UPDATE users SET password_kind = ?4, password = ?5
                 WHERE username = ?1 AND password_kind = ?2 AND password = ?3",
                (username.as_str(), plain_kind, plain, kind, argon2id),
            )
            .map(drop)
        })
        .await
    }

    async fn set_display_name(
        &self,
        username: &Username,
        display_name: &str,
    ) -> Result<(), StoreError> {
        let (username, display_name) = (username.clone(), display_name.to_owned());
        self.write(move |conn| {
            let sql =
                "UPDATE users SET display_name = ?2 WHERE username = ?1 AND state <> 'erased'";
            of_someone(
                execute(conn, sql, (username.as_str(), display_name))?,
                &username,
            )
        })
        .await
    }

    async fn set_avatar(&self, username: &Username, avatar: Avatar) -> Result<(), StoreError> {
        let username = username.clone();
        self.write(move |conn| set_avatar(conn, &username, avatar))
            .await
    }

    async fn avatar(&self, name: &str) -> Result<Option<Avatar>, StoreError> {
        let name = name.to_owned();
        self.read(move |conn| {
            let sql = "SELECT name, png FROM avatars WHERE name = ?1";
            let read = |row: &Row<'_>| {
                let (name, png) = (column(row, 0)?, column(row, 1)?);
                Ok(Avatar { name, png })
            };
            Ok(collect(conn, sql, [name], read)?.pop())
        })
        .await
    }

    async fn set_banned(
        &self,
        username: &Username,
        until: Option<TimestampMs>,
        seq: Option<Seq>,
    ) -> Result<(), StoreError> {
        let username = username.clone();
        let ban_seq = seq.filter(|_| until.is_some());
        self.write(move |conn| {
            let sql = "UPDATE users SET banned_until = ?2,
                 last_ban_seq = nullif(max(coalesce(last_ban_seq, 0), coalesce(?3, 0)), 0)
                 WHERE username = ?1";
            let changed = execute(conn, sql, (username.as_str(), until, ban_seq))?;
            of_someone(changed, &username)
        })
        .await
    }

    async fn set_state(&self, username: &Username, state: AccountState) -> Result<(), StoreError> {
        let username = username.clone();
        self.write(move |conn| {
            let sql = "UPDATE users SET state = ?2 WHERE username = ?1 AND state <> 'erased'";
            let changed = execute(conn, sql, (username.as_str(), state.name()))?;
            of_someone(changed, &username)
        })
        .await
    }

    async fn sessions_of(
        &self,
        username: &Username,
        limit: usize,
    ) -> Result<Vec<Session>, StoreError> {
        let username = username.clone();
        self.read(move |conn| {
            let key = (username.as_str(), bound(limit as u64));
            collect(conn, SESSIONS_OF, key, decode_session)
        })
        .await
    }

    async fn revoke_sessions_of(
        &self,
        username: &Username,
        kept: Option<&str>,
    ) -> Result<(), StoreError> {
        let (username, kept) = (username.clone(), kept.unwrap_or_default().to_owned());
        self.write(move |conn| {
            let sql = "DELETE FROM sessions WHERE username = ?1 AND id <> ?2";
            execute(conn, sql, (username.as_str(), kept)).map(drop)
        })
        .await
    }

    async fn create_session(&self, session: Session) -> Result<Vec<String>, StoreError> {
        self.write(move |conn| create_session(conn, &session)).await
    }

    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        let id = id.to_owned();
        self.read(move |conn| Ok(collect(conn, SESSION, [id], decode_session)?.pop()))
            .await
    }

    async fn renew_session(&self, id: &str, expires: TimestampMs) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |conn| {
            execute(
                conn,
                "UPDATE sessions SET expires = ?2 WHERE id = ?1",
                (id, expires),
            )
            .map(drop)
        })
        .await
    }

    async fn revoke_session(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write(move |conn| execute(conn, "DELETE FROM sessions WHERE id = ?1", [id]).map(drop))
            .await
    }

    async fn purge_sessions(&self, before: TimestampMs) -> Result<(), StoreError> {
        self.write(move |conn| execute(conn, PURGE_SESSIONS, [bound(before)]).map(drop))
            .await
    }

    async fn insert_if_absent(&self, key: &str, value: &str) -> Result<String, StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write(move |conn| {
            execute(
                conn,
                "INSERT INTO claims (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (&key, value),
            )?;
            value_of(conn, &key)?.ok_or_else(|| StoreError::Corrupt(format!("no value of {key:?}")))
        })
        .await
    }

    async fn value(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.read(move |conn| value_of(conn, &key)).await
    }
}

fn set_password(
    conn: &Connection,
    username: &Username,
    verified: Option<&PasswordEpoch>,
    new: &NewPassword,
    kept: &str,
) -> Result<PasswordChange, StoreError> {
    let found = collect(conn, USER_BY_NAME, [username.as_str()], decode_user)?.pop();
    let Some(user) = found.filter(|user| user.state != AccountState::Erased) else {
        return Ok(PasswordChange::NoSuchUser);
    };
    if user.password_epoch.as_ref() != verified {
        return Ok(PasswordChange::Outdated);
    }
    let (password_kind, password) = encode_password(&new.record)?;
    execute(
        conn,
        "UPDATE users SET password_kind = ?2, password = ?3, password_epoch = ?4
         WHERE username = ?1",
        (username.as_str(), password_kind, password, &new.epoch.0),
    )?;
    execute(
        conn,
        "UPDATE sessions SET epoch = ?4 WHERE id = ?2 AND username = ?1 AND epoch IS ?3",
        (
            username.as_str(),
            kept,
            verified.map(|epoch| &epoch.0),
            &new.epoch.0,
        ),
    )?;
    execute(
        conn,
        "DELETE FROM sessions WHERE username = ?1 AND epoch IS NOT ?2",
        (username.as_str(), &new.epoch.0),
    )?;
    Ok(PasswordChange::Done)
}

fn create_session(conn: &Connection, session: &Session) -> Result<Vec<String>, StoreError> {
    execute(
        conn,
        "INSERT INTO sessions (id, username, created, expires, secret_hash, epoch, lobby_seq)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (
            &session.id,
            session.username.as_str(),
            session.created,
            session.expires,
            session.secret_hash.map(|hash| hash.0),
            session.epoch.as_ref().map(|epoch| &epoch.0),
            bound(session.lobby_seq),
        ),
    )?;
    let others = bound(SESSIONS_MAX as u64 - 1);
    let key = (session.username.as_str(), &session.id, others);
    let ended: Vec<String> = collect(conn, OLDEST_SESSIONS, key, |row| column(row, 0))?;
    for id in &ended {
        execute(conn, "DELETE FROM sessions WHERE id = ?1", [id])?;
    }
    Ok(ended)
}

fn value_of(conn: &Connection, key: &str) -> Result<Option<String>, StoreError> {
    conn.prepare_cached("SELECT value FROM claims WHERE key = ?1")
        .and_then(|mut query| query.query_row([key], |row| row.get(0)).optional())
        .map_err(StoreError::from)
}

/// The one value of a query that has one.
fn one<T: rusqlite::types::FromSql>(conn: &Connection, sql: &'static str) -> Result<T, StoreError> {
    conn.prepare_cached(sql)
        .and_then(|mut query| query.query_row([], |row| row.get(0)))
        .map_err(StoreError::from)
}

fn encode_password(password: &PasswordRecord) -> Result<(&'static str, String), StoreError> {
    match password {
        PasswordRecord::Argon2id(phc) => Ok(("argon2id", phc.clone())),
        PasswordRecord::Plain(all) => serde_json::to_string(all)
            .map(|json| ("plain", json))
            .map_err(|_| StoreError::Refused("a password that can't be written".into())),
        PasswordRecord::Missing => Ok(("missing", String::new())),
        PasswordRecord::AnyOf(_) => Err(StoreError::Refused("several passwords at once".into())),
    }
}

fn decode_user(row: &Row<'_>) -> Result<User, StoreError> {
    let username: String = column(row, 0)?;
    let password: String = column(row, 2)?;
    let password = match column::<String>(row, 1)?.as_str() {
        "argon2id" => PasswordRecord::Argon2id(password),
        "plain" => serde_json::from_str(&password)
            .map(PasswordRecord::Plain)
            .map_err(|_| unreadable_password(&username))?,
        "missing" => PasswordRecord::Missing,
        _ => return Err(unreadable_password(&username)),
    };
    Ok(User {
        username: Username::existing(&username),
        password,
        display_name: column(row, 3)?,
        bot: column(row, 4)?,
        created: column(row, 5)?,
        avatar: column(row, 6)?,
        banned_until: column(row, 7)?,
        last_ban_seq: column(row, 8)?,
        password_epoch: column::<Option<String>>(row, 9)?.map(PasswordEpoch),
        state: AccountState::named(&column::<String>(row, 10)?)?,
    })
}

fn decode_session(row: &Row<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: column(row, 0)?,
        username: Username::existing(&column::<String>(row, 1)?),
        created: column(row, 2)?,
        expires: column(row, 3)?,
        secret_hash: column::<Option<[u8; 32]>>(row, 4)?.map(SecretHash),
        epoch: column::<Option<String>>(row, 5)?.map(PasswordEpoch),
        lobby_seq: column(row, 6)?,
    })
}

pub(super) fn of_someone(changed: usize, username: &Username) -> Result<(), StoreError> {
    match changed {
        1 => Ok(()),
        _ => Err(StoreError::Refused(format!(
            "a change of {username:?}, who is not there or was erased"
        ))),
    }
}

fn unreadable_password(username: &str) -> StoreError {
    StoreError::Corrupt(format!(
        "the password of {username:?} is kept in no way that is known"
    ))
}
