//! Networks that accounts signed in from.
//!
//! Wrong passwords for one name, given from many networks, lock the name for networks that the
//! account was never signed in from. So that the owner is not locked out after a restart, the store
//! keeps the networks of each account, as hashes under a key of this server.

use chat_server_store::{SharedStore, StoreError, log_failure};
use chat_shared::Username;
use data_encoding::HEXLOWER;
use ring::hmac;

use super::token::Secret;
use super::{Accounts, OpenError, now_ms};
use crate::network::ClientNetwork;

/// The key in the store of the key under which networks are hashed.
const NETWORK_KEY_CLAIM: &str = "network_key";

/// Hashes a network together with the account that signed in from it.
pub(super) struct NetworkHasher(hmac::Key);

impl NetworkHasher {
    /// Loads the key, or creates it.
    pub(super) async fn load(store: &SharedStore) -> Result<Self, OpenError> {
        let fresh = Secret::random().map_err(OpenError::Random)?;
        let key = store.insert_if_absent(NETWORK_KEY_CLAIM, fresh.text());
        let key = key.await?;
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes())))
    }

    fn hash(&self, name: &str, network: ClientNetwork) -> String {
        let name = Username::existing(name).folded();
        let tag = hmac::sign(&self.0, format!("{network} {name}").as_bytes());
        HEXLOWER.encode(tag.as_ref())
    }
}

impl Accounts {
    /// Keeps that somebody signed in from a network. A failure is logged: it costs them only a
    /// place in the queue of those who guess their password.
    pub async fn remember_network(&self, username: &Username, network: ClientNetwork) {
        let hash = self.0.networks.hash(username.as_str(), network);
        let kept = self.0.store.remember_network(username, &hash, now_ms());
        if let Err(error) = kept.await {
            log_failure!(warn, error, %username, "a sign-in's network could not be stored");
        }
    }

    /// Whether the account of this name signed in from a network before. `false` where the store
    /// fails.
    pub async fn knows_network(&self, name: &str, network: ClientNetwork) -> bool {
        let hash = self.0.networks.hash(name, network);
        let known: Result<bool, StoreError> = self.0.store.knows_network(&hash).await;
        known.unwrap_or_else(|error| {
            log_failure!(warn, error, "a sign-in's network could not be looked up");
            false
        })
    }
}
