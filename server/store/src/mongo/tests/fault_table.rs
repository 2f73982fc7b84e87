//! The result that a caller gets from every command of the store under every fault, compared with
//! the outcomes that `docs/mongodb.md` states.
//!
//! A proxy plays each fault on one command of MongoDB for as long as the store tries. Afterwards
//! the same call must do its work, whatever the fault left behind.

use std::time::Duration;

use futures::StreamExt;
use tokio::time::{Instant, sleep};

use super::fault_calls::{CALLS, Call, Kind, prepare, run};
use super::mongo_server::TestDatabase;
use super::proxy::{Fault, Proxy};
use crate::StoreError;
use crate::mongo::{MongoStore, Timeouts, connect};

const DOCS: &str = include_str!("../../../../../docs/mongodb.md");

/// Calls that are tested at the same time, each on a database of its own.
const CALLS_AT_ONCE_MAX: usize = 19;

/// The result that a caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It is done.
    Done,
    /// It may have been done, and may work when tried again: [`StoreError::Unavailable`].
    Open,
    /// It was not done and is no use to repeat: [`StoreError::Refused`].
    Rejected,
}
use Outcome::{Done, Open, Rejected};

impl Outcome {
    fn of(result: &Result<(), StoreError>) -> Self {
        match result {
            Ok(()) => Done,
            Err(StoreError::Unavailable(_)) => Open,
            Err(_) => Rejected,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Done => "done",
            Open => "open",
            Rejected => "rejected",
        }
    }
}

/// A fault, and the outcome of a read, of a write that is tried once or again until its deadline,
/// of an append, and of a projection behind an append.
struct Row {
    what: &'static str,
    fault: fn() -> Fault,
    read: Outcome,
    write: Outcome,
    append: Outcome,
    projection: Outcome,
}

const ROWS: [Row; 12] = [
    Row {
        what: "no primary (10107)",
        fault: || Fault::error(10_107, &[]),
        read: Open,
        write: Open,
        append: Open,
        projection: Done,
    },
    Row {
        what: "step-down (189) with RetryableWriteError",
        fault: || Fault::error(189, &["RetryableWriteError"]),
        read: Open,
        write: Open,
        append: Open,
        projection: Done,
    },
    Row {
        what: "time is up (50)",
        fault: || Fault::error(50, &[]),
        read: Open,
        write: Open,
        append: Open,
        projection: Done,
    },
    Row {
        what: "no majority in time (write concern error 64)",
        fault: || Fault::write_concern(64),
        read: Done,
        write: Open,
        append: Done,
        projection: Done,
    },
    Row {
        what: "no majority for what has the key (11000 with 64)",
        fault: Fault::duplicate_without_majority,
        // No reply to a read has this shape.
        read: Rejected,
        write: Open,
        append: Open,
        projection: Done,
    },
    Row {
        what: "unauthorized (13)",
        fault: || Fault::error(13, &[]),
        read: Open,
        write: Open,
        append: Open,
        projection: Done,
    },
    Row {
        what: "an unknown code",
        fault: || Fault::error(987_654, &[]),
        read: Rejected,
        write: Rejected,
        append: Rejected,
        projection: Done,
    },
    Row {
        what: "an unknown code with RetryableWriteError",
        fault: || Fault::error(987_654, &["RetryableWriteError"]),
        read: Open,
        write: Open,
        append: Open,
        projection: Done,
    },
    Row {
        what: "cut before the command",
        fault: || Fault::CutBefore,
        read: Open,
        write: Open,
        append: Open,
        projection: Done,
    },
    Row {
        what: "cut after the command",
        fault: || Fault::CutAfter,
        read: Open,
        write: Open,
        append: Done,
        projection: Done,
    },
    Row {
        what: "no reply",
        fault: || Fault::Swallow,
        read: Open,
        write: Open,
        append: Done,
        projection: Done,
    },
    Row {
        what: "a slow reply",
        fault: || Fault::Delay(Duration::from_millis(100)),
        read: Done,
        write: Done,
        append: Done,
        projection: Done,
    },
];

impl Row {
    fn expected(&self, kind: Kind) -> Outcome {
        match kind {
            Kind::Read => self.read,
            Kind::Write => self.write,
            Kind::Append => self.append,
            Kind::Projection => self.projection,
        }
    }

    /// The line of the table in the docs.
    fn line(&self) -> String {
        let of = |kind| self.expected(kind).text();
        let (read, write) = (of(Kind::Read), of(Kind::Write));
        let (append, projection) = (of(Kind::Append), of(Kind::Projection));
        format!(
            "| {} | {read} | {write} | {append} | {projection} |",
            self.what
        )
    }
}

fn timeouts() -> Timeouts {
    Timeouts {
        operation: Duration::from_secs(2),
        write: Duration::from_millis(2_500),
        ..Timeouts::default()
    }
}

/// Whether the fault was played. Search entries are written behind the search that asked for them.
async fn is_played(proxy: &Proxy) -> bool {
    let deadline = Instant::now() + timeouts().write * 2;
    while proxy.played() == 0 && Instant::now() < deadline {
        sleep(Duration::from_millis(50)).await;
    }
    proxy.played() > 0
}

/// Plays every fault on the call, and returns what was not as the table has it.
async fn check(call: &'static Call) -> Vec<String> {
    let database = TestDatabase::new();
    let first = MongoStore::open(&database.url, &database.name).await;
    prepare(&first.unwrap()).await;
    let proxy = Proxy::start(&database.url).await;
    let options = connect::options(&proxy.url(), timeouts()).await.unwrap();
    let store = MongoStore::open_with(options, &database.name, timeouts()).await;
    let store = store.unwrap();
    // The background would add commands of its own, and memory would answer the searches.
    store.repairing.abort();
    store.shared.recent.disable();
    let mut wrong = Vec::new();
    for (n, row) in (1..).zip(&ROWS) {
        let fault = (row.fault)();
        proxy.play(call.command, Some(call.collection), usize::MAX, fault);
        let result = run(call, &store, n).await;
        let (outcome, expected) = (Outcome::of(&result), row.expected(call.kind));
        let cell = format!("{} × {}", call.name, row.what);
        if outcome != expected {
            wrong.push(format!("{cell}: {result:?}, expected {}", expected.text()));
        }
        if !is_played(&proxy).await {
            wrong.push(format!(
                "{cell}: it never sends {} {}",
                call.command, call.collection
            ));
        }
        proxy.heal();
        if let Err(error) = run(call, &store, n).await {
            wrong.push(format!("{cell}: not done afterwards: {error}"));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn every_call_has_the_stated_outcome_under_every_fault() {
    let wrong: Vec<String> = futures::stream::iter(&CALLS)
        .map(check)
        .buffer_unordered(CALLS_AT_ONCE_MAX)
        .concat()
        .await;
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_docs_state_the_outcomes() {
    assert!(CALLS.len() >= 20 && ROWS.len() >= 8);
    let section = DOCS
        .split("\n## ")
        .find(|section| section.starts_with("Faults"));
    let lines: Vec<&str> = section
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .collect();
    let expected: Vec<String> = ROWS.iter().map(Row::line).collect();
    assert_eq!(lines, expected);
    let count = format!("in {} calls of the store", CALLS.len());
    assert!(DOCS.contains(&count), "the docs do not say \"{count}\"");
}
