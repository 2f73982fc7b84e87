//! The FastAPI demo's page: its first frame names the user, it sends messages, and it inserts what
//! it receives as HTML.

use serde_json::{Value, json};

use crate::support::{Server, User, Ws, kind_of, text_of};

/// A connection as the page makes it: with the sign-in's cookie, the server's own Origin, and a
/// first frame that names the user.
async fn page(server: &Server, user: &User) -> Ws {
    let origin = server.origin();
    let headers = [
        ("Cookie", user.cookie.as_str()),
        ("Origin", origin.as_str()),
    ];
    let mut ws = server
        .open(&format!("{}'s page", user.name), &headers)
        .await
        .expect("an upgrade");
    ws.send(&json!({"username": user.name})).await;
    ws
}

/// Waits until the page is in the lobby. It gets no welcome, but an error for an empty message.
async fn table_of_the_lobby(ws: &mut Ws) {
    ws.send(&json!({"message": ""})).await;
    ws.expect_matching("a refusal", |frame| frame["event"] == "notice")
        .await;
}

/// All frames up to this text. Checks that the page can draw each of them.
async fn drawn_until(ws: &mut Ws, text: &str) -> Vec<Value> {
    let frames = ws.collect_until(text, |frame| text_of(frame) == text).await;
    for frame in &frames {
        let fits = matches!(kind_of(frame), "chat" | "system");
        ws.check(fits, &format!("the page can't draw {frame}"));
        for field in ["message", "username"] {
            let html = frame[field].as_str().unwrap_or_default();
            ws.check(
                !html.contains(['<', '>', '"']),
                &format!("{field} is not escaped: {frame}"),
            );
        }
        ws.check(
            frame["room"] == "lobby",
            &format!("the page lives in the lobby: {frame}"),
        );
    }
    frames
}

#[tokio::test]
async fn the_page_sends_and_receives_in_the_lobby() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let bob = server.user("bob").await;
    let mut page = page(&server, &bob).await;
    drawn_until(&mut page, "bob joined the chat").await;

    page.send(&json!({"username": "bob", "message": "hello"}))
        .await;
    page.send(&json!({"message": "and again"})).await;
    let frames = drawn_until(&mut page, "and again").await;
    let chats: Vec<Value> = frames
        .iter()
        .filter(|f| kind_of(f) == "chat")
        .map(|f| json!([f["username"], f["message"]]))
        .collect();
    assert_eq!(
        chats,
        [json!(["bob", "hello"]), json!(["bob", "and again"])],
        "{frames:?}"
    );
    for expected in ["hello", "and again"] {
        let chat = ann.expect("chat").await;
        assert_eq!(
            (&chat["username"], text_of(&chat)),
            (&json!("bob"), expected),
            "{chat}"
        );
        assert!(chat["nonce"].is_string(), "{chat}");
    }
    ann.say("lobby", "welcome").await;
    let frames = drawn_until(&mut page, "welcome").await;
    assert_eq!(frames.last().unwrap()["username"], "ann");

    // A name in a later frame is ignored: the message is bob's.
    page.send(&json!({"username": "ann", "message": "who says this?"}))
        .await;
    page.send(&json!({"username": "bob", "message": "done"}))
        .await;
    let said: Vec<Value> = ann
        .collect_until("done", |frame| text_of(frame) == "done")
        .await
        .into_iter()
        .filter(|frame| kind_of(frame) == "chat" && frame["username"] != "ann")
        .map(|frame| json!([frame["username"], frame["message"]]))
        .collect();
    assert_eq!(
        said,
        [json!(["bob", "who says this?"]), json!(["bob", "done"])]
    );

    // The page counts as online, and bob leaves when it is closed.
    drop(page);
    ann.expect_matching("bob's leaving", |frame| {
        text_of(frame) == "bob left the chat"
    })
    .await;
}

#[tokio::test]
async fn only_the_page_gets_text_escaped_for_html() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let bob = server.user("bob").await;
    let mut page = page(&server, &bob).await;
    table_of_the_lobby(&mut page).await;
    let text = r#"<img src=x onerror="alert('1')"> & &lt;"#;
    for from_page in [true, false] {
        if from_page {
            page.send(&json!({"username": "bob", "message": text}))
                .await;
        } else {
            ann.say("lobby", text).await;
        }
        let raw = ann.expect("chat").await;
        assert_eq!(text_of(&raw), text, "as it was said: {raw}");
        let chat = page.expect("chat").await;
        let html = text_of(&chat);
        assert!(!html.contains(['<', '>', '"', '\'']), "escaped: {chat}");
        let back = html
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&#x27;", "'")
            .replace("&amp;", "&");
        assert_eq!(back, text, "escaped once: {chat}");
    }
}

