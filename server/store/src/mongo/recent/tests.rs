//! The ranges of logs that memory answers for.

use chat_server_rules::EventBody;

use super::*;
use crate::contract::{event, said};

fn rust() -> RoomName {
    RoomName::parse("rust").unwrap()
}

fn ops() -> RoomName {
    RoomName::parse("ops").unwrap()
}

fn search(word: &str, rooms: &[RoomName], limit: usize) -> Search {
    Search {
        phrases: vec![vec![word.to_owned()]],
        rooms: rooms.to_vec(),
        limit,
        ..Search::default()
    }
}

fn texts(first: Seq, texts: &[&str]) -> Vec<LogEvent> {
    let events = (first..).zip(texts);
    events
        .map(|(seq, text)| event(seq, "ann", said(text)))
        .collect()
}

/// The seqs that a search of #rust finds in memory, where `tip` is known of its log.
fn found(recent: &Recent, word: &str, limit: usize, tip: Seq) -> Option<Vec<Seq>> {
    let found = recent.find(&search(word, &[rust()], limit), |_| Some(tip))?;
    Some(found.messages.into_iter().map(|(_, seq)| seq).collect())
}

#[test]
fn a_log_that_is_here_from_its_beginning_is_searched() {
    let recent = Recent::default();
    recent.add(&rust(), 0, &texts(1, &["a crab", "a shell"]));
    recent.add(&rust(), 2, &texts(3, &["a crab and a shell"]));
    assert_eq!(found(&recent, "crab", 9, 3), Some(vec![3, 1]));
    assert_eq!(found(&recent, "fish", 9, 3), Some(vec![]));
    // The log goes on elsewhere, or its end is not known.
    assert_eq!(found(&recent, "crab", 9, 4), None);
    assert_eq!(recent.find(&search("crab", &[rust()], 9), |_| None), None);
    // Nothing is here of the other room.
    let both = search("crab", &[rust(), ops()], 9);
    assert_eq!(recent.find(&both, |_| Some(3)), None);
}

#[test]
fn a_full_page_needs_no_older_messages() {
    let recent = Recent::default();
    recent.add(&rust(), 100, &texts(101, &["a crab"; 5]));
    assert_eq!(found(&recent, "crab", 3, 105), Some(vec![105, 104, 103]));
    // The first event may be as old as what is not here, so it proves nothing.
    assert_eq!(
        found(&recent, "crab", 4, 105),
        Some(vec![105, 104, 103, 102])
    );
    assert_eq!(found(&recent, "crab", 5, 105), None);
    assert_eq!(found(&recent, "fish", 3, 105), None);
}

#[test]
fn pages_of_several_rooms_follow_each_other() {
    let recent = Recent::default();
    recent.add(&rust(), 0, &texts(1, &["a crab"; 7]));
    recent.add(&ops(), 0, &texts(1, &["a crab"; 5]));
    let tip = |room: &RoomName| Some(if *room == rust() { 7 } else { 5 });
    let mut wanted = search("crab", &[rust(), ops()], 4);
    let mut all = Vec::new();
    loop {
        let page = recent.find(&wanted, tip).unwrap();
        all.extend(page.messages);
        let Some(cursor) = page.cursor else {
            break;
        };
        wanted.cursor = Some(cursor);
    }
    let mut expected: Vec<_> = (1..=7).map(|seq| (rust(), seq)).collect();
    expected.extend((1..=5).map(|seq| (ops(), seq)));
    expected.sort_by_key(|(room, seq)| std::cmp::Reverse((*seq, room.clone())));
    assert_eq!(all, expected);
    wanted.cursor = Some("nonsense".to_owned());
    assert_eq!(recent.find(&wanted, tip), None);
}

