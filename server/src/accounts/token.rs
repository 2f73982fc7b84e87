//! Tokens: which session one means, signed.
//!
//! JWTs with HS256 and nothing else. They carry no expiry: the session's row has it, and it moves.

use std::sync::Once;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chat_shared::{TimestampMs, Username};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Signer, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ring::digest::{SHA256, digest};
use ring::hmac;
use serde::{Deserialize, Serialize};

use chat_server_store::{SecretHash, Store, StoreError};

/// Under which key the store keeps the signing key.
const KEY_CLAIM: &str = "jwt_key";

/// Signing keys in all, those that no longer sign among them.
const KEYS_MAX: usize = 100;

/// Bytes of the signing key: as many as the hash has.
const KEY_BYTES: usize = 32;

/// A longer one was not made by this server.
const TOKEN_BYTES_MAX: usize = 1_024;

/// Why there is no signing key.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the operating system gives no random numbers: {0}")]
    Random(getrandom::Error),
    #[error("the store's `{KEY_CLAIM}` is not a signing key that this version can read")]
    Unreadable,
    #[error("the signing key was rotated {KEYS_MAX} times, and no more keys can be kept")]
    TooMany,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SessionClaims {
    /// Whose session it is.
    pub(super) sub: String,
    /// The session's public id.
    pub(super) sid: String,
    /// The session's secret, of which the store has a hash; absent in tokens from before there
    /// were secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sec: Option<Secret>,
    /// Since when, in seconds, as the format has it.
    pub(super) iat: u64,
}

impl SessionClaims {
    pub(super) fn new(
        username: &Username,
        session: &str,
        secret: Secret,
        created: TimestampMs,
    ) -> Self {
        Self {
            sub: username.as_str().into(),
            sid: session.into(),
            sec: Some(secret),
            iat: created / 1_000,
        }
    }
}

/// The secret in a token or in a set-up link: 256 random bits in text. It is neither logged nor
/// stored; the store has its hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Secret(String);

impl Secret {
    pub(super) fn random() -> Result<Self, getrandom::Error> {
        Ok(Self(BASE64.encode(random_bytes::<32>()?)))
    }

    pub(super) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// Its hash, which is stored.
    pub(super) fn hash(&self) -> SecretHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        SecretHash(hash)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The key that signs, and those that signed before it.
pub(super) struct Keyring {
    /// The newest is the last.
    keys: Vec<SigningKey>,
}

impl Keyring {
    /// The keys that the store has; the first is made where there is none. All nodes get the same.
    pub(super) async fn load(store: &dyn Store) -> Result<Self, SigningKeyError> {
        let first = store.insert_if_absent(KEY_CLAIM, &new_key()?).await?;
        let mut keys = vec![SigningKey::parse(&first).ok_or(SigningKeyError::Unreadable)?];
        while keys.len() < KEYS_MAX
            && let Some(next) = store.value(&key_name(keys.len() + 1)).await?
        {
            keys.push(SigningKey::parse(&next).ok_or(SigningKeyError::Unreadable)?);
        }
        Ok(Self { keys })
    }

    /// Adds a key that signs from the next start on. Tokens of the earlier ones are verified still,
    /// so that nobody is signed out.
    pub(super) async fn rotate(store: &dyn Store) -> Result<(), SigningKeyError> {
        let keys = Self::load(store).await?.keys.len();
        if keys >= KEYS_MAX {
            return Err(SigningKeyError::TooMany);
        }
        let name = key_name(keys + 1);
        store.insert_if_absent(&name, &new_key()?).await?;
        Ok(())
    }

    pub(super) fn sign(&self, claims: &SessionClaims) -> Result<String, Error> {
        let newest = self.keys.last().ok_or(ErrorKind::InvalidKeyFormat)?;
        newest.sign(claims)
    }

