//! Attacks against the real server, each with what it got: `cargo xtask attacks` prints the table.
//!
//! One server with default limits serves them all, one after the other, while two people chat. An
//! attack is held when it got what the table says, the server is still alive, and the two people's
//! room has no hole. Beside each attack stand the server's memory and the 99th percentile of the
//! two people's round trips while it ran.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends at the first thing that is not as expected"
)]
#![expect(clippy::print_stdout, reason = "the table is the test's report")]

mod bystanders;
mod frames;
mod ground;
mod identity;
mod memory;
mod networks;
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

use self::ground::{Attack, Ground};

/// Bytes of memory that the server may take at most, whatever the attacks do.
const MEMORY_BYTES_MAX: u64 = 512 << 20;

fn every_attack() -> Vec<Attack> {
    let mut attacks = Vec::new();
    attacks.extend(requests::attacks());
    attacks.extend(frames::attacks());
    attacks.extend(rights::attacks());
    attacks.extend(identity::attacks());
    attacks.extend(sessions::attacks());
    attacks.extend(networks::attacks());
    attacks.extend(memory::attacks());
    attacks
}

/// `CHAT_ATTACKS` names a part of the attacks' names; without it all of them run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; cargo xtask attacks runs it"]
async fn every_attack_is_held() {
    let wanted = std::env::var("CHAT_ATTACKS").unwrap_or_default();
    let ground = Ground::new().await;
    let mut not_held = Vec::new();
    let (mut count, mut peak) = (0, 0);
    println!("| attack | got | peak memory | others' p99 | held |");
    println!("|---|---|---|---|---|");
    for attack in every_attack() {
        if !attack.name.contains(&wanted) {
            continue;
        }
        let name = attack.name.clone();
        let report = ground.run(attack).await;
        println!("{}", report.row(&name));
        count += 1;
        peak = peak.max(report.peak_bytes);
        if !report.is_held() {
            not_held.push(name);
        }
    }
    let peak_mib = peak >> 20;
    println!(
        "{count} attacks, {} not held, peak memory {peak_mib} MiB",
        not_held.len()
    );
    assert!(not_held.is_empty(), "not held: {not_held:?}");
    assert!(peak <= MEMORY_BYTES_MAX, "{peak_mib} MiB");
}
