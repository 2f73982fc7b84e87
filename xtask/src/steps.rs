//! The steps of the parts: cargo, Node, and the tests that the part `build` has compiled.

use std::path::PathBuf;

use anyhow::{Context, bail, ensure};

use crate::command::Run;
use crate::project::Project;
use crate::tools::{CHROMIUM_VARIABLE, Tool};

/// Integration tests that are parts of their own.
pub(crate) const ARCHITECTURE_TEST: &str = "architecture";
pub(crate) const TERMINAL_TEST: &str = "pty";
pub(crate) const MONGO_TEST: &str = "mongo";

/// The tests of the terminal client's commands for scripts. Those with other programs are ignored.
pub(crate) const PIPE_TEST: &str = "scripts";

/// The tests of the server from outside, which run on each store.
pub(crate) const WIRE_TEST: &str = "wire";

/// The table of attacks, which has a command of its own.
pub(crate) const ATTACKS_TEST: &str = "attacks";

/// The browser test that is a part of its own, because it needs a terminal too.
pub(crate) const STORY_TEST: &str = "web/e2e/story.test.js";

/// The FastAPI demo's page.
pub(crate) const DEMO_TEST: &str = "web/e2e/demo.test.js";

/// Longest that one test of the page may take, and one file of them, which Node times alike.
const NODE_TEST_TIME_MAX_MS: u32 = 1_200_000;
/// Test files of the page that run at a time. They wait for a server and a browser more than they
/// compute, and Node alone would leave one core out.
const NODE_TEST_FILES_AT_ONCE: u32 = 2;

/// libFuzzer's crate, a workspace of its own.
pub(crate) const FUZZ_ENGINE: &str = "fuzz/engine/Cargo.toml";

/// A cargo command on the whole workspace.
pub(crate) fn cargo(subcommand: &str) -> Run {
    Run::cargo()
        .arg(subcommand)
        .args(["--workspace", "--all-features"])
}

/// Checks the format of both workspaces: of the second even if the first has failed.
pub(crate) fn fmt(_: &Project) -> anyhow::Result<()> {
    let format = |manifest: &str| {
        Run::cargo()
            .args(["fmt", "--all", "--check", "--manifest-path", manifest])
            .show()
    };
    let workspace = format("Cargo.toml");
    workspace.and(format(FUZZ_ENGINE))
}

/// Runs cargo-deny on both workspaces.
pub(crate) fn deny(project: &Project) -> anyhow::Result<()> {
    let cargo_deny = Tool::CargoDeny.path(project)?;
    let check = |manifest: &str| {
        Run::new(&cargo_deny)
            .args(["--manifest-path", manifest, "--all-features", "--locked"])
            .args(["--config", "deny.toml", "check", "--hide-inclusion-graph"])
            .args(["bans", "licenses", "sources"])
            .show()
    };
    let workspace = check("Cargo.toml");
    workspace.and(check(FUZZ_ENGINE))
}

/// Builds the documentation of the whole workspace, because a package alone would have its
/// dependencies compiled again with fewer features. Missing documentation is a warning in the
/// crates that ask for it.
pub(crate) fn doc(project: &Project) -> anyhow::Result<()> {
    let shared = std::fs::read_to_string(project.root.join("shared/src/lib.rs"))?;
    ensure!(
        shared.contains("#![warn(missing_docs)]"),
        "shared/src/lib.rs does not say #![warn(missing_docs)]"
    );
    cargo("doc")
        .args(["--lib", "--no-deps", "--locked"])
        // The variable replaces the flags of .cargo/config.toml.
        .env("RUSTDOCFLAGS", "-D warnings --document-private-items")
        .show()
}

