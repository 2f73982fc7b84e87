//! Tests of what is printed.

use super::act::{Outcome, Person};
use super::output::write;

fn person(username: &str, display_name: &str) -> Person {
    Person {
        username: username.to_owned(),
        display_name: display_name.to_owned(),
        bot: false,
        admin: false,
        deactivated: false,
        erased: false,
        created: 1_700_000_000_000,
        banned_until: None,
    }
}

fn written(outcomes: &[Outcome], json: bool) -> String {
    let mut written = Vec::new();
    write(&mut written, outcomes, json).unwrap();
    String::from_utf8(written).unwrap()
}

#[test]
fn a_table_is_aligned_over_all_pages() {
    let admin = Person {
        admin: true,
        ..person("ann", "日本")
    };
    let bot = Person {
        bot: true,
        deactivated: true,
        banned_until: Some(u64::MAX),
        ..person("robot-of-ann", "R")
    };
    let pages = [vec![admin], vec![bot]];
    let pages = pages.map(|people| Outcome::People { people, next: None });
    assert_eq!(
        written(&pages, false),
        "USERNAME      DISPLAY NAME  CREATED     STATE\n\
         ann           日本          2023-11-14  admin\n\
         robot-of-ann  R             2023-11-14  bot, deactivated, banned\n"
    );
    assert_eq!(written(&pages, true).lines().count(), 2);
}

#[test]
fn nothing_of_a_name_runs_in_a_terminal() {
    let name = "a\u{1b}[2J\u{9b}31m\u{202e}\n";
    let people = vec![person(name, name)];
    let sentence = format!("{name} is an admin.");
    let outcomes = [
        Outcome::People { people, next: None },
        Outcome::Changed {
            sentence,
            person: person(name, name),
        },
    ];
    for json in [false, true] {
        let written = written(&outcomes, json);
        let acts = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!written.contains(acts), "{written:?}");
        assert_eq!(written.lines().count(), if json { 2 } else { 3 });
    }
    let json = written(&outcomes[..1], true);
    let read: Person = serde_json::from_str(&json).unwrap();
    assert_eq!(read.username, name);
}

#[test]
fn a_script_reads_that_something_was_done() {
    let sentence = "Nobody signs up by invite 7 any more.".to_owned();
    let outcomes = [Outcome::Done { sentence }];
    let expect = "{\"done\":\"Nobody signs up by invite 7 any more.\"}\n";
    assert_eq!(written(&outcomes, true), expect);
}
