//! The parts that test on MongoDB's wire: plain, and with TLS and a user.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};

use crate::command::Run;
use crate::project::Project;
use crate::say;
use crate::steps::{MONGO_TEST, WIRE_TEST, built, built_test, built_unit_tests};
use crate::tools::Tool;

const URL_VARIABLE: &str = "CHAT_TEST_MONGO_URL";

/// Tests of the server on MongoDB alone that run at a time. They wait for timeouts more than they
/// compute, and as many as there are cores would leave those idle.
const OWN_TESTS_AT_ONCE: &str = "--test-threads=4";

/// Tests that are not run on MongoDB, and why.
const SQLITE_ONLY: [(&str, &str); 6] = [
    (
        "bad_start::a_data_directory_in_use_ends_the_start",
        "it is about SQLite's data directory",
    ),
    (
        "conformance::",
        "no store takes part in WebSocket's framing",
    ),
    ("sync::", "it watches SQLite's files"),
    (
        "operator::erase::messages_go_from_every_room_on_a_running_server",
        "the command changes the database without the server, which shows it with the next event",
    ),
    (
        "operator::invites::an_invite_to_a_closed_server_is_refused",
        "the command does not know the flags of a server that it does not reach",
    ),
    (
        "operator::invites::invites_are_made_listed_and_revoked",
        "the command does not know the flags of a server that it does not reach",
    ),
];

/// Tests that are not run on FerretDB, and what it is too slow for: it uses no index but that of
/// `_id`. They run on SQLite and on a real MongoDB.
const TOO_SLOW_ON_FERRETDB: [(&str, &str); 4] = [
    (
        "page_memory::hundreds_of_history_queries_stay_within_the_budget",
        "FerretDB reads the whole log for each of hundreds of pages of history",
    ),
    (
        "permissions::table_of_",
        "FerretDB reads the whole log to look up the nonce of each rejected command",
    ),
    (
        "slow::a_slow_reader_is_closed_and_misses_nothing",
        "FerretDB reads the whole log for each page of thousands of events",
    ),
    (
        "resume::edges::over_five_thousand_events_behind_in_all_some_rooms_are_limited",
        "FerretDB reads the whole log for each page of thousands of events",
    ),
];

/// Runs all tests on the MongoDB that `CHAT_TEST_MONGO_URL` names, else on FerretDB.
pub(crate) fn plain(project: &Project) -> anyhow::Result<()> {
    let url = std::env::var(URL_VARIABLE).ok();
    // The example `mongo-front` marks its URL.
    let is_ferretdb = url.is_none_or(|url| url.contains("appName=FerretDB"));
    run(project, is_ferretdb, |test| test)
}

/// Runs all tests on a FerretDB behind TLS and a user who signs in.
pub(crate) fn secure(project: &Project) -> anyhow::Result<()> {
    let front = Front::start(project)?;
    run(project, true, |test| test.env(URL_VARIABLE, &front.url))
}

fn run(project: &Project, is_ferretdb: bool, on: impl Fn(Run) -> Run) -> anyhow::Result<()> {
    let store = built_unit_tests(project, "server/store", "chat_server_store")?
        .args(["--include-ignored", "mongo::"]);
    let store = on(store).show();
    let races = built_unit_tests(project, "server", "chat_server")?.args(["--ignored", "races::"]);
    let races = on(races).show();
    let own =
        built_test(project, "server", MONGO_TEST)?.args(["--include-ignored", OWN_TESTS_AT_ONCE]);
    let own = on(own).show();
    let slow = match is_ferretdb {
        true => &TOO_SLOW_ON_FERRETDB[..],
        false => &[][..],
    };
    let skipped = SQLITE_ONLY.iter().chain(slow);
    for (name, reason) in skipped.clone() {
        say(&format!("left out: {name} ({reason})"));
    }
    let wire = built_test(project, "server", WIRE_TEST)?
        .arg("--include-ignored")
        .args(skipped.flat_map(|(name, _)| ["--skip", name]))
        .env("CHAT_TEST_STORE", "mongo")
        .env("CHAT_PYTHON", Tool::PythonWebsockets.path(project)?);
    let wire = on(wire).show();
    store.and(races).and(own).and(wire)
}

/// The server's example `mongo-front`: a FerretDB behind TLS and a user. It ends with this value.
struct Front {
    process: Child,
    url: String,
}

impl Front {
    fn start(project: &Project) -> anyhow::Result<Self> {
        let mut process = Command::new(built(project, "examples/mongo-front")?)
            // It ends when its input does.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("mongo-front can't be started")?;
        let output = process.stdout.take().context("mongo-front has no output")?;
        let mut url = String::new();
        BufReader::new(output).read_line(&mut url)?;
        ensure!(url.starts_with("mongodb://"), "mongo-front ended at once");
        let url = url.trim().to_owned();
        Ok(Self { process, url })
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
