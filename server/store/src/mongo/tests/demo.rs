//! Documents of the demo's users that hold what no demo wrote.

use mongodb::bson::{Document, doc};

use super::open_new;
use crate::AccountStore;
use crate::mongo::MongoStore;

#[tokio::test]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn plain_passwords_behind_a_hundred_odd_documents_are_found() {
    let (database, store) = open_new().await;
    let users = database
        .open()
        .await
        .collection::<Document>("chatRoomUsers");
    let odd = |n: i32| match n % 2 {
        0 => doc! { "username": format!("odd{n}"), "password": ["x"] },
        _ => doc! { "username": [format!("odd{n}")], "password": "x" },
    };
    users.insert_many((0..120).map(odd)).await.unwrap();
    let plain = |n: i32| doc! { "username": format!("plain{n}"), "password": "secret" };
    users.insert_many((0..5).map(plain)).await.unwrap();
    let check = async |store: &MongoStore| {
        let found = store.plain_passwords(100).await.unwrap();
        let mut names: Vec<_> = found.iter().map(|plain| plain.username.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["plain0", "plain1", "plain2", "plain3", "plain4"]);
    };
    check(&store).await;

    // The next start marks them, and none of them is an account.
    let again = MongoStore::open(&database.url, &database.name)
        .await
        .unwrap();
    check(&again).await;
    let unmarked = doc! { "chatServer.passwordKind": null };
    assert_eq!(users.count_documents(unmarked).await.unwrap(), 5);
    assert!(again.find_user("odd1").await.unwrap().is_none());
}
