//! What an attack may cost: memory of the server, and waiting of the others.
//!
//! The figures are sums of the bounds in the table of docs/operate.md, taken from the server's own
//! constants where it publishes them.

use std::time::Duration;

use chat_server::hub::{PAGES_BYTES_MAX, USER_PAGES_BYTES_MAX};
use chat_server::send_queue::{SEND_QUEUES_BYTES_HARD_MAX, USER_SEND_QUEUES_BYTES_MAX};

use crate::support::on_ferretdb;

/// Memory that the server may take at most, whatever the attacks do.
pub(crate) const MEMORY_BYTES_MAX: u64 = 512 << 20;

/// Memory for what has no share in a buffer with a bound of its own: the state of some hundred
/// connections and rooms, the store's caches, and freed memory that the allocator keeps.
const SMALL_BYTES: u64 = 16 << 20;

/// Memory of the password hashes that run at the same time, which is kept for the next ones.
const HASHES_BYTES: u64 = 3 * (19 << 20);

/// Bodies of pictures that are read at the same time.
const UPLOADS_BYTES: u64 = 8 * (2 << 20);

/// Memory of one picture while it is decoded.
const DECODED_BYTES: u64 = 144 << 20;

/// JSON bodies that are read at the same time.
const BODIES_BYTES: u64 = 1_024 * (16 << 10);

/// A frame that comes in, for each connection of an attack that sends large ones.
const INCOMING_BYTES: u64 = 64 << 10;

/// How long the slowest message in a hundred of the others may take in the drill, from its sending to
/// the other person. On a quiet machine it takes under 50 ms; the rest is for a machine that has a
/// little other work.
const OTHERS_P99_MAX: Duration = Duration::from_secs(1);

/// The same in the short run, which is on machines of any speed beside any other work: an attack that
/// takes a moment leaves so few messages that this is the slowest of all. It only tells that the
/// others are still served.
pub(crate) const OTHERS_P99_SHORT_MAX: Duration = Duration::from_secs(20);

/// The same on FerretDB, which scans a whole collection for a page: the time after which the server
/// gives a question to the store up.
const OTHERS_P99_ON_FERRETDB_MAX: Duration = Duration::from_secs(5);

/// Bytes by which the server's memory may grow during one attack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth(pub(crate) u64);

impl Growth {
    /// For an attack that fills no buffer.
    pub(crate) const SMALL: Self = Self(SMALL_BYTES);
    /// For sign-ups and sign-ins.
    pub(crate) const HASHES: Self = Self(SMALL_BYTES + HASHES_BYTES + BODIES_BYTES);
    /// For one user that asks and does not read.
    pub(crate) const ONE_USER: Self = Self(
        SMALL_BYTES
            + HASHES_BYTES
            + USER_PAGES_BYTES_MAX as u64
            + USER_SEND_QUEUES_BYTES_MAX as u64
            + 64 * INCOMING_BYTES,
    );
    /// For several users that do.
    pub(crate) const ALL_QUEUES: Self = Self(
        SMALL_BYTES + HASHES_BYTES + PAGES_BYTES_MAX as u64 + SEND_QUEUES_BYTES_HARD_MAX as u64,
    );
    /// For pictures that are sent.
    pub(crate) const PICTURES: Self = Self(SMALL_BYTES + HASHES_BYTES + UPLOADS_BYTES);
    /// For pictures that are decoded.
    pub(crate) const DECODED: Self =
        Self(SMALL_BYTES + HASHES_BYTES + UPLOADS_BYTES + DECODED_BYTES);
}

/// The bound on the others' 99th percentile in the drill.
pub(crate) fn others_p99_max() -> Duration {
    if on_ferretdb() {
        OTHERS_P99_ON_FERRETDB_MAX
    } else {
        OTHERS_P99_MAX
    }
}
