//! How often one client may register, and fail to log in.
//!
//! A log-in takes its place before the password is looked at and gives it back when it was right,
//! so that guesses made at the same time count too. Memory is bounded: see [`KEYS_MAX`].

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

/// Keys that one limiter remembers. Over it, the half that is nearest to being unlimited anyway
/// is forgotten.
const KEYS_MAX: usize = 100_000;

/// Accounts made from one address: at once, and how long until one more.
const REGISTER_BURST: u32 = 100;
const REGISTER_REFILL: Duration = Duration::from_secs(1);

/// Failed log-ins from one address, whatever the names.
const LOG_IN_ADDRESS_BURST: u32 = 30;
const LOG_IN_ADDRESS_REFILL: Duration = Duration::from_secs(5);

/// Failed log-ins with one name from one address.
const LOG_IN_PAIR_BURST: u32 = 10;
const LOG_IN_PAIR_REFILL: Duration = Duration::from_secs(10);

/// Failed log-ins with one name from everywhere: loose, since it keeps the owner out too.
const LOG_IN_NAME_BURST: u32 = 300;
const LOG_IN_NAME_REFILL: Duration = Duration::from_secs(1);

/// The HTTP calls' rate limits.
pub struct HttpLimits<C: Clock = DefaultClock> {
    hasher: RandomState,
    /// `None`: off.
    limiters: Option<Limiters<C>>,
}

struct Limiters<C: Clock> {
    register: Limiter<IpAddr, C>,
    log_in_address: Limiter<IpAddr, C>,
    /// Names are kept as hashes, so that a long one costs no more than a short one.
    log_in_pair: Limiter<(IpAddr, u64), C>,
    log_in_name: Limiter<u64, C>,
}

impl<C: Clock> std::fmt::Debug for HttpLimits<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpLimits")
            .field("on", &self.limiters.is_some())
            .finish()
    }
}

/// Too often; it may work after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    pub retry_after: Duration,
}

/// A log-in under way, counted as failed until it is told to have been none.
#[must_use]
pub struct Attempt<'l, C: Clock = DefaultClock> {
    limiters: Option<&'l Limiters<C>>,
    address: IpAddr,
    name: u64,
}

impl<C: Clock> std::fmt::Debug for Attempt<'_, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}

impl HttpLimits {
    pub fn new() -> Self {
        Self::with_clock(&DefaultClock::default())
    }

    pub fn off() -> Self {
        Self {
            hasher: RandomState::new(),
            limiters: None,
        }
    }
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock + Clone> HttpLimits<C> {
    fn with_clock(clock: &C) -> Self {
        Self {
            hasher: RandomState::new(),
            limiters: Some(Limiters {
                register: Limiter::new(REGISTER_BURST, REGISTER_REFILL, clock),
                log_in_address: Limiter::new(LOG_IN_ADDRESS_BURST, LOG_IN_ADDRESS_REFILL, clock),
                log_in_pair: Limiter::new(LOG_IN_PAIR_BURST, LOG_IN_PAIR_REFILL, clock),
                log_in_name: Limiter::new(LOG_IN_NAME_BURST, LOG_IN_NAME_REFILL, clock),
            }),
        }
    }

    /// Counts a registration.
    ///
    /// # Errors
    /// [`Limited`] where there were too many.
    pub fn register(&self, client: IpAddr) -> Result<(), Limited> {
        self.limiters
            .as_ref()
            .map_or(Ok(()), |limiters| limiters.register.take(&network(client)))
    }

    /// Counts a log-in as failed, until [`Attempt::forgive`].
    ///
    /// # Errors
    /// [`Limited`] where too many failed.
    pub fn log_in(&self, client: IpAddr, name: &str) -> Result<Attempt<'_, C>, Limited> {
        let address = network(client);
        let name = self.hasher.hash_one(name.to_lowercase());
        let attempt = Attempt {
            limiters: self.limiters.as_ref(),
            address,
            name,
        };
        if let Some(limiters) = &self.limiters {
            limiters.log_in_address.take(&address)?;
            limiters
                .log_in_pair
                .take(&(address, name))
                .inspect_err(|_| {
                    limiters.log_in_address.give_back(&address);
                })?;
            limiters.log_in_name.take(&name).inspect_err(|_| {
                limiters.log_in_address.give_back(&address);
                limiters.log_in_pair.give_back(&(address, name));
            })?;
        }
        Ok(attempt)
    }

