/// Ways to end the word that is being typed, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Where the word begins, in bytes.
    pub(crate) start: usize,
    /// What was typed of it comes back after the last one.
    pub(crate) candidates: Vec<String>,
    pub(crate) at: usize,
}
