//! Reads a config file and reports errors with their line.

use std::ops::Range;
use std::path::PathBuf;

use chat_shared::RoomName;
use chat_shared::client::ServerUrl;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::table::{ConfigKey, LEVELS, NOTIFICATIONS, PROFILE, PROGRAM, SECTIONS, ValueKind};
use super::{
    Config, NotificationForm, NotificationLevel, Notifications, Profile, ThemeChoice, nearest,
};
use crate::keys::BINDINGS;
use crate::messages::program as messages;

/// A sentence with its line: `LINE: sentence`.
type ConfigError = String;

/// Reads the text of a config file.
pub(super) fn read(text: &str) -> Result<Config, ConfigError> {
    let at = Lines(text);
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        at.wrong(&span, error.message().trim())
    })?;
    let mut config = Config::default();
    config.notifications.bell = true;
    for (name, value) in table.into_inner() {
        match name.get_ref().as_ref() {
            "notifications" => notifications(&at, value, &mut config.notifications)?,
            "keys" => keys(&at, value, &mut config)?,
            "profiles" => {
                for (name, value) in at.table(value)? {
                    let mut profile = Profile::default();
                    for (key, value) in at.table(value)? {
                        let known = at.known(&key, &[PROFILE], &[])?;
                        set_profile(&at, &mut profile, known, &value)?;
                    }
                    config
                        .profiles
                        .insert(name.into_inner().into_owned(), profile);
                }
            }
            _ => {
                let known = at.known(&name, &[PROFILE, PROGRAM], SECTIONS)?;
                set_program(&at, &mut config, known, &value)?;
            }
        }
    }
    Ok(config)
}

fn set_profile(
    at: &Lines<'_>,
    profile: &mut Profile,
    key: &ConfigKey,
    value: &Spanned<DeValue<'_>>,
) -> Result<(), ConfigError> {
    let text = at.text(key, value)?;
    match key.name {
        "server" => {
            let server = ServerUrl::parse(text)
                .map_err(|error| at.wrong(&value.span(), &format!("server: {error}")))?;
            profile.server = Some(server);
        }
        "user" => profile.user = Some(text.to_owned()),
        "password_command" => profile.secret.command = Some(text.to_owned()),
        "password_file" => profile.secret.file = Some(PathBuf::from(text)),
        _ => {}
    }
    Ok(())
}

fn set_program(
    at: &Lines<'_>,
    config: &mut Config,
    key: &ConfigKey,
    value: &Spanned<DeValue<'_>>,
) -> Result<(), ConfigError> {
    match key.name {
        "theme" => {
            config.theme = match at.text(key, value)? {
                "dark" => ThemeChoice::Dark,
                "light" => ThemeChoice::Light,
                "mono" => ThemeChoice::Mono,
                _ => ThemeChoice::Auto,
            }
        }
        "linear" => config.linear = at.switch(key, value)?,
        "mouse" => config.mouse = at.switch(key, value)?,
        "log_file" => config.log_file = Some(PathBuf::from(at.text(key, value)?)),
        _ => set_profile(at, &mut config.profile, key, value)?,
    }
    Ok(())
}

