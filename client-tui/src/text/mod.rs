//! Text from others made fit for a terminal: nothing here can move the cursor, hide or reorder
//! what is around it, and every piece has a known width in cells.

mod cells;
mod markup;
mod wrap;

pub(crate) use cells::{cells, sanitize, width};
pub(crate) use markup::{Markup, TextStyle};
pub(crate) use wrap::wrap;
