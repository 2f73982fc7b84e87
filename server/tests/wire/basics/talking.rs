//! Connecting and talking in the lobby.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::support::{Received, Server, fresh_nonce, is_noise, kind_of, text_of};

fn now_ms() -> u64 {
    u64::try_from(
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis(),
    )
    .unwrap()
}

#[tokio::test]
async fn welcome_has_all_that_a_client_needs() {
    let server = Server::start().await;
    let (ann, mut ws) = server.newcomer("Ann").await;
    let welcome = ws.welcome.clone();
    assert_eq!(welcome["version"], 1, "{welcome}");
    assert_eq!(welcome["username"], "Ann", "{welcome}");
    assert_eq!(welcome["heartbeat_ms"], 30_000, "{welcome}");
    assert_eq!(welcome["more"], false, "{welcome}");
    assert!(
        welcome["log"].as_str().is_some_and(|log| !log.is_empty()),
        "{welcome}"
    );
    assert!(
        welcome["session"].as_str().is_some_and(|id| !id.is_empty()),
        "{welcome}"
    );
    assert!(
        !welcome.to_string().contains(&ann.token),
        "the token is not told again: {welcome}"
    );
    let now = welcome["now"].as_u64().unwrap();
    assert!(
        now.abs_diff(now_ms()) < 60_000,
        "the server's clock: {welcome}"
    );
    let limits = json!({"frame_bytes": 65_536, "text_chars": 4_000, "nonce_chars": 64,
        "history": 200, "events": 500, "commands_in_flight": 64});
    for (name, value) in limits.as_object().unwrap() {
        assert_eq!(&welcome["limits"][name], value, "limit {name}: {welcome}");
    }
    let lobby = json!({"room": "lobby", "kind": "public", "last_seq": 0, "read_seq": 0,
        "unread": 0, "mentions": 0, "role": "owner", "members": 1});
    assert_eq!(
        welcome["rooms"].as_array().map(Vec::len),
        Some(1),
        "{welcome}"
    );
    for (name, value) in lobby.as_object().unwrap() {
        assert_eq!(
            &welcome["rooms"][0][name], value,
            "lobby's {name}: {welcome}"
        );
    }
    assert!(welcome["rooms"][0]["topic"].is_string(), "{welcome}");

    // The second person finds the messages, owns nothing, and has the same log id.
    ws.say("lobby", "first").await;
    let (_, bob) = server.newcomer("bob").await;
    assert_eq!(bob.welcome["rooms"][0]["last_seq"], 1, "{}", bob.welcome);
    assert_eq!(bob.welcome["rooms"][0]["role"], "member", "{}", bob.welcome);
    assert_eq!(bob.welcome["rooms"][0]["members"], 2, "{}", bob.welcome);
    assert_eq!(bob.welcome["log"], welcome["log"]);
    assert_ne!(bob.welcome["session"], welcome["session"]);

    // The username has the spelling of the sign-up, whatever the spelling at sign-in.
    let body = json!({"username": "aNN", "password": crate::support::PASSWORD});
    assert_eq!(
        server.post("/login", &[], &body).await.accepted(200)["username"],
        "Ann"
    );
    let me = server
        .get("/me", &[("Authorization", &ann.bearer())])
        .await
        .accepted(200);
    assert_eq!(me["username"], "Ann", "{me}");
    assert!(
        me["display_name"].is_string() && me["avatar"].is_string(),
        "{me}"
    );
    assert!(me["admin"].is_boolean(), "{me}");
}

#[tokio::test]
async fn a_token_in_hello_or_a_cookie_signs_in_like_a_bearer() {
    let server = Server::start().await;
    let ann = server.user("ann").await;
    let origin = server.origin();
    let page = [("Cookie", ann.cookie.as_str()), ("Origin", origin.as_str())];
    let by_token = json!({"type": "hello", "version": 1, "token": ann.token});
    let by_cookie = json!({"type": "hello", "version": 1});
    for (headers, hello) in [(&[][..], by_token), (&page[..], by_cookie)] {
        let mut ws = server.open("ann", headers).await.expect("an upgrade");
        ws.send(&hello).await;
        let welcome = ws.next_any().await;
        assert_eq!(welcome["username"], "ann", "{welcome}");
    }
}

