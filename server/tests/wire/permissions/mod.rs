//! The whole permission table against a running server: every command by every kind of person in
//! every kind of room. A refused command changes nothing; an accepted one makes the expected
//! events.

mod room;
mod signed_out;
mod table;

use serde_json::json;

use self::room::{People, Place};
use self::table::{Events, Line, PEOPLE, PEOPLE_OF_THE_LOBBY, PEOPLE_OF_TWO, code, lines};
use crate::support::{Server, kind_of};

#[derive(Clone, Copy)]
enum Kind {
    Public,
    Private,
    Direct,
    Lobby,
}

async fn check_kind(kind: Kind, people_of: &[&str], letters_at: usize) {
    let server = Server::start().await;
    let mut people = People::new(&server).await;
    let mut cells = 0;
    let mut wrong = Vec::new();
    for line in lines() {
        let letters = line.letters[letters_at];
        assert_eq!(letters.len(), people_of.len(), "{}", line.command);
        for (actor, letter) in people_of.iter().zip(letters.chars()) {
            let place = match kind {
                Kind::Public => people.new_room(false, actor).await,
                Kind::Private => people.new_room(true, actor).await,
                Kind::Direct => people.direct_room(actor).await,
                Kind::Lobby => people.lobby(actor).await,
            };
            wrong.extend(check_cell(&mut people, &line, &place, actor, letter).await);
            people.catch_up().await;
            cells += 1;
        }
    }
    assert_eq!(cells, lines().len() * people_of.len());
    assert!(
        wrong.is_empty(),
        "{} of {cells}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Returns the differences from the table.
async fn check_cell(
    people: &mut People,
    line: &Line,
    place: &Place,
    actor: &str,
    letter: char,
) -> Option<String> {
    let before = people.tip(place).await;
    let command = (line.make)(place);
    let answer = people.of(actor).ask(command.clone()).await;
    let after = people.tip(place).await;
    let made = after - before;
    let fits = match code(letter) {
        Some(code) => {
            let sentence = answer["message"].as_str().unwrap_or_default();
            kind_of(&answer) == "error"
                && answer["code"] == json!(code)
                && sentence.len() > 3
                && made == 0
        }
        None => {
            let count = match line.events {
                Events::None => made == 0,
                Events::One => made == 1,
                Events::OneAtMost => made <= 1,
            };
            kind_of(&answer) == line.reply && count
        }
    };
    (!fits).then(|| {
        format!(
            "{} by {actor}: {letter} expected; {command} made {made} events, answer {answer}",
            line.command
        )
    })
}

#[tokio::test]
async fn table_of_a_public_room() {
    check_kind(Kind::Public, &PEOPLE, 0).await;
}

#[tokio::test]
async fn table_of_a_private_room() {
    check_kind(Kind::Private, &PEOPLE, 1).await;
}

#[tokio::test]
async fn table_of_a_direct_room() {
    check_kind(Kind::Direct, &PEOPLE_OF_TWO, 2).await;
}

#[tokio::test]
async fn table_of_the_lobby() {
    check_kind(Kind::Lobby, &PEOPLE_OF_THE_LOBBY, 3).await;
}
