//! Which pages of a room's history are on their way.

use chat_shared::protocol::PageKind;

use super::Room;

/// Says whether more messages exist beyond one end of those shown.
///
/// ```text
/// There ──▶ Loading ──▶ There | None        (requested; a page arrived)
///              └──────▶ Failed ──▶ Loading  (refused; the user scrolls further)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum More {
    /// There is more, or it is not known yet.
    #[default]
    There,
    /// A page was requested.
    Loading,
    /// The server refused; the next scroll asks again.
    Failed,
    /// This is the end.
    None,
}

/// The ends that a page extends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Older,
    Newer,
    Both,
}

/// The requests for pages of a room.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Paging {
    older: More,
    newer: More,
    /// Grows when what is held is dropped, so that pages requested earlier are ignored.
    pub(crate) generation: u64,
}

impl Paging {
    /// Forgets what was requested.
    pub(crate) fn restart(&mut self) {
        *self = Self {
            generation: self.generation + 1,
            ..Self::default()
        };
    }

    pub(crate) fn set(&mut self, side: Side, more: More) {
        if side != Side::Newer {
            self.older = more;
        }
        if side != Side::Older {
            self.newer = more;
        }
    }
}

impl Room {
    pub(crate) fn older(&self) -> More {
        match self.view.as_ref().map(|view| view.older_page()) {
            Some(None) => More::None,
            _ => self.paging.older,
        }
    }

    pub(crate) fn newer(&self) -> More {
        match self.view.as_ref().and_then(|view| view.newer_page()) {
            None => More::None,
            Some(_) => self.paging.newer,
        }
    }

    /// The page to request next on a side; none while one is on its way, or at the end.
    pub(crate) fn next_page(&self, side: Side) -> Option<PageKind> {
        let view = self.view.as_ref()?;
        let (more, page) = match side {
            Side::Older => (self.older(), view.older_page()),
            Side::Newer => (self.newer(), view.newer_page()),
            Side::Both => return None,
        };
        page.filter(|_| matches!(more, More::There | More::Failed))
    }
}
