//! The contract of every store about accounts and passwords.

use chat_shared::Username;

use super::{HOSTILE, session, user};
use crate::{
    AccountState, Avatar, CreateUser, NewPassword, NewUser, PasswordChange, PasswordEpoch,
    PasswordRecord, Session, SharedStore, StoreError, User,
};

/// How many try at once where one may win.
const RACERS: usize = 20;

pub(super) fn new_user(name: &str) -> NewUser {
    NewUser {
        username: user(name),
        password: PasswordRecord::Argon2id(format!("$argon2id${name}")),
        bot: false,
        created: 1_700_000_000_000,
    }
}

pub(super) fn new_password(record: PasswordRecord, epoch: usize) -> NewPassword {
    NewPassword {
        record,
        epoch: PasswordEpoch(format!("epoch{epoch}")),
    }
}

async fn check_create(store: &SharedStore, name: &str, expect: CreateUser) {
    assert_eq!(
        store.create_user(new_user(name)).await.unwrap(),
        expect,
        "{name:?}"
    );
}

/// A new user as the store returns it.
fn stored(new: NewUser) -> User {
    let NewUser {
        username,
        password,
        bot,
        created,
    } = new;
    User {
        display_name: username.to_string(),
        username,
        password,
        bot,
        created,
        avatar: None,
        banned_until: None,
        last_ban_seq: None,
        password_epoch: None,
        state: AccountState::Active,
    }
}

async fn found(store: &SharedStore, name: &str) -> Option<String> {
    store
        .find_user(name)
        .await
        .unwrap()
        .map(|found| found.username.into())
}

pub(crate) async fn a_name_is_taken_by_what_folds_to_it(store: &SharedStore) {
    assert_eq!(store.count_users().await.unwrap(), 0);
    check_create(store, "Ann", CreateUser::Created).await;
    for taken in ["Ann", "ann", "ANN"] {
        check_create(store, taken, CreateUser::NameTaken).await;
    }
    check_create(store, "bob", CreateUser::Created).await;
    check_create(store, "ÄNN", CreateUser::Created).await;
    check_create(store, "änn", CreateUser::NameTaken).await;
    assert_eq!(store.count_users().await.unwrap(), 3);
    // The second account of a name changed nothing of the first.
    let expect = stored(new_user("Ann"));
    assert_eq!(store.find_user("Ann").await.unwrap(), Some(expect));
}

async fn race_to_create(store: &SharedStore, name: impl Fn(usize) -> String) -> Vec<CreateUser> {
    let racers: Vec<_> = (0..RACERS)
        .map(|n| {
            let (store, user) = (store.clone(), new_user(&name(n)));
            tokio::spawn(async move { store.create_user(user).await.unwrap() })
        })
        .collect();
    let mut outcomes = Vec::new();
    for racer in racers {
        outcomes.push(racer.await.unwrap());
    }
    outcomes
}

fn count(outcomes: &[CreateUser], of: &CreateUser) -> usize {
    outcomes.iter().filter(|outcome| *outcome == of).count()
}

pub(crate) async fn one_of_many_gets_a_name(store: &SharedStore) {
    let name = |n| {
        if n % 2 == 0 {
            "ann".to_owned()
        } else {
            "ANN".to_owned()
        }
    };
    let outcomes = race_to_create(store, name).await;
    assert_eq!(count(&outcomes, &CreateUser::Created), 1, "{outcomes:?}");
    assert_eq!(
        count(&outcomes, &CreateUser::NameTaken),
        RACERS - 1,
        "{outcomes:?}"
    );
    assert_eq!(store.count_users().await.unwrap(), 1);
}

pub(crate) async fn bots_are_no_people(store: &SharedStore) {
    assert!(!store.has_people().await.unwrap());
    let bot = NewUser {
        bot: true,
        ..new_user("bot")
    };
    store.create_user(bot).await.unwrap();
    assert!(!store.has_people().await.unwrap());
    store.create_user(new_user("ann")).await.unwrap();
    assert!(store.has_people().await.unwrap());
}

pub(crate) async fn users_are_found_by_letter_then_folded(store: &SharedStore) {
    assert_eq!(found(store, "Ann").await, None);
    for name in ["Ann", "bob", "ÄNN"] {
        store.create_user(new_user(name)).await.unwrap();
    }
    for (name, expect) in [
        ("Ann", Some("Ann")),
        ("ann", Some("Ann")),
        ("aNN", Some("Ann")),
        ("BOB", Some("bob")),
        ("änn", Some("ÄNN")),
        ("an", None),
        ("ann ", None),
        ("an_", None),
        ("%", None),
        ("", None),
    ] {
        assert_eq!(found(store, name).await.as_deref(), expect, "{name:?}");
    }
}

