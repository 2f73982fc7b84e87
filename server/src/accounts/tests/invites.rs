//! Tests of invites: how often, how long, and what comes of a sign-up that fails.

use super::registration::{Installation, chosen};
use super::*;

/// Sign-ups with one invite at the same time.
const RACERS: usize = 8;

const HOUR_MS: u64 = 60 * 60 * 1_000;

/// A server that lets in people with an invite, and has an account already.
async fn by_invite() -> (Installation, Accounts) {
    let installation = Installation::new();
    installation.add_account().await;
    let accounts = installation.start(chosen(Registration::Invite)).await;
    (installation, accounts)
}

async fn invite(accounts: &Accounts, uses: u32, for_ms: u64) -> (String, String) {
    let by = Username::existing("old");
    let new = NewInvite {
        by: Some(by),
        uses,
        for_ms,
        room: None,
    };
    let (secret, code) = accounts.make_invite(new).await.unwrap();
    (secret.expose().to_owned(), code.id.0)
}

async fn sign_up_with(
    accounts: &Accounts,
    name: &str,
    invite: &str,
) -> Result<SignedUp, RegisterError> {
    let sign_up = SignUp {
        invite: Some(invite),
        ..sign_up(name, "long enough".to_owned(), false)
    };
    accounts.register(sign_up).await
}

fn why(result: Result<SignedUp, RegisterError>) -> InviteError {
    match result {
        Err(RegisterError::Invite(error)) => error,
        other => panic!("not refused for its invite: {other:?}"),
    }
}

#[tokio::test]
async fn an_invite_lets_in_as_many_as_it_says() {
    let (_installation, accounts) = by_invite().await;
    let (code, _) = invite(&accounts, 2, HOUR_MS).await;
    assert_eq!(code.len(), 32, "128 bits");
    sign_up_with(&accounts, "ann", &code).await.unwrap();
    // A code that somebody copies by hand may change its case.
    let typed = format!(" {} ", code.to_uppercase());
    sign_up_with(&accounts, "bob", &typed).await.unwrap();
    let third = sign_up_with(&accounts, "cat", &code).await;
    assert_eq!(why(third), InviteError::UsedUp);
    let guessed = sign_up_with(&accounts, "cat", &"0".repeat(32)).await;
    assert_eq!(why(guessed), InviteError::Unknown);
}

#[tokio::test]
async fn an_invite_ends() {
    let (_installation, accounts) = by_invite().await;
    let (code, _) = invite(&accounts, 1, 0).await;
    let late = sign_up_with(&accounts, "ann", &code).await;
    assert_eq!(why(late), InviteError::Expired);
    assert_eq!(accounts.invites().await.unwrap(), []);
    let (code, id) = invite(&accounts, 1, HOUR_MS).await;
    assert_eq!(accounts.invites().await.unwrap().len(), 1);
    // The code is not its name, and its name lets nobody in.
    let by_name = sign_up_with(&accounts, "ann", &id).await;
    assert_eq!(why(by_name), InviteError::Unknown);
    assert!(accounts.revoke_invite(None, &id).await.unwrap());
    assert!(!accounts.revoke_invite(None, &id).await.unwrap());
    let revoked = sign_up_with(&accounts, "ann", &code).await;
    assert_eq!(why(revoked), InviteError::Unknown);
}

#[tokio::test]
async fn a_sign_up_that_fails_uses_nothing() {
    let (_installation, accounts) = by_invite().await;
    let (code, _) = invite(&accounts, 1, HOUR_MS).await;
    for (name, password) in [
        ("old", "long enough"),
        ("ann", "short"),
        ("a b", "long enough"),
    ] {
        let sign_up = SignUp {
            invite: Some(&code),
            ..sign_up(name, password.to_owned(), false)
        };
        assert!(accounts.register(sign_up).await.is_err(), "{name}");
    }
    // Both pass the first look at the name; the store lets one have it.
    let (one, other) = tokio::join!(
        sign_up_with(&accounts, "ann", &code),
        sign_up_with(&accounts, "Ann", &code),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let (code, _) = invite(&accounts, 2, HOUR_MS).await;
    let (one, other) = tokio::join!(
        sign_up_with(&accounts, "bob", &code),
        sign_up_with(&accounts, "Bob", &code),
    );
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    // The one who did not get the name has not used the invite.
    sign_up_with(&accounts, "cat", &code).await.unwrap();
}

#[tokio::test]
async fn of_many_sign_ups_at_once_as_many_succeed_as_the_invite_says() {
    let (installation, accounts) = by_invite().await;
    let (code, _) = invite(&accounts, 3, HOUR_MS).await;
    let racers: Vec<_> = (0..RACERS)
        .map(|n| {
            let (accounts, code) = (accounts.clone(), code.clone());
            tokio::spawn(async move { sign_up_with(&accounts, &format!("user{n}"), &code).await })
        })
        .collect();
    let mut let_in = 0;
    for racer in racers {
        match racer.await.unwrap() {
            Ok(_) => let_in += 1,
            other => assert_eq!(why(other), InviteError::UsedUp),
        }
    }
    assert_eq!(let_in, 3);
    assert_eq!(installation.store.count_users().await.unwrap(), 3 + 1);
}

#[tokio::test]
async fn an_open_server_needs_no_invite_and_a_closed_one_takes_none() {
    let (installation, accounts) = by_invite().await;
    let (code, _) = invite(&accounts, 1, HOUR_MS).await;
    let closed = installation.start(chosen(Registration::Closed)).await;
    let refused = sign_up_with(&closed, "ann", &code).await;
    assert!(matches!(refused, Err(RegisterError::Closed)), "{refused:?}");
    let open = installation.start(chosen(Registration::Open)).await;
    let signed_up = sign_up_with(&open, "ann", "no such code").await.unwrap();
    assert!(signed_up.invite.is_none());
    let signed_up = sign_up_with(&open, "bob", &code).await.unwrap();
    assert!(signed_up.invite.is_some(), "it may lead into a room");
}

#[tokio::test]
async fn codes_are_not_in_debug_and_not_in_the_store() {
    let (installation, accounts) = by_invite().await;
    let new = NewInvite {
        by: Some(Username::existing("old")),
        uses: 1,
        for_ms: HOUR_MS,
        room: None,
    };
    let (secret, code) = accounts.make_invite(new).await.unwrap();
    let shown = format!(
        "{secret:?} {code:?} {:?}",
        installation.store.codes(code.kind).await
    );
    assert!(!shown.contains(secret.expose()), "{shown}");
}

/// The client goes at each point of a sign-up in turn, so that the server drops what it does for it.
#[tokio::test]
async fn no_use_is_lost_where_the_client_goes() {
    let (installation, accounts) = by_invite().await;
    let (code, _) = invite(&accounts, 100, HOUR_MS).await;
    for polls in 0.. {
        assert!(polls < 100, "a sign-up takes fewer steps");
        let name = format!("user{polls}");
        let ended = polled(sign_up_with(&accounts, &name, &code), polls).await;
        let settled = async {
            loop {
                let used = accounts.invites().await.unwrap()[0].used;
                let made = installation.store.count_users().await.unwrap() - 1;
                if u64::from(used) == made {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let settled = tokio::time::timeout(PATIENCE, settled).await;
        assert!(settled.is_ok(), "a use is lost after {polls} polls");
        if let Some(ended) = ended {
            ended.unwrap();
            break;
        }
    }
}
