//! An expired session signs in nowhere, and its socket is closed.

use mongodb::bson::{Document, doc};
use serde_json::json;

use super::row::{Attack, Frame, HttpCall};
use crate::support::Server;

#[tokio::test]
async fn an_expired_session_opens_nothing() {
    let mut server = Server::start_for_restarts().await;
    let user = server.user("ann").await;
    let other = server.user("bob").await;
    server.kill();
    expire_sessions_of(&server, "ann").await;
    server.restart().await;

    let bearer = || vec![("Authorization", user.bearer())];
    let me = HttpCall {
        method: "GET",
        path: "/me",
        headers: bearer(),
        body: vec![],
    };
    let hello = json!({"type": "hello", "version": 1, "token": user.token});
    for attack in [
        Attack::Http {
            call: me,
            statuses: &[401],
            msg: None,
        },
        Attack::Upgrade {
            headers: bearer(),
            statuses: &[401],
        },
        Attack::First {
            headers: vec![],
            frame: Frame::Json(hello),
            close: 4401,
        },
    ] {
        attack.run(server.clone(), user.clone()).await;
    }

    // The other person's session still works, and so does signing in again.
    server
        .get("/me", &[("Authorization", &other.bearer())])
        .await
        .accepted(200);
    let again = server.sign_in("ann").await;
    server
        .get("/me", &[("Authorization", &again.bearer())])
        .await
        .accepted(200);
}

/// Moves the expiry of sessions into the past, in the database.
async fn expire_sessions_of(server: &Server, username: &str) {
    if let Some(database) = server.database() {
        let sessions = database.open().await.collection::<Document>("sessions");
        let set = doc! { "$set": { "expires": 1_000_i64 } };
        let update = sessions.update_many(doc! { "username": username }, set);
        let changed = update.await.expect("an update").matched_count;
        return assert_eq!(changed, 1, "{username} had one session");
    }
    let file = std::fs::read_dir(server.data_dir())
        .expect("the data directory")
        .map(|entry| entry.expect("an entry").path())
        .find(|path| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"SQLite format 3")))
        .expect("a SQLite file in the data directory");
    let database = rusqlite::Connection::open(file).expect("the database opens");
    let changed = database
        .execute(
            "UPDATE sessions SET expires = 1000 WHERE username = ?1",
            [username],
        )
        .expect("sessions have a username and an end");
    assert_eq!(changed, 1, "{username} had one session");
}
