//! Moving through a room's past. The position is a line, not a number of rows, so that it stays
//! where it is when older lines come in above, newer ones below, or the window changes.

use crate::state::{App, Key, Older, Room, Screen, Scroll};
use crate::view::{Rows, areas};

/// How far to move, in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    PageUp,
    PageDown,
    Newest,
}

/// Scrolls; says whether older lines are wanted.
pub(super) fn scroll(app: &mut App, by: By) -> bool {
    let Screen::Chat(chat) = &app.screen else {
        return false;
    };
    let timeline = areas(app.size, chat).timeline;
    let height = usize::from(timeline.height);
    // One row of the old page stays, for the eye.
    let step = height.saturating_sub(1).max(1);
    let rows = Rows::new(app, &chat.me, timeline.width);
    let room = chat.current();
    let (scroll, wants_older) = match by {
        By::PageUp => up(room, &rows, height, step),
        By::PageDown => (down(room, &rows, step), false),
        By::Newest => (Scroll::Newest, false),
    };
    let Screen::Chat(chat) = &mut app.screen else {
        return false;
    };
    chat.current_mut().scroll = scroll;
    wants_older
}

/// Whether the loaded lines don't fill the screen though there are more.
pub(super) fn wants_older(app: &App) -> bool {
    let Screen::Chat(chat) = &app.screen else {
        return false;
    };
    if chat.current().timeline.older != Older::More {
        return false;
    }
    let timeline = areas(app.size, chat).timeline;
    let rows = Rows::new(app, &chat.me, timeline.width);
    up(chat.current(), &rows, usize::from(timeline.height), 0).1
}

fn up(room: &Room, rows: &Rows<'_>, height: usize, step: usize) -> (Scroll, bool) {
    let (from, hidden) = position(room.scroll);
    // The rows of each line, from the bottom of the screen upwards, as far as is needed.
    let mut counted: Vec<(Key, usize)> = Vec::new();
    let mut total = 0;
    let mut lines = room.up_from(from).peekable();
    while let Some((key, shown)) = lines.next() {
        let above = lines.peek().map(|(_, above)| above.ts());
        let mut count = rows.of(shown, above).len();
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
    let hidden_of = |key: Key| if key == from { hidden } else { 0 };
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
    let mut before = room.up_from(from).nth(1).map(|(_, shown)| shown.ts());
    for (key, shown) in room.down_from(from) {
        let count = rows.of(shown, before).len();
        before = Some(shown.ts());
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
    Scroll::Newest
}

fn position(scroll: Scroll) -> (Key, usize) {
    match scroll {
        Scroll::Newest => (Key::MAX, 0),
        Scroll::At { key, hidden, .. } => (key, hidden),
    }
}
