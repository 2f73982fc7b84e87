//! How often one client may do what costs the server much, and how much of it at the same time.
//!
//! Rates are [`Buckets`]. A bound on things at the same time is [`SharedPlaces`], of which no
//! network can take all. A sign-in takes its token before the password is looked at and gets it
//! back when the password was right, so that guesses made at the same time count too.
//!
//! Guesses at an account's password empty the bucket of its name, but do not keep the owner out: a
//! network from which the account signed in before has a bucket of its own, also after a restart,
//! and a request with a session never takes from the name's.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use chat_shared::Username;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::buckets::{Buckets, KEYS_MAX, forget_half};
use crate::network::{ClientNetwork, SharedPlace, SharedPlaces, WIDER_SHARES};

pub use super::buckets::Limited;

/// Accounts made from one network: at once, and how long until one more.
const REGISTER_BURST: u32 = 20;
const REGISTER_REFILL: Duration = Duration::from_secs(60);

/// Codes of invites and password resets that do not work, from one network.
const CODE_BURST: u32 = 20;
const CODE_REFILL: Duration = Duration::from_secs(10);

/// Failed sign-ins from one network, whatever the names.
const SIGN_IN_NETWORK_BURST: u32 = 30;
const SIGN_IN_NETWORK_REFILL: Duration = Duration::from_secs(5);

/// Failed sign-ins with one name from one network, and wrong passwords given in one session.
const SIGN_IN_PAIR_BURST: u32 = 10;
const SIGN_IN_PAIR_REFILL: Duration = Duration::from_secs(10);

/// Failed sign-ins with one name from all networks that it never signed in from.
const SIGN_IN_NAME_BURST: u32 = 300;
const SIGN_IN_NAME_REFILL: Duration = Duration::from_secs(1);

/// Pictures that one person may give: at once, and how long until one more.
const PICTURE_BURST: u32 = 10;
const PICTURE_REFILL: Duration = Duration::from_secs(6 * 60);

/// Bodies of JSON that are being read, each of 16 KiB at most.
pub const BODIES_MAX: usize = 1_024;
const BODIES_PER_NETWORK_MAX: usize = 512;

/// Pictures that are being read or decoded, each of 2 MiB at most.
pub const UPLOADS_MAX: usize = 8;
const UPLOADS_PER_NETWORK_MAX: usize = 4;

/// Passwords that are being hashed or wait for it.
const PASSWORDS_MAX: usize = 256;
const PASSWORDS_PER_NETWORK_MAX: usize = 128;

/// The bounds of the HTTP calls.
pub struct HttpLimits {
    hasher: RandomState,
    /// `None`: off.
    rates: Option<Rates>,
    bodies: SharedPlaces,
    passwords: SharedPlaces,
    uploads: SharedPlaces,
    /// People one of whose pictures is being taken.
    uploading: Arc<Mutex<HashSet<Username>>>,
}

struct Rates {
    register: PerNetwork,
    code: PerNetwork,
    network: PerNetwork,
    /// Names are kept as hashes, so that a long one costs no more than a short one.
    pair: Buckets<(ClientNetwork, u64)>,
    name: Buckets<u64>,
    session: Buckets<String>,
    picture: Buckets<Username>,
    known: KnownNetworks,
}

impl std::fmt::Debug for HttpLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpLimits")
            .field("on", &self.rates.is_some())
            .finish_non_exhaustive()
    }
}

impl HttpLimits {
    pub fn new() -> Self {
        Self::with_rates(Some(Rates::new()))
    }

    /// Without rates; what is bounded at the same time is bounded still.
    pub fn off() -> Self {
        Self::with_rates(None)
    }

    fn with_rates(rates: Option<Rates>) -> Self {
        Self {
            hasher: RandomState::new(),
            rates,
            bodies: SharedPlaces::new(BODIES_MAX, BODIES_PER_NETWORK_MAX),
            passwords: SharedPlaces::new(PASSWORDS_MAX, PASSWORDS_PER_NETWORK_MAX),
            uploads: SharedPlaces::new(UPLOADS_MAX, UPLOADS_PER_NETWORK_MAX),
            uploading: Arc::default(),
        }
    }

    /// Counts a registration.
    ///
    /// # Errors
    /// [`Limited`] where there were too many.
    pub fn register(&self, client: ClientNetwork) -> Result<(), Limited> {
        let rates = self.rates.as_ref();
        rates.map_or(Ok(()), |rates| rates.register.take(client))
    }

