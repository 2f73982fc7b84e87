//! Notifications through the terminal itself, so that they work over SSH: the bell, and OSC 9 or
//! OSC 777, which terminals show as desktop notifications.

use std::time::Duration;

use chat_shared::Username;
use chat_shared::protocol::ChatEvent;

use crate::config::{NotificationForm, NotificationLevel, Notifications};
use crate::text::sanitize;

/// The shortest time between two notifications; a backlog of messages notifies once.
pub(crate) const PAUSE: Duration = Duration::from_secs(1);

/// The longest notification, in characters.
const CHARS_MAX: usize = 200;

/// The bytes that notify of a message, empty if it does not notify.
pub(crate) fn about(
    chat: &ChatEvent,
    me: &Username,
    config: &Notifications,
    in_tmux: bool,
) -> Vec<u8> {
    let mentions = chat.mentions.contains(me) || chat.room.is_direct();
    let wanted = match config.of(&chat.room) {
        NotificationLevel::All => true,
        NotificationLevel::Mentions => mentions,
        NotificationLevel::None => false,
    };
    if !wanted || chat.username == *me || chat.deleted {
        return Vec::new();
    }
    let mut out = String::new();
    if config.bell {
        out.push('\x07');
    }
    let title = text(&match chat.room.is_direct() {
        true => chat.username.to_string(),
        false => format!("{} in {}", chat.username, chat.room),
    });
    let body = text(&chat.message);
    let sequence = match config.form {
        NotificationForm::None => return out.into_bytes(),
        NotificationForm::Osc9 => format!("\x1b]9;{title}: {body}\x1b\\"),
        NotificationForm::Osc777 => format!("\x1b]777;notify;{title};{body}\x1b\\"),
    };
    if in_tmux {
        // tmux passes on the bytes between these sequences, with each escape doubled.
        out.push_str("\x1bPtmux;");
        out.push_str(&sequence.replace('\x1b', "\x1b\x1b"));
        out.push_str("\x1b\\");
    } else {
        out.push_str(&sequence);
    }
    out.into_bytes()
}

/// Removes what could end the escape sequence or one of its fields.
fn text(text: &str) -> String {
    sanitize(text)
        .replace(';', ",")
        .chars()
        .take(CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::message;

    fn check(text: &str, mentions: bool, config: &Notifications, in_tmux: bool, expect: &str) {
        let mut chat = message("lobby", 1, "bob", text);
        let me = Username::existing("ann");
        if mentions {
            chat.mentions.push(me.clone());
        }
        let bytes = String::from_utf8(about(&chat, &me, config, in_tmux)).unwrap();
        assert_eq!(bytes, expect, "{text:?}");
    }

    fn config(messages: NotificationLevel, bell: bool, form: NotificationForm) -> Notifications {
        Notifications {
            messages,
            bell,
            form,
            ..Notifications::default()
        }
    }

    #[test]
    fn notifies_by_mention_and_by_room() {
        let mut some = config(NotificationLevel::Mentions, true, NotificationForm::None);
        check("hi", false, &some, false, "");
        check("hi @ann", true, &some, false, "\x07");
        some.rooms
            .insert(chat_shared::RoomName::lobby(), NotificationLevel::All);
        check("hi", false, &some, false, "\x07");
        some.rooms
            .insert(chat_shared::RoomName::lobby(), NotificationLevel::None);
        check("hi @ann", true, &some, false, "");
        let own = message("lobby", 1, "ann", "hi");
        let all = config(NotificationLevel::All, true, NotificationForm::None);
        assert!(about(&own, &Username::existing("ann"), &all, false).is_empty());
    }

    #[test]
    fn text_of_others_ends_no_escape_sequence() {
        let all = config(NotificationLevel::All, false, NotificationForm::Osc9);
        check(
            "a\x07b\x1b\\c",
            false,
            &all,
            false,
            "\x1b]9;bob in lobby: a␇b␛\\c\x1b\\",
        );
        check(
            "x\u{9c}y",
            false,
            &all,
            false,
            "\x1b]9;bob in lobby: x\u{fffd}y\x1b\\",
        );
        let all = config(NotificationLevel::All, false, NotificationForm::Osc777);
        check(
            "a;b",
            false,
            &all,
            false,
            "\x1b]777;notify;bob in lobby;a,b\x1b\\",
        );
        check(
            "hi",
            false,
            &all,
            true,
            "\x1bPtmux;\x1b\x1b]777;notify;bob in lobby;hi\x1b\x1b\\\x1b\\",
        );
    }
}