pub(crate) async fn users_come_by_their_bytes(store: &SharedStore) {
    let mut all = ["b", "a", "Z", "c-d", "c.d", "c_d", "é", "🦀"]
        .map(str::to_owned)
        .to_vec();
    for name in &all {
        store.create_user(new_user(name)).await.unwrap();
    }
    all.sort();
    let names = |after: String, limit| async move {
        let users = store.users_after(&after, limit).await.unwrap();
        users
            .into_iter()
            .map(|user| String::from(user.username))
            .collect::<Vec<_>>()
    };
    let mut paged: Vec<String> = Vec::new();
    loop {
        let page = names(paged.last().cloned().unwrap_or_default(), 3).await;
        assert!(page.len() <= 3);
        if page.is_empty() {
            break;
        }
        paged.extend(page);
        assert!(paged.len() <= all.len(), "{paged:?}");
    }
    assert_eq!(paged, all);
    assert_eq!(names("b0".into(), 1).await, ["c-d"]);
    assert_eq!(names(String::new(), 0).await, [""; 0]);
    assert_eq!(names(String::new(), usize::MAX).await, all);
}

pub(crate) async fn passwords_are_replaced(store: &SharedStore) {
    for name in ["ann", "bob"] {
        store.create_user(new_user(name)).await.unwrap();
    }
    let (ann, mut epoch) = (user("ann"), None);
    for (n, record) in [
        PasswordRecord::Plain(vec![
            "$argon2id$looks-like-one".into(),
            "[\"x\"]".into(),
            "".into(),
        ]),
        PasswordRecord::Plain(vec![]),
        PasswordRecord::Missing,
        PasswordRecord::Argon2id("$argon2id$new".into()),
    ]
    .into_iter()
    .enumerate()
    {
        let new = new_password(record, n);
        let change = store.set_password(&ann, epoch.as_ref(), new.clone(), None);
        assert_eq!(change.await.unwrap(), PasswordChange::Done);
        let found = store.find_user("ann").await.unwrap().unwrap();
        assert!(found.password == new.record);
        assert_eq!(found.password_epoch.as_ref(), Some(&new.epoch));
        epoch = found.password_epoch;
    }
    let bob = store.find_user("bob").await.unwrap().unwrap();
    assert!(bob.password == new_user("bob").password);
    for nobody in ["eve", "Ann"] {
        let new = new_password(PasswordRecord::Missing, 9);
        let change = store.set_password(&user(nobody), None, new, None).await;
        assert_eq!(change.unwrap(), PasswordChange::NoSuchUser, "{nobody}");
    }
    assert_eq!(store.count_users().await.unwrap(), 2);

    let made_with = [
        PasswordRecord::Plain(vec!["a".into(), "b".into()]),
        PasswordRecord::Missing,
    ];
    for (name, password) in ["old", "older"].into_iter().zip(made_with) {
        let bot = NewUser {
            password: password.clone(),
            bot: true,
            ..new_user(name)
        };
        store.create_user(bot).await.unwrap();
        let bot = store.find_user(name).await.unwrap().unwrap();
        assert!(bot.password == password && bot.bot);
    }
}

pub(crate) async fn a_hash_is_not_listed_as_a_plain_password(store: &SharedStore) {
    for name in ["ann", "bob"] {
        store.create_user(new_user(name)).await.unwrap();
    }
    assert_eq!(store.plain_passwords(10).await.unwrap(), []);
    assert_eq!(store.plain_passwords(0).await.unwrap(), []);
    // A hash that happens to be taken for the plain password is not hashed again.
    let PasswordRecord::Argon2id(hash) = new_user("ann").password else {
        panic!()
    };
    let ann = user("ann");
    store
        .convert_password(&ann, &hash, "$argon2id$again")
        .await
        .unwrap();
    store
        .convert_password(&user("eve"), "x", "$argon2id$x")
        .await
        .unwrap();
    let kept = store.find_user("ann").await.unwrap().unwrap().password;
    assert!(kept == new_user("ann").password);
}

