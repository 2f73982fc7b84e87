//! The config file: TOML in which each key is known and checked. Errors name the line.
//!
//! `table.rs` lists the keys, `read.rs` reads a file, `secret.rs` finds the password.

mod read;
mod secret;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use chat_shared::RoomName;
use chat_shared::client::ServerUrl;
use etcetera::BaseStrategy;

pub(crate) use secret::PasswordSource;
pub(crate) use table::default_text;

use crate::keys::Keymap;
use crate::messages::program as messages;

/// The largest config file, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

#[derive(Debug, Default)]
pub(crate) struct Config {
    /// The values that apply if no profile overrides them.
    pub(crate) profile: Profile,
    profiles: BTreeMap<String, Profile>,
    pub(crate) theme: ThemeChoice,
    pub(crate) linear: bool,
    pub(crate) mouse: bool,
    pub(crate) log_file: Option<PathBuf>,
    pub(crate) notifications: Notifications,
    pub(crate) keys: Keymap,
}

/// A server and the user to sign in as.
#[derive(Debug, Clone, Default)]
pub(crate) struct Profile {
    pub(crate) server: Option<ServerUrl>,
    pub(crate) user: Option<String>,
    pub(crate) secret: PasswordSource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ThemeChoice {
    /// Ask the terminal.
    #[default]
    Auto,
    Dark,
    Light,
    /// No colours.
    Mono,
}

/// The messages that notify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NotificationLevel {
    All,
    /// Mentions and direct messages.
    #[default]
    Mentions,
    None,
}

/// The escape sequence that asks the terminal for a desktop notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NotificationForm {
    #[default]
    None,
    Osc9,
    Osc777,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Notifications {
    pub(crate) messages: NotificationLevel,
    pub(crate) rooms: BTreeMap<RoomName, NotificationLevel>,
    pub(crate) bell: bool,
    pub(crate) form: NotificationForm,
}

impl Config {
    /// Reads the file at `path`, or the default file if it exists.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, String> {
        let (path, must_be) = match path {
            Some(path) => (path.to_owned(), true),
            None => match usual_path() {
                Some(path) => (path, false),
                None => return Ok(Self::default()),
            },
        };
        let unreadable = |error: io::Error| format!("{}: {error}", messages::cant_read(&path));
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_be => {
                return Ok(Self::default());
            }
            Ok(file) if file.len() > FILE_BYTES_MAX => {
                return Err(messages::config_too_large(&path));
            }
            Err(error) => return Err(unreadable(error)),
            Ok(_) => {}
        }
        let text = fs::read_to_string(&path).map_err(unreadable)?;
        read::read(&text).map_err(|error| format!("{}:{error}", path.display()))
    }

    /// The profile of this name over the general values; without a name the general values.
    pub(crate) fn profile(&self, name: Option<&str>) -> Result<Profile, String> {
        let Some(name) = name else {
            return Ok(self.profile.clone());
        };
        let Some(profile) = self.profiles.get(name) else {
            let known = self.profiles.keys().map(String::as_str);
            return Err(messages::unknown_profile(name, &nearest(name, known)));
        };
        Ok(Profile {
            server: profile.server.clone().or(self.profile.server.clone()),
            user: profile.user.clone().or(self.profile.user.clone()),
            // A secret belongs to the server it is configured with.
            secret: if profile.server.is_some() {
                profile.secret.clone()
            } else {
                profile.secret.clone().or(&self.profile.secret)
            },
        })
    }
}

impl Notifications {
    pub(crate) fn of(&self, room: &RoomName) -> NotificationLevel {
        self.rooms.get(room).copied().unwrap_or(self.messages)
    }
}

/// The file in the config directory that the XDG specification names, on every system.
fn usual_path() -> Option<PathBuf> {
    let base = etcetera::base_strategy::Xdg::new().ok()?;
    Some(base.config_dir().join("chat-tui").join("config.toml"))
}

/// The end of a sentence that suggests the nearest known word.
fn nearest<'a>(text: &str, known: impl Iterator<Item = &'a str>) -> String {
    /// Below this similarity nothing is suggested.
    const LIKENESS_MIN: f64 = 0.6;
    let likest = known
        .map(|name| (strsim::jaro_winkler(text, name), name))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    messages::hint(likest.map(|(_, name)| name))
}