/// Checks that chat-shared without features compiles and depends on no runtime.
pub(crate) fn shared_alone(_: &Project) -> anyhow::Result<()> {
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

/// Runs all Rust tests that are not parts of their own.
pub(crate) fn rust(project: &Project) -> anyhow::Result<()> {
    let own_parts = [ARCHITECTURE_TEST, ATTACKS_TEST, TERMINAL_TEST, MONGO_TEST];
    let tests = project
        .integration_tests
        .iter()
        .filter(|name| !own_parts.contains(&&***name));
    let units = cargo("test")
        .args(["--locked", "--no-fail-fast", "--lib", "--bins"])
        .args(tests.flat_map(|name| ["--test", name]))
        .env("CHAT_SERVER_BIN", built(project, "chat-server")?)
        .show();
    // `--doc` would compile all dependencies again, without the features that only tests enable.
    // This runs the programs from above once more, and only documentation tests have such a name.
    let docs = cargo("test")
        .args(["--locked", "--no-fail-fast", "--quiet", "--", "(line"])
        .show();
    units.and(docs)
}

/// Node's test runner on these files.
pub(crate) fn node_tests(project: &Project, files: &[PathBuf]) -> anyhow::Result<Run> {
    Ok(Run::new(Tool::Node.path(project)?)
        .args(["--test", "--test-reporter=spec"])
        .arg(format!("--test-timeout={NODE_TEST_TIME_MAX_MS}"))
        .arg(format!("--test-concurrency={NODE_TEST_FILES_AT_ONCE}"))
        .args(files))
}

/// Runs prettier and eslint over the page: eslint too if prettier has found something.
pub(crate) fn page_lint(project: &Project) -> anyhow::Result<()> {
    let lint = |program: &str, arguments: &[&str]| {
        let program = project.web().join("node_modules").join(program);
        Run::new(Tool::Node.path(project)?)
            .dir(&project.web())
            .arg(program)
            .args(arguments)
            .show()
    };
    let formatted = lint("prettier/bin/prettier.cjs", &["--check", "."]);
    let linted = lint("eslint/bin/eslint.js", &["--max-warnings=0", "."]);
    formatted.and(linted)
}

/// Node's test runner on files that drive a real server in Chromium.
pub(crate) fn browser_tests(project: &Project, files: &[PathBuf]) -> anyhow::Result<Run> {
    Ok(node_tests(project, files)?
        .env("CHAT_SERVER_BIN", built(project, "chat-server")?)
        .env(CHROMIUM_VARIABLE, Tool::Chromium.path(project)?))
}

/// Browser tests that also start a terminal client and a bot.
pub(crate) fn story(project: &Project, files: &[&str]) -> anyhow::Result<Run> {
    let files: Vec<_> = files.iter().map(PathBuf::from).collect();
    Ok(browser_tests(project, &files)?
        .env("CHAT_TUI_BIN", built(project, "chat-tui")?)
        .env("CHAT_ECHO_BOT_BIN", built(project, "examples/echo_bot")?))
}

/// An integration test that the part `build` has compiled, to be run in the package's directory.
pub(crate) fn built_test(project: &Project, package: &str, name: &str) -> anyhow::Result<Run> {
    compiled(project, package, "test", name)
}

/// The unit tests of a library, like [`built_test`].
pub(crate) fn built_unit_tests(
    project: &Project,
    package: &str,
    library: &str,
) -> anyhow::Result<Run> {
    compiled(project, package, "lib", library)
}

/// Finds a test program among those of the whole workspace. `cargo test --test` would compile the
/// dependencies again, with the features of that package alone.
fn compiled(project: &Project, package: &str, kind: &str, name: &str) -> anyhow::Result<Run> {
    let built = cargo("test")
        .args(["--all-targets", "--locked", "--no-run"])
        .arg("--message-format=json")
        .read()?;
    let kind = format!(r#""kind":["{kind}"]"#);
    let name = format!(r#""name":"{name}""#);
    let is_it = |line: &&str| line.contains(&kind) && line.contains(&name);
    let executable = built
        .lines()
        .filter(is_it)
        .find_map(|line| line.split_once(r#""executable":""#)?.1.split_once('"'))
        .with_context(|| format!("cargo has compiled no test with {kind} and {name}"))?
        .0;
    Ok(Run::new(executable).dir(&project.root.join(package)))
}

/// Builds the server as it is released, and returns its path.
pub(crate) fn release_server(project: &Project) -> anyhow::Result<PathBuf> {
    Run::cargo()
        .args(["build", "--release", "--package", "chat-server", "--locked"])
        .show()?;
    Ok(project.release_binary("chat-server"))
}

/// Runs the drill of hostile connections, which builds the server as it is released.
pub(crate) fn hostile() -> anyhow::Result<()> {
    Run::cargo()
        .args(["run", "--release", "--package", "chat-bench", "--locked"])
        .args(["--", "hostile"])
        .show()
}

/// The path of a program that the part `build` has compiled.
pub(crate) fn built(project: &Project, name: &str) -> anyhow::Result<PathBuf> {
    let binary = project.binary(name);
    ensure!(binary.exists(), "{} is not there", binary.display());
    Ok(binary)
}
