//! Search: both stores find the same messages for every query, and none is a fault.

use std::cell::RefCell;

use chat_server_store::Search;
use chat_server_store::sqlite::fuzzing::SearchIndex;
use chat_server_store::tokens::{holds, phrases, words};
use chat_shared::limits::QUERY_CHARS_MAX;
use chat_shared::{RoomName, Username};

/// Characters of a word.
const WORD_CHARS_MAX: usize = 64;
/// Phrases of a query.
const PHRASES_MAX: usize = 16;

thread_local! {
    static INDEX: RefCell<SearchIndex> =
        RefCell::new(SearchIndex::new().expect("SQLite opens a database in memory"));
}

/// Reads the first line of the input as a query and the rest as a message.
pub(crate) fn run(input: &[u8]) {
    let Ok(input) = std::str::from_utf8(input) else {
        return;
    };
    let (query, text) = input.split_once('\n').unwrap_or((input, input));
    let query: String = query.chars().take(QUERY_CHARS_MAX).collect();
    let asked = phrases(&query);
    let words = words(text);
    assert!(asked.len() <= PHRASES_MAX && asked.iter().all(|phrase| !phrase.is_empty()));
    asked.iter().flatten().chain(&words).for_each(check_word);

    let expected = !asked.is_empty() && asked.iter().all(|phrase| holds(&words, phrase));
    check_found(text, asked, expected);

    // A text is found by what is written in it.
    let own = phrases(&text.replace('"', " "));
    for phrase in &own {
        assert!(holds(&words, phrase), "{phrase:?} in {words:?}");
    }
    check_found(text, own.clone(), !own.is_empty());
}

fn check_word(word: &String) {
    assert!(
        (1..=WORD_CHARS_MAX).contains(&word.chars().count()),
        "{word:?}"
    );
    assert!(word.chars().all(char::is_alphanumeric), "{word:?}");
}

/// Asks SQLite, which has a language for queries of its own, in which nothing of a person's query
/// may mean anything.
fn check_found(text: &str, phrases: Vec<Vec<String>>, expected: bool) {
    let sender = Username::existing("ann \" OR *");
    let mut search = Search {
        phrases,
        rooms: vec![RoomName::lobby()],
        limit: 1,
        ..Search::default()
    };
    let finds = |search: &Search| {
        INDEX
            .with_borrow_mut(|index| index.finds(text, &sender, search))
            .expect("SQLite answers")
    };
    assert_eq!(finds(&search), expected, "{search:?} in {text:?}");
    search.from = Some(sender.clone());
    assert_eq!(finds(&search), expected, "{search:?} in {text:?}");
    search.from = Some(Username::existing("ann"));
    assert!(!finds(&search), "{search:?} in {text:?}");
}
