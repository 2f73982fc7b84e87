//! Which message a command is about: the selected one, otherwise the newest that fits.
//!
//! Selecting, replying, editing, copying and reacting start here.

use chat_shared::protocol::ChatEvent;
use chat_shared::{Emoji, Seq};

use super::{Effect, Effects, RoomAction, pages, scroll};
use crate::messages::chat as messages;
use crate::state::{App, Chat, Compose, Editor, Room, Screen};

/// Selects the next message above or below.
pub(super) fn select(app: &mut App, up: bool, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let room = chat.current_mut();
    let next = match (room.selected, up) {
        (None, false) => return,
        (None, true) => room.newest(),
        (Some(seq), true) => {
            let mut older = room.messages().skip_while(|message| message.seq >= seq);
            older.next().map(|message| message.seq).or(Some(seq))
        }
        (Some(seq), false) => {
            let newer = room.messages().take_while(|message| message.seq > seq);
            newer.last().map(|message| message.seq)
        }
    };
    room.selected = next;
    match next {
        Some(seq) if !scroll::is_shown(app, seq) => {
            scroll::show(app, seq);
        }
        _ => {}
    }
    if up && next == oldest(app) {
        pages::fetch_older(app, effects);
    }
}

fn oldest(app: &App) -> Option<Seq> {
    match &app.screen {
        Screen::Chat(chat) => chat.current().oldest(),
        Screen::SignIn(_) => None,
    }
}

/// Scrolls to the message `seq` of the current room, now or as soon as it is loaded.
pub(super) fn jump(app: &mut App, seq: Seq, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    let room = chat.current();
    let loaded = room.is_live() && room.oldest().is_some_and(|oldest| oldest <= seq)
        || room.messages().any(|message| message.seq == seq);
    if !(loaded && scroll::show(app, seq)) {
        pages::fetch_around(app, seq, effects);
    }
}

/// Scrolls to the "new messages" line.
pub(super) fn first_unread(app: &mut App, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    match chat.current().read.divider {
        Some(line) => jump(app, line + 1, effects),
        None => chat.notice = Some(messages::NOTHING_UNREAD_HERE.to_owned()),
    }
}

/// Starts a reply.
pub(super) fn reply(chat: &mut Chat) -> Result<(), String> {
    let seq = to_reply_to(chat)?;
    chat.current_mut().compose = Compose::Reply(seq);
    Ok(())
}

/// Puts the user's own message in the input line, to be edited; the draft there is set aside.
pub(super) fn edit(chat: &mut Chat) -> Result<(), String> {
    let seq = own(chat)?;
    let room = chat.current_mut();
    let message = room.message(seq);
    let text = message.map_or_else(String::new, |message| message.message.clone());
    room.load(Editor::with_text(&text), Compose::Edit(seq));
    Ok(())
}

pub(super) fn copy(app: &mut App, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    match any(chat.current(), |_| true) {
        Some(message) => {
            effects.push(Effect::Copy(message.message.clone()));
            chat.notice = Some(messages::COPIED.to_owned());
        }
        None => chat.notice = Some(messages::NOTHING_TO_COPY.to_owned()),
    }
}

/// Adds a reaction, or removes the user's own.
pub(super) fn react(chat: &Chat, argument: &str) -> Result<Effect, String> {
    if argument.is_empty() {
        return Err(messages::REACTION_NEEDS_EMOJI.to_owned());
    }
    let known = emojis::get_by_shortcode(argument.trim_matches(':'));
    let text = known.map_or(argument, emojis::Emoji::as_str);
    let emoji = Emoji::parse(text).map_err(|error| format!("{error}."))?;
    let room = chat.current();
    let none = || messages::NOTHING_TO_REACT_TO.to_owned();
    let message = any(room, |_| true).ok_or_else(none)?;
    let mine = message.reactions.get(&emoji).is_some_and(|it| it.me);
    Ok(Effect::RoomAction {
        room: room.name.clone(),
        action: RoomAction::React {
            seq: message.seq,
            emoji,
            on: !mine,
        },
    })
}

/// The message to reply to: the selected one, otherwise the newest of another person.
pub(super) fn to_reply_to(chat: &Chat) -> Result<Seq, String> {
    let found = any(chat.current(), |message| message.username != chat.me);
    let none = || messages::NOTHING_TO_REPLY_TO.to_owned();
    found.map(|message| message.seq).ok_or_else(none)
}

/// The selected message, otherwise the user's newest.
pub(super) fn own_or_chosen(chat: &Chat) -> Result<Seq, String> {
    let found = any(chat.current(), |message| message.username == chat.me);
    let none = || messages::NO_OWN_MESSAGE.to_owned();
    found.map(|message| message.seq).ok_or_else(none)
}

/// Like [`own_or_chosen`], but fails for another person's message.
pub(super) fn own(chat: &Chat) -> Result<Seq, String> {
    let seq = own_or_chosen(chat)?;
    let message = chat.current().message(seq);
    if message.is_some_and(|message| message.username == chat.me) {
        Ok(seq)
    } else {
        Err(messages::ONLY_OWN_MESSAGES.to_owned())
    }
}

fn any(room: &Room, fits: impl Fn(&ChatEvent) -> bool) -> Option<&ChatEvent> {
    if let Some(seq) = room.selected
        && let Some(message) = room.message(seq).filter(|it| !it.deleted)
    {
        return Some(message);
    }
    let mut messages = room.messages();
    messages.find(|message| !message.deleted && fits(message))
}
