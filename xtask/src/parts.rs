//! The table of parts, and what each runs.
//!
//! All that is built is built with one profile (dev) and one set of features (`--workspace
//! --all-features`), so that a part finds what an earlier one has compiled.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use crate::command::Run;
use crate::outside;
use crate::project::Project;
use crate::report::Outcome;
use crate::tools::{CHROMIUM_VARIABLE, Tool};

pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
    /// Programs without which it is skipped.
    pub(crate) needs: &'static [Tool],
    /// The part that must have passed before.
    pub(crate) after: Option<&'static str>,
    run: fn(&Project) -> anyhow::Result<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Check,
    Test,
}

const PARTS: &[Part] = &[
    Part {
        name: "fmt",
        about: "the code is formatted",
        kind: Kind::Check,
        needs: &[],
        after: None,
        run: |_| Run::cargo().args(["fmt", "--all", "--check"]).show(),
    },
    Part {
        name: "clippy",
        about: "no lint finds anything",
        kind: Kind::Check,
        needs: &[],
        after: None,
        run: |_| {
            cargo("clippy")
                .args(["--all-targets", "--locked", "--", "-D", "warnings"])
                .show()
        },
    },
    Part {
        name: "doc",
        about: "the libraries' documentation builds, and chat-shared's misses nothing",
        kind: Kind::Check,
        needs: &[],
        after: None,
        run: doc,
    },
    Part {
        name: "shared-alone",
        about: "chat-shared without features builds, and needs no runtime",
        kind: Kind::Check,
        needs: &[],
        after: None,
        run: shared_alone,
    },
    Part {
        name: "deny",
        about: "licences, banned crates and sources of what we depend on (cargo-deny)",
        kind: Kind::Check,
        needs: &[Tool::CargoDeny],
        after: None,
        run: |project| {
            Run::new(Tool::CargoDeny.path(project)?)
                .args([
                    "--all-features",
                    "--locked",
                    "check",
                    "--hide-inclusion-graph",
                ])
                .args(["bans", "licenses", "sources"])
                .show()
        },
    },
    Part {
        name: "build",
        about: "the server, the terminal client and all tests compile",
        kind: Kind::Test,
        needs: &[],
        after: None,
        run: |_| cargo("build").args(["--all-targets", "--locked"]).show(),
    },
    Part {
        name: "rust",
        about: "unit, integration and documentation tests",
        kind: Kind::Test,
        needs: &[],
        after: Some("build"),
        run: rust,
    },
    Part {
        name: "sync",
        about: "the disk has a message before its sender has the ack, by what the kernel was asked",
        kind: Kind::Test,
        needs: &[Tool::Strace],
        after: Some("build"),
        run: |project| {
            built_test(project, "server", WIRE_TEST)?
                .args(["--ignored", "sync::"])
                .env("CHAT_STRACE", Tool::Strace.path(project)?)
                .show()
        },
    },
    Part {
        name: "mongo",
        about: "the server on MongoDB's wire: what is its own, and all that is asked of SQLite",
        kind: Kind::Test,
        needs: &[Tool::FerretDb],
        after: Some("build"),
        run: |project| {
            let own = built_test(project, "server", MONGO_TEST)?.show();
            let skipped = match std::env::var_os("CHAT_TEST_MONGO_URL") {
                Some(_) => &[][..],
                None => &TOO_SLOW_ON_FERRETDB[..],
            };
            let everyones = built_test(project, "server", WIRE_TEST)?
                .args(skipped.iter().flat_map(|name| ["--skip", name]))
                .env("CHAT_TEST_STORE", "mongo")
                .show();
            own.and(everyones)
        },
    },
    Part {
        name: "architecture",
        about: "what may not depend on what",
        kind: Kind::Test,
        needs: &[],
        after: Some("build"),
        run: |project| built_test(project, "xtask", ARCHITECTURE_TEST)?.show(),
    },
    Part {
        name: "page-unit",
        about: "the page's modules in Node",
        kind: Kind::Test,
        needs: &[Tool::Node],
        after: None,
        run: |project| node_tests(project, &project.files("web/tests", ".test.js")?)?.show(),
    },
    Part {
        name: "page-types",
        about: "the page's modules keep to the wire's types (tsc)",
        kind: Kind::Test,
        needs: &[Tool::Node, Tool::Npm, Tool::PlaywrightCore],
        after: None,
        run: |project| {
            let compiler = project.web().join("node_modules/typescript/bin/tsc");
            let config = project.web().join("jsconfig.json");
            Run::new(Tool::Node.path(project)?)
                .arg(compiler)
                .arg("--project")
                .arg(config)
                .show()
        },
    },
    Part {
        name: "page",
        about: "the page in Chromium, with a real server",
        kind: Kind::Test,
        needs: &[Tool::Node, Tool::Npm, Tool::Chromium, Tool::PlaywrightCore],
        after: Some("build"),
        run: |project| {
            let mut files = project.files("web/e2e", ".test.js")?;
            files.retain(|file| file != Path::new(STORY_TEST));
            browser_tests(project, &files)?.show()
        },
    },
    Part {
        name: "terminal",
        about: "the terminal client in a real pseudo-terminal, with a real server",
        kind: Kind::Test,
        needs: &[Tool::Tmux],
        after: Some("build"),
        run: |project| {
            built_test(project, "client-tui", TERMINAL_TEST)?
                .env("CHAT_SERVER_BIN", built(project, "chat-server")?)
                .show()
        },
    },
    Part {
        name: "story",
        about: "two people in Chromium, one in a terminal and a bot, in one room",
        kind: Kind::Test,
        needs: &[
            Tool::Node,
            Tool::Npm,
            Tool::Chromium,
            Tool::PlaywrightCore,
            Tool::Tmux,
        ],
        after: Some("build"),
        run: |project| story(project, &[STORY_TEST])?.show(),
    },
    Part {
        name: "mongo-browsers",
        about: "the same story, and the demo's page in Chromium, on MongoDB's wire",
        kind: Kind::Test,
        needs: &[
            Tool::Node,
            Tool::Npm,
            Tool::Chromium,
            Tool::PlaywrightCore,
            Tool::Tmux,
            Tool::FerretDb,
        ],
        after: Some("build"),
        run: |project| {
            story(project, &[STORY_TEST, DEMO_TEST])?
                .env("CHAT_TEST_STORE", "mongo")
                .env("CHAT_FERRETDB_BIN", Tool::FerretDb.path(project)?)
                .show()
        },
    },
    Part {
        name: "sdk",
        about: "the documentation's bots compile in a crate of their own",
        kind: Kind::Test,
        needs: &[],
        after: None,
        run: outside::check_examples,
    },
];

