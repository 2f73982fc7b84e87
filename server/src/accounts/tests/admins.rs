//! Tests of several admins: who makes and unmakes them, and what one server knows of another's.

use chat_server_store::AccountState;

use super::*;

fn user(name: &str) -> Username {
    Username::existing(name)
}

/// A server whose first person, ann, is the admin, with bob and cat.
async fn with_three() -> World {
    let world = world().await;
    for name in ["ann", "bob", "cat"] {
        world.add(name).await;
    }
    world
}

async fn set(
    accounts: &Accounts,
    by: Option<&str>,
    name: &str,
    is_admin: bool,
) -> Result<(), AdminError> {
    let by = by.map(user);
    accounts.set_admin(by.as_ref(), &user(name), is_admin).await
}

fn admins(accounts: &Accounts) -> Vec<String> {
    accounts.admins().iter().map(Username::to_string).collect()
}

#[tokio::test]
async fn admins_make_and_unmake_each_other() {
    let world = with_three().await;
    let accounts = &world.accounts;
    let refused = set(accounts, Some("bob"), "bob", true).await;
    assert!(matches!(refused, Err(AdminError::NotAdmin)), "{refused:?}");
    for _ in 0..2 {
        set(accounts, Some("ann"), "bob", true).await.unwrap();
    }
    assert_eq!(admins(accounts), ["ann", "bob"]);
    set(accounts, Some("bob"), "ann", false).await.unwrap();
    assert_eq!(admins(accounts), ["bob"]);
    let refused = set(accounts, Some("ann"), "ann", true).await;
    assert!(matches!(refused, Err(AdminError::NotAdmin)), "{refused:?}");
    for (name, is_admin) in [("nobody", true), ("nobody", false)] {
        let refused = set(accounts, Some("bob"), name, is_admin).await;
        assert!(matches!(refused, Err(AdminError::NoSuchUser(_))));
    }
    // The claim that ann was the first still is in the store, and does not count any more.
    let (restarted, _) = open(&world.store, None).await;
    assert_eq!(admins(&restarted), ["bob"]);
    assert_eq!(restarted.set_up_secret(), None);
}

#[tokio::test]
async fn the_last_admin_and_bots_stay_what_they_are() {
    let world = with_three().await;
    let accounts = &world.accounts;
    for by in [Some("ann"), None] {
        let refused = set(accounts, by, "ann", false).await;
        assert!(matches!(refused, Err(AdminError::Last(_))), "{refused:?}");
    }
    set(accounts, None, "bob", false).await.unwrap();
    accounts
        .register(sign_up("robot", "long enough".into(), true))
        .await
        .unwrap();
    let refused = set(accounts, Some("ann"), "robot", true).await;
    assert!(matches!(refused, Err(AdminError::Bot(_))), "{refused:?}");
    assert_eq!(admins(accounts), ["ann"]);
    assert_eq!(world.store.admins().await.unwrap().version, 0);
}

/// Two servers can make an admin and deactivate the account at the same time.
#[tokio::test]
async fn an_admin_who_can_not_sign_in_does_not_count() {
    let world = with_three().await;
    let accounts = &world.accounts;
    set(accounts, Some("ann"), "bob", true).await.unwrap();
    let bob = user("bob");
    let deactivated = world.store.set_state(&bob, AccountState::Deactivated);
    deactivated.await.unwrap();
    let refused = set(accounts, None, "ann", false).await;
    assert!(matches!(refused, Err(AdminError::Last(_))), "{refused:?}");
    set(accounts, None, "bob", false).await.unwrap();
    assert_eq!(admins(accounts), ["ann"]);
}

#[tokio::test]
async fn of_two_who_unmake_each_other_one_stays() {
    let world = with_three().await;
    let (other, _) = open(&world.store, None).await;
    for _ in 0..20 {
        let one = admins(&world.accounts)[0].clone();
        set(&world.accounts, Some(&one), "ann", true).await.unwrap();
        set(&world.accounts, Some("ann"), "bob", true)
            .await
            .unwrap();
        let (first, second) = tokio::join!(
            set(&world.accounts, Some("ann"), "bob", false),
            set(&other, Some("bob"), "ann", false),
        );
        let lost = [first, second].into_iter().find_map(Result::err);
        assert!(matches!(lost, Some(AdminError::NotAdmin)), "{lost:?}");
        world.accounts.refresh_admins().await.unwrap();
        assert_eq!(admins(&world.accounts).len(), 1);
    }
}

