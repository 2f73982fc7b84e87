//! Views that cover the chat and take its keys: the room switcher, a search, a question.

use chat_shared::protocol::{ChatEvent, Search};

use super::{Chat, Editor};

/// A view that covers the chat and takes the keys.
#[derive(Debug, Clone)]
pub(crate) enum Overlay {
    Switcher(Switcher),
    Search(SearchView),
    /// A paste so long that the client asks first.
    Paste {
        text: String,
        lines: usize,
    },
    /// The input line is too long for one message; asks whether to send it as so many.
    Split {
        parts: usize,
    },
}

/// Finds a room by a part of its name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switcher {
    pub(crate) query: Editor,
    pub(crate) selected: usize,
}

impl Switcher {
    /// The indexes of the rooms that match: those whose name starts with the query first, rooms
    /// with unread messages before the rest.
    pub(crate) fn rooms(&self, chat: &Chat) -> Vec<usize> {
        let query = self
            .query
            .text()
            .trim()
            .trim_start_matches('#')
            .to_lowercase();
        let rank = |index: usize| {
            let room = &chat.rooms()[index];
            let title = room.title().to_lowercase();
            let place = title.find(&query);
            let fits = place.is_some() || is_within(&query, &title);
            fits.then(|| {
                let at = place.unwrap_or(usize::MAX);
                let current = index == chat.current_index();
                (at, current, room.mentions() == 0, room.unread() == 0, index)
            })
        };
        let mut found: Vec<_> = (0..chat.rooms().len()).filter_map(rank).collect();
        found.sort_unstable();
        found.into_iter().map(|(.., index)| index).collect()
    }
}

/// Returns true if the letters of `query` occur in `text` in their order.
fn is_within(query: &str, text: &str) -> bool {
    let mut letters = text.chars();
    query.chars().all(|wanted| letters.any(|c| c == wanted))
}

/// The results of a search.
#[derive(Debug, Clone)]
pub(crate) struct SearchView {
    pub(crate) search: Search,
    /// Newest first.
    pub(crate) found: Vec<ChatEvent>,
    pub(crate) selected: usize,
    pub(crate) busy: bool,
    /// Where the next page starts; absent if this is all.
    pub(crate) cursor: Option<String>,
    pub(crate) error: Option<String>,
    /// Grows with each search, so that late answers to an older search are dropped.
    pub(crate) number: u64,
}
