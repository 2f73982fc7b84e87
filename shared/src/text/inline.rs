//! The formatting within a line: emphasis, code, links, mentions.
//!
//! A line is read twice, each time in linear time. [`tokens`] cuts it into code, links, mentions,
//! marks and text. [`build`] pairs the marks with a stack: a mark that finds no partner is text.

use super::chars::{is_closing, is_opening, is_unspaced, is_word};
use super::links::{URL_BYTES_MAX, Url, has_scheme, is_url, trimmed, url_at};
use super::tree::Inline;
use crate::limits::USERNAME_CHARS_MAX;

/// Characters of a run of marks; a longer run is text.
const RUN_MAX: usize = 3;

/// A kind of mark. A mark is closed by the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Star,
    TwoStars,
    ThreeStars,
    Underscore,
    TwoTildes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token<'a> {
    Text(&'a str),
    Leaf(Inline),
    Mark {
        mark: Mark,
        text: &'a str,
        opens: bool,
        closes: bool,
    },
}

/// Reads the formatting of one line. `mentions` has the usernames that the message mentions.
pub(super) fn parse(line: &str, mentions: &[impl AsRef<str>]) -> Vec<Inline> {
    build(tokens(line, mentions))
}

fn tokens<'a>(line: &'a str, mentions: &[impl AsRef<str>]) -> Vec<Token<'a>> {
    let mut reader = Reader {
        line,
        closing_backticks: backtick_runs(line),
        is_open: [false; 5],
        word_start: None,
        tokens: Vec::new(),
        text_from: 0,
    };
    let mut at = 0;
    let mut before = None;
    while let Some(c) = line[at..].chars().next() {
        let taken = match c {
            '`' => reader.code(at),
            c if is_mark(c) => reader.mark(at, before),
            '[' => reader.named_link(at),
            '@' => reader.mention(at, before, mentions),
            'h' | 'H' | 'w' | 'W' => reader.url(at, before),
            _ => None,
        };
        let len = match taken {
            Some((token, len)) => {
                reader.push(token, at, len);
                len
            }
            // A run of marks or backticks that means nothing is text as a whole.
            None if c == '`' || is_mark(c) => run_len(&line[at..], c),
            None => c.len_utf8(),
        };
        before = line[at..at + len].chars().next_back();
        at += len;
    }
    reader.flush(line.len());
    reader.tokens
}

/// The number of bytes of the run of `c` at the start of `text`.
fn run_len(text: &str, c: char) -> usize {
    text.len() - text.trim_start_matches(c).len()
}

/// For each run of backticks, by its place: where the next run of the same length begins.
fn backtick_runs(line: &str) -> std::collections::HashMap<usize, usize> {
    let mut closing = std::collections::HashMap::new();
    let mut last_of_len = std::collections::HashMap::new();
    let mut at = 0;
    while let Some(found) = line[at..].find('`') {
        let start = at + found;
        let len = run_len(&line[start..], '`');
        if let Some(opener) = last_of_len.insert(len, start) {
            closing.insert(opener, start);
        }
        at = start + len;
    }
    closing
}

struct Reader<'a> {
    line: &'a str,
    closing_backticks: std::collections::HashMap<usize, usize>,
    /// The kinds of marks that were opened and not closed yet.
    is_open: [bool; 5],
    /// Where the last mark that was looked at found the start of a word or something else, and
    /// whether it is one. A mark before that place finds the same.
    word_start: Option<(usize, bool)>,
    tokens: Vec<Token<'a>>,
    text_from: usize,
}

type Taken<'a> = Option<(Token<'a>, usize)>;

impl<'a> Reader<'a> {
    fn flush(&mut self, at: usize) {
        if self.text_from < at {
            self.tokens
                .push(Token::Text(&self.line[self.text_from..at]));
        }
    }

    fn push(&mut self, token: Token<'a>, at: usize, len: usize) {
        self.flush(at);
        self.tokens.push(token);
        self.text_from = at + len;
    }

