//! The FastAPI demo's own database, with every odd document that it may hold.

use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordVerifier};
use futures::TryStreamExt;
use mongodb::Collection;
use mongodb::bson::{Document, doc};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::support::mongo_server::TestDatabase;
use crate::support::{Server, Site, from_env, mongo_flags, seeded};

/// How long hashing all passwords may take.
const CONVERSION_PATIENCE: Duration = Duration::from_secs(3_600);

/// How many of the ordinary people sign in.
const SAMPLE: usize = 12;

/// A document of the demo's database: the name and password that sign in, and the username that
/// they sign in as.
struct Person {
    name: String,
    password: String,
    is: String,
}

fn person(name: &str, password: &str, is: &str) -> Person {
    Person {
        name: name.to_owned(),
        password: password.to_owned(),
        is: is.to_owned(),
    }
}

/// The special people as documents.
fn special() -> Vec<Document> {
    let looks_hashed = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    vec![
        doc! { "username": "Ann", "password": "ann-upper" },
        doc! { "username": "ann", "password": "ann-lower" },
        doc! { "username": "Kim", "password": "first" },
        doc! { "username": "Kim", "password": "second" },
        doc! { "username": "with space", "password": "p" },
        doc! { "username": "ann@example.org", "password": "at" },
        doc! { "username": "a+b", "password": "plus" },
        doc! { "username": "Jürgen Müß", "password": "über" },
        doc! { "username": "long", "password": "x".repeat(300) },
        doc! { "username": "hashed", "password": looks_hashed },
        doc! { "username": "nopassword" },
        doc! { "username": "number", "password": 12_345_678 },
        doc! { "password": "nobody's" },
        doc! { "username": 7, "password": "seven" },
        doc! {
            "username": "extra", "password": "extra", "age": 42, "tags": ["a", "b"],
            "created": "yesterday", "nested": { "password": "kept" },
        },
    ]
}

fn may_sign_in() -> Vec<Person> {
    let looks_hashed = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    vec![
        person("Ann", "ann-upper", "Ann"),
        person("ann", "ann-lower", "ann"),
        person("Kim", "first", "Kim"),
        person("Kim", "second", "Kim"),
        person("kim", "second", "Kim"),
        person("with space", "p", "with space"),
        person("ann@example.org", "at", "ann@example.org"),
        person("a+b", "plus", "a+b"),
        person("Jürgen Müß", "über", "Jürgen Müß"),
        person("JÜRGEN MÜß", "über", "Jürgen Müß"),
        person("long", &"x".repeat(300), "long"),
        person("hashed", looks_hashed, "hashed"),
        person("extra", "extra", "extra"),
        person("EXTRA", "extra", "extra"),
    ]
}

fn may_not() -> Vec<Person> {
    [
        ("Ann", "ann-lower"),
        ("ann", "ann-upper"),
        // Two usernames fold to this one, and neither has this spelling.
        ("ANN", "ann-upper"),
        ("ANN", "ann-lower"),
        ("Kim", "third"),
        ("long", "x"),
        ("hashed", "salt"),
        ("nopassword", ""),
        ("nopassword", "null"),
        ("number", "12345678"),
        ("", "nobody's"),
        ("7", "seven"),
        ("extra", "kept"),
        ("nobody", "p"),
    ]
    .map(|(name, password)| person(name, password, ""))
    .into()
}