#[tokio::test]
async fn another_servers_change_is_known_once_it_is_read() {
    let world = with_three().await;
    let (other, _) = open(&world.store, None).await;
    set(&world.accounts, Some("ann"), "bob", true)
        .await
        .unwrap();
    set(&world.accounts, Some("bob"), "ann", false)
        .await
        .unwrap();
    assert_eq!(admins(&other), ["ann"]);
    other.refresh_admins().await.unwrap();
    assert_eq!(admins(&other), ["bob"]);
    // A link to reset a password asks the store itself.
    let (stale, _) = open(&world.store, None).await;
    set(&other, Some("bob"), "cat", true).await.unwrap();
    let (cat, ann) = (user("cat"), other.user(&user("ann")).await);
    let by_cat = other.make_reset(Some(&cat), ann.unwrap().unwrap());
    let (code, _) = by_cat.await.unwrap();
    set(&other, Some("bob"), "cat", false).await.unwrap();
    assert_eq!(stale.check_reset(code.expose()).await.unwrap(), None);
}

/// `--admin` names an admin beside those of the list. Before there is a list it is the only one, as
/// it was before there could be several.
#[tokio::test]
async fn the_named_admin_stays_while_it_is_named() {
    let world = with_three().await;
    let (named, _) = open(&world.store, Some("bob")).await;
    assert_eq!(admins(&named), ["bob"]);
    set(&named, Some("bob"), "cat", true).await.unwrap();
    assert_eq!(admins(&named), ["bob", "cat"]);
    let refused = set(&named, Some("cat"), "bob", false).await;
    assert!(matches!(refused, Err(AdminError::Named(_))), "{refused:?}");
    // ann was the first, and was not an admin while bob was named.
    let (restarted, _) = open(&world.store, None).await;
    assert_eq!(admins(&restarted), ["bob", "cat"]);
    let (named, _) = open(&world.store, Some("ann")).await;
    assert_eq!(admins(&named), ["ann", "bob", "cat"]);
    set(&named, Some("ann"), "bob", false).await.unwrap();
    set(&named, Some("ann"), "cat", false).await.unwrap();
    assert_eq!(admins(&named), ["ann"]);
}

#[tokio::test]
async fn admins_are_bounded() {
    let world = with_three().await;
    for n in 1..chat_server_store::ADMINS_MAX {
        world.add_demo(&format!("a{n}"), &["long enough"]).await;
    }
    let names = (1..chat_server_store::ADMINS_MAX).map(|n| user(&format!("a{n}")));
    let names = names.chain([user("ann")]).collect();
    assert!(world.store.replace_admins(0, names).await.unwrap());
    world.accounts.refresh_admins().await.unwrap();
    let refused = set(&world.accounts, Some("ann"), "bob", true).await;
    assert!(matches!(refused, Err(AdminError::TooMany)), "{refused:?}");
    set(&world.accounts, Some("ann"), "a1", false)
        .await
        .unwrap();
    set(&world.accounts, Some("ann"), "bob", true)
        .await
        .unwrap();
}

/// Otherwise the next person who signs up with that name would be an admin.
#[tokio::test]
async fn a_name_without_an_account_gets_into_no_list() {
    let world = world().await;
    world.add_demo("bob", &["long enough"]).await;
    let ghost = world.store.insert_if_absent("admin", "ghost").await;
    assert_eq!(ghost.unwrap(), "ghost");
    let (accounts, _) = open(&world.store, None).await;
    set(&accounts, None, "bob", true).await.unwrap();
    assert_eq!(admins(&accounts), ["bob"]);
    let refused = set(&accounts, None, "bob", false).await;
    assert!(matches!(refused, Err(AdminError::Last(_))), "{refused:?}");
}
