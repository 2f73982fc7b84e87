//! Messages: no text is lost by their formatting, and reading it takes time in proportion to it.

use std::collections::BTreeSet;
use std::time::Duration;

use chat_shared::limits::{MENTIONS_MAX, TEXT_CHARS_MAX, USERNAME_CHARS_MAX};
use chat_shared::text::{Block, Inline, parse, plain};
use chat_shared::{MessageText, mentioned_names};
use nix::time::{ClockId, clock_gettime};

/// Bytes of the long text that shows whether time grows faster than the text.
const LONG_BYTES: usize = 64 * 1024;

/// Time of the processor for the long text. It takes some tens of milliseconds, without optimization
/// up to a second; in proportion to the square it would take many seconds.
const LONG_TIME_MAX: Duration = Duration::from_secs(3);

/// One in so many inputs is repeated to a long text, since that takes a thousand times as long.
const LONG_ONE_IN: usize = 64;

/// Reads the input as the text of a message.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    check_formatting(text);
    check_mentions(text);
    if let Ok(message) = MessageText::parse(text) {
        let checked = message.as_str();
        assert!(text.starts_with(checked) && checked.chars().count() <= TEXT_CHARS_MAX);
        assert_eq!(MessageText::parse(checked), Ok(message.clone()));
    }
    let sum: usize = input.iter().map(|byte| usize::from(*byte)).sum();
    if !text.is_empty() && sum.is_multiple_of(LONG_ONE_IN) {
        check_time(&text.repeat(LONG_BYTES / text.len()));
    }
}

/// The people whom the text mentions, as far as a message mentions people.
fn mentions(text: &str) -> Vec<&str> {
    mentioned_names(text).take(MENTIONS_MAX).collect()
}

/// Everything but white space and the characters that formatting consists of is in the tree, once
/// and in order.
fn check_formatting(text: &str) {
    let blocks = parse(text, &mentions(text));
    let mut reader = Reader::new(text);
    blocks.iter().for_each(|block| reader.block(block));
    assert!(reader.is_at_the_end(), "{text:?}: {blocks:?}");
    assert!(
        plain(&blocks).len() <= text.len() + blocks.len(),
        "{blocks:?}"
    );
}

/// The characters that are never a mark of formatting.
fn letters(text: &str) -> String {
    let is_letter = |c: &char| !c.is_whitespace() && !c.is_ascii_punctuation();
    text.chars().filter(is_letter).collect()
}

/// Reads a text along its tree.
struct Reader {
    letters: String,
    /// Bytes up to which the text may be read. There are several where the tree does not tell
    /// whether a link's URL is in the text: `www.a.b` and `[www.a.b](https://www.a.b)`.
    read: BTreeSet<usize>,
}

impl Reader {
    fn new(text: &str) -> Self {
        Self {
            letters: letters(text),
            read: BTreeSet::from([0]),
        }
    }

    fn is_at_the_end(&self) -> bool {
        self.read.contains(&self.letters.len())
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Paragraph(inlines) | Block::Quote(inlines) => self.inlines(inlines),
            Block::List(items) => {
                for item in items {
                    self.text(&item.mark);
                    self.inlines(&item.text);
                }
            }
            Block::Fence { language, text } => {
                self.text(language);
                self.text(text);
            }
        }
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text(text) | Inline::Code(text) | Inline::Mention(text) => self.text(text),
                Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => {
                    self.inlines(inner);
                }
                Inline::Link { url, label } => {
                    self.inlines(label);
                    let bare = if may_be_bare(url, label) {
                        self.read.clone()
                    } else {
                        BTreeSet::new()
                    };
                    self.text(url);
                    self.read.extend(bare);
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        let next = letters(text);
        let follows = |at: &usize| self.letters[*at..].starts_with(&next);
        let read = self.read.iter().copied().filter(follows);
        self.read = read.map(|at| at + next.len()).collect();
    }
}

/// Whether a link may have been a URL in running text, which is its own label.
fn may_be_bare(url: &str, label: &[Inline]) -> bool {
    let [Inline::Text(text)] = label else {
        return false;
    };
    url == text || url.strip_prefix("https://") == Some(text)
}

fn check_mentions(text: &str) {
    for name in mentioned_names(text) {
        assert!((1..=USERNAME_CHARS_MAX).contains(&name.len()), "{name}");
        assert!(text.contains(&format!("@{name}")), "{name}");
    }
}

fn check_time(text: &str) {
    let start = processor_time();
    let names = mentions(text);
    let blocks = parse(text, &names).len();
    let taken = processor_time().saturating_sub(start);
    assert!(
        taken < LONG_TIME_MAX,
        "{blocks} blocks and {} mentions of {} bytes took {taken:?}",
        names.len(),
        text.len()
    );
}

/// Time that this thread has run. Unlike the time of day it stands still while others run.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .expect("every thread has a clock")
        .into()
}
