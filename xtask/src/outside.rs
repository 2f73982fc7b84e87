//! A crate outside the workspace, made from what the README tells authors of bots to write.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};

use crate::command::Run;
use crate::project::Project;

/// Whose examples are compiled; the first also says what `Cargo.toml` needs.
const PAGES: [&str; 2] = ["README.md", "shared/README.md"];
/// How the README names the place of chat-shared.
const PLACE_IN_README: &str = "\"../chat/shared\"";

/// Compiles every Rust program of the pages with the README's dependencies.
pub(crate) fn check_examples(project: &Project) -> anyhow::Result<()> {
    let mut dependencies = None;
    let mut examples = Vec::new();
    for page in PAGES {
        let Ok(text) = std::fs::read_to_string(project.root.join(page)) else {
            continue;
        };
        dependencies = dependencies.or_else(|| fenced(&text, "toml").into_iter().next());
        examples.extend(
            fenced(&text, "rust")
                .into_iter()
                .filter(|code| code.contains("fn main")),
        );
    }
    let dependencies = dependencies.context("README.md shows no Cargo.toml for a bot")?;
    ensure!(!examples.is_empty(), "README.md shows no bot in Rust");

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
        dependencies.contains(PLACE_IN_README),
        "README.md's dependencies don't name chat-shared by the path {PLACE_IN_README}"
    );
    let shared = format!("{:?}", project.root.join("shared"));
    let mut manifest = format!(
        "[package]\nname = \"outside\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n{}\n",
        dependencies.replace(PLACE_IN_README, &shared)
    );

    // What an earlier run left must not be compiled.
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
    // The same versions as the workspace's, so that what is compiled already serves again.
    std::fs::copy(project.root.join("Cargo.lock"), dir.join("Cargo.lock"))?;
    Ok(())
}

/// The blocks of a Markdown page that are fenced with this language; what rustdoc hides is in.
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