/// Integration tests that are parts of their own.
const ARCHITECTURE_TEST: &str = "architecture";
const TERMINAL_TEST: &str = "pty";
const MONGO_TEST: &str = "mongo";

/// The server from outside, run on each store.
const WIRE_TEST: &str = "wire";

/// FerretDB looks through a whole collection for a nonce and for a page of events: it takes seconds
/// for what these do, and what they hold is not the store's. They run on SQLite and on MongoDB.
const TOO_SLOW_ON_FERRETDB: [&str; 3] = [
    "main_job::limits::who_does_not_stop_is_sent_away",
    "slow::who_stands_still_is_sent_away_and_misses_nothing",
    "resume::edges::over_five_thousand_behind_in_all_some_rooms_start_anew",
];

/// The browser test that is a part of its own, since it needs a terminal too.
const STORY_TEST: &str = "web/e2e/story.test.js";

/// The FastAPI demo's page.
const DEMO_TEST: &str = "web/e2e/demo.test.js";

/// Longest that one test of the page may take.
const NODE_TEST_TIME_MAX_MS: u32 = 180_000;

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PARTS.iter().map(|part| part.name)
}

/// The parts of these kinds, or those named and what they come after; in the table's order.
pub(crate) fn select(kinds: &[Kind], named: &[String]) -> Vec<&'static Part> {
    let is_named = |part: &Part| named.iter().any(|name| name == part.name);
    let is_needed = |part: &Part| {
        PARTS
            .iter()
            .any(|other| is_named(other) && other.after == Some(part.name))
    };
    PARTS
        .iter()
        .filter(|part| match named {
            [] => kinds.contains(&part.kind),
            _ => is_named(part) || is_needed(part),
        })
        .collect()
}

impl Part {
    pub(crate) fn outcome(&self, project: &Project) -> Outcome {
        let missing: Vec<_> = self
            .needs
            .iter()
            .filter_map(|tool| tool.path(project).err())
            .collect();
        if let Some(first) = missing.first() {
            return Outcome::Skipped(first.to_string());
        }
        match (self.run)(project) {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        }
    }
}

