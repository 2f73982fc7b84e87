//! The state of Tab completion.

/// The candidates for the word before the cursor, tried one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completion {
    /// The byte at which the word starts.
    pub(crate) start: usize,
    /// The last one is what the user typed.
    pub(crate) candidates: Vec<String>,
    pub(crate) at: usize,
}