    /// Counts a code as wrong, until [`Attempt::forgive`].
    ///
    /// # Errors
    /// [`Limited`] where too many were wrong.
    pub fn code(&self, client: ClientNetwork) -> Result<Attempt<'_>, Limited> {
        let Some(rates) = &self.rates else {
            return Ok(Attempt(None));
        };
        rates.code.take(client)?;
        Ok(Attempt(Some(Taken::Code { rates, client })))
    }

    /// Counts a sign-in as failed, until [`Attempt::forgive`] or [`Attempt::succeed`].
    ///
    /// # Errors
    /// [`Limited`] where too many failed.
    pub fn sign_in(&self, client: ClientNetwork, name: &str) -> Result<Attempt<'_>, Limited> {
        let name = self.hasher.hash_one(name.to_lowercase());
        let Some(rates) = &self.rates else {
            return Ok(Attempt(None));
        };
        let is_known = rates.known.contains(client, name);
        let attempt = SignIn {
            rates,
            client,
            name,
            is_known,
        };
        rates.network.take(client)?;
        rates
            .pair
            .take(&(client, name))
            .inspect_err(|_| rates.network.give_back(client))?;
        if !is_known {
            rates.name.take(&name).inspect_err(|_| {
                rates.network.give_back(client);
                rates.pair.give_back(&(client, name));
            })?;
        }
        Ok(Attempt(Some(Taken::SignIn(attempt))))
    }

    /// Whether a network is known for a name, or would have no use of it: while rates are off.
    pub fn is_known(&self, client: ClientNetwork, name: &str) -> bool {
        let name = self.hasher.hash_one(name.to_lowercase());
        let rates = self.rates.as_ref();
        rates.is_none_or(|rates| rates.known.contains(client, name))
    }

    /// Makes a network known for a name, as the store has it from before the server's start.
    pub fn make_known(&self, client: ClientNetwork, name: &str) {
        let name = self.hasher.hash_one(name.to_lowercase());
        if let Some(rates) = &self.rates {
            rates.known.insert(client, name);
        }
    }

    /// Counts a password that is given again in a session as wrong, until [`Attempt::forgive`].
    ///
    /// # Errors
    /// [`Limited`] where too many were wrong.
    pub fn confirm_password(&self, session: &str) -> Result<Attempt<'_>, Limited> {
        let Some(rates) = &self.rates else {
            return Ok(Attempt(None));
        };
        let session = session.to_owned();
        rates.session.take(&session)?;
        Ok(Attempt(Some(Taken::Session { rates, session })))
    }

    /// A place for a body of JSON, to be held while it is read.
    pub fn body(&self, client: ClientNetwork) -> Option<SharedPlace> {
        self.bodies.take(client)
    }

    /// A place for a password, to be held while it is hashed.
    pub fn password(&self, client: ClientNetwork) -> Option<SharedPlace> {
        self.passwords.take(client)
    }

    /// A place for a picture, to be held from before it is read until it is kept.
    ///
    /// # Errors
    /// [`UploadRejected`].
    pub fn upload(
        &self,
        client: ClientNetwork,
        username: &Username,
    ) -> Result<UploadPlace, UploadRejected> {
        if !self.uploading.lock().insert(username.clone()) {
            return Err(UploadRejected::Another);
        }
        // From here on the guard gives the person's place back.
        let mut place = UploadPlace {
            uploading: Arc::clone(&self.uploading),
            username: username.clone(),
            shared: None,
        };
        place.shared = Some(self.uploads.take(client).ok_or(UploadRejected::Busy)?);
        if let Some(rates) = &self.rates {
            rates.picture.take(username)?;
        }
        Ok(place)
    }

    /// Forgets everyone who is not limited any more.
    pub fn tidy(&self) {
        if let Some(rates) = &self.rates {
            rates.register.tidy();
            rates.code.tidy();
            rates.network.tidy();
            rates.pair.tidy();
            rates.name.tidy();
            rates.session.tidy();
            rates.picture.tidy();
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl Rates {
    fn new() -> Self {
        Self {
            register: PerNetwork::new(REGISTER_BURST, REGISTER_REFILL),
            code: PerNetwork::new(CODE_BURST, CODE_REFILL),
            network: PerNetwork::new(SIGN_IN_NETWORK_BURST, SIGN_IN_NETWORK_REFILL),
            pair: Buckets::new(SIGN_IN_PAIR_BURST, SIGN_IN_PAIR_REFILL),
            name: Buckets::new(SIGN_IN_NAME_BURST, SIGN_IN_NAME_REFILL),
            session: Buckets::new(SIGN_IN_PAIR_BURST, SIGN_IN_PAIR_REFILL),
            picture: Buckets::new(PICTURE_BURST, PICTURE_REFILL),
            known: KnownNetworks::default(),
        }
    }
}

/// A password or a code that is being checked, counted as wrong until the opposite is known.
#[must_use]
pub struct Attempt<'l>(Option<Taken<'l>>);

enum Taken<'l> {
    SignIn(SignIn<'l>),
    Session {
        rates: &'l Rates,
        session: String,
    },
    Code {
        rates: &'l Rates,
        client: ClientNetwork,
    },
}

struct SignIn<'l> {
    rates: &'l Rates,
    client: ClientNetwork,
    name: u64,
    is_known: bool,
}

