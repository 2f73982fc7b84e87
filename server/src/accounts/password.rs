//! Passwords, hashed and checked on blocking threads.
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
use super::token::random_bytes;
use chat_store::PasswordRecord;

/// OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, 2 passes, 1 lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Bytes of the salt that each hash has.
const SALT_BYTES: usize = 16;

/// Hashes computed at the same time at most, at [`MEMORY_KIB`] each.
const HASHES_AT_ONCE_MAX: usize = 8;

/// Hashes that may wait for their turn: some seconds' work of a small machine.
const HASHES_WAITING_MAX: usize = 256;

/// Computes and checks hashes, a bounded number at a time.
pub(super) struct Passwords {
    at_once: usize,
    hasher: Arc<Hasher>,
    /// Whoever is counted here waits or works.
    places: Arc<Semaphore>,
    /// Whoever is counted here works.
    turns: Arc<Semaphore>,
}

/// Too many hashes wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Busy;

/// Why a hash was not computed.
#[derive(Debug, thiserror::Error)]
enum HashError {
    #[error("the operating system gives no random numbers: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    Argon2(#[from] argon2::Error),
    #[error(transparent)]
    Format(#[from] argon2::password_hash::Error),
    #[error(transparent)]
    Encoding(#[from] argon2::password_hash::phc::Error),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Wrong,
    Right {
        /// What to keep instead of a plain password.
        rehashed: Option<String>,
    },
}

impl Passwords {
    pub(super) fn new() -> Result<Self, OpenError> {
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

    /// Whether `password` opens an account that has `record`; `None` where there is no account.
    pub(super) async fn verify(
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
        let running = tokio::task::spawn_blocking(move || {
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
    #[cfg(test)]
    hashes: std::sync::atomic::AtomicUsize,
}

/// A hash that no password opens, made once.
static NOBODY: std::sync::OnceLock<String> = std::sync::OnceLock::new();

impl Hasher {
    fn new() -> Result<Self, OpenError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
            .map_err(|error| OpenError::Hash(error.to_string()))?;
        let secret = random_bytes::<32>().map_err(OpenError::Random)?;
        let hasher = Self {
            params,
            memory: Mutex::default(),
            nobody: String::new(),
            compare: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            #[cfg(test)]
            hashes: std::sync::atomic::AtomicUsize::new(0),
        };
        let nobody = match NOBODY.get() {
            Some(hash) => hash.clone(),
            None => {
                let secret = random_bytes::<32>().map_err(OpenError::Random)?;
                let made = hasher.hash_bytes(&secret);
                made.map_err(|error| OpenError::Hash(error.to_string()))?
            }
        };
        let nobody = NOBODY.get_or_init(|| nobody).clone();
        Ok(Self { nobody, ..hasher })
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

    /// Computes one hash in memory that is used again. Every hash goes through here, so that tests
    /// can count them.
    fn argon2(
        &self,
        argon2: &Argon2<'_>,
        password: &[u8],
        salt: &[u8],
        bytes: usize,
    ) -> Result<Output, HashError> {
        #[cfg(test)]
        self.hashes
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
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
    /// more memory than ours was not made here and is not computed.
    fn makes(&self, password: &str, hash: &PasswordHash) -> Result<bool, HashError> {
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else {
            return Ok(false);
        };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
        let version = hash.version.map_or(Ok(Version::V0x13), Version::try_from)?;
        let argon2 = Argon2::new(algorithm, version, Params::try_from(hash)?);
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
mod tests {
    use super::*;

    fn check(password: &str, record: Option<&PasswordRecord>, expect_right: bool) -> Verdict {
        let verdict = Hasher::new().unwrap().verify(password, record);
        assert_eq!(verdict != Verdict::Wrong, expect_right, "{password}");
        verdict
    }

    #[test]
    fn hashes_are_argon2id_with_the_chosen_parameters() {
        let hash = Hasher::new().unwrap().hash("correct horse").unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        let record = PasswordRecord::Argon2id(hash);
        assert_eq!(
            check("correct horse", Some(&record), true),
            Verdict::Right { rehashed: None }
        );
        check("correct horsf", Some(&record), false);
    }

    #[test]
    fn plain_passwords_open_and_are_converted() {
        let looks_hashed = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned();
        let record = PasswordRecord::Plain(vec!["x".into(), String::new(), looks_hashed.clone()]);
        for password in ["x", "", &looks_hashed] {
            let Verdict::Right {
                rehashed: Some(hash),
            } = check(password, Some(&record), true)
            else {
                panic!("not converted: {password}")
            };
            check(password, Some(&PasswordRecord::Argon2id(hash)), true);
        }
        check("X", Some(&record), false);
        check("x", Some(&PasswordRecord::Plain(Vec::new())), false);
    }

    #[test]
    fn any_of_several_opens() {
        let hash = Hasher::new().unwrap().hash("one").unwrap();
        let plain = PasswordRecord::Plain(vec!["two".into(), "three".into()]);
        let record = PasswordRecord::AnyOf(vec![PasswordRecord::Argon2id(hash), plain]);
        assert_eq!(
            check("one", Some(&record), true),
            Verdict::Right { rehashed: None }
        );
        for plain in ["two", "three"] {
            let verdict = check(plain, Some(&record), true);
            assert!(matches!(verdict, Verdict::Right { rehashed: Some(_) }));
        }
        check("four", Some(&record), false);
        check("", Some(&PasswordRecord::AnyOf(Vec::new())), false);
    }

    #[test]
    fn what_has_no_password_never_opens() {
        check("", None, false);
        check("", Some(&PasswordRecord::Missing), false);
        check("", Some(&PasswordRecord::Argon2id(String::new())), false);
        check("x", Some(&PasswordRecord::Argon2id("x".into())), false);
    }

    #[test]
    fn nobody_costs_as_much_as_a_wrong_password() {
        let hasher = Hasher::new().unwrap();
        let hashed = PasswordRecord::Argon2id(hasher.hash("correct horse").unwrap());
        let plain = PasswordRecord::Plain(vec!["correct horse".into()]);
        let records = [
            Some(&hashed),
            Some(&plain),
            Some(&PasswordRecord::Missing),
            None,
        ];
        for record in records {
            hasher.hashes.store(0, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(hasher.verify("wrong", record), Verdict::Wrong);
            let hashes = hasher.hashes.load(std::sync::atomic::Ordering::Relaxed);
            assert_eq!(hashes, 1, "{record:?}");
        }
        let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).map(str::to_owned);
        let own = hasher.hash("x").unwrap();
        assert_eq!(parameters(&hasher.nobody), parameters(&own));
    }

    #[test]
    fn hashes_share_one_block_of_memory_and_leave_nothing_in_it() {
        let hasher = Hasher::new().unwrap();
        let hashes: Vec<_> = (0..4).map(|n| hasher.hash(&format!("p{n}"))).collect();
        for (n, hash) in hashes.into_iter().enumerate() {
            let record = PasswordRecord::Argon2id(hash.unwrap());
            let right = Verdict::Right { rehashed: None };
            assert_eq!(hasher.verify(&format!("p{n}"), Some(&record)), right);
            assert_eq!(hasher.verify("p9", Some(&record)), Verdict::Wrong);
        }
        assert_eq!(hasher.memory.lock().len(), 1);
    }

    #[test]
    fn hashes_of_the_library_alone_are_verified() {
        use argon2::password_hash::PasswordHasher;
        let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap();
        let library = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let hash = library.hash_password(b"correct horse").unwrap();
        check(
            "correct horse",
            Some(&PasswordRecord::Argon2id(hash.to_string())),
            true,
        );
        let smaller = Params::new(1_024, 1, 1, None).unwrap();
        let library = Argon2::new(Algorithm::Argon2id, Version::V0x13, smaller);
        let hash = library.hash_password(b"correct horse").unwrap();
        let record = PasswordRecord::Argon2id(hash.to_string());
        check("correct horse", Some(&record), true);
        check("correct horsf", Some(&record), false);
    }

    #[tokio::test]
    async fn too_many_are_shed_and_places_come_back() {
        let passwords = Passwords::with_bounds(1, 1).unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let working = passwords.run(move |_| held.recv().is_ok());
        let waiting = passwords.hash("second".into());
        let shed = async { passwords.hash("third".into()).await };
        let last = async {
            tokio::task::yield_now().await;
            let shed = shed.await;
            release.send(()).unwrap();
            shed
        };
        let (first, second, third) = tokio::join!(biased; working, waiting, last);
        assert_eq!((first, second.is_ok(), third), (Ok(true), true, Err(Busy)));
        assert!(passwords.hash("fourth".into()).await.is_ok());
    }

    #[tokio::test]
    async fn a_job_whose_caller_left_keeps_its_place() {
        let passwords = Passwords::with_bounds(1, 0).unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        {
            let left = passwords.run(move |_| held.recv().is_ok());
            tokio::select! {
                biased;
                _ = left => panic!("it waits for us"),
                () = tokio::task::yield_now() => {}
            }
        }
        assert_eq!(passwords.hash("shed".into()).await, Err(Busy));
        release.send(()).unwrap();
        while passwords.places.available_permits() == 0 {
            tokio::task::yield_now().await;
        }
        assert!(passwords.hash("served".into()).await.is_ok());
    }
}
