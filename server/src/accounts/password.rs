//! Passwords, hashed and checked in the background.
//!
//! Every check costs one argon2id hash, whatever is known of the account. A fixed number of hashes
//! is computed at a time, each in a block of memory that is kept for the next one: the allocator
//! would otherwise hold on to a block for every thread that ever hashed.

use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::Mutex;
use ring::hmac;
use tokio::sync::Semaphore;

use super::OpenError;
use super::token::{random_bytes, random_id};
use chat_server_store::{NewPassword, PasswordEpoch, PasswordRecord, run_in_background};

/// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, 2 passes, 1 lane.
pub const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Passes of a stored hash that are computed. One that asks for more was not made here, and would
/// hold a place for as long as it says.
const PASSES_MAX: u32 = 16;

/// Bytes of the salt that each hash has.
const SALT_BYTES: usize = 16;

/// Hashes computed at the same time at most, at [`MEMORY_KIB`] each.
pub const HASHES_AT_ONCE_MAX: usize = 3;

/// Hashes that may wait for their turn: some seconds' work of a small machine.
const HASHES_WAITING_MAX: usize = 256;

/// Computes and checks hashes, a bounded number at a time.
pub(crate) struct Passwords {
    at_once: usize,
    hasher: Arc<Hasher>,
    /// Places for hashes that wait or run.
    places: Arc<Semaphore>,
    /// Places for hashes that run.
    turns: Arc<Semaphore>,
}

/// Too many hashes wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Busy;

/// Why a hash was not computed.
#[derive(Debug, thiserror::Error)]
enum HashError {
    #[error("the operating system gives no random numbers: {0}")]
    Random(getrandom::Error),
    #[error("the hash asks for more than {PASSES_MAX} passes")]
    Passes,
    #[error(transparent)]
    Argon2(#[from] argon2::Error),
    #[error(transparent)]
    Format(#[from] argon2::password_hash::Error),
    #[error(transparent)]
    Encoding(#[from] argon2::password_hash::phc::Error),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Wrong,
    Right {
        /// The hash that replaces a stored plain password.
        rehashed: Option<String>,
    },
}

impl Passwords {
    pub(crate) fn new() -> Result<Self, OpenError> {
        let at_once = std::thread::available_parallelism()
            .map_or(1, std::num::NonZero::get)
            .min(HASHES_AT_ONCE_MAX);
        Self::with_bounds(at_once, HASHES_WAITING_MAX)
    }

    fn with_bounds(at_once: usize, waiting: usize) -> Result<Self, OpenError> {
        Ok(Self {
            at_once,
            hasher: Arc::new(Hasher::new()?),
            places: Arc::new(Semaphore::new(at_once + waiting)),
            turns: Arc::new(Semaphore::new(at_once)),
        })
    }

    /// Hashes computed at the same time at most.
    pub(super) fn at_once(&self) -> usize {
        self.at_once
    }

    /// The password as a PHC string.
    pub(super) async fn hash(&self, password: String) -> Result<String, Busy> {
        self.run(move |hasher| hasher.hash(&password))
            .await?
            .map_err(|error| {
                tracing::error!(%error, "a password could not be hashed");
                Busy
            })
    }

    /// The password of an account that gets another one.
    pub(super) async fn new_password(&self, password: String) -> Result<NewPassword, Busy> {
        Ok(NewPassword {
            record: PasswordRecord::Argon2id(self.hash(password).await?),
            epoch: PasswordEpoch(random_id().map_err(|_| Busy)?),
        })
    }

    /// Whether `password` opens an account that has `record`; `None` where there is no account.
    pub(crate) async fn verify(
        &self,
        password: String,
        record: Option<PasswordRecord>,
    ) -> Result<Verdict, Busy> {
        self.run(move |hasher| hasher.verify(&password, record.as_ref()))
            .await
    }

    /// The job itself holds its place, so that one whose caller went away still counts.
    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Hasher) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| Busy)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Busy)?;
        let hasher = Arc::clone(&self.hasher);
        let running = run_in_background(move || {
            let _held = (place, turn);
            job(&hasher)
        });
        running.await.map_err(|error| {
            tracing::error!(%error, "a password check ended early");
            Busy
        })
    }
}

struct Hasher {
    params: Params,
    /// Blocks of memory that no hash uses now. There are as many as hashes were ever computed at
    /// the same time.
    memory: Mutex<Vec<Vec<Block>>>,
    /// Of a password that nobody knows, with the same parameters as everyone's.
    nobody: String,
    /// Plain passwords are compared by their tags under it, so that time tells nothing.
    compare: hmac::Key,
}

/// A hash that no password opens, made once.
static NOBODY: std::sync::OnceLock<String> = std::sync::OnceLock::new();

impl Hasher {
    fn new() -> Result<Self, OpenError> {
        let hasher = Self::without_nobody(MEMORY_KIB)?;
        let nobody = match NOBODY.get() {
            Some(hash) => hash.clone(),
            None => hasher.nobody()?,
        };
        let nobody = NOBODY.get_or_init(|| nobody).clone();
        Ok(Self { nobody, ..hasher })
    }

