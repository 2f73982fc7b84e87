//! The table of parts, and what each runs.
//!
//! All that is built is built with one profile (dev) and one set of features (`--workspace
//! --all-features`), so that a part finds what an earlier one has compiled.

use std::path::Path;

use crate::command::Run;
use crate::fuzz;
use crate::mongo_parts;
use crate::outside;
use crate::project::Project;
use crate::steps::{
    ARCHITECTURE_TEST, ATTACKS_TEST, DEMO_TEST, PIPE_TEST, STORY_TEST, TERMINAL_TEST, WIRE_TEST,
    browser_tests, built, built_test, cargo, deny, doc, fmt, node_tests, page_lint, release_server,
    rust, shared_alone, story,
};
use crate::tools::Tool;

/// One line of the table.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) kind: Kind,
    /// Programs that it needs; without one of them it is skipped.
    pub(crate) needs: &'static [Tool],
    /// The part that must have passed before it.
    pub(crate) after: Option<&'static str>,
    run: fn(&Project) -> anyhow::Result<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Check,
    Test,
    /// Takes minutes and has a command of its own.
    Drill,
}

/// How a part ended.
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// It did not run. The text says what to do so that it runs.
    Skipped(String),
}

const PARTS: &[Part] = &[
    Part {
        name: "fmt",
        about: "the code is formatted",
        kind: Kind::Check,
        needs: &[],
        after: None,
        run: fmt,
    },
    Part {
        name: "clippy",
        about: "clippy has no warning",
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
        about: "the libraries' documentation builds, and chat-shared's is complete",
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
        run: deny,
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
        about: "a message is on the disk before its sender has the ack (strace)",
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
        name: "bots",
        about: "the example bots in Rust and Python, in one room",
        kind: Kind::Test,
        needs: &[Tool::PythonWebsockets],
        after: Some("build"),
        run: |project| {
            built_test(project, "server", WIRE_TEST)?
                .args(["--ignored", "bots::"])
                .env("CHAT_PYTHON", Tool::PythonWebsockets.path(project)?)
                .show()
        },
    },
    Part {
        name: "mongo",
        about: "the store and the server on MongoDB's wire, with all tests that run on SQLite",
        kind: Kind::Test,
        needs: &[Tool::FerretDb, Tool::PythonWebsockets],
        after: Some("build"),
        run: mongo_parts::plain,
    },
    Part {
        name: "fuzz",
        about: "a short turn of every fuzz target",
        kind: Kind::Test,
        needs: &[Tool::Cxx],
        after: Some("build"),
        run: fuzz::short_turn,
    },
    Part {
        name: "attacks-short",
        about: "the attacks of the table that take a moment only",
        kind: Kind::Test,
        needs: &[],
        after: Some("build"),
        run: |project| {
            built_test(project, "server", ATTACKS_TEST)?
                .arg("--nocapture")
                .show()
        },
    },
    Part {
        name: "hostile-short",
        about: "hostile connections of every kind at once, for seconds: what memory the server takes",
        kind: Kind::Test,
        needs: &[Tool::Linux],
        after: Some("build"),
        run: |project| {
            Run::new(built(project, "chat-bench")?)
                .args(["hostile", "--quick", "--server"])
                .arg(built(project, "chat-server")?)
                .show()
        },
    },
    Part {
        name: "attacks",
        about: "a table of attacks against a real server (release), each with what it got",
        kind: Kind::Drill,
        needs: &[],
        after: Some("build"),
        run: |project| attacks(project)?.show(),
    },
    Part {
        name: "attacks-mongo",
        about: "the same attacks against a server on MongoDB's wire",
        kind: Kind::Drill,
        needs: &[Tool::FerretDb],
        after: Some("build"),
        run: |project| {
            attacks(project)?
                .env("CHAT_TEST_STORE", "mongo")
                .env("CHAT_FERRETDB_BIN", Tool::FerretDb.path(project)?)
                .show()
        },
    },
    Part {
        name: "mongo-secure",
        about: "the part `mongo` with TLS and a user who signs in",
        kind: Kind::Drill,
        needs: &[Tool::FerretDb, Tool::PythonWebsockets],
        after: Some("build"),
        run: mongo_parts::secure,
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
        name: "page-lint",
        about: "the page's files are formatted (prettier), and no lint finds anything (eslint)",
        kind: Kind::Check,
        needs: &[Tool::Node, Tool::Npm, Tool::PlaywrightCore],
        after: None,
        run: page_lint,
    },
    Part {
        name: "page-types",
        about: "the page's modules fit the wire's types (tsc)",
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
        about: "the terminal client in a real pseudo-terminal and in a pipe, with a real server",
        kind: Kind::Test,
        needs: &[Tool::Tmux, Tool::Jq],
        after: Some("build"),
        run: |project| {
            for (test, filter) in [
                (TERMINAL_TEST, "--include-ignored"),
                (PIPE_TEST, "--ignored"),
            ] {
                built_test(project, "client-tui", test)?
                    .arg(filter)
                    .env("CHAT_SERVER_BIN", built(project, "chat-server")?)
                    .show()?;
            }
            Ok(())
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

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PARTS.iter().map(|part| part.name)
}

/// Returns the parts of these kinds, or the named ones with those they come after, in the table's
/// order.
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

fn attacks(project: &Project) -> anyhow::Result<Run> {
    let test = built_test(project, "server", ATTACKS_TEST)?;
    let server = release_server(project)?;
    Ok(test
        .args([
            "--ignored",
            "--exact",
            "every_attack_is_held",
            "--nocapture",
        ])
        .env("CHAT_TEST_SERVER", server))
}
