//! The cost of idle connections: memory, and CPU for heartbeats.

use std::time::{Duration, Instant};

use super::Options;
use super::chat::ChatServer;
use super::swarm::Swarm;
use super::table::{Goal, Row};
use super::usage::{kernel_memory, resident};

/// People who connect and leave first, so that memory that the server takes once is not counted.
const WARM_UP: usize = 200;

/// Time for two heartbeats of 30 s.
const WINDOW: Duration = Duration::from_secs(60);

/// Time until people who left are no longer online: the grace is 3 s.
const GONE: Duration = Duration::from_secs(6);

pub(crate) fn run(options: &Options) -> anyhow::Result<Vec<Row>> {
    let (people, window, gone) = match options.quick {
        true => (300, Duration::from_secs(2), Duration::ZERO),
        false => (10_000, WINDOW, GONE),
    };
    let server = ChatServer::start(&options.site, people)?;
    let process = &server.process;
    drop(server.swarm(WARM_UP)?);
    std::thread::sleep(gone);
    let kernel_before = kernel_memory()?;
    let before = resident(process.pid())?;
    let mut swarm = Swarm::new(server.enter(people)?)?;
    swarm.settle()?;
    let after = resident(process.pid())?;
    let kernel_after = kernel_memory()?;
    let each = |after: u64, before: u64| {
        (after as f64 - before as f64) / people as f64 / f64::from(1 << 10)
    };

    let anonymous = each(after.anonymous, before.anonymous);
    let kernel = each(kernel_after, kernel_before);
    let memory = Row::alone(
        format!("{people} idle: resident memory a connection"),
        "KiB",
        &[each(after.all, before.all)],
    )
    .goal(Goal::OursAtMost(6.0))
    .note(format!(
        "{anonymous:.1} KiB of it anonymous; the kernel takes {kernel:.1} KiB more for both ends"
    ));
    options.say(&memory);

    // Each measurement takes two heartbeats.
    let mut shares = Vec::new();
    for _ in 0..options.repeats {
        let (cpu, clock) = (process.cpu()?, Instant::now());
        swarm.idle(window)?;
        let spent = process.cpu()? - cpu;
        shares.push(100.0 * spent.as_secs_f64() / clock.elapsed().as_secs_f64());
    }
    let cpu = Row::alone(format!("{people} idle: CPU"), "% of a core", &shares)
        .goal(Goal::OursAtMost(2.0))
        .note(format!("windows of {} s, heartbeat 30 s", window.as_secs()));
    options.say(&cpu);
    Ok(vec![memory, cpu])
}