    /// Forgets whoever is not limited any more.
    pub fn tidy(&self) {
        if let Some(limiters) = &self.limiters {
            limiters.register.tidy();
            limiters.log_in_address.tidy();
            limiters.log_in_pair.tidy();
            limiters.log_in_name.tidy();
        }
    }
}

impl<C: Clock + Clone> Attempt<'_, C> {
    /// The password was right, or was not looked at.
    pub fn forgive(self) {
        if let Some(limiters) = self.limiters {
            limiters.log_in_address.give_back(&self.address);
            limiters.log_in_pair.give_back(&(self.address, self.name));
            limiters.log_in_name.give_back(&self.name);
        }
    }
}

/// What a client has one of: an IPv4 address, or an IPv6 network of 64 bits.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
    }
}

struct Limiter<K: Hash + Eq + Clone, C: Clock> {
    governor: RateLimiter<K, Buckets<K>, C, NoOpMiddleware<C::Instant>>,
    buckets: Buckets<K>,
    refill: Duration,
    clock: C,
    start: C::Instant,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Limiter<K, C> {
    fn new(burst: u32, refill: Duration, clock: &C) -> Self {
        let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(refill)
            .unwrap_or_else(|| Quota::per_second(burst))
            .allow_burst(burst);
        let buckets = Buckets::default();
        Self {
            governor: RateLimiter::new(quota, buckets.clone(), clock.clone()),
            buckets,
            refill,
            clock: clock.clone(),
            start: clock.now(),
        }
    }

    fn take(&self, key: &K) -> Result<(), Limited> {
        self.governor.check_key(key).map_err(|until| Limited {
            retry_after: until.wait_time_from(self.clock.now()),
        })
    }

    fn give_back(&self, key: &K) {
        self.buckets.lower(key, self.refill.into());
    }

    fn tidy(&self) {
        self.buckets
            .forget_up_to(self.clock.now().duration_since(self.start));
    }
}

/// For each key the time at which it is wholly unlimited again, as the limiter's algorithm (GCRA)
/// reckons it.
struct Buckets<K>(Arc<Mutex<HashMap<K, Nanos>>>);

impl<K> Clone for Buckets<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Hash + Eq> Buckets<K> {
    fn lower(&self, key: &K, by: Nanos) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(time) = map.get_mut(key) {
            *time = time.saturating_sub(by);
        }
    }

    fn forget_up_to(&self, time: Nanos) {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, unlimited_at| *unlimited_at > time);
    }
}

impl<K: Hash + Eq + Clone> StateStore for Buckets<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, time) = decide(map.get(key).copied())?;
        if map.len() >= KEYS_MAX && !map.contains_key(key) {
            forget_half(&mut map);
        }
        map.insert(key.clone(), time);
        Ok(outcome)
    }
}