    fn code(&self, at: usize) -> Taken<'a> {
        let end = *self.closing_backticks.get(&at)?;
        let len = run_len(&self.line[at..], '`');
        let code = &self.line[at + len..end];
        Some((Token::Leaf(Inline::Code(code.to_owned())), end + len - at))
    }

    fn mark(&mut self, at: usize, before: Option<char>) -> Taken<'a> {
        let rest = &self.line[at..];
        let c = rest.chars().next()?;
        let len = run_len(rest, c);
        let mark = mark_of(c, len)?;
        let after = rest[len..].chars().next();
        let opens = may_open_behind(before) && self.begins_word(at + len);
        let closes = may_close(&self.line[..at], after);
        let is_open = &mut self.is_open[mark as usize];
        *is_open = !(*is_open && closes) && (*is_open || opens);
        let text = &rest[..len];
        let token = Token::Mark {
            mark,
            text,
            opens,
            closes,
        };
        Some((token, len))
    }

    /// Whether a word begins at `at`, with opening punctuation and marks before it allowed: a letter,
    /// a digit, an emoji or code.
    fn begins_word(&mut self, at: usize) -> bool {
        if let Some((start, is_word)) = self.word_start
            && at <= start
        {
            return is_word;
        }
        let may_precede = |c: char| is_opening(c) || is_mark(c) || matches!(c, '@' | '#');
        let rest = &self.line[at..];
        let start = at + rest.find(|c| !may_precede(c)).unwrap_or(rest.len());
        let is_word = self.line[start..].chars().next().is_some_and(|c| {
            c.is_alphanumeric() || !(c.is_ascii() || c.is_whitespace()) || c == '`'
        });
        self.word_start = Some((start, is_word));
        is_word
    }

    fn url(&self, at: usize, before: Option<char>) -> Taken<'a> {
        let Url {
            mut len,
            lacks_scheme,
        } = url_at(&self.line[at..], before)?;
        // A mark that was opened before the link may be closed at its end.
        let mut is_open = self.is_open;
        loop {
            let url = &self.line[at..at + len];
            let Some(c) = url.chars().next_back().filter(|c| is_mark(*c)) else {
                break;
            };
            let run = url.len() - url.trim_end_matches(c).len();
            let Some(mark) = mark_of(c, run).filter(|mark| is_open[*mark as usize]) else {
                break;
            };
            is_open[mark as usize] = false;
            len = trimmed(&url[..url.len() - run]);
        }
        let text = &self.line[at..at + len];
        let url = if lacks_scheme {
            format!("https://{text}")
        } else {
            text.to_owned()
        };
        let label = vec![Inline::Text(text.to_owned())];
        Some((Token::Leaf(Inline::Link { url, label }), len))
    }

    fn named_link(&self, at: usize) -> Taken<'a> {
        let rest = &self.line[at + 1..];
        let middle = rest.find(['[', ']'])?;
        let label = &rest[..middle];
        let url = rest[middle..].strip_prefix("](")?;
        if label.trim().is_empty() || !has_scheme(url) {
            return None;
        }
        let end = balanced_end(url)?;
        let url = &url[..end];
        if !is_url(url) {
            return None;
        }
        let label = parse_label(label)?;
        let url = url.to_owned();
        let len = 1 + middle + 2 + end + 1;
        Some((Token::Leaf(Inline::Link { url, label }), len))
    }

    fn mention(&self, at: usize, before: Option<char>, mentions: &[impl AsRef<str>]) -> Taken<'a> {
        if before.is_some_and(|c| is_word(c) || matches!(c, '_' | '.' | '-' | '@'))
            && !self.is_behind_mark(at)
        {
            return None;
        }
        let rest = &self.line[at + 1..];
        let in_name = |c: char| c.is_ascii_alphanumeric() || is_joint(c);
        let len = rest.find(|c| !in_name(c)).unwrap_or(rest.len());
        let mut name = &rest[..len.min(USERNAME_CHARS_MAX)];
        loop {
            let is_named = |other: &&str| other.eq_ignore_ascii_case(name);
            if !name.is_empty() && mentions.iter().map(AsRef::as_ref).any(|it| is_named(&it)) {
                let mention = Inline::Mention(name.to_owned());
                return Some((Token::Leaf(mention), 1 + name.len()));
            }
            // A name may be followed by punctuation that could belong to a name.
            name = &name[..name.rfind(is_joint)?];
        }
    }

    /// Whether a mark that may open is before `at`: it is not part of a word.
    fn is_behind_mark(&self, at: usize) -> bool {
        self.text_from == at && matches!(self.tokens.last(), Some(Token::Mark { opens: true, .. }))
    }
}

/// Characters that a username may have beside letters and digits.
fn is_joint(c: char) -> bool {
    matches!(c, '.' | '_' | '-')
}

fn is_mark(c: char) -> bool {
    matches!(c, '*' | '_' | '~')
}

fn mark_of(c: char, len: usize) -> Option<Mark> {
    match (c, len) {
        ('*', 1) => Some(Mark::Star),
        ('*', 2) => Some(Mark::TwoStars),
        ('*', RUN_MAX) => Some(Mark::ThreeStars),
        ('_', 1) => Some(Mark::Underscore),
        ('~', 2) => Some(Mark::TwoTildes),
        _ => None,
    }
}