pub(crate) async fn the_first_value_stays(store: &SharedStore) {
    assert_eq!(store.value("key").await.unwrap(), None);
    let racers: Vec<_> = (0..RACERS)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .insert_if_absent("key", &format!("value {n}"))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut told = Vec::new();
    for racer in racers {
        told.push(racer.await.unwrap());
    }
    let stands = store.value("key").await.unwrap().unwrap();
    assert!(stands.starts_with("value "));
    assert_eq!(told, vec![stands.clone(); RACERS]);
    assert_eq!(
        store.insert_if_absent("other", "else").await.unwrap(),
        "else"
    );
    assert_eq!(store.insert_if_absent("key", "late").await.unwrap(), stands);
    assert_eq!(store.value("KEY").await.unwrap(), None);
}

pub(crate) async fn hostile_strings_in_accounts(store: &SharedStore) {
    for text in HOSTILE {
        let new = NewUser {
            username: user(text),
            password: PasswordRecord::Plain(vec![text.into()]),
            ..new_user("x")
        };
        let expect = stored(new.clone());
        assert!(matches!(
            store.create_user(new).await.unwrap(),
            CreateUser::Created
        ));
        assert_eq!(store.find_user(text).await.unwrap(), Some(expect.clone()));
        assert!(store.find_user(text).await.unwrap().unwrap().password == expect.password);

        let session = Session {
            id: text.into(),
            username: Username::existing(text),
            ..session("", "")
        };
        store.create_session(session.clone()).await.unwrap();
        assert_eq!(store.session(text).await.unwrap(), Some(session));

        assert_eq!(store.insert_if_absent(text, text).await.unwrap(), text);
        assert_eq!(store.value(text).await.unwrap().as_deref(), Some(text));
    }
    assert_eq!(store.count_users().await.unwrap(), HOSTILE.len() as u64);
}

pub(crate) async fn profiles_change(store: &SharedStore) {
    store.create_user(new_user("ann")).await.unwrap();
    let ann = user("ann");
    store.set_display_name(&ann, "Ann Å.").await.unwrap();
    let found = store.find_user("ann").await.unwrap().unwrap();
    assert_eq!(found.display_name, "Ann Å.");
    let nobody = store.set_display_name(&user("bob"), "B").await;
    assert!(matches!(nobody, Err(StoreError::Refused(_))), "{nobody:?}");
}

pub(crate) async fn pictures_come_back(store: &SharedStore) {
    store.create_user(new_user("ann")).await.unwrap();
    let ann = user("ann");
    let picture = |name: &str| Avatar {
        name: name.into(),
        png: vec![0, 255, 7],
    };
    for name in ["p1", "p2", "p2"] {
        store.set_avatar(&ann, picture(name)).await.unwrap();
        let found = store.find_user("ann").await.unwrap().unwrap();
        assert_eq!(found.avatar.as_deref(), Some(name));
        assert_eq!(store.avatar(name).await.unwrap(), Some(picture(name)));
    }
    assert_eq!(store.avatar("p3").await.unwrap(), None);
}

pub(crate) async fn bans_are_kept(store: &SharedStore) {
    store.create_user(new_user("ann")).await.unwrap();
    let ann = user("ann");
    for (until, seq, last) in [
        (Some(7), None, None),
        (Some(7), Some(5), Some(5)),
        (None, Some(6), Some(5)),
        (Some(u64::MAX >> 11), Some(8), Some(8)),
        (Some(9), Some(2), Some(8)),
        (None, None, Some(8)),
    ] {
        store.set_banned(&ann, until, seq).await.unwrap();
        let found = store.find_user("ann").await.unwrap().unwrap();
        assert_eq!((found.banned_until, found.last_ban_seq), (until, last));
    }
}

pub(crate) async fn states_are_kept(store: &SharedStore) {
    for name in ["ann", "bob"] {
        store.create_user(new_user(name)).await.unwrap();
    }
    let session = session("s", "ann");
    let check = async |name: &str, expect: AccountState| {
        let user = store.find_user(name).await.unwrap().unwrap();
        assert_eq!(user.state, expect, "{name}");
        user
    };
    check("ann", AccountState::Active).await;
    for state in [AccountState::Deactivated, AccountState::Active] {
        for _ in 0..2 {
            store.set_state(&user("ann"), state).await.unwrap();
        }
        let ann = check("ann", state).await;
        assert_eq!(session.is_valid_for(&ann), state == AccountState::Active);
        check("bob", AccountState::Active).await;
        let taken = store.create_user(new_user("Ann")).await.unwrap();
        assert_eq!(taken, CreateUser::NameTaken);
    }
    let nobody = store.set_state(&user("nobody"), AccountState::Active).await;
    assert!(matches!(nobody, Err(StoreError::Refused(_))), "{nobody:?}");
}