    /// Returns the claims of a token that one of our keys signed.
    pub(super) fn verify(&self, token: &str) -> Option<SessionClaims> {
        self.keys.iter().rev().find_map(|key| key.verify(token))
    }
}

/// Under which name the store keeps the key of that number, counted from one.
fn key_name(number: usize) -> String {
    format!("{KEY_CLAIM}.{number}")
}

fn new_key() -> Result<String, SigningKeyError> {
    let id = random_id().map_err(SigningKeyError::Random)?;
    let secret = random_bytes::<KEY_BYTES>().map_err(SigningKeyError::Random)?;
    Ok(format!("{id}:{}", BASE64.encode(secret)))
}

struct SigningKey {
    id: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl SigningKey {
    fn parse(kept: &str) -> Option<Self> {
        let (id, secret) = kept.split_once(':')?;
        let secret = BASE64
            .decode(secret)
            .ok()
            .filter(|secret| secret.len() == KEY_BYTES)?;
        install_crypto();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        Some(Self {
            id: id.to_owned(),
            encoding: EncodingKey::from_secret(&secret),
            decoding: DecodingKey::from_secret(&secret),
            validation,
        })
    }

    fn sign(&self, claims: &SessionClaims) -> Result<String, Error> {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(self.id.clone());
        jsonwebtoken::encode(&header, claims, &self.encoding)
    }

    /// Returns the claims of a token that this key signed.
    fn verify(&self, token: &str) -> Option<SessionClaims> {
        if token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        let data = jsonwebtoken::decode(token, &self.decoding, &self.validation).ok()?;
        (data.header.kid.as_ref() == Some(&self.id)).then_some(data.claims)
    }
}

pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// 128 random bits, as text for URLs.
pub(super) fn random_id() -> Result<String, getrandom::Error> {
    Ok(BASE64.encode(random_bytes::<16>()?))
}

/// Gives `jsonwebtoken` its HMAC from ring; nothing else of it is used.
fn install_crypto() {
    static INSTALLED: Once = Once::new();
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: |algorithm, key| Ok(Box::new(Hs256::new(*algorithm, key.as_bytes())?)),
        verifier_factory: |algorithm, key| {
            Ok(Box::new(Hs256::new(*algorithm, key.try_get_as_bytes()?)?))
        },
        key_utils: KeyUtils::new_unimplemented(),
    };
    INSTALLED.call_once(|| {
        if PROVIDER.install_default().is_err() {
            tracing::debug!("another JWT provider is installed already");
        }
    });
}

struct Hs256(hmac::Key);

impl Hs256 {
    fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, Error> {
        if algorithm != Algorithm::HS256 {
            return Err(ErrorKind::InvalidAlgorithm.into());
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }
}

impl Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> Result<(), signature::Error> {
        hmac::verify(&self.0, message, tag).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, byte: u8) -> SigningKey {
        SigningKey::parse(&format!("{id}:{}", BASE64.encode([byte; KEY_BYTES]))).unwrap()
    }

    fn claims() -> SessionClaims {
        SessionClaims {
            sec: None,
            ..SessionClaims::new(
                &Username::existing("Jürgen X"),
                "sid-1",
                Secret("secret".to_owned()),
                1_700_000_000_123,
            )
        }
    }

    fn raw(header: &str, secret: u8) -> String {
        let body = BASE64.encode(serde_json::to_vec(&claims()).unwrap());
        let signed = format!("{}.{body}", BASE64.encode(header));
        let tag = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, &[secret; KEY_BYTES]),
            signed.as_bytes(),
        );
        format!("{signed}.{}", BASE64.encode(tag.as_ref()))
    }

    #[test]
    fn a_signed_token_is_read() {
        let token = key("a", 1).sign(&claims()).unwrap();
        assert_eq!(key("a", 1).verify(&token), Some(claims()));
        assert_eq!(raw(r#"{"typ":"JWT","alg":"HS256","kid":"a"}"#, 1), token);
    }

    #[test]
    fn a_token_of_another_key_is_not_read() {
        let key = key("a", 1);
        let good = key.sign(&claims()).unwrap();
        let mut parts: Vec<&str> = good.split('.').collect();
        let other = BASE64.encode(r#"{"sub":"eve","sid":"sid-1","iat":1}"#);
        parts[1] = &other;
        let bad = [
            parts.join("."),
            raw(r#"{"alg":"HS256","kid":"a"}"#, 2),
            raw(r#"{"alg":"HS256","kid":"b"}"#, 1),
            raw(r#"{"alg":"HS256"}"#, 1),
            raw(r#"{"alg":"HS512","kid":"a"}"#, 1),
            raw(r#"{"alg":"none","kid":"a"}"#, 1),
            format!("{}.{}.", parts[0], other),
            good[..good.len() - 1].to_owned(),
            "x".repeat(TOKEN_BYTES_MAX + 1),
            "a.b.c".to_owned(),
            String::new(),
        ];
        for token in bad {
            assert_eq!(key.verify(&token), None, "{token}");
        }
    }

    #[tokio::test]
    async fn a_new_key_signs_and_the_earlier_ones_verify() {
        let dir = tempfile::tempdir().unwrap();
        let store = chat_server_store::sqlite::SqliteStore::open(dir.path()).unwrap();
        let mut tokens = vec![
            Keyring::load(&store)
                .await
                .unwrap()
                .sign(&claims())
                .unwrap(),
        ];
        for _ in 0..3 {
            Keyring::rotate(&store).await.unwrap();
            let keys = Keyring::load(&store).await.unwrap();
            tokens.push(keys.sign(&claims()).unwrap());
            for token in &tokens {
                assert_eq!(keys.verify(token), Some(claims()));
            }
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 4);
        for _ in 4..KEYS_MAX {
            Keyring::rotate(&store).await.unwrap();
        }
        let error = Keyring::rotate(&store).await.unwrap_err();
        assert!(matches!(error, SigningKeyError::TooMany));
    }

    #[test]
    fn no_secret_is_in_debug() {
        let secret = Secret::random().unwrap();
        let claims = SessionClaims::new(&Username::existing("ann"), "sid", secret.clone(), 0);
        let text = format!("{claims:?} {:?}", secret.hash());
        assert!(!text.contains(&secret.0), "{text}");
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        for kept in ["", "a", "a:", "a:AAAA", "a:*"] {
            assert!(SigningKey::parse(kept).is_none(), "{kept}");
        }
    }
}
