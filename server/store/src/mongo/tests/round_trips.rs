//! What each kind of work costs: the commands that the driver sends for it, and the index entries
//! that MongoDB writes for the events. `docs/mongodb.md` has the table, and this holds it to it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chat_shared::protocol::RoomKind;
use chat_shared::{Emoji, RoomName, Username};
use mongodb::bson::{Bson, Document};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use mongodb::options::ClientOptions;

use super::mongo_server::TestDatabase;
use crate::contract::{event, said};
use crate::mongo::index_list::{INDEXES, Part};
use crate::mongo::{LOG, MongoStore, Timeouts, connect};
use crate::{LogStore, PageLimit, ReadMark, Search};
use chat_server_rules::{EventBody, EventNonce, LogEvent};

const DOCS: &str = include_str!("../../../../../docs/mongodb.md");

/// The commands that were sent, and the index entries of the events that they insert.
#[derive(Debug, Default)]
struct Cost {
    commands: Vec<String>,
    index_entries: usize,
}

type Recorder = Arc<Mutex<Cost>>;

async fn recorded(database: &TestDatabase) -> (Recorder, ClientOptions) {
    let recorder = Recorder::default();
    let timeouts = Timeouts::default();
    let mut options = connect::options(&database.url, timeouts).await.unwrap();
    let recording = Arc::clone(&recorder);
    options.command_event_handler = Some(EventHandler::callback(move |event| {
        if let CommandEvent::Started(started) = event {
            let mut cost = recording.lock().unwrap_or_else(PoisonError::into_inner);
            cost.add(&started.command);
        }
    }));
    (recorder, options)
}

impl Cost {
    fn add(&mut self, command: &Document) {
        let (name, collection) = command.iter().next().unwrap();
        let collection = collection.as_str().unwrap_or_default();
        if name == "insert" && collection == LOG {
            let docs = command.get_array("documents").unwrap().iter();
            let entries = docs.filter_map(Bson::as_document).map(index_entries);
            self.index_entries += entries.sum::<usize>();
        }
        if name != "endSessions" {
            self.commands
                .push(format!("{name} {collection}").trim().to_owned());
        }
    }

    /// The line of the table: each command with how often it was sent.
    fn line(&self, what: &str) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for command in &self.commands {
            *counts.entry(command).or_default() += 1;
        }
        let times = |(command, count): (&&str, &usize)| match count {
            1 => (*command).to_owned(),
            count => format!("{command} ×{count}"),
        };
        let commands: Vec<String> = counts.iter().map(times).collect();
        let (total, entries) = (self.commands.len(), self.index_entries);
        format!("| {what} | {total} | {entries} | {} |", commands.join(", "))
    }
}

/// The entries of one event in the indexes of the log, with that of `_id`.
fn index_entries(doc: &Document) -> usize {
    let mentions = doc.get_array("mentions").map_or(0, Vec::len);
    let entries = INDEXES.iter().filter(|index| index.collection == LOG);
    let entries = entries.map(|index| match index.part {
        Part::All => 1,
        Part::Changes => usize::from(doc.contains_key("target")),
        Part::Mentioning => mentions,
    });
    entries.sum::<usize>() + 1
}

fn take(recorder: &Recorder) -> Cost {
    std::mem::take(&mut *recorder.lock().unwrap_or_else(PoisonError::into_inner))
}

fn ops() -> RoomName {
    RoomName::parse("ops").unwrap()
}