/// A mark opens at the start of a word: behind white space, opening punctuation or another mark,
/// and before what [`Reader::begins_word`] finds.
fn may_open_behind(before: Option<char>) -> bool {
    let may_precede = |c: char| c.is_whitespace() || is_opening(c) || is_unspaced(c) || is_mark(c);
    before.is_none_or(may_precede)
}

/// A mark closes at the end of a word: behind anything but white space, an opening bracket or a
/// backslash, and before the end of the line, white space, closing punctuation or another mark.
fn may_close(before: &str, after: Option<char>) -> bool {
    let ends_word = |c: char| !c.is_whitespace() && !matches!(c, '(' | '[' | '{' | '\\');
    let may_follow = |c: char| c.is_whitespace() || is_closing(c) || is_unspaced(c) || is_mark(c);
    before.chars().next_back().is_some_and(ends_word) && after.is_none_or(may_follow)
}

/// Where the bracket that closes `](` is: brackets in the URL may be balanced. `None` if the URL is
/// longer than a URL may be.
fn balanced_end(url: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let fitting = url
        .char_indices()
        .take_while(|(at, _)| *at <= URL_BYTES_MAX);
    for (at, c) in fitting {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            c if c.is_whitespace() => return None,
            _ => {}
        }
    }
    None
}

/// Reads a label: it has emphasis and code, and no mentions. A label with a link in it is none: it
/// would show one address and lead to another.
fn parse_label(label: &str) -> Option<Vec<Inline>> {
    let nobody: &[&str] = &[];
    let inlines = parse(label, nobody);
    (!has_link(&inlines)).then_some(inlines)
}

fn has_link(inlines: &[Inline]) -> bool {
    inlines.iter().any(|inline| match inline {
        Inline::Link { .. } => true,
        Inline::Strong(inner) | Inline::Emphasis(inner) | Inline::Strike(inner) => has_link(inner),
        Inline::Text(_) | Inline::Code(_) | Inline::Mention(_) => false,
    })
}

/// The text read since a mark was opened, or since the start of the line.
struct Open<'a> {
    mark: Option<(Mark, &'a str)>,
    inlines: Vec<Inline>,
}

fn build(tokens: Vec<Token<'_>>) -> Vec<Inline> {
    let mut stack = vec![Open {
        mark: None,
        inlines: Vec::new(),
    }];
    for token in tokens {
        match token {
            Token::Text(text) => push(&mut stack, |into| Inline::push_text(into, text)),
            Token::Leaf(leaf) => push(&mut stack, |into| into.push(leaf)),
            Token::Mark {
                mark,
                text,
                opens,
                closes,
            } => {
                let at = stack
                    .iter()
                    .rposition(|open| open.mark.is_some_and(|(opened, _)| opened == mark));
                match at {
                    Some(at) if closes => close(&mut stack, at),
                    _ if opens => {
                        // Of two marks of a kind that are opened, the later one counts.
                        if let Some(at) = at {
                            unopen(&mut stack, at);
                        }
                        stack.push(Open {
                            mark: Some((mark, text)),
                            inlines: Vec::new(),
                        });
                    }
                    _ => push(&mut stack, |into| Inline::push_text(into, text)),
                }
            }
        }
    }
    while stack.len() > 1 {
        let last = stack.len() - 1;
        unopen(&mut stack, last);
    }
    stack.pop().map(|open| open.inlines).unwrap_or_default()
}

fn push(stack: &mut [Open<'_>], put: impl FnOnce(&mut Vec<Inline>)) {
    if let Some(open) = stack.last_mut() {
        put(&mut open.inlines);
    }
}

/// Closes the mark at `at`; marks that were opened in it and are not closed are text.
fn close(stack: &mut Vec<Open<'_>>, at: usize) {
    while stack.len() > at + 1 {
        unopen(stack, stack.len() - 1);
    }
    let Some(Open {
        mark: Some((mark, _)),
        inlines,
    }) = stack.pop()
    else {
        return;
    };
    let formatted = match mark {
        Mark::Star | Mark::Underscore => Inline::Emphasis(inlines),
        Mark::TwoStars => Inline::Strong(inlines),
        Mark::ThreeStars => Inline::Strong(vec![Inline::Emphasis(inlines)]),
        Mark::TwoTildes => Inline::Strike(inlines),
    };
    push(stack, |into| into.push(formatted));
}

/// Turns the opened mark at `at`, which is above 0, back into text.
fn unopen(stack: &mut Vec<Open<'_>>, at: usize) {
    let open = stack.remove(at);
    let text = open.mark.map_or("", |(_, text)| text);
    push(&mut stack[..at], |into| {
        Inline::push_text(into, text);
        Inline::append(into, open.inlines);
    });
}
