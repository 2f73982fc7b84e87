use chat_shared::{TimestampMs, Username};
use rusqlite::{Connection, OptionalExtension, Row};

use super::SqliteStore;
use super::rows::{bound, collect, column, execute};
use crate::{
    AccountStore, Avatar, CreateUser, NewUser, PasswordRecord, PlainPassword, Session, StoreError,
    User,
};

pub(super) const USER_BY_NAME: &str =
    "SELECT username, password_kind, password, display_name, bot, created, avatar,
         banned_until
     FROM users WHERE username = ?1";

pub(super) const USER_BY_FOLDED: &str =
    "SELECT username, password_kind, password, display_name, bot, created, avatar,
         banned_until
     FROM users WHERE folded = ?1";

pub(super) const USERS_AFTER: &str =
    "SELECT username, password_kind, password, display_name, bot, created, avatar,
         banned_until
     FROM users WHERE username > ?1 ORDER BY username LIMIT ?2";

pub(super) const SESSIONS_OF: &str = "SELECT id, username, created, expires FROM sessions
     WHERE username = ?1 ORDER BY created DESC LIMIT ?2";

pub(super) const PURGE_SESSIONS: &str = "DELETE FROM sessions WHERE expires < ?1";

#[async_trait::async_trait]
impl AccountStore for SqliteStore {
    async fn create_user(&self, user: NewUser) -> Result<CreateUser, StoreError> {
        self.write(move |conn| {
            let first = !one::<bool>(conn, "SELECT EXISTS (SELECT 1 FROM users)")?;
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
                CreateUser::Created { first }
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

    async fn count_users(&self) -> Result<u64, StoreError> {
        self.read(|conn| one(conn, "SELECT count(*) FROM users"))
            .await
    }

    async fn set_password(
        &self,
        username: &Username,
        password: PasswordRecord,
    ) -> Result<(), StoreError> {
        let username = username.clone();
        self.write(move |conn| {
            let (password_kind, password) = encode_password(&password)?;
            let changed = execute(
                conn,
                "UPDATE users SET password_kind = ?2, password = ?3 WHERE username = ?1",
                (username.as_str(), password_kind, password),
            )?;
            of_someone(changed, &username)
        })
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
            let sql = "UPDATE users SET display_name = ?2 WHERE username = ?1";
            of_someone(
                execute(conn, sql, (username.as_str(), display_name))?,
                &username,
            )
        })
        .await
    }

    async fn set_avatar(&self, username: &Username, avatar: Avatar) -> Result<(), StoreError> {
        let username = username.clone();
        self.write(move |conn| {
            let keep = "INSERT INTO avatars (name, png) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
            execute(conn, keep, (&avatar.name, avatar.png))?;
            let sql = "UPDATE users SET avatar = ?2 WHERE username = ?1";
            of_someone(
                execute(conn, sql, (username.as_str(), avatar.name))?,
                &username,
            )?;
            let unused = "DELETE FROM avatars WHERE NOT EXISTS
                 (SELECT 1 FROM users WHERE users.avatar = avatars.name)";
            execute(conn, unused, []).map(drop)
        })
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
    ) -> Result<(), StoreError> {
        let username = username.clone();
        self.write(move |conn| {
            let sql = "UPDATE users SET banned_until = ?2 WHERE username = ?1";
            of_someone(execute(conn, sql, (username.as_str(), until))?, &username)
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

    async fn create_session(&self, session: Session) -> Result<(), StoreError> {
        self.write(move |conn| {
            execute(
                conn,
                "INSERT INTO sessions (id, username, created, expires) VALUES (?1, ?2, ?3, ?4)",
                (
                    session.id,
                    session.username.as_str(),
                    session.created,
                    session.expires,
                ),
            )
            .map(drop)
        })
        .await
    }

    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        let id = id.to_owned();
        self.read(move |conn| {
            let sql = "SELECT id, username, created, expires FROM sessions WHERE id = ?1";
            Ok(collect(conn, sql, [id], decode_session)?.pop())
        })
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

    async fn claim(&self, key: &str, value: &str) -> Result<String, StoreError> {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.write(move |conn| {
            execute(
                conn,
                "INSERT INTO claims (key, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                (&key, value),
            )?;
            claimed(conn, &key)?.ok_or_else(|| StoreError::Corrupt("a claim went away".into()))
        })
        .await
    }

    async fn claimed(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.read(move |conn| claimed(conn, &key)).await
    }
}

fn claimed(conn: &Connection, key: &str) -> Result<Option<String>, StoreError> {
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
    })
}

fn decode_session(row: &Row<'_>) -> Result<Session, StoreError> {
    Ok(Session {
        id: column(row, 0)?,
        username: Username::existing(&column::<String>(row, 1)?),
        created: column(row, 2)?,
        expires: column(row, 3)?,
    })
}

fn of_someone(changed: usize, username: &Username) -> Result<(), StoreError> {
    match changed {
        1 => Ok(()),
        _ => Err(StoreError::Refused(format!(
            "a change of {username:?}, who is not there"
        ))),
    }
}

fn unreadable_password(username: &str) -> StoreError {
    StoreError::Corrupt(format!(
        "the password of {username:?} is kept in no way that is known"
    ))
}
