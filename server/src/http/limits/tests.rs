//! Buckets in paused time.

use std::net::IpAddr;

use tokio::time::advance;

use super::*;

fn network(text: &str) -> ClientNetwork {
    ClientNetwork::of(text.parse().unwrap())
}

/// How many sign-ins fail before one is refused.
fn failures(limits: &HttpLimits, client: &str, name: &str) -> usize {
    std::iter::repeat_with(|| limits.sign_in(network(client), name))
        .take(10_000)
        .take_while(Result::is_ok)
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_name_is_locked_for_one_network_and_not_for_its_owner_elsewhere() {
    let limits = HttpLimits::new();
    assert_eq!(failures(&limits, "192.0.2.1", "Ann"), 10);
    let limited = limits.sign_in(network("192.0.2.1"), "aNN").unwrap_err();
    assert_eq!(limited.retry_after, SIGN_IN_PAIR_REFILL);
    assert_eq!(failures(&limits, "192.0.2.2", "ann"), 10);
    advance(SIGN_IN_PAIR_REFILL).await;
    assert_eq!(failures(&limits, "192.0.2.1", "ann"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_network_is_locked_for_all_names() {
    let limits = HttpLimits::new();
    let tried: usize = (0..10)
        .map(|n| failures(&limits, "192.0.2.1", &format!("user{n}")))
        .sum();
    assert_eq!(tried, 30);
    assert_eq!(failures(&limits, "::ffff:192.0.2.1", "zoe"), 0);
    assert_eq!(failures(&limits, "192.0.2.2", "zoe"), 10);
    advance(SIGN_IN_NETWORK_REFILL * 3).await;
    assert_eq!(failures(&limits, "192.0.2.1", "zoe"), 3);
}

#[tokio::test(start_paused = true)]
async fn ipv6_counts_by_network_and_by_the_48_above_it() {
    let limits = HttpLimits::new();
    assert_eq!(failures(&limits, "2001:db8::1", "ann"), 10);
    assert_eq!(failures(&limits, "2001:db8::ffff:2", "ann"), 0);
    assert_eq!(failures(&limits, "2001:db8:0:1::1", "ann"), 10);
    let registered = (0..1_000)
        .filter(|n| {
            let client = network(&format!("2001:db8:0:{n:x}::1"));
            limits.register(client).is_ok()
        })
        .count();
    assert_eq!(registered, 4 * REGISTER_BURST as usize);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_locked_everywhere_in_the_end() {
    let limits = HttpLimits::new();
    let tried: usize = (0..100)
        .map(|n| failures(&limits, &format!("192.0.2.{n}"), "ann"))
        .sum();
    assert_eq!(tried, SIGN_IN_NAME_BURST as usize);
    // The token that the name's bucket refused was given back to the network's bucket.
    assert_eq!(failures(&limits, "192.0.2.99", "bob"), 10);
}

#[tokio::test(start_paused = true)]
async fn guessers_do_not_lock_the_owner_out_of_a_known_network() {
    let limits = HttpLimits::new();
    let home = network("198.51.100.7");
    limits.sign_in(home, "ann").unwrap().succeed();
    for n in 0..40 {
        failures(&limits, &format!("192.0.2.{n}"), "ann");
    }
    assert_eq!(failures(&limits, "198.51.100.8", "ann"), 0);
    limits.sign_in(home, "ANN").unwrap().succeed();
    // A guesser at home is limited all the same.
    assert_eq!(failures(&limits, "198.51.100.7", "ann"), 10);
}

#[tokio::test(start_paused = true)]
async fn a_session_has_a_bucket_of_its_own() {
    let limits = HttpLimits::new();
    for n in 0..40 {
        failures(&limits, &format!("192.0.2.{n}"), "ann");
    }
    let wrong = (0..100)
        .take_while(|_| limits.confirm_password("first").is_ok())
        .count();
    assert_eq!(wrong, 10);
    limits.confirm_password("second").unwrap().forgive();
}

#[tokio::test(start_paused = true)]
async fn a_right_password_counts_for_nothing() {
    let limits = HttpLimits::new();
    for _ in 0..1_000 {
        let attempt = limits.sign_in(network("192.0.2.1"), "ann");
        attempt.unwrap().succeed();
    }
    assert_eq!(failures(&limits, "192.0.2.1", "ann"), 10);
}

#[tokio::test(start_paused = true)]
async fn registrations() {
    let limits = HttpLimits::new();
    let count = || {
        (0..1_000)
            .take_while(|_| limits.register(network("192.0.2.1")).is_ok())
            .count()
    };
    assert_eq!(count(), REGISTER_BURST as usize);
    advance(REGISTER_REFILL).await;
    assert_eq!(count(), 1);
    assert!(limits.register(network("192.0.2.2")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn pictures_come_one_at_a_time_and_ten_an_hour() {
    let limits = HttpLimits::new();
    let (home, ann) = (network("192.0.2.1"), Username::existing("ann"));
    let held = limits.upload(home, &ann).unwrap();
    let another = limits.upload(home, &ann).unwrap_err();
    assert_eq!(another, UploadRejected::Another);
    drop(held);
    let taken = (0..100)
        .take_while(|_| limits.upload(home, &ann).is_ok())
        .count();
    assert_eq!(taken, 9);
    let limited = limits.upload(home, &ann).unwrap_err();
    assert!(matches!(limited, UploadRejected::Limited(_)));
    advance(PICTURE_REFILL).await;
    assert!(limits.upload(home, &ann).is_ok());

    let people = (0..100).map(|n| Username::existing(&format!("user{n}")));
    let of_one_network: Vec<_> = people
        .filter_map(|username| limits.upload(home, &username).ok())
        .collect();
    assert_eq!(of_one_network.len(), UPLOADS_PER_NETWORK_MAX);
    let elsewhere = limits.upload(network("192.0.2.2"), &Username::existing("bob"));
    assert!(elsewhere.is_ok());
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_the_limited_stay_so() {
    let limits = HttpLimits::new();
    let rates = limits.rates.as_ref().unwrap();
    let kept = || rates.register.networks.len();
    for _ in 0..REGISTER_BURST / 2 {
        let _ = limits.register(network("192.0.2.1"));
    }
    for n in 0..110_000_u32 {
        let address = IpAddr::from(n.to_be_bytes());
        limits.register(ClientNetwork::of(address)).unwrap();
        assert!(kept() <= KEYS_MAX);
    }
    let left = (0..1_000)
        .take_while(|_| limits.register(network("192.0.2.1")).is_ok())
        .count();
    assert_eq!(left, REGISTER_BURST as usize / 2);
    advance(REGISTER_REFILL * 1_000).await;
    limits.tidy();
    assert_eq!(kept(), 0);
}

#[tokio::test]
async fn off_is_off() {
    let limits = HttpLimits::off();
    for _ in 0..1_000 {
        limits.register(network("192.0.2.1")).unwrap();
        let _ = limits.sign_in(network("192.0.2.1"), "ann").unwrap();
    }
}
