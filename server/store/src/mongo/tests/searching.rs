//! The question that a search asks: bound to the rooms and to the word that is likely the rarest.

use std::sync::{Arc, Mutex};

use chat_shared::RoomName;
use mongodb::bson::{Document, doc};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;

use super::mongo_server::TestDatabase;
use crate::contract::{event, said};
use crate::mongo::index_list::INDEXES;
use crate::mongo::{MongoStore, Timeouts, connect};
use crate::tokens::phrases;
use crate::{LogStore, Search};

type Asked = Arc<Mutex<Vec<Document>>>;

async fn open_recorded(database: &TestDatabase) -> (MongoStore, Asked) {
    let asked = Asked::default();
    let noting = Arc::clone(&asked);
    let timeouts = Timeouts::default();
    let mut options = connect::options(&database.url, timeouts).await.unwrap();
    options.command_event_handler = Some(EventHandler::callback(move |event| {
        if let CommandEvent::Started(started) = event
            && started
                .command
                .get_str("find")
                .is_ok_and(|name| name == "search")
        {
            noting.lock().unwrap().push(started.command);
        }
    }));
    let store = MongoStore::open_with(options, &database.name, timeouts).await;
    let store = store.unwrap();
    store.shared.recent.disable();
    (store, asked)
}

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn a_search_is_bound_to_its_rooms_and_the_rarest_word() {
    let database = TestDatabase::new();
    let (store, asked) = open_recorded(&database).await;
    let (rust, ops) = (
        RoomName::parse("rust").unwrap(),
        RoomName::parse("ops").unwrap(),
    );
    for (seq, text) in [(1, "the crustacean in a shell"), (2, "the crab in a shell")] {
        let said = event(seq, "ann", said(text));
        store.append(&rust, seq - 1, vec![said]).await.unwrap();
    }
    let search = Search {
        phrases: phrases("the crustacean \"in a shell\""),
        rooms: vec![rust.clone(), ops],
        limit: 20,
        ..Search::default()
    };
    let found = store.search(&search).await.unwrap();
    assert_eq!(found.messages, [(rust, 1)]);

    let asked = asked.lock().unwrap();
    let [find] = &asked[..] else {
        panic!("{asked:?}");
    };
    // The first word bounds the index, and the order of the others does not matter.
    let filter = find.get_document("filter").unwrap();
    let words = filter.get_document("words").unwrap();
    let words = words.get_array("$all").unwrap();
    assert_eq!(
        words.first().and_then(|word| word.as_str()),
        Some("crustacean")
    );
    assert_eq!(words.len(), 5);
    assert_eq!(
        filter.get_document("room").unwrap(),
        &doc! { "$in": ["rust", "ops"] }
    );
    assert_eq!(
        find.get_document("sort").unwrap(),
        &doc! { "ts": -1, "_id": -1 }
    );
    let index = INDEXES.iter().find(|index| index.collection == "search");
    assert_eq!(index.unwrap().fields, ["words", "room", "ts", "_id"]);
}