#[tokio::test]
async fn the_page_gets_only_lobby_frames_that_it_can_draw() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let bob = server.user("bob").await;
    let mut native = server.enter(&bob).await;
    let mut page = page(&server, &bob).await;
    table_of_the_lobby(&mut page).await;
    // Other connections cause room, ack, presence and history frames, which the page must not get.
    native
        .done(json!({"type": "create", "room": "rust"}), "room")
        .await;
    ann.done(json!({"type": "join", "room": "rust"}), "ok")
        .await;
    ann.say("rust", "in rust").await;
    native.say("lobby", "from his other window").await;
    ann.done(json!({"type": "history", "room": "lobby"}), "history")
        .await;
    let (_, carl) = server.newcomer("carl").await;
    drop(carl);
    native
        .expect_matching("carl's going", |f| text_of(f) == "carl left the chat")
        .await;
    ann.say("lobby", "marker").await;
    let frames = drawn_until(&mut page, "marker").await;
    let texts: Vec<&str> = frames.iter().map(text_of).collect();
    assert!(!texts.contains(&"in rust"), "{texts:?}");
    for expected in [
        "from his other window",
        "carl joined the chat",
        "carl left the chat",
    ] {
        assert!(texts.contains(&expected), "{expected:?} in {texts:?}");
    }
}

#[tokio::test]
async fn an_error_reaches_only_the_page_and_as_a_system_line() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob, mut native) = server.newcomer("bob").await;
    let mut page = page(&server, &bob).await;
    table_of_the_lobby(&mut page).await;
    ann.say("lobby", "start").await;
    drawn_until(&mut page, "start").await;
    let refused = [
        json!({"username": "bob", "message": ""}).to_string(),
        json!({"username": "bob", "message": "x".repeat(4_001)}).to_string(),
        json!({"username": "bob", "message": {"$ne": null}}).to_string(),
        "not JSON".to_owned(),
        "[".repeat(30_000),
    ];
    for frame in &refused {
        page.send_text(frame.clone()).await;
        let line = page
            .expect_matching("a notice", |f| {
                kind_of(f) == "chat" || f["event"] == "notice"
            })
            .await;
        let short: String = frame.chars().take(60).collect();
        page.check(
            kind_of(&line) == "system",
            &format!("{short} must be refused: {line}"),
        );
        page.check(text_of(&line).len() > 3, &format!("a sentence: {line}"));
        page.check(
            line.get("seq").is_none(),
            &format!("nothing durable: {line}"),
        );
    }
    ann.say("lobby", "end").await;
    for ws in [&mut ann, &mut native] {
        let frames = ws.collect_until("the end", |f| text_of(f) == "end").await;
        let heard: Vec<&Value> = frames
            .iter()
            .filter(|f| f["event"] == "notice" || kind_of(f) == "error" || kind_of(f) == "chat")
            .collect();
        assert!(
            heard.iter().all(|f| ["start", "end"].contains(&text_of(f))),
            "{heard:?}"
        );
    }
    drawn_until(&mut page, "end").await;
}

#[tokio::test]
async fn without_a_cookie_the_page_cannot_send() {
    let server = Server::start().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    let origin = server.origin();
    let cookie = ann_user.cookie.clone();
    let nobody = [("Origin", origin.as_str())];
    let liar = [("Cookie", cookie.as_str()), ("Origin", origin.as_str())];
    for (headers, name) in [(&nobody[..], "ann"), (&[][..], "ann"), (&liar[..], "bob")] {
        let mut ws = server.open("liar", headers).await.expect("an upgrade");
        ws.send(&json!({"username": name})).await;
        // Sent at once, before the server has refused the first frame.
        let _ = ws
            .try_send(json!({"username": name, "message": "shown?"}).to_string())
            .await;
        let (code, frames) = ws.closed().await;
        ws.check(code == 4401, &format!("expected 4401, got {code}"));
        let told = frames
            .iter()
            .any(|f| kind_of(f) != "system" && kind_of(f) != "error");
        ws.check(!told, "it learns nothing");
    }
    let marker = ann.say("lobby", "marker").await;
    assert_eq!(marker["seq"], 1, "nothing was stored");
    let frames = ann
        .collect_until("the marker", |f| text_of(f) == "marker")
        .await;
    assert!(!frames.iter().any(|f| text_of(f) == "shown?"), "{frames:?}");
}

#[tokio::test]
async fn the_page_may_spell_its_username_in_another_case() {
    let server = Server::start().await;
    let bob = server.user("Bob").await;
    let origin = server.origin();
    let headers = [("Cookie", bob.cookie.as_str()), ("Origin", origin.as_str())];
    let mut ws = server
        .open("Bob's page", &headers)
        .await
        .expect("an upgrade");
    // The page sends the username as it was typed at sign-in, perhaps in another case than at
    // sign-up.
    ws.send(&json!({"username": "bOB"})).await;
    ws.send(&json!({"username": "bOB", "message": "hello"}))
        .await;
    let chat = ws.expect("chat").await;
    assert_eq!(chat["username"], "Bob", "spoken as who one is: {chat}");
}