#[tokio::test]
async fn a_message_is_acked_first_and_the_same_for_all() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    let (bob_user, mut bob) = server.newcomer("bob").await;
    let mut bobs_other = server.enter(&bob_user).await;

    let text = "hi <b>there</b> & \"all\" 👋\nsecond line";
    let nonce = fresh_nonce();
    let send = json!({"type": "send", "id": "1", "room": "lobby", "text": format!("{text} \n"),
        "nonce": nonce});
    bob.send(&send).await;
    let ack = bob.expect_next("ack").await;
    assert_eq!(ack["re"], "1", "{ack}");
    assert_eq!(
        (&ack["room"], &ack["nonce"], &ack["seq"]),
        (&json!("lobby"), &json!(nonce), &json!(1))
    );
    let ts = ack["ts"].as_u64().unwrap();
    assert!(ts.abs_diff(now_ms()) < 60_000, "{ack}");

    let own = bob.expect_next("chat").await;
    let expected = json!({"type": "chat", "room": "lobby", "seq": 1, "ts": ts, "username": "bob",
        "message": text, "nonce": nonce});
    assert_eq!(
        own, expected,
        "the sender gets the frame that everyone gets"
    );
    assert_eq!(
        ann.expect_next("chat").await,
        expected,
        "the other sees the same"
    );
    assert_eq!(
        bobs_other.expect_next("chat").await,
        expected,
        "and so does another connection of the sender"
    );

    // Without an `id` the ack has no `re`; a reply has the `seq` of its message in `reply_to`.
    let reply = json!({"type": "send", "room": "lobby", "text": "yes", "nonce": fresh_nonce(),
        "reply_to": 1});
    ann.send(&reply).await;
    let ack = ann.expect_next("ack").await;
    assert!(ack.get("re").is_none(), "no id, no re: {ack}");
    for ws in [&mut ann, &mut bob, &mut bobs_other] {
        let chat = ws.expect_next("chat").await;
        assert_eq!(
            (&chat["seq"], &chat["reply_to"]),
            (&json!(2), &json!(1)),
            "{chat}"
        );
        assert!(
            chat["ts"].as_u64() >= Some(ts),
            "times never go back: {chat}"
        );
    }
}

#[tokio::test]
async fn a_bots_messages_are_marked() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    server.register("echo", true).await;
    let echo = server.sign_in("echo").await;
    let mut bot = server.enter(&echo).await;
    bot.say("lobby", "beep").await;
    ann.say("lobby", "hello").await;
    assert_eq!(
        ann.expect("chat").await["bot"],
        true,
        "a bot's message says so"
    );
    assert!(
        ann.expect("chat").await.get("bot").is_none(),
        "a person's says nothing of it"
    );
    let members = ann
        .done(json!({"type": "members", "room": "lobby"}), "members")
        .await;
    let bots: Vec<&Value> = members["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["bot"])
        .collect();
    assert_eq!(bots, [&json!(false), &json!(true)], "{members}");
}

#[tokio::test]
async fn pings_of_both_kinds_are_answered() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    ann.send(&json!({"type": "ping"})).await;
    ann.send(&json!({"type": "ping", "id": "with.id_1-"})).await;
    assert_eq!(
        ann.next().await,
        json!({"type": "pong"}),
        "without id it answers nothing named"
    );
    assert_eq!(
        ann.next().await,
        json!({"type": "pong", "re": "with.id_1-"})
    );
    ann.send_ping(b"payload").await;
    loop {
        match ann.receive().await {
            Received::Frame(frame) if is_noise(&frame) => {}
            received => {
                ann.check(
                    received == Received::Pong("payload".into()),
                    &format!("{received:?}"),
                );
                break;
            }
        }
    }
    ann.close().await;
}

#[tokio::test]
async fn hundreds_of_commands_are_each_answered_once_in_order() {
    const N: usize = 500;
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    // Far more than 64 at once: the server stops reading for a while and loses none.
    for i in 0..N {
        ann.send(
            &json!({"type": "send", "id": format!("s{i}"), "room": "lobby",
            "text": format!("text {i}"), "nonce": format!("n{i}")}),
        )
        .await;
        ann.send(&json!({"type": "ping", "id": format!("p{i}")}))
            .await;
    }
    let (mut acks, mut pongs, mut chats) = (Vec::new(), 0, Vec::new());
    while acks.len() < N || pongs < N || chats.len() < N {
        let frame = ann.next().await;
        match kind_of(&frame) {
            "ack" => acks.push((frame["seq"].as_u64().unwrap(), frame["re"].clone())),
            "pong" => pongs += 1,
            "chat" => {
                let seq = frame["seq"].as_u64().unwrap();
                let acked = acks.iter().any(|(acked, _)| *acked == seq);
                ann.check(acked, &format!("the ack comes before {frame}"));
                chats.push((seq, text_of(&frame).to_owned()));
            }
            _ => ann.fail(&format!("unexpected {frame}")),
        }
    }
    for i in 0..N {
        let seq = i as u64 + 1;
        assert_eq!(acks[i], (seq, json!(format!("s{i}"))), "acks in order");
        assert_eq!(chats[i], (seq, format!("text {i}")), "chats in order");
    }
}