async fn append(store: &MongoStore, events: Vec<LogEvent>) {
    let after = events[0].seq - 1;
    store.append(&ops(), after, events).await.unwrap();
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn the_table_of_costs_holds() {
    let database = TestDatabase::new();
    let (recorder, options) = recorded(&database).await;
    let open = || MongoStore::open_with(options.clone(), &database.name, Timeouts::default());
    let store = open().await.unwrap();
    // The background would add commands of its own.
    store.repairing.abort();
    let mut lines = Vec::new();
    record_changes(&store, &recorder, &mut lines).await;
    record_reads(&store, &recorder, &mut lines).await;
    drop(store);
    take(&recorder);
    let again = open().await.unwrap();
    lines.push(take(&recorder).line("start, one room, nothing changed"));
    drop(again);

    let missing: Vec<_> = lines.iter().filter(|line| !DOCS.contains(*line)).collect();
    assert!(
        missing.is_empty(),
        "not in docs/mongodb.md: {missing:#?}\nall: {lines:#?}"
    );
    let section = DOCS
        .split("\n## ")
        .find(|section| section.starts_with("What each"));
    let rows = section
        .unwrap()
        .lines()
        .filter(|line| line.starts_with("| "));
    assert_eq!(rows.count() - 1, lines.len(), "a row that nothing measures");
}

async fn record_changes(store: &MongoStore, recorder: &Recorder, lines: &mut Vec<String>) {
    let ann = Username::existing("ann");
    let created = EventBody::Created {
        room_kind: RoomKind::Public,
        topic: "t".into(),
        with: None,
    };
    let mention = EventBody::Message {
        text: "@ann".into(),
        reply_to: None,
        bot: false,
        mentions: vec![ann.clone()],
    };
    let edited = EventBody::Edited {
        target: 2,
        text: "a crab".into(),
        mentions: Vec::new(),
    };
    let reacted = EventBody::Reacted {
        target: 2,
        emoji: Emoji::parse("🦀").unwrap(),
        on: true,
    };
    take(recorder);
    let steps = [
        ("create a room", vec![created]),
        ("send", vec![said("hi")]),
        ("send with a mention", vec![mention]),
        ("send, 64 in one batch", vec![said("hi"); 64]),
        ("edit", vec![edited]),
        ("react", vec![reacted]),
        ("join", vec![EventBody::Joined]),
        ("join, 64 people in one batch", vec![EventBody::Joined; 64]),
        ("delete", vec![EventBody::Deleted { target: 3 }]),
    ];
    let mut seq = 0;
    for (what, bodies) in steps {
        let events = bodies.into_iter().map(|body| {
            seq += 1;
            event(seq, &format!("user{seq}"), body)
        });
        append(store, events.collect()).await;
        lines.push(take(recorder).line(what));
    }
    store.scrub(&ops(), 3).await.unwrap();
    lines.push(take(recorder).line("blank a deleted text, beside serving"));
    for seq in [2, 3] {
        let mark = ReadMark { seq, messages: 1 };
        store.mark_read(&ops(), &ann, mark).await.unwrap();
    }
    let both = take(recorder);
    assert_eq!(both.commands.len(), 2, "the first as the others: {both:?}");
    lines.push("| move a read marker | 1 | 0 | update readMarks |".to_owned());
}

async fn record_reads(store: &MongoStore, recorder: &Recorder, lines: &mut Vec<String>) {
    let search = Search {
        phrases: vec![vec!["crab".to_owned()]],
        rooms: vec![ops()],
        limit: 20,
        ..Search::default()
    };
    // Those of the one batch, which nobody changed.
    let seqs: Vec<_> = (4..24).collect();
    let recent = store.search(&search).await.unwrap();
    let read = store.events_at(&ops(), &seqs).await.unwrap();
    lines.push(take(recorder).line("search in the newest messages, and read 20 of them"));
    store.shared.follow_appended().await.unwrap();
    lines.push(take(recorder).line("index 66 messages and an edit, beside serving"));
    store.shared.recent.disable();
    assert_eq!(store.search(&search).await.unwrap(), recent);
    assert_eq!(store.events_at(&ops(), &seqs).await.unwrap(), read);
    lines.push(take(recorder).line("search in all messages, and read 20 of them"));
    let page = store
        .messages_before(&ops(), 100, PageLimit::rows(20))
        .await;
    let tip = store.tip(&ops()).await.unwrap();
    take(recorder);
    let page = page.unwrap().events;
    store
        .messages_before(&ops(), 100, PageLimit::rows(20))
        .await
        .unwrap();
    store
        .message_states(&ops(), page, tip, usize::MAX)
        .await
        .unwrap();
    lines.push(take(recorder).line("read a page of 20 messages"));
    let marks: Vec<_> = (1..=64)
        .map(|seq| {
            (
                Username::existing(&format!("user{seq}")),
                EventNonce::from_seq(seq),
            )
        })
        .collect();
    store.events_by_nonces(&ops(), &marks).await.unwrap();
    lines.push(take(recorder).line("look up the nonces of 64 rejected commands"));
    store.public_rooms("", "", 10).await.unwrap();
    lines.push(take(recorder).line("list one public room"));
}
