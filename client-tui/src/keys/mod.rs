//! Every key binding and slash command with its description, in two tables.
//!
//! The help screen, `docs/keys.md` and the config file's `[keys]` section are generated from
//! [`BINDINGS`] and [`COMMANDS`]; [`crate::update`] carries the actions out. A new action starts in
//! `table.rs`, a new command in `slash_commands.rs`.

mod map;
mod press;
mod slash_commands;
mod table;

pub(crate) use map::Keymap;
pub(crate) use press::Press;
pub(crate) use slash_commands::COMMANDS;
pub(crate) use table::{Action, BINDINGS, Group};

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::path::Path;

    use super::*;

    /// The text of docs/keys.md, from the tables.
    fn page() -> String {
        let mut page = String::from(
            "# Keys and commands of chat-tui\n\n\
             This page is generated from the program's tables, and a test keeps it up to date\n\
             (`UPDATE_DOCS=1 cargo test -p chat-tui keys` writes it). The last column is\n\
             the name of the action in the config file's `[keys]` section.\n",
        );
        for group in [Group::Chat, Group::Message, Group::Line, Group::Program] {
            let _ = write!(
                page,
                "\n## {}\n\n| keys | what | name |\n|---|---|---|\n",
                group.title()
            );
            for binding in BINDINGS.iter().filter(|binding| binding.group == group) {
                let keys: Vec<_> = binding
                    .keys
                    .iter()
                    .map(|key| format!("`{}`", Press::parse(key).unwrap()))
                    .collect();
                let _ = writeln!(
                    page,
                    "| {} | {} | `{}` |",
                    keys.join(" "),
                    binding.what,
                    binding.name
                );
            }
        }
        page += "\n## Commands\n\n| command | what |\n|---|---|\n";
        for command in COMMANDS {
            let _ = writeln!(
                page,
                "| `{}` | {} |",
                command.usage().replace('|', "\\|"),
                command.what
            );
        }
        let (usage, what) = crate::messages::chat::HELP_SLASH;
        let _ = writeln!(page, "| `{usage}` | {what} |");
        page
    }

    #[test]
    fn the_page_about_keys_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/keys.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, page()).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(kept, page(), "UPDATE_DOCS=1 writes docs/keys.md");
    }
}
