//! The calls about accounts.

use chat_shared::client::{Accounts, HttpError};
use std::time::Duration;

use crate::played::Server;

fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn calls_about_accounts() {
    let server = Server::start().await;
    let accounts = Accounts::new(server.url.clone());
    let said = r#"{"ok":true,"username":"ann","msg":"Login successful","token":"t0k","expires":9}"#;
    let answer = response("200 OK", "content-type: application/json\r\n", said);
    let (me, request) = tokio::join!(
        accounts.sign_in("ann", "pass\"word"),
        server.answer(&answer)
    );
    let me = me.unwrap();
    assert_eq!((me.username.as_str(), me.token.as_str()), ("ann", "t0k"));
    assert!(!format!("{me:?}").contains("t0k"));
    assert!(request.starts_with("POST /login HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains("content-type: application/json\r\n"),
        "{request}"
    );
    assert!(
        request.ends_with(r#"{"username":"ann","password":"pass\"word"}"#),
        "{request}"
    );

    let answer = response("201 Created", "", r#"{"ok":true,"msg":"Account created"}"#);
    let (done, request) = tokio::join!(
        accounts.register_bot("echo", "password"),
        server.answer(&answer)
    );
    done.unwrap();
    assert!(request.ends_with(r#"{"username":"echo","password":"password","bot":true}"#));

    let said = r#"{"ok":true,"username":"ann","display_name":"Ann","avatar":"/a","admin":false}"#;
    let answer = response("200 OK", "", said);
    let (me, request) = tokio::join!(accounts.me("t0k"), server.answer(&answer));
    assert_eq!(me.unwrap().display_name, "Ann");
    assert!(request.starts_with("GET /me HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains("authorization: Bearer t0k\r\n"),
        "{request}"
    );

    let answer = response("200 OK", "", r#"{"ok":true,"msg":"Signed out"}"#);
    let (done, request) = tokio::join!(accounts.log_out("t0k"), server.answer(&answer));
    done.unwrap();
    assert!(
        request.starts_with("POST /logout HTTP/1.1\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn calls_that_fail_say_why_and_never_the_password() {
    let server = Server::start().await;
    let accounts = Accounts::new(server.url.clone());
    let check = async |answer: String, expect: HttpError, sentence: &str| {
        let (done, _) = tokio::join!(
            accounts.sign_in("ann", "s3cret-password"),
            server.answer(&answer)
        );
        let error = done.unwrap_err();
        assert_eq!(error, expect);
        assert!(error.to_string().contains(sentence), "{error}");
        assert!(
            !format!("{error} {error:?}").contains("s3cret"),
            "{error:?}"
        );
    };
    let error = |status: &str, headers: &str, msg: &str| {
        response(status, headers, &format!(r#"{{"ok":false,"msg":"{msg}"}}"#))
    };
    let wrong = "Invalid username or password".to_owned();
    check(
        error("401 x", "", &wrong),
        HttpError::WrongPassword(wrong),
        "Invalid",
    )
    .await;
    let taken = "Username already exists".to_owned();
    check(
        error("409 x", "", &taken),
        HttpError::NameTaken(taken),
        "another name",
    )
    .await;
    let limited = HttpError::RateLimited(Some(Duration::from_secs(7)));
    check(
        error("429 x", "retry-after: 7\r\n", "Slow down"),
        limited,
        "7 s",
    )
    .await;
    let short = "The password is too short".to_owned();
    check(
        error("422 x", "", &short),
        HttpError::Refused(short),
        "too short.",
    )
    .await;
    let busy = "Busy.".to_owned();
    check(
        error("503 x", "", &busy),
        HttpError::Busy(busy),
        "Try again",
    )
    .await;
    let limited = HttpError::RateLimited(None);
    check(response("429 x", "", "<html>"), limited, "wait").await;
    let stranger = |status: &str| {
        let url = &server.url;
        let said = format!("There is no chat server at {url} ({status}); check the address.");
        HttpError::NotAChatServer(said)
    };
    check(
        response("200 OK", "", "<html>"),
        stranger("200 OK"),
        "address",
    )
    .await;
    check(
        response("404 Not Found", "", "<html>"),
        stranger("404 Not Found"),
        "address",
    )
    .await;
    drop(server);
    let error = accounts
        .sign_in("ann", "s3cret-password")
        .await
        .unwrap_err();
    assert!(matches!(error, HttpError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn calls_about_sessions_passwords_and_pictures() {
    let server = Server::start().await;
    let accounts = Accounts::new(server.url.clone());
    let done = response("200 OK", "", r#"{"ok":true,"msg":"Password changed"}"#);
    let (changed, request) = tokio::join!(
        accounts.password("t0k", "old password", "new password"),
        server.answer(&done)
    );
    changed.unwrap();
    assert!(
        request.starts_with("POST /password HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.ends_with(r#"{"old":"old password","new":"new password"}"#));

    let said = r#"{"ok":true,"sessions":[{"id":"s1","created":1,"expires":9,"current":true}]}"#;
    let answer = response("200 OK", "", said);
    let (sessions, request) = tokio::join!(accounts.sessions("t0k"), server.answer(&answer));
    assert_eq!(sessions.unwrap()[0].id, "s1");
    assert!(
        request.starts_with("GET /sessions HTTP/1.1\r\n"),
        "{request}"
    );

    let (revoked, request) = tokio::join!(accounts.revoke("t0k", "s1"), server.answer(&done));
    revoked.unwrap();
    assert!(
        request.starts_with("DELETE /sessions/s1 HTTP/1.1\r\n"),
        "{request}"
    );
    for id in ["", "../me", "s1?x", "s 1"] {
        let error = accounts.revoke("t0k", id).await.unwrap_err();
        assert!(matches!(error, HttpError::Refused(_)), "{id}: {error:?}");
    }

    let said = r#"{"ok":true,"avatar":"/avatars/ann-1"}"#;
    let answer = response("200 OK", "", said);
    let picture = b"GIF89a...".to_vec();
    let (avatar, request) = tokio::join!(accounts.avatar("t0k", picture), server.answer(&answer));
    assert_eq!(avatar.unwrap(), "/avatars/ann-1");
    assert!(request.starts_with("PUT /avatar HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("content-type: image/gif\r\n"), "{request}");
    assert!(request.ends_with("GIF89a..."), "{request}");
    let error = accounts.avatar("t0k", b"<svg>".to_vec()).await.unwrap_err();
    assert!(matches!(error, HttpError::Refused(_)), "{error:?}");
}
