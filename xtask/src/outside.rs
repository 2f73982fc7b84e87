//! Compiles the programs that the documentation shows to authors of bots, in a crate outside the
//! workspace, as a reader would.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::command::Run;
use crate::project::Project;

/// The page whose `toml` block is the `Cargo.toml` of all programs.
const BOTS_PAGE: &str = "docs/bots.md";
/// The pages whose programs are compiled.
const PAGES: [&str; 2] = [BOTS_PAGE, "shared/README.md"];
/// The path of chat-shared as the page gives it.
const PATH_IN_PAGE: &str = "\"../chat/shared\"";

/// Compiles every Rust program of the pages with the dependencies of [`BOTS_PAGE`].
pub(crate) fn check_examples(project: &Project) -> anyhow::Result<()> {
    let mut dependencies = None;
    let mut examples = Vec::new();
    for page in PAGES {
        let text = std::fs::read_to_string(project.root.join(page))
            .with_context(|| format!("{page} can't be read"))?;
        dependencies = dependencies.or_else(|| fenced(&text, "toml").into_iter().next());
        examples.extend(
            fenced(&text, "rust")
                .into_iter()
                .filter(|code| code.contains("fn main")),
        );
    }
    let dependencies =
        dependencies.with_context(|| format!("{BOTS_PAGE} shows no Cargo.toml for a bot"))?;
    ensure!(!examples.is_empty(), "{BOTS_PAGE} shows no bot in Rust");

    let crate_dir = project.target.join("outside");
    write_crate(project, &crate_dir, &dependencies, &examples)?;
    Run::cargo()
        .arg("check")
        .arg("--target-dir")
        .arg(&project.target)
        .dir(&crate_dir)
        .show()
}

fn write_crate(
    project: &Project,
    dir: &Path,
    dependencies: &str,
    examples: &[String],
) -> anyhow::Result<()> {
    ensure!(
        dependencies.contains(PATH_IN_PAGE),
        "the dependencies in {BOTS_PAGE} don't name chat-shared by the path {PATH_IN_PAGE}"
    );
    let shared = format!("{:?}", project.root.join("shared"));
    let mut manifest = format!(
        "[package]\nname = \"outside\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n{}\n",
        dependencies.replace(PATH_IN_PAGE, &shared)
    );

    // Files of an earlier run must not be compiled.
    if dir.exists() {
        std::fs::remove_dir_all(dir)?;
    }
    std::fs::create_dir_all(dir)?;
    for (number, example) in (1..).zip(examples) {
        write!(
            manifest,
            "\n[[bin]]\nname = \"example_{number}\"\npath = \"{number}.rs\"\n"
        )?;
        std::fs::write(dir.join(format!("{number}.rs")), example)?;
    }
    std::fs::write(dir.join("Cargo.toml"), manifest)?;
    // With the workspace's versions, dependencies that are already compiled are reused.
    std::fs::copy(project.root.join("Cargo.lock"), dir.join("Cargo.lock"))?;
    Ok(())
}

/// Returns the blocks of a Markdown page that are fenced with this language, including the lines
/// that rustdoc hides.
fn fenced(page: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.trim().strip_prefix("```") else {
            continue;
        };
        let block: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.trim() != "```")
            .map(|line| line.strip_prefix("# ").unwrap_or(line))
            .collect();
        let mut words = info.split(',');
        if words.next() == Some(language) && words.all(|word| word != "ignore") {
            blocks.push(block.join("\n") + "\n");
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::fenced;

    #[test]
    fn finds_the_blocks_of_a_language() {
        let page = "a\n```rust\nfn main() {}\n```\n```toml\nx = 1\n```\n\
                    ```rust,no_run\n# let a;\n```\n```rust,ignore\n?\n```\n";
        assert_eq!(fenced(page, "rust"), ["fn main() {}\n", "let a;\n"]);
        assert_eq!(fenced(page, "toml"), ["x = 1\n"]);
        assert!(fenced("no code", "rust").is_empty());
    }
}