fn ordinary(i: usize) -> Person {
    let name = format!("person{i}");
    let password = format!("password {i}");
    person(&name, &password, &name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs MongoDB, or Go to build FerretDB: `cargo xtask test mongo`"]
async fn demo_users_sign_in_as_before_and_all_passwords_are_converted() {
    let database = TestDatabase::new();
    // FerretDB scans all of them for each one, so CHAT_DEMO_USERS=2000 takes a quarter of an hour.
    let count = from_env("CHAT_DEMO_USERS", 200) as usize;
    let mut chance = seeded("demo_users");
    let users = database
        .open()
        .await
        .collection::<Document>("chatRoomUsers");
    let special = special();
    let ordinary_count = count - special.len();
    let documents = special.iter().cloned().chain((0..ordinary_count).map(|i| {
        let person = ordinary(i);
        doc! { "username": person.name, "password": person.password }
    }));
    for chunk in documents.collect::<Vec<_>>().chunks(500) {
        users.insert_many(chunk).await.unwrap();
    }

    let mut server = start(&database).await;
    let unusable = |line: &String| line.contains("nobody can sign in as them");
    let unusable: Vec<String> = server.log.lines().into_iter().filter(unusable).collect();
    assert!(
        unusable.len() == 1 && unusable[0].contains("count=4"),
        "{unusable:?}"
    );
    // People sign in while the conversion runs.
    check_sign_ins(&server, ordinary_count, &mut chance).await;
    let at_kill = wait_for(&users, count / 4).await;
    server.kill();
    let after_kill = converted(&users).await;
    assert!(
        after_kill >= at_kill && after_kill < count as u64,
        "it was killed in its middle"
    );
    server.restart().await;
    // A sign-in converts its own password at once, however many are waiting.
    let last = ordinary(ordinary_count - 1);
    sign_in(&server, &last).await;
    let own = users
        .find_one(doc! { "username": &last.name })
        .await
        .unwrap()
        .unwrap();
    check_hash(&own, &last.password);
    check_sign_ins(&server, ordinary_count, &mut chance).await;
    // Four documents have no username or no password that is text, so nothing is hashed for them.
    wait_for(&users, count - 4).await;
    check_sign_ins(&server, ordinary_count, &mut chance).await;
    check_documents(&users, &special).await;

    // The demo's usernames are taken in every spelling.
    for name in ["ANN", "kim", "Person1"] {
        let body = json!({"username": name, "password": "correct-horse"});
        server.post("/register", &[], &body).await.refused(&[409]);
    }
}

async fn start(database: &TestDatabase) -> Server {
    let flags = mongo_flags(&database.url, database);
    Server::start_for_restarts_with(&[&["--rate-limit", "off"], &flags[..]].concat()).await
}

async fn converted(users: &Collection<Document>) -> u64 {
    let filter = doc! { "chatServer.passwordKind": "argon2id" };
    users.count_documents(filter).await.unwrap()
}

async fn wait_for(users: &Collection<Document>, count: usize) -> u64 {
    let deadline = Instant::now() + CONVERSION_PATIENCE;
    loop {
        let converted = converted(users).await;
        if converted >= count as u64 {
            return converted;
        }
        assert!(
            Instant::now() < deadline,
            "{converted} of {count} are converted"
        );
        sleep(Duration::from_secs(2)).await;
    }
}

async fn sign_in(site: &Site, person: &Person) {
    let body = json!({"username": person.name, "password": person.password});
    let answer = site.post("/login", &[], &body).await.accepted(200);
    assert_eq!(answer["username"], person.is, "{}", person.name);
}

async fn check_sign_ins(site: &Site, ordinary_count: usize, chance: &mut fastrand::Rng) {
    for person in may_sign_in() {
        sign_in(site, &person).await;
    }
    for person in may_not() {
        let body = json!({"username": person.name, "password": person.password});
        let answer = site.post("/login", &[], &body).await;
        assert_eq!(
            answer.status, 401,
            "{} with {}",
            person.name, person.password
        );
    }
    for _ in 0..SAMPLE {
        sign_in(site, &ordinary(chance.usize(..ordinary_count))).await;
    }
}

/// Checks that every password is an argon2id hash and that no other field has changed.
async fn check_documents(users: &Collection<Document>, special: &[Document]) {
    let docs: Vec<Document> = users
        .find(doc! {})
        .await
        .unwrap()
        .try_collect()
        .await
        .unwrap();
    let mut unhashed = 0;
    for doc in &docs {
        assert!(
            doc.get_object_id("_id").is_ok(),
            "no document is ours: {doc}"
        );
        let ours = doc.get_document("chatServer").unwrap();
        match ours.get_str("passwordKind").unwrap() {
            "argon2id" => {
                assert!(doc.get_str("username").is_ok());
                let password = doc.get_str("password").unwrap();
                assert!(
                    password.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
                    "{doc}"
                );
            }
            "missing" => unhashed += 1,
            other => panic!("{other}: {doc}"),
        }
    }
    assert_eq!(unhashed, 4);
    // Kim's two documents still have their own passwords.
    for special in special {
        let mut found = docs.iter().filter(|doc| {
            let same = |doc: &Document| without_ours(doc);
            same(doc) == same(special) && opens(doc, special)
        });
        assert!(found.next().is_some(), "{special} is not as it was");
    }
}

fn without_ours(doc: &Document) -> Document {
    let ours = ["_id", "password", "chatServer"];
    let kept = doc.iter().filter(|(key, _)| !ours.contains(&key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn opens(doc: &Document, before: &Document) -> bool {
    let is_hashed = doc
        .get_document("chatServer")
        .unwrap()
        .get_str("passwordKind")
        .unwrap()
        == "argon2id";
    match before.get_str("password") {
        Ok(password) if is_hashed => verifies(doc, password),
        _ => doc.get("password") == before.get("password"),
    }
}

fn check_hash(doc: &Document, password: &str) {
    assert!(
        verifies(doc, password),
        "{doc} is not the hash of its password"
    );
}

fn verifies(doc: &Document, password: &str) -> bool {
    let Ok(hash) = PasswordHash::new(doc.get_str("password").unwrap_or_default()) else {
        return false;
    };
    Argon2::default()
        .verify_password(password.as_bytes(), &hash)
        .is_ok()
}
