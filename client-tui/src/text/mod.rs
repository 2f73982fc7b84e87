//! Makes text from other people safe for a terminal.
//!
//! Nothing that comes out of here can move the cursor or hide and reorder what is around it, and
//! every piece has a known width in columns. Knows nothing of rooms, screens or the network.

mod cells;
mod markup;
mod wrap;

pub(crate) use cells::{cells, sanitize, width};
pub(crate) use markup::{Markup, TextStyle};
pub(crate) use wrap::wrap;