fn notifications(
    at: &Lines<'_>,
    value: Spanned<DeValue<'_>>,
    notifications: &mut Notifications,
) -> Result<(), ConfigError> {
    for (name, value) in at.table(value)? {
        if name.get_ref() == "rooms" {
            for (room, value) in at.table(value)? {
                let parsed = RoomName::parse(room.get_ref())
                    .map_err(|error| at.wrong(&room.span(), &error.to_string()))?;
                let which = at.word(room.get_ref(), LEVELS, &value)?;
                notifications.rooms.insert(parsed, to_level(which));
            }
            continue;
        }
        let key = at.known(&name, &[NOTIFICATIONS], &["rooms"])?;
        match key.name {
            "messages" => notifications.messages = to_level(at.text(key, &value)?),
            "bell" => notifications.bell = at.switch(key, &value)?,
            "form" => {
                notifications.form = match at.text(key, &value)? {
                    "osc9" => NotificationForm::Osc9,
                    "osc777" => NotificationForm::Osc777,
                    _ => NotificationForm::None,
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn to_level(word: &str) -> NotificationLevel {
    match word {
        "all" => NotificationLevel::All,
        "none" => NotificationLevel::None,
        _ => NotificationLevel::Mentions,
    }
}

fn keys(
    at: &Lines<'_>,
    value: Spanned<DeValue<'_>>,
    config: &mut Config,
) -> Result<(), ConfigError> {
    for (name, value) in at.table(value)? {
        let action = name.get_ref().as_ref();
        if !BINDINGS.iter().any(|binding| binding.name == action) {
            let hint = nearest(action, BINDINGS.iter().map(|binding| binding.name));
            return Err(at.wrong(
                &name.span(),
                &messages::unknown_config_action(action, &hint),
            ));
        }
        let keys = match value.get_ref() {
            DeValue::String(key) => vec![key.to_string()],
            DeValue::Array(keys) => keys
                .iter()
                .map(|key| match key.get_ref() {
                    DeValue::String(key) => Ok(key.to_string()),
                    _ => Err(at.wrong(&key.span(), messages::KEY_IS_TEXT)),
                })
                .collect::<Result<_, _>>()?,
            _ => {
                let why = messages::action_is_a_list(action);
                return Err(at.wrong(&value.span(), &why));
            }
        };
        let bound = config.keys.bind(action, &keys);
        bound.map_err(|error| at.wrong(&value.span(), &format!("{error}.")))?;
    }
    Ok(())
}

/// The text of the file, to find the line of an error.
struct Lines<'t>(&'t str);

impl Lines<'_> {
    fn wrong(&self, span: &Range<usize>, why: &str) -> ConfigError {
        let before = self.0.get(..span.start).unwrap_or(self.0);
        let line = before.matches('\n').count() + 1;
        format!("{line}: {why}")
    }

    fn table<'t>(&self, value: Spanned<DeValue<'t>>) -> Result<DeTable<'t>, ConfigError> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Ok(table),
            _ => Err(self.wrong(&span, messages::IS_A_TABLE)),
        }
    }

    /// Finds the key of this name in `keys`; `sections` are valid here too and are suggested.
    fn known<'k>(
        &self,
        name: &Spanned<toml::de::DeString<'_>>,
        keys: &[&'k [ConfigKey]],
        sections: &[&'static str],
    ) -> Result<&'k ConfigKey, ConfigError> {
        let text = name.get_ref().as_ref();
        let all = || keys.iter().copied().flatten();
        all().find(|key| key.name == text).ok_or_else(|| {
            let known = all().map(|key| key.name).chain(sections.iter().copied());
            let hint = nearest(text, known);
            self.wrong(&name.span(), &messages::unknown_config_key(text, &hint))
        })
    }

    fn text<'v>(
        &self,
        key: &ConfigKey,
        value: &'v Spanned<DeValue<'_>>,
    ) -> Result<&'v str, ConfigError> {
        if let ValueKind::Word(words) = key.kind {
            return self.word(key.name, words, value);
        }
        match value.get_ref() {
            DeValue::String(text) => Ok(text),
            _ => Err(self.wrong(&value.span(), &messages::is_text(key.name))),
        }
    }

    fn word<'v>(
        &self,
        name: &str,
        words: &[&'static str],
        value: &'v Spanned<DeValue<'_>>,
    ) -> Result<&'v str, ConfigError> {
        if let DeValue::String(text) = value.get_ref()
            && words.contains(&text.as_ref())
        {
            return Ok(text);
        }
        Err(self.wrong(&value.span(), &messages::is_one_of(name, words)))
    }

    fn switch(&self, key: &ConfigKey, value: &Spanned<DeValue<'_>>) -> Result<bool, ConfigError> {
        match value.get_ref() {
            DeValue::Boolean(is) => Ok(*is),
            _ => Err(self.wrong(&value.span(), &messages::is_a_switch(key.name))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(read(text).map(|_| ()).unwrap_err(), expect, "{text:?}");
    }

    #[test]
    fn errors_name_their_line() {
        check(
            "theme = \"dark\"\n\nsevrer = \"x\"\n",
            "3: there is no key \"sevrer\" here; did you mean \"server\"?",
        );
        check("zzz = 1", "1: there is no key \"zzz\" here.");
        check(
            "[notification]\n",
            "1: there is no key \"notification\" here; did you mean \"notifications\"?",
        );
        check(
            "[notifications]\nbel = true",
            "2: there is no key \"bel\" here; did you mean \"bell\"?",
        );
        check(
            "theme = \"blue\"",
            "1: theme is \"auto\", \"dark\", \"light\" or \"mono\".",
        );
        check("linear = \"yes\"", "1: linear is true or false.");
        check("user = 7", "1: user is text, in quotes.");
        check(
            "notifications = 1",
            "1: this is a table with keys of its own.",
        );
        check(
            "[keys]\nnext-rom = \"f5\"",
            "2: there is no action \"next-rom\"; did you mean \"next-room\"?",
        );
        check(
            "[keys]\nnext-room = 5",
            "2: next-room is a list of keys: [\"ctrl-n\"].",
        );
        check(
            "[profiles.work]\nserver = \"https://a\"\nusr = \"ann\"",
            "3: there is no key \"usr\" here; did you mean \"user\"?",
        );
        check(
            "[notifications.rooms]\nrust = \"some\"",
            "2: rust is \"all\", \"mentions\" or \"none\".",
        );
        let server = read("\nserver = \"example.org\"").map(|_| ()).unwrap_err();
        assert!(
            server.starts_with("2: server: ") && server.contains("http://"),
            "{server}"
        );
        let broken = read("a = \n").map(|_| ()).unwrap_err();
        assert!(broken.starts_with("1: "), "{broken}");
        let key = read("[keys]\nhelp = [\"hyper-x\"]")
            .map(|_| ())
            .unwrap_err();
        assert!(key.starts_with("2: There is no key \"hyper-x\""), "{key}");
    }

    #[test]
    fn a_profile_stands_over_what_holds_for_all() {
        let config = read(
            "server = \"https://a.example\"\nuser = \"ann\"\npassword_command = \"echo a\"\n\
             [profiles.work]\nserver = \"https://b.example\"\n\
             [profiles.bot]\nuser = \"echo\"\n",
        )
        .unwrap();
        let of = |name: Option<&str>| {
            let profile = config.profile(name).unwrap();
            let server = profile.server.unwrap().to_string();
            (
                server,
                profile.user.unwrap(),
                profile.secret.command.is_some(),
            )
        };
        let expect =
            |server: &str, user: &str, secret| (server.to_owned(), user.to_owned(), secret);
        assert_eq!(of(None), expect("https://a.example", "ann", true));
        // A password is never sent to another server than the one it is configured with.
        assert_eq!(of(Some("work")), expect("https://b.example", "ann", false));
        assert_eq!(of(Some("bot")), expect("https://a.example", "echo", true));
        let unknown = config.profile(Some("wrok")).unwrap_err();
        assert_eq!(
            unknown,
            "There is no profile \"wrok\"; did you mean \"work\"?"
        );
    }
}