#[test]
fn changes_count_at_once() {
    let recent = Recent::default();
    recent.add(&rust(), 0, &texts(1, &["a crab", "a crab"]));
    let edited = EventBody::Edited {
        target: 1,
        text: "a fish".into(),
        mentions: Vec::new(),
    };
    let changes = [
        event(3, "ann", edited),
        event(4, "ann", EventBody::Deleted { target: 2 }),
    ];
    recent.add(&rust(), 2, &changes);
    assert_eq!(found(&recent, "crab", 9, 4), Some(vec![]));
    assert_eq!(found(&recent, "fish", 9, 4), Some(vec![1]));
    // The entries get the messages as they are now, and the changes for those that had them before.
    let part = recent.part(&rust(), 0, 99).unwrap();
    let words: Vec<_> = part
        .messages
        .iter()
        .map(|entry| entry.words.join(" "))
        .collect();
    assert_eq!(
        (part.last, words),
        (4, vec!["a fish".to_owned(), String::new()])
    );
    assert_eq!(part.changes.len(), 2);
    let part = recent.part(&rust(), 3, 99).unwrap();
    assert_eq!((part.messages.len(), part.changes.len()), (0, 1));
    recent.followed(&rust(), 4);
    assert!(recent.part(&rust(), 4, 99).is_none());
}

#[test]
fn messages_are_here_as_they_were_said_until_they_change() {
    let recent = Recent::default();
    let said = texts(11, &["a crab", "a shell", "a fish"]);
    recent.add(&rust(), 10, &said);
    assert_eq!(
        recent.events_at(&rust(), &[13, 11]),
        Some(vec![said[2].clone(), said[0].clone()])
    );
    // One that is not here leaves the question to the log.
    for seqs in [&[11, 10][..], &[14]] {
        assert_eq!(recent.events_at(&rust(), seqs), None);
    }
    assert_eq!(recent.events_at(&ops(), &[11]), None);
    let bytes = recent.0.lock().bytes;
    let deleted = event(14, "ann", EventBody::Deleted { target: 12 });
    recent.add(&rust(), 13, &[deleted]);
    assert_eq!(recent.events_at(&rust(), &[12]), None);
    assert_eq!(recent.events_at(&rust(), &[11, 13]).unwrap().len(), 2);
    recent.followed(&rust(), 14);
    assert!(recent.0.lock().bytes < bytes, "the text is gone");
}

#[test]
fn parts_cover_the_log() {
    let recent = Recent::default();
    recent.add(&rust(), 10, &texts(11, &["a crab"; 10]));
    recent.add(&rust(), 20, &[event(21, "bob", EventBody::Joined)]);
    let parts = |mut reached| {
        let mut lasts = Vec::new();
        while let Some(part) = recent.part(&rust(), reached, 4) {
            assert!(part.messages.iter().all(|entry| entry.seq > reached));
            reached = part.last;
            lasts.push(reached);
        }
        lasts
    };
    assert_eq!(parts(10), [14, 18, 21]);
    assert_eq!(parts(13), [17, 21]);
    // Earlier messages are in the log alone.
    assert_eq!(parts(9), [0; 0]);
}

#[test]
fn events_of_another_server_begin_a_new_range() {
    let recent = Recent::default();
    recent.add(&rust(), 0, &texts(1, &["a crab"]));
    recent.add(&rust(), 2, &texts(3, &["a crab"; 3]));
    assert_eq!(found(&recent, "crab", 9, 5), None);
    assert_eq!(found(&recent, "crab", 2, 5), Some(vec![5, 4]));
    assert!(recent.part(&rust(), 0, 9).is_none());
    assert_eq!(recent.part(&rust(), 2, 9).unwrap().messages.len(), 3);
}

#[test]
fn memory_is_bounded() {
    const BYTES: usize = 100_000;
    let recent = Recent::with_bytes(BYTES);
    // One room has half of it at most, and keeps its newest messages.
    for seq in 1..=1_000 {
        recent.add(&rust(), seq - 1, &texts(seq, &["a crab"]));
        assert!(recent.0.lock().bytes <= BYTES / 2);
    }
    assert_eq!(
        found(&recent, "crab", 9, 1_000).unwrap().first(),
        Some(&1_000)
    );
    assert_eq!(found(&recent, "crab", 999, 1_000), None);
    // Many rooms share it, and those that were written in last are kept.
    for n in 0..1_000 {
        let room = RoomName::parse(&format!("r{n}")).unwrap();
        recent.add(&room, 0, &texts(1, &["a crab"]));
        assert!(recent.0.lock().bytes <= BYTES);
    }
    assert_eq!(found(&recent, "crab", 9, 1_000), None);
    let last = search("crab", &[RoomName::parse("r999").unwrap()], 9);
    assert!(recent.find(&last, |_| Some(1)).is_some());
    let rooms = recent.0.lock();
    let sum: usize = rooms.tails.values().map(|tail| tail.bytes).sum();
    assert_eq!(rooms.bytes, sum);
}
