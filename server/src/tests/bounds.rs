//! The sum of every buffer that has a bound in all: what docs/operate.md promises of the memory.

use chat_shared::limits::AVATAR_BYTES_MAX;

use crate::accounts::{DECODED_AT_ONCE_MAX, DECODED_BYTES_MAX, HASHES_AT_ONCE_MAX, MEMORY_KIB};
use crate::http::serve::{HEAD_BYTES_MAX, HTTP_CONNECTIONS_MAX};
use crate::http::{BODIES_MAX, BODY_BYTES_MAX, UPLOADS_MAX};
use crate::hub::{ALL_RECENT_BYTES_MAX, PAGES_BYTES_MAX};
use crate::send_queue::SEND_QUEUES_BYTES_HARD_MAX;

/// Bytes that the server may take at its default flags.
const MEMORY_BYTES_MAX: usize = 512 << 20;

/// An estimate of the program at rest, with its store open.
const BASE_BYTES: usize = 40 << 20;

/// Connections for which the promise holds.
const CONNECTIONS: usize = 5_000;

/// An idle connection with its kernel memory (bench/REPORT.md).
const CONNECTION_BYTES: usize = 10 << 10;

const IN_ALL: [(&str, usize); 10] = [
    ("the program", BASE_BYTES),
    ("connections", CONNECTIONS * CONNECTION_BYTES),
    ("request heads", HTTP_CONNECTIONS_MAX * HEAD_BYTES_MAX),
    ("JSON bodies", BODIES_MAX * BODY_BYTES_MAX),
    ("pictures being read", UPLOADS_MAX * AVATAR_BYTES_MAX),
    (
        "pictures being decoded",
        DECODED_AT_ONCE_MAX * DECODED_BYTES_MAX as usize,
    ),
    (
        "password hashes",
        HASHES_AT_ONCE_MAX * ((MEMORY_KIB as usize) << 10),
    ),
    ("pages being made", PAGES_BYTES_MAX),
    ("recent frames", ALL_RECENT_BYTES_MAX),
    ("send queues", SEND_QUEUES_BYTES_HARD_MAX),
];

#[test]
fn all_buffers_together_are_under_the_promised_memory() {
    let sum: usize = IN_ALL.iter().map(|(_, bytes)| bytes).sum();
    assert!(sum < MEMORY_BYTES_MAX, "{sum} bytes: {IN_ALL:?}");
}
