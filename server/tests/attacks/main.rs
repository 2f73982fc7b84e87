//! Attacks against the real server, each with what it got: `cargo xtask attacks` prints the table.
//!
//! One server with default limits serves them all, one after the other, while two people chat. An
//! attack is held when it got what the table says, the server is still alive, its memory grew no
//! more than the attack's bound (`bounds`), and the two people's room has no hole and their messages
//! were not late. Beside each attack stand the server's memory and the 99th percentile of the two
//! people's round trips while it ran.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]
#![expect(clippy::print_stdout, reason = "the table is the test's report")]

mod admins;
mod bounds;
mod bystanders;
mod frames;
mod ground;
mod hosts;
mod identity;
mod invites;
mod memberships;
mod memory;
mod networks;
mod pots;
mod requests;
mod rights;
mod sessions;
#[path = "../wire/support/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "it is shared with the wire's tests"
)]
mod support;

use std::time::Duration;

use self::bounds::{MEMORY_BYTES_MAX, OTHERS_P99_SHORT_MAX, others_p99_max};
use self::ground::{Attack, Ground};

fn every_attack() -> Vec<Attack> {
    let mut attacks = Vec::new();
    attacks.extend(requests::attacks());
    attacks.extend(hosts::attacks());
    attacks.extend(invites::attacks());
    attacks.extend(admins::attacks());
    attacks.extend(frames::attacks());
    attacks.extend(rights::attacks());
    attacks.extend(identity::attacks());
    attacks.extend(sessions::attacks());
    attacks.extend(networks::attacks());
    attacks.extend(memberships::attacks());
    attacks.extend(pots::attacks());
    attacks.extend(memory::attacks());
    attacks
}

/// Runs these attacks one after the other and prints what each got.
async fn run(attacks: impl IntoIterator<Item = Attack>, p99_max: Duration) {
    let ground = Ground::new(p99_max).await;
    let usual = ground.usual_p99().await.expect("two people can talk");
    println!(
        "others' p99 without an attack: {} ms; bound: {} ms",
        usual.as_millis(),
        p99_max.as_millis()
    );
    let mut not_held = Vec::new();
    let (mut count, mut peak) = (0, 0);
    println!("| attack | got | peak memory | growth | others' p99 | held |");
    println!("|---|---|---|---|---|---|");
    for attack in attacks {
        let name = attack.name.clone();
        let report = ground.run(attack).await;
        println!("{}", report.row(&name));
        count += 1;
        peak = peak.max(report.peak_bytes);
        if !report.faults().is_empty() {
            not_held.push(name);
        }
    }
    let peak_mib = peak >> 20;
    println!(
        "{count} attacks, {} not held, peak memory {peak_mib} MiB",
        not_held.len()
    );
    assert!(count > 0, "no attack has such a name");
    assert!(not_held.is_empty(), "not held: {not_held:?}");
    assert!(peak <= MEMORY_BYTES_MAX, "{peak_mib} MiB");
}

/// `CHAT_ATTACKS` names a part of the attacks' names; without it all of them run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; cargo xtask attacks runs it"]
async fn every_attack_is_held() {
    let wanted = std::env::var("CHAT_ATTACKS").unwrap_or_default();
    let is_wanted = |attack: &Attack| attack.name.contains(&wanted);
    run(
        every_attack().into_iter().filter(is_wanted),
        others_p99_max(),
    )
    .await;
}

/// Those that take a moment only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_short_attack_is_held() {
    let short = every_attack().into_iter().filter(|attack| !attack.is_long);
    run(short, OTHERS_P99_SHORT_MAX).await;
}
