//! Finds the project's folders, its integration tests, and the programs that tests start.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::command::Run;

#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// Cargo's target directory.
    pub(crate) target: PathBuf,
    /// Whether this runs on CI, where a skipped part is a failure.
    pub(crate) is_ci: bool,
    /// Names of all integration tests in the workspace.
    pub(crate) integration_tests: Vec<String>,
}

impl Project {
    pub(crate) fn find() -> anyhow::Result<Self> {
        let own = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = own
            .parent()
            .context("xtask lies in no folder")?
            .to_path_buf();
        std::env::set_current_dir(&root)?;

        let metadata = Run::cargo()
            .args(["metadata", "--no-deps", "--format-version=1"])
            .read()?;
        let metadata: Value = serde_json::from_str(&metadata)?;
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo names no target")?;
        Ok(Self {
            root,
            target: PathBuf::from(target),
            is_ci: std::env::var("CI").is_ok_and(|ci| !matches!(&*ci, "" | "0" | "false")),
            integration_tests: integration_tests(&metadata),
        })
    }

    /// The path of a program that tests start and the part `build` compiles.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.binary_of("debug", name)
    }

    /// The path of a program as it is released.
    pub(crate) fn release_binary(&self, name: &str) -> PathBuf {
        self.binary_of("release", name)
    }

    fn binary_of(&self, profile: &str, name: &str) -> PathBuf {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        self.target.join(profile).join(file)
    }

    /// Folder of programs that xtask installs, kept between runs.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    pub(crate) fn web(&self) -> PathBuf {
        self.root.join("web")
    }

    /// The files in a folder whose names have this ending, sorted.
    ///
    /// # Errors
    /// If there are none, because then tests are missing.
    pub(crate) fn files(&self, folder: &str, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        if let Ok(entries) = self.root.join(folder).read_dir() {
            for entry in entries {
                let name = entry?.file_name().to_string_lossy().into_owned();
                if name.ends_with(ending) {
                    files.push(Path::new(folder).join(name));
                }
            }
        }
        if files.is_empty() {
            bail!("there is no {folder}/*{ending}");
        }
        files.sort();
        Ok(files)
    }
}

fn integration_tests(metadata: &Value) -> Vec<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut names: Vec<String> = list(&metadata["packages"])
        .iter()
        .flat_map(|package| list(&package["targets"]))
        .filter(|target| list(&target["kind"]).iter().any(|kind| kind == "test"))
        .filter_map(|target| Some(target["name"].as_str()?.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}