fn cargo(subcommand: &str) -> Run {
    Run::cargo()
        .arg(subcommand)
        .args(["--workspace", "--all-features"])
}

/// All of the workspace at once, since a package alone would have its dependencies compiled again
/// with fewer features. That chat-shared misses no documentation is a warning of its own.
fn doc(project: &Project) -> anyhow::Result<()> {
    let shared = std::fs::read_to_string(project.root.join("shared/src/lib.rs"))?;
    ensure!(
        shared.contains("#![warn(missing_docs)]"),
        "shared/src/lib.rs does not say #![warn(missing_docs)]"
    );
    cargo("doc")
        .args(["--lib", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .show()
}

fn shared_alone(_: &Project) -> anyhow::Result<()> {
    const RUNTIMES: [&str; 5] = ["tokio", "hyper", "reqwest", "rustls", "mio"];
    let shared = ["-p", "chat-shared", "--no-default-features", "--locked"];
    let tree = Run::cargo()
        .arg("tree")
        .args(shared)
        .args(["--edges=normal,build", "--prefix=none", "--format={lib}"])
        .read()?;
    if let Some(found) = tree.lines().find(|name| RUNTIMES.contains(name)) {
        bail!("chat-shared without features depends on {found}");
    }
    Run::cargo().arg("check").args(shared).show()
}

fn rust(project: &Project) -> anyhow::Result<()> {
    let own_parts = [ARCHITECTURE_TEST, TERMINAL_TEST, MONGO_TEST];
    let tests = project
        .integration_tests
        .iter()
        .filter(|name| !own_parts.contains(&&***name));
    let units = cargo("test")
        .args(["--locked", "--no-fail-fast", "--lib", "--bins"])
        .args(tests.flat_map(|name| ["--test", name]))
        .env("CHAT_SERVER_BIN", built(project, "chat-server")?)
        .show();
    // `--doc` would compile all dependencies again, with the features they have without those that
    // only tests depend on. This runs the same programs as above, and no test but a documentation
    // test has such a name.
    let docs = cargo("test")
        .args(["--locked", "--no-fail-fast", "--quiet", "--", "(line"])
        .show();
    units.and(docs)
}

fn node_tests(project: &Project, files: &[PathBuf]) -> anyhow::Result<Run> {
    Ok(Run::new(Tool::Node.path(project)?)
        .args(["--test", "--test-reporter=spec"])
        .arg(format!("--test-timeout={NODE_TEST_TIME_MAX_MS}"))
        .args(files))
}

fn browser_tests(project: &Project, files: &[PathBuf]) -> anyhow::Result<Run> {
    Ok(node_tests(project, files)?
        .env("CHAT_SERVER_BIN", built(project, "chat-server")?)
        .env(CHROMIUM_VARIABLE, Tool::Chromium.path(project)?))
}

/// Browser tests with a terminal and a bot beside.
fn story(project: &Project, files: &[&str]) -> anyhow::Result<Run> {
    let files: Vec<_> = files.iter().map(PathBuf::from).collect();
    Ok(browser_tests(project, &files)?
        .env("CHAT_TUI_BIN", built(project, "chat-tui")?)
        .env("CHAT_ECHO_BOT_BIN", built(project, "examples/echo_bot")?))
}

/// An integration test that the part `build` made, in its package's directory. `cargo test --test`
/// would compile the dependencies again, with the features of that package alone.
fn built_test(project: &Project, package: &str, name: &str) -> anyhow::Result<Run> {
    let built = cargo("test")
        .args(["--all-targets", "--locked", "--no-run"])
        .arg("--message-format=json")
        .read()?;
    let is_it = |line: &&str| {
        line.contains(r#""kind":["test"]"#) && line.contains(&format!(r#""name":"{name}""#))
    };
    let executable = built
        .lines()
        .filter(is_it)
        .find_map(|line| line.split_once(r#""executable":""#)?.1.split_once('"'))
        .with_context(|| format!("cargo made no test {name}"))?
        .0;
    Ok(Run::new(executable).dir(&project.root.join(package)))
}

/// A program that the part `build` makes.
fn built(project: &Project, name: &str) -> anyhow::Result<PathBuf> {
    let binary = project.binary(name);
    ensure!(binary.exists(), "{} is not there", binary.display());
    Ok(binary)
}
