//! Scrolls through a room's past. The position is a line and not a row number, so that it stays in
//! place when lines are added above or below, or the window is resized.

use chat_shared::Seq;

use crate::state::{App, Line, LineKey, More, Room, Screen, Scroll};
use crate::view::{Rows, areas};

/// The ends at which more lines are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct MissingPages {
    pub(super) older: bool,
    pub(super) newer: bool,
}

/// Rows per notch of the wheel.
const WHEEL_ROWS: usize = 3;

/// One step of scrolling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScrollStep {
    PageUp,
    PageDown,
    WheelUp,
    WheelDown,
    Newest,
}

/// Scrolls; returns the ends at which more lines are needed.
pub(super) fn scroll(app: &mut App, by: ScrollStep) -> MissingPages {
    let Screen::Chat(chat) = &mut app.screen else {
        return MissingPages::default();
    };
    if by == ScrollStep::Newest {
        chat.current_mut().show_newest();
        return MissingPages::default();
    }
    let timeline = areas(app.size, chat).timeline;
    let height = usize::from(timeline.height);
    // One row of the old page stays visible.
    let step = match by {
        ScrollStep::WheelUp | ScrollStep::WheelDown => WHEEL_ROWS,
        ScrollStep::PageUp | ScrollStep::PageDown | ScrollStep::Newest => {
            height.saturating_sub(1).max(1)
        }
    };
    let Screen::Chat(chat) = &app.screen else {
        return MissingPages::default();
    };
    let rows = Rows::new(app, chat, timeline.width);
    let room = chat.current();
    let (scroll, older) = match by {
        ScrollStep::PageUp | ScrollStep::WheelUp => up(room, &rows, height, step),
        ScrollStep::PageDown | ScrollStep::WheelDown | ScrollStep::Newest => {
            (down(room, &rows, step), false)
        }
    };
    let newer = matches!(by, ScrollStep::PageDown | ScrollStep::WheelDown)
        && !room.is_live()
        && is_at_end(room, scroll);
    set(app, scroll);
    MissingPages { older, newer }
}

/// Brings the message `seq`, or the first one after it, to the middle of the screen. Returns false
/// if it is not loaded.
pub(super) fn show(app: &mut App, seq: Seq) -> bool {
    let Screen::Chat(chat) = &app.screen else {
        return false;
    };
    let stored = |(_, line): &(LineKey, Line<'_>)| !matches!(line, Line::Pending(_));
    let found = {
        let mut lines = chat.current().down_from(LineKey::durable(seq));
        lines.find(stored).map(|(key, _)| key)
    };
    let Some(key) = found else {
        return false;
    };
    let scroll = Scroll::At {
        key,
        hidden: 0,
        new: 0,
    };
    set(app, scroll);
    let Screen::Chat(chat) = &app.screen else {
        return false;
    };
    let timeline = areas(app.size, chat).timeline;
    let rows = Rows::new(app, chat, timeline.width);
    let half = usize::from(timeline.height) / 2;
    let scroll = down(chat.current(), &rows, half);
    set(app, scroll);
    true
}

/// Returns true if the message `seq` is on the screen.
pub(super) fn is_shown(app: &App, seq: Seq) -> bool {
    let Screen::Chat(chat) = &app.screen else {
        return false;
    };
    let timeline = areas(app.size, chat).timeline;
    let rows = Rows::new(app, chat, timeline.width);
    let room = chat.current();
    let (from, hidden) = position(room.scroll);
    let mut left = usize::from(timeline.height) + hidden;
    let mut lines = room.up_from(from).peekable();
    while let Some((key, shown)) = lines.next() {
        let above = lines.peek().map(|(key, above)| (*key, above.ts()));
        let Some(rest) = left.checked_sub(rows.of(key, shown, above).len()) else {
            return false;
        };
        if key == LineKey::durable(seq) {
            return true;
        }
        left = rest;
    }
    false
}

fn set(app: &mut App, scroll: Scroll) {
    if let Screen::Chat(chat) = &mut app.screen {
        chat.current_mut().scroll = scroll;
    }
}

fn is_at_end(room: &Room, scroll: Scroll) -> bool {
    match scroll {
        Scroll::Newest => true,
        Scroll::At { key, .. } => room.down_from(key).nth(5).is_none(),
    }
}

/// Returns true if the loaded lines don't fill the screen although there are more.
pub(super) fn wants_older(app: &App) -> bool {
    let Screen::Chat(chat) = &app.screen else {
        return false;
    };
    if chat.current().older() != More::There {
        return false;
    }
    let timeline = areas(app.size, chat).timeline;
    let rows = Rows::new(app, chat, timeline.width);
    up(chat.current(), &rows, usize::from(timeline.height), 0).1
}

fn up(room: &Room, rows: &Rows<'_>, height: usize, step: usize) -> (Scroll, bool) {
    let (from, hidden) = position(room.scroll);
    // The rows of each line, from the bottom of the screen upwards, as far as needed.
    let mut counted: Vec<(LineKey, usize)> = Vec::new();
    let mut total = 0;
    let mut lines = room.up_from(from).peekable();
    while let Some((key, shown)) = lines.next() {
        let above = lines.peek().map(|(key, above)| (*key, above.ts()));
        let mut count = rows.of(key, shown, above).len();
        if counted.is_empty() && key == from {
            count = count.saturating_sub(hidden).max(1);
        }
        counted.push((key, count));
        total += count;
        if total >= height + step {
            break;
        }
    }
    let wants_older = total < height + step;
    let mut left = step.min(total.saturating_sub(height));
    if left == 0 {
        return (room.scroll, wants_older);
    }
    let hidden_of = |key: LineKey| if key == from { hidden } else { 0 };
    for (key, count) in counted {
        if left < count {
            let new = if let Scroll::At { new, .. } = room.scroll {
                new
            } else {
                0
            };
            return (
                Scroll::At {
                    key,
                    hidden: hidden_of(key) + left,
                    new,
                },
                wants_older,
            );
        }
        left -= count;
    }
    (room.scroll, wants_older)
}

fn down(room: &Room, rows: &Rows<'_>, step: usize) -> Scroll {
    let Scroll::At {
        key: from,
        hidden,
        new,
    } = room.scroll
    else {
        return Scroll::Newest;
    };
    let mut left = step;
    let above = room.up_from(from).nth(1);
    let mut above = above.map(|(key, shown)| (key, shown.ts()));
    let mut last = room.scroll;
    for (key, shown) in room.down_from(from) {
        let count = rows.of(key, shown, above).len();
        above = Some((key, shown.ts()));
        last = Scroll::At {
            key,
            hidden: 0,
            new,
        };
        let below = if key == from {
            hidden.min(count)
        } else {
            count
        };
        if left < below {
            return Scroll::At {
                key,
                hidden: below - left,
                new,
            };
        }
        left -= below;
        if left == 0 && room.down_from(key).nth(1).is_some() {
            return Scroll::At {
                key,
                hidden: 0,
                new,
            };
        }
    }
    // The messages below a window of the past are not loaded yet.
    if room.is_live() { Scroll::Newest } else { last }
}

fn position(scroll: Scroll) -> (LineKey, usize) {
    match scroll {
        Scroll::Newest => (LineKey::MAX, 0),
        Scroll::At { key, hidden, .. } => (key, hidden),
    }
}
