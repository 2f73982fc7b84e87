//! People with sessions, written to the store before the server starts. Signing up and signing in
//! 10,000 people would hash 20,000 passwords, which is not measured here.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chat_server::accounts::{Accounts, Options, change_reports};
use chat_server_store::Store as _;
use chat_server_store::sqlite::SqliteStore;
use chat_server_store::{AccountStore, NewUser, PasswordRecord, Session, SharedStore};
use chat_shared::Username;
use futures::{StreamExt, TryStreamExt};
use ring::hmac;
use serde_json::json;

/// The store's key for the secret that signs tokens, whose value is `ID:SECRET`.
const KEY_CLAIM: &str = "jwt_key";

/// Writes that wait for the store's writer at the same time. It commits them together.
const WRITES_AT_ONCE: usize = 256;

/// Creates a data directory with this many people and returns their tokens.
pub(crate) fn people(dir: &Path, count: usize) -> anyhow::Result<Vec<String>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let store = Arc::new(SqliteStore::open(dir)?);
        let made = make(&store, count).await;
        store.close().await;
        made
    })
}

async fn make(store: &Arc<SqliteStore>, count: usize) -> anyhow::Result<Vec<String>> {
    let (reporter, _) = change_reports();
    let admin = Options {
        admin: Some(name(0)),
        ..Options::default()
    };
    // Opening the accounts creates the key.
    Accounts::open(Arc::clone(store) as SharedStore, admin, reporter).await?;
    let key = store.value(KEY_CLAIM).await?.context("no signing key")?;
    let (id, secret) = key.split_once(':').context("the signing key's form")?;
    let signer = Signer {
        header: BASE64.encode(json!({"typ": "JWT", "alg": "HS256", "kid": id}).to_string()),
        key: hmac::Key::new(hmac::HMAC_SHA256, &BASE64.decode(secret)?),
    };
    futures::stream::iter(0..count)
        .map(|n| person(store, &signer, n))
        .buffered(WRITES_AT_ONCE)
        .try_collect()
        .await
}

fn name(n: usize) -> String {
    format!("u{n:05}")
}

struct Signer {
    header: String,
    key: hmac::Key,
}

impl Signer {
    fn sign(&self, claims: &serde_json::Value) -> String {
        let signed = format!("{}.{}", self.header, BASE64.encode(claims.to_string()));
        let tag = hmac::sign(&self.key, signed.as_bytes());
        format!("{signed}.{}", BASE64.encode(tag))
    }
}

async fn person(store: &SqliteStore, signer: &Signer, n: usize) -> anyhow::Result<String> {
    let Ok(username) = Username::parse_new(&name(n)) else {
        bail!("{} is no name", name(n));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let created = u64::try_from(now.as_millis())?;
    let user = NewUser {
        username: username.clone(),
        password: PasswordRecord::Missing,
        bot: false,
        created,
    };
    let id = format!("session-of-{}", name(n));
    let session = Session {
        id: id.clone(),
        username: username.clone(),
        created,
        expires: Some(created + 24 * 60 * 60 * 1_000),
        secret_hash: None,
        epoch: None,
        lobby_seq: 0,
    };
    store.create_user(user).await?;
    store.create_session(session).await?;
    let claims = json!({"sub": username.as_str(), "sid": id, "iat": now.as_secs()});
    Ok(signer.sign(&claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_takes_the_tokens() {
        let dir = tempfile::tempdir().unwrap();
        let tokens = people(dir.path(), 3).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store = Arc::new(SqliteStore::open(dir.path()).unwrap());
            let (reporter, _) = change_reports();
            let accounts = Accounts::open(store as SharedStore, Options::default(), reporter)
                .await
                .unwrap();
            for (n, token) in tokens.iter().enumerate() {
                let identity = accounts.authenticate(token).await.unwrap();
                assert_eq!(identity.username.as_str(), name(n));
                let forged = format!("{}x", &token[..token.len() - 1]);
                assert!(accounts.authenticate(&forged).await.is_err());
            }
        });
    }
}