impl std::fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}

impl Attempt<'_> {
    /// The password was right, or was not looked at: what was taken is given back.
    pub fn forgive(self) {
        match self.0 {
            None => {}
            Some(Taken::Code { rates, client }) => rates.code.give_back(client),
            Some(Taken::Session { rates, session }) => rates.session.give_back(&session),
            Some(Taken::SignIn(attempt)) => {
                let SignIn {
                    rates,
                    client,
                    name,
                    is_known,
                } = attempt;
                rates.network.give_back(client);
                rates.pair.give_back(&(client, name));
                if !is_known {
                    rates.name.give_back(&name);
                }
            }
        }
    }

    /// The password was right: as [`Attempt::forgive`], and the network is known for the name from
    /// now on. Returns whether it was unknown before.
    pub fn succeed(self) -> bool {
        let is_new = match &self.0 {
            Some(Taken::SignIn(attempt)) => {
                attempt.rates.known.insert(attempt.client, attempt.name)
            }
            _ => false,
        };
        self.forgive();
        is_new
    }
}

/// A bucket for each network, and a larger one for each /48.
struct PerNetwork {
    networks: Buckets<ClientNetwork>,
    wider: Buckets<ClientNetwork>,
}

impl PerNetwork {
    fn new(burst: u32, refill: Duration) -> Self {
        Self {
            networks: Buckets::new(burst, refill),
            wider: Buckets::new(burst * WIDER_SHARES, refill / WIDER_SHARES),
        }
    }

    fn take(&self, client: ClientNetwork) -> Result<(), Limited> {
        self.networks.take(&client)?;
        let Some(wider) = client.wider() else {
            return Ok(());
        };
        let taken = self.wider.take(&wider);
        taken.inspect_err(|_| self.networks.give_back(&client))
    }

    fn give_back(&self, client: ClientNetwork) {
        self.networks.give_back(&client);
        if let Some(wider) = client.wider() {
            self.wider.give_back(&wider);
        }
    }

    fn tidy(&self) {
        self.networks.tidy();
        self.wider.tidy();
    }
}

/// Networks that each name signed in from, the last [`KEYS_MAX`] of all names together. The store
/// has those of earlier starts, and is asked where they matter.
#[derive(Default)]
struct KnownNetworks(Mutex<HashMap<(ClientNetwork, u64), Instant>>);

impl KnownNetworks {
    fn contains(&self, client: ClientNetwork, name: u64) -> bool {
        self.0.lock().contains_key(&(client, name))
    }

    /// Returns whether it was unknown.
    fn insert(&self, client: ClientNetwork, name: u64) -> bool {
        let mut known = self.0.lock();
        let before = known.insert((client, name), Instant::now());
        if known.len() > KEYS_MAX {
            forget_half(&mut known);
        }
        before.is_none()
    }
}

/// Why a picture is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadRejected {
    /// The same person gives another one at this moment.
    Another,
    /// Too many pictures are being read.
    Busy,
    /// This person changed it too often.
    Limited(Limited),
}

impl From<Limited> for UploadRejected {
    fn from(limited: Limited) -> Self {
        Self::Limited(limited)
    }
}

/// A place for one person's picture; given back when dropped.
#[derive(Debug)]
pub struct UploadPlace {
    uploading: Arc<Mutex<HashSet<Username>>>,
    username: Username,
    shared: Option<SharedPlace>,
}

impl UploadPlace {
    /// As [`SharedPlace::hold`].
    pub async fn hold<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        self.shared.as_mut()?.hold(work).await
    }
}

impl Drop for UploadPlace {
    fn drop(&mut self) {
        self.uploading.lock().remove(&self.username);
    }
}

#[cfg(test)]
mod tests;