    fn without_nobody(memory_kib: u32) -> Result<Self, OpenError> {
        let params = Params::new(memory_kib, PASSES, LANES, None)
            .map_err(|error| OpenError::Hash(error.to_string()))?;
        let secret = random_bytes::<32>().map_err(OpenError::Random)?;
        Ok(Self {
            params,
            memory: Mutex::default(),
            nobody: String::new(),
            compare: hmac::Key::new(hmac::HMAC_SHA256, &secret),
        })
    }

    /// The hash of a password that nobody knows.
    fn nobody(&self) -> Result<String, OpenError> {
        let secret = random_bytes::<32>().map_err(OpenError::Random)?;
        let made = self.hash_bytes(&secret);
        made.map_err(|error| OpenError::Hash(error.to_string()))
    }

    fn hash(&self, password: &str) -> Result<String, HashError> {
        self.hash_bytes(password.as_bytes())
    }

    fn hash_bytes(&self, password: &[u8]) -> Result<String, HashError> {
        let salt = random_bytes::<SALT_BYTES>().map_err(HashError::Random)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let output = self.argon2(&argon2, password, &salt, Params::DEFAULT_OUTPUT_LEN)?;
        let hash = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params)?,
            salt: Some(Salt::new(&salt)?),
            hash: Some(output),
        };
        Ok(hash.to_string())
    }

    /// Computes one hash in memory that is used again. Every hash goes through here and is counted.
    fn argon2(
        &self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        bytes: usize,
    ) -> Result<Output, HashError> {
        metrics::counter!("chat_password_hashes_total").increment(1);
        let kept = self.memory.lock().pop();
        let mut memory = kept.unwrap_or_else(|| vec![Block::new(); self.params.block_count()]);
        let mut buffer = [0_u8; Output::MAX_LENGTH];
        let output = match buffer.get_mut(..bytes) {
            Some(out) => argon2
                .hash_password_into_with_memory(password, salt, out, memory.as_mut_slice())
                .map_err(HashError::from)
                .and_then(|()| Ok(Output::new(out)?)),
            None => Err(argon2::password_hash::Error::OutputSize.into()),
        };
        self.memory.lock().push(memory);
        output
    }

    /// Whether `password` makes the hash, with the parameters that the hash names. One that needs
    /// more memory than ours, or more passes than [`PASSES_MAX`], is not computed.
    fn makes(&self, password: &str, hash: &PasswordHash) -> Result<bool, HashError> {
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
            return Ok(false);
        };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
        let version = hash.version.map_or(Ok(Version::V0x13), Version::try_from)?;
        let params = Params::try_from(hash)?;
        if params.t_cost() > PASSES_MAX {
            return Err(HashError::Passes);
        }
        let argon2 = Argon2::new(algorithm, version, params);
        let output = self.argon2(&argon2, password.as_bytes(), salt, expected.len())?;
        // In constant time.
        Ok(output == *expected)
    }

    fn verify(&self, password: &str, record: Option<&PasswordRecord>) -> Verdict {
        let hash = match record {
            Some(PasswordRecord::Plain(plain)) => return self.verify_plain(password, plain),
            Some(PasswordRecord::Argon2id(hash)) => Some(hash.as_str()),
            Some(PasswordRecord::AnyOf(records)) => return self.verify_any(password, records),
            Some(PasswordRecord::Missing) | None => None,
        };
        let parsed = match PasswordHash::new(hash.unwrap_or(&self.nobody)) {
            Ok(parsed) => parsed,
            Err(error) => {
                tracing::error!(%error, "the store holds a password hash that can't be read");
                return Verdict::Wrong;
            }
        };
        match (hash, self.makes(password, &parsed)) {
            (Some(_), Ok(true)) => Verdict::Right { rehashed: None },
            (_, Ok(_)) => Verdict::Wrong,
            (_, Err(error)) => {
                tracing::error!(%error, "a password could not be checked");
                Verdict::Wrong
            }
        }
    }

    /// Checks all, so that time does not tell which was right.
    fn verify_any(&self, password: &str, records: &[PasswordRecord]) -> Verdict {
        records
            .iter()
            .map(|record| self.verify(password, Some(record)))
            .fold(Verdict::Wrong, |before, verdict| match verdict {
                Verdict::Wrong => before,
                right => right,
            })
    }

    /// Hashes in any case: that is the cost of a check, and what is kept when it was right.
    fn verify_plain(&self, password: &str, plain: &[String]) -> Verdict {
        let rehashed = self.hash(password).ok();
        let tag = hmac::sign(&self.compare, password.as_bytes());
        let mut right = false;
        for plain in plain {
            right |= hmac::verify(&self.compare, plain.as_bytes(), tag.as_ref()).is_ok();
        }
        if right {
            Verdict::Right { rehashed }
        } else {
            Verdict::Wrong
        }
    }
}

#[cfg(test)]
mod tests;
