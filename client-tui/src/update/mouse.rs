//! The mouse, if the config turns it on: the wheel scrolls, a click shows a room.

use super::chat_keys::move_by;
use super::scroll::ScrollStep;
use super::{Effects, MouseAction};
use crate::state::{App, Screen};
use crate::view::{areas, rooms_skipped};

pub(super) fn on_mouse(app: &mut App, mouse: MouseAction, effects: &mut Effects) {
    let Screen::Chat(chat) = &mut app.screen else {
        return;
    };
    if app.help.is_some() || chat.overlay.is_some() {
        return;
    }
    match mouse {
        MouseAction::WheelUp => move_by(app, ScrollStep::WheelUp, effects),
        MouseAction::WheelDown => move_by(app, ScrollStep::WheelDown, effects),
        MouseAction::Click { column, row } => {
            let Some(list) = areas(app.size, chat).rooms else {
                return;
            };
            if list.contains((column, row).into()) {
                let index = rooms_skipped(list, chat) + usize::from(row - list.y);
                if index < chat.rooms().len() {
                    chat.go(index);
                }
            }
        }
    }
}
