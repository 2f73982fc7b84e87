use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::editing::edit;
use super::scroll::{By, scroll};
use super::{Effects, commands, net};
use crate::state::{App, Chat, Screen};

pub(super) fn on_key(app: &mut App, key: KeyEvent, effects: &mut Effects) {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    match key.code {
        KeyCode::PageUp => move_by(app, By::PageUp, effects),
        KeyCode::PageDown => move_by(app, By::PageDown, effects),
        KeyCode::End if chat.current().is_scrolled() => move_by(app, By::Newest, effects),
        KeyCode::Char('n') if control => chat.go(next(chat, 1)),
        KeyCode::Char('p') if control => chat.go(next(chat, chat.rooms().len() - 1)),
        KeyCode::Char(digit @ '1'..='9') if alt => {
            chat.go(digit as usize - '1' as usize);
        }
        KeyCode::Char('r') if control => commands::retry(app, effects),
        KeyCode::Enter if alt || key.modifiers.contains(KeyModifiers::SHIFT) => new_line(chat),
        // What Ctrl-Enter and Ctrl-J send.
        KeyCode::Char('j') if control => new_line(chat),
        KeyCode::Enter => commands::enter(app, effects),
        KeyCode::Up => up(chat),
        KeyCode::Down => down(chat),
        KeyCode::Tab => {}
        _ => {
            edit(&mut chat.current_mut().input, key);
        }
    }
}

fn move_by(app: &mut App, by: By, effects: &mut Effects) {
    if scroll(app, by) {
        net::fetch_older(app, effects);
    }
    if let Screen::Chat(chat) = &mut app.screen {
        let room = chat.current_mut();
        room.timeline.trim(room.is_scrolled());
    }
}

fn next(chat: &Chat, step: usize) -> usize {
    (chat.current_index() + step) % chat.rooms().len()
}

fn new_line(chat: &mut Chat) {
    chat.current_mut().input.insert("\n");
}

fn up(chat: &mut Chat) {
    if chat.current_mut().input.up() {
        return;
    }
    let typed = chat.current().input.text().to_owned();
    if let Some(line) = chat.history.older(&typed) {
        chat.current_mut().input.set(&line);
    }
}

fn down(chat: &mut Chat) {
    if chat.current_mut().input.down() {
        return;
    }
    if let Some(line) = chat.history.newer() {
        chat.current_mut().input.set(&line);
    }
}