fn forget_half<K: Hash + Eq>(map: &mut HashMap<K, Nanos>) {
    let mut times: Vec<Nanos> = map.values().copied().collect();
    let middle = times.len() / 2;
    let median = *times.select_nth_unstable(middle).1;
    map.retain(|_, time| *time > median);
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn limits() -> (HttpLimits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (HttpLimits::with_clock(&clock), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How many log-ins fail before one is refused.
    fn failures(limits: &HttpLimits<FakeRelativeClock>, client: &str, name: &str) -> usize {
        std::iter::repeat_with(|| limits.log_in(ip(client), name))
            .take(10_000)
            .take_while(Result::is_ok)
            .count()
    }

    #[test]
    fn a_name_is_locked_for_one_address_and_not_for_its_owner_elsewhere() {
        let (limits, clock) = limits();
        assert_eq!(failures(&limits, "192.0.2.1", "Ann"), 10);
        let limited = limits.log_in(ip("192.0.2.1"), "aNN").unwrap_err();
        assert_eq!(limited.retry_after, LOG_IN_PAIR_REFILL);
        assert_eq!(failures(&limits, "192.0.2.2", "ann"), 10);
        clock.advance(LOG_IN_PAIR_REFILL);
        assert_eq!(failures(&limits, "192.0.2.1", "ann"), 1);
    }

    #[test]
    fn an_address_is_locked_for_all_names() {
        let (limits, clock) = limits();
        let tried: usize = (0..10)
            .map(|n| failures(&limits, "192.0.2.1", &format!("user{n}")))
            .sum();
        assert_eq!(tried, 30);
        assert_eq!(failures(&limits, "::ffff:192.0.2.1", "zoe"), 0);
        assert_eq!(failures(&limits, "192.0.2.2", "zoe"), 10);
        clock.advance(LOG_IN_ADDRESS_REFILL * 3);
        assert_eq!(failures(&limits, "192.0.2.1", "zoe"), 3);
    }

    #[test]
    fn ipv6_counts_by_network() {
        let (limits, _) = limits();
        assert_eq!(failures(&limits, "2001:db8::1", "ann"), 10);
        assert_eq!(failures(&limits, "2001:db8::ffff:2", "ann"), 0);
        assert_eq!(failures(&limits, "2001:db8:0:1::1", "ann"), 10);
    }

    #[test]
    fn a_name_is_locked_everywhere_in_the_end() {
        let (limits, _) = limits();
        let tried: usize = (0..100)
            .map(|n| failures(&limits, &format!("192.0.2.{n}"), "ann"))
            .sum();
        assert_eq!(tried, LOG_IN_NAME_BURST as usize);
        // What the name refused was given back to the address.
        assert_eq!(failures(&limits, "192.0.2.99", "bob"), 10);
    }

    #[test]
    fn a_right_password_counts_for_nothing() {
        let (limits, _) = limits();
        for _ in 0..1_000 {
            limits.log_in(ip("192.0.2.1"), "ann").unwrap().forgive();
        }
        assert_eq!(failures(&limits, "192.0.2.1", "ann"), 10);
    }

    #[test]
    fn registrations() {
        let (limits, clock) = limits();
        let count = || {
            (0..1_000)
                .take_while(|_| limits.register(ip("192.0.2.1")).is_ok())
                .count()
        };
        assert_eq!(count(), 100);
        clock.advance(REGISTER_REFILL);
        assert_eq!(count(), 1);
        assert!(limits.register(ip("192.0.2.2")).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_the_limited_stay_so() {
        let (limits, clock) = limits();
        assert_eq!(failures(&limits, "192.0.2.1", "ann"), 10);
        let limiters = limits.limiters.as_ref().unwrap();
        let kept = || limiters.register.buckets.0.lock().unwrap().len();
        for _ in 0..50 {
            let _ = limits.register(ip("192.0.2.1"));
        }
        for n in 0..110_000_u32 {
            limits.register(IpAddr::from(n.to_be_bytes())).unwrap();
            assert!(kept() <= KEYS_MAX);
        }
        let left = (0..1_000)
            .take_while(|_| limits.register(ip("192.0.2.1")).is_ok())
            .count();
        assert_eq!(left, 50);
        clock.advance(Duration::from_secs(1_000));
        limits.tidy();
        assert_eq!(kept(), 0);
    }

    #[test]
    fn off_is_off() {
        let limits = HttpLimits::off();
        for _ in 0..1_000 {
            limits.register(ip("192.0.2.1")).unwrap();
            let _ = limits.log_in(ip("192.0.2.1"), "ann").unwrap();
        }
    }
}
