//! A sender that repeats each message until it is acknowledged, and checks of what the database
//! holds afterwards.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::{Document, doc};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::support::mongo_server::TestDatabase;
use crate::support::{Received, Site, User, Ws, fresh_nonce, kind_of, text_of};

/// Acknowledged messages: text and seq, by username and nonce.
pub(crate) type Acked = HashMap<(String, String), (String, u64)>;

/// Sends until `stop`, with at most `under_way` unacknowledged messages and `pause` between two.
/// Each message is repeated until it is acknowledged.
pub(crate) async fn speak(
    site: Site,
    user: User,
    under_way: usize,
    messages_max: usize,
    pause: Duration,
    stop: watch::Receiver<bool>,
) -> Acked {
    let mut acked = Acked::new();
    let mut waiting: HashMap<String, String> = HashMap::new();
    let mut said = 0;
    let mut ws = site.enter(&user).await;
    loop {
        while waiting.len() < under_way && said < messages_max && !*stop.borrow() {
            sleep(pause).await;
            said += 1;
            let (nonce, text) = (fresh_nonce(), format!("{} {said}", user.name));
            say(&mut ws, &nonce, &text).await;
            waiting.insert(nonce, text);
        }
        if waiting.is_empty() {
            return acked;
        }
        match ws.receive().await {
            Received::Frame(frame) if kind_of(&frame) == "ack" => {
                let nonce = frame["nonce"].as_str().unwrap().to_owned();
                let seq = frame["seq"].as_u64().unwrap();
                let key = (user.name.clone(), nonce.clone());
                if let Some(text) = waiting.remove(&nonce) {
                    acked.insert(key, (text, seq));
                } else {
                    assert_eq!(acked[&key].1, seq, "the first ack again");
                }
            }
            Received::Frame(frame) if kind_of(&frame) == "error" => {
                let code = frame["code"].as_str().unwrap_or_default();
                ws.check(
                    ["unavailable", "busy"].contains(&code),
                    &format!("a good message was refused: {frame}"),
                );
                sleep(Duration::from_millis(50)).await;
                let nonce = frame["nonce"].as_str().unwrap();
                say(&mut ws, nonce, &waiting[nonce]).await;
            }
            Received::Closed(_) => {
                ws = site.enter(&user).await;
                for (nonce, text) in &waiting {
                    say(&mut ws, nonce, text).await;
                }
            }
            _ => {}
        }
    }
}

async fn say(ws: &mut Ws, nonce: &str, text: &str) {
    let send = json!({"type": "send", "room": "lobby", "text": text, "nonce": nonce});
    let _ = ws.try_send(send.to_string()).await;
}

/// Checks the lobby's log in the database: it has no hole, no nonce twice, and exactly the
/// acknowledged messages at the seqs of their acks. Every message was repeated until it was
/// acknowledged.
pub(crate) async fn check_log(database: &TestDatabase, acked: &Acked) -> Vec<Document> {
    let log = database.open().await.collection::<Document>("log");
    let find = log.find(doc! { "room": "lobby" }).sort(doc! { "_id": 1 });
    let docs: Vec<Document> = find.await.unwrap().try_collect().await.unwrap();
    let mut seen = HashSet::new();
    for (doc, seq) in docs.iter().zip(1_i64..) {
        assert_eq!(
            doc.get_i64("seq").unwrap(),
            seq,
            "the log has no hole: {doc}"
        );
        let text = |field: &str| doc.get_str(field).unwrap().to_owned();
        assert_eq!(text("_id"), format!("lobby:{seq:016}"));
        let key = (text("sender"), text("nonce"));
        assert!(seen.insert(key.clone()), "one nonce stands twice: {doc}");
        let (said, acked_seq) = acked
            .get(&key)
            .unwrap_or_else(|| panic!("never acked: {doc}"));
        assert_eq!(*acked_seq, seq as u64, "acked as {acked_seq}: {doc}");
        let body = doc.get_document("body").unwrap();
        assert_eq!(body.get_str("text").unwrap(), said);
    }
    assert_eq!(docs.len(), acked.len(), "everything acked is there");
    docs
}

/// Checks that a person was shown every stored message once, in order, and as it is stored.
pub(crate) fn check_shown(shown: &[Value], stored: &[Document]) {
    let mut last = 0;
    for frame in shown {
        let seq = frame["seq"].as_u64().unwrap();
        assert_eq!(seq, last + 1, "shown once and in order: {frame}");
        last = seq;
        let doc = &stored[seq as usize - 1];
        let text = doc.get_document("body").unwrap().get_str("text").unwrap();
        assert_eq!(text_of(frame), text, "shown as it is stored");
    }
    assert_eq!(last as usize, stored.len(), "all was shown");
}
