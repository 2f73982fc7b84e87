//! The free space of the disk that SQLite's files are on, and the reserve that new messages may not
//! use.
//!
//! SQLite can't write at all on a full disk: nobody could sign in, delete a message or remove a
//! person, and the log may be on the same disk. So what needs room is refused before, and the
//! reserve is left for the rest.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

/// How often the free space is looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// One part of so many of the reserve must be free beyond it before messages are taken again, so
/// that a disk at the reserve does not change its mind every second.
const SPARE_PART: u64 = 4;

/// A cheap handle on the free space of one disk.
#[derive(Debug, Clone, Default)]
pub struct DiskSpace(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// `None` where the data is not on a disk of this machine.
    dir: Option<PathBuf>,
    /// Bytes.
    reserve: u64,
    is_low: AtomicBool,
}

impl DiskSpace {
    /// The disk that holds `dir`, with a reserve in bytes; 0 for none.
    pub fn of(dir: PathBuf, reserve: u64) -> Self {
        let space = Self(Arc::new(Inner {
            dir: Some(dir),
            reserve,
            is_low: AtomicBool::new(false),
        }));
        space.look();
        space
    }

    /// Whether only the reserve is left.
    pub fn is_low(&self) -> bool {
        self.0.is_low.load(Ordering::Relaxed)
    }

    /// Looks at the free space, and tells the log when it becomes low or enough.
    fn look(&self) {
        let Some(dir) = &self.0.dir else { return };
        let free = match free_bytes(dir) {
            Ok(free) => free,
            // Where it is not known, nothing is refused.
            Err(error) => return tracing::debug!(%error, "the free space can't be read"),
        };
        set_gauges(free, used_bytes(dir));
        let was_low = self.is_low();
        let is_low = is_low(free, self.0.reserve, was_low);
        self.0.is_low.store(is_low, Ordering::Relaxed);
        metrics::gauge!("chat_disk_low").set(f64::from(u8::from(is_low)));
        match (was_low, is_low) {
            (false, true) => tracing::error!(
                free_mib = free >> 20,
                reserve_mib = self.0.reserve >> 20,
                "the disk is almost full: new messages, accounts and pictures are refused; make room, \
                 or change --disk-reserve"
            ),
            (true, false) => tracing::info!(free_mib = free >> 20, "the disk has room again"),
            (false, false) | (true, true) => {}
        }
    }
}

fn is_low(free: u64, reserve: u64, was_low: bool) -> bool {
    let enough = match was_low {
        true => reserve.saturating_add(reserve / SPARE_PART),
        false => reserve,
    };
    free < enough
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float, and nobody needs petabytes to the byte"
)]
fn set_gauges(free: u64, used: u64) {
    metrics::gauge!("chat_disk_free_bytes").set(free as f64);
    metrics::gauge!("chat_database_bytes").set(used as f64);
}

/// Bytes of the files in the data directory, which are SQLite's.
fn used_bytes(dir: &Path) -> u64 {
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let lengths = files.filter_map(|file| file.metadata().ok());
    lengths
        .filter(Metadata::is_file)
        .map(|file| file.len())
        .sum()
}

/// Bytes that a program which is not root may still use.
#[cfg(unix)]
fn free_bytes(dir: &Path) -> std::io::Result<u64> {
    let stat = rustix::fs::statvfs(dir)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> std::io::Result<u64> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// Follows the free space until the server ends.
pub async fn run(space: DiskSpace) {
    if space.0.dir.is_none() {
        return;
    }
    let mut looks = tokio::time::interval(LOOK_INTERVAL);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let space = space.clone();
        // A panic there is in the log already.
        let _ = tokio::task::spawn_blocking(move || space.look()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_at_its_reserve_does_not_change_its_mind() {
        let check = |free, was_low, expect| {
            assert_eq!(is_low(free, 64, was_low), expect, "{free} {was_low}");
        };
        check(64, false, false);
        check(63, false, true);
        check(79, true, true);
        check(80, true, false);
        assert!(!is_low(0, 0, false), "no reserve is kept");
        assert!(!is_low(0, 0, true));
    }

    #[cfg(unix)]
    #[test]
    fn the_free_space_of_a_directory_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let space = DiskSpace::of(dir.path().to_owned(), u64::MAX);
        assert!(space.is_low());
        assert!(!DiskSpace::of(dir.path().to_owned(), 1).is_low());
        assert!(!DiskSpace::default().is_low());
    }
}
