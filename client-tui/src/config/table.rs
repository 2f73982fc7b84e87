//! Every key of the config file in one table. The reader, the default text and docs/config.toml
//! come from it.

use std::fmt::Write;

use crate::keys::{BINDINGS, Group};

/// The values that a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    Text,
    Switch,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A key of the config file.
#[derive(Debug)]
pub(super) struct ConfigKey {
    pub(super) name: &'static str,
    pub(super) kind: ValueKind,
    /// Its default, or an example if it has none.
    value: &'static str,
    what: &'static str,
}

const fn key(
    name: &'static str,
    kind: ValueKind,
    value: &'static str,
    what: &'static str,
) -> ConfigKey {
    ConfigKey {
        name,
        kind,
        value,
        what,
    }
}

pub(super) const THEMES: &[&str] = &["auto", "dark", "light", "mono"];
pub(super) const LEVELS: &[&str] = &["all", "mentions", "none"];
pub(super) const FORMS: &[&str] = &["none", "osc9", "osc777"];

#[rustfmt::skip]
pub(super) const PROFILE: &[ConfigKey] = &[
    key("server", ValueKind::Text, "\"https://chat.example.org\"", "The server's address: http, https, ws or wss."),
    key("user", ValueKind::Text, "\"ann\"", "Your username there."),
    key("password_command", ValueKind::Text, "\"pass show chat\"", "A command that prints the password on its first line; it runs if no session is saved."),
    key("password_file", ValueKind::Text, "\"/home/ann/.chat-password\"", "A file whose first line is the password. Only you may be able to read it (chmod 600)."),
];

#[rustfmt::skip]
pub(super) const PROGRAM: &[ConfigKey] = &[
    key("theme", ValueKind::Word(THEMES), "\"auto\"", "Colours for a dark or a light background, as the terminal reports (auto), or none (mono)."),
    key("linear", ValueKind::Switch, "false", "Plain lines instead of a screen, for screen readers; like --linear."),
    key("mouse", ValueKind::Switch, "false", "The wheel scrolls, a click shows a room. Hold Shift to select text."),
    key("log_file", ValueKind::Text, "\"/home/ann/chat-tui.log\"", "A file for connection events and errors; messages and secrets are not written."),
];

#[rustfmt::skip]
pub(super) const NOTIFICATIONS: &[ConfigKey] = &[
    key("messages", ValueKind::Word(LEVELS), "\"mentions\"", "Which messages notify: all, mentions and direct messages (mentions), none."),
    key("bell", ValueKind::Switch, "true", "Ring the terminal's bell."),
    key("form", ValueKind::Word(FORMS), "\"none\"", "Ask the terminal for a desktop notification: osc9 (iTerm2, kitty, WezTerm, Windows Terminal), osc777 (foot, urxvt, Ghostty). In tmux this needs `set -g allow-passthrough on`."),
];

/// Sections whose keys the user names.
pub(super) const SECTIONS: &[&str] = &["notifications", "keys", "profiles"];

/// A config file with every key at its default, commented out.
pub(crate) fn default_text() -> String {
    let mut text = String::from(
        "# The configuration of chat-tui: $XDG_CONFIG_HOME/chat-tui/config.toml, by default\n\
         # ~/.config/chat-tui/config.toml. Flags override environment variables, and both\n\
         # override this file. `chat-tui config` prints this text, which holds every key with\n\
         # its default or an example.\n\n",
    );
    let keys = |text: &mut String, keys: &[ConfigKey]| {
        for key in keys {
            let _ = write!(text, "# {}\n#{} = {}\n\n", key.what, key.name, key.value);
        }
    };
    keys(&mut text, PROFILE);
    keys(&mut text, PROGRAM);
    text += "[notifications]\n\n";
    keys(&mut text, NOTIFICATIONS);
    text += "# For single rooms; these override `messages`.\n[notifications.rooms]\n#rust = \"all\"\n\n\
             # Profiles: `chat-tui --profile work`. Each may set server, user,\n\
             # password_command and password_file.\n\
             #[profiles.work]\n#server = \"https://chat.example.org\"\n#user = \"ann\"\n\n\
             # Keys by action. A key that is bound here loses its other action.\n[keys]\n";
    for group in [Group::Chat, Group::Message, Group::Line, Group::Program] {
        let _ = writeln!(text, "\n# {}", group.title());
        for binding in BINDINGS.iter().filter(|binding| binding.group == group) {
            let _ = writeln!(
                text,
                "#{} = {:?} # {}",
                binding.name, binding.keys, binding.what
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::read::read;
    use super::*;

    #[test]
    fn the_page_about_the_config_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/config.toml");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, default_text()).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            kept,
            default_text(),
            "UPDATE_DOCS=1 writes docs/config.toml"
        );
    }

    #[test]
    fn every_key_can_be_set_as_it_is_documented() {
        read(&default_text()).unwrap();
        let set: String = default_text()
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let config = read(&set).unwrap();
        assert!(config.profile(Some("work")).is_ok());
        let known = PROFILE.len() + PROGRAM.len() + NOTIFICATIONS.len() + BINDINGS.len();
        let assigned = set
            .lines()
            .filter(|line| line.contains(" = ") && !line.starts_with('#'));
        assert_eq!(
            assigned.count(),
            known + "rust server user".split(' ').count()
        );
    }
}
