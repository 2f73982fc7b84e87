//! Each method of a client sends its command and takes that command's answer.

use std::future::Future;
use std::time::Duration;

use chat_shared::client::{Client, CommandError, Event};
use chat_shared::protocol::{
    AuditPage, Command, Dm, ErrorCode, ErrorFrame, InviteLink, InvitesPage, NewInviteLink,
    NewResetLink, ResultsPage, Role, RoomInfo, Search, ServerFrame,
};
use chat_shared::{Emoji, RequestId, Username};
use serde_json::{Value, json};

use crate::played::{Peer, Server, chat, connected, next, room, room_info, told};

/// Returns a command as it is on the wire, without its `id` and its nonce, which must be there
/// where the command is durable.
fn shown(command: &Command, durable: bool) -> Value {
    let mut value = serde_json::to_value(command).unwrap();
    let nonce = value.as_object_mut().unwrap().remove("nonce");
    assert_eq!(nonce.is_some(), durable, "{command:?}");
    value
}

/// Plays the server for one command: what it was, and what came of the call.
async fn answered<T>(
    peer: &mut Peer,
    call: impl Future<Output = Result<T, CommandError>>,
    answer: impl FnOnce(RequestId) -> ServerFrame,
) -> (Command, Result<T, CommandError>) {
    let serve = async {
        let frame = peer.command().await;
        peer.tell(answer(frame.id.unwrap())).await;
        frame.command
    };
    tokio::join!(serve, call)
}

fn ok(re: RequestId) -> ServerFrame {
    ServerFrame::Ok { re }
}

#[tokio::test]
async fn every_change_is_its_command_and_marked_with_a_nonce() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("a", 4)]).await;
    connected(&mut events).await;
    let (a, bob) = (room("a"), Username::existing("bob"));
    let hour = Some(Duration::from_secs(3_600));
    let thumb = Emoji::parse("👍").unwrap();
    macro_rules! check {
        ($call:expr, $expect:tt) => {
            let (command, done) = answered(&mut peer, $call, ok).await;
            done.unwrap();
            assert_eq!(shown(&command, true), json!($expect));
        };
    }
    check!(client.edit(&a, 3, "hi  "), {"type": "edit", "room": "a", "seq": 3, "text": "hi"});
    check!(client.delete(&a, 3), {"type": "delete", "room": "a", "seq": 3});
    check!(client.react(&a, 3, thumb, true),
        {"type": "react", "room": "a", "seq": 3, "emoji": "👍", "on": true});
    check!(client.topic(&a, "x"), {"type": "topic", "room": "a", "topic": "x"});
    check!(client.join(&a), {"type": "join", "room": "a"});
    check!(client.leave(&a), {"type": "leave", "room": "a"});
    check!(client.invite(&a, &bob), {"type": "invite", "room": "a", "username": "bob"});
    check!(client.kick(&a, &bob), {"type": "kick", "room": "a", "username": "bob"});
    check!(client.ban(&a, &bob, hour),
        {"type": "ban", "room": "a", "username": "bob", "for_s": 3600});
    check!(client.ban(&a, &bob, None), {"type": "ban", "room": "a", "username": "bob"});
    check!(client.unban(&a, &bob), {"type": "unban", "room": "a", "username": "bob"});
    check!(client.mute(&a, &bob, hour),
        {"type": "mute", "room": "a", "username": "bob", "for_s": 3600});
    check!(client.unmute(&a, &bob), {"type": "unmute", "room": "a", "username": "bob"});
    check!(client.role(&a, &bob, Role::Moderator),
        {"type": "role", "room": "a", "username": "bob", "role": "moderator"});
}

#[tokio::test]
async fn commands_without_an_event_have_no_nonce() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("a", 4)]).await;
    connected(&mut events).await;
    let a = room("a");
    macro_rules! check {
        ($call:expr, $expect:tt) => {
            let (command, done) = answered(&mut peer, $call, ok).await;
            done.unwrap();
            assert_eq!(shown(&command, false), json!($expect));
        };
    }
    check!(client.typing(&a), {"type": "typing", "room": "a"});
    check!(client.read(&a, 4), {"type": "read", "room": "a", "seq": 4});
    check!(client.profile("Ann"), {"type": "profile", "display_name": "Ann"});
    let bob = Username::existing("bob");
    check!(client.block(&bob), {"type": "block", "username": "bob"});
    check!(client.make_admin(&bob), {"type": "make_admin", "username": "bob"});
    check!(client.unmake_admin(&bob), {"type": "unmake_admin", "username": "bob"});
    check!(client.unblock(&bob), {"type": "unblock", "username": "bob"});
    check!(client.revoke_invite("a1"), {"type": "revoke_invite", "invite": "a1"});
}

#[tokio::test]
async fn invite_links_are_made_and_listed() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("a", 4)]).await;
    connected(&mut events).await;
    let link = NewInviteLink {
        re: None,
        invite: "a1".to_owned(),
        path: "/join/c0de".to_owned(),
        expires: 9,
        uses: 3,
        room: Some(room("a")),
    };
    let wanted = InviteLink {
        uses: Some(3),
        room: Some(room("a")),
        ..InviteLink::default()
    };
    let answer = |re| {
        ServerFrame::InviteLink(NewInviteLink {
            re: Some(re),
            ..link.clone()
        })
    };
    let (command, made) = answered(&mut peer, client.invite_link(wanted), answer).await;
    let expect = json!({"type": "invite_link", "uses": 3, "room": "a"});
    assert_eq!(shown(&command, false), expect);
    let made = made.unwrap();
    assert_eq!(made.path, link.path);
    assert!(!format!("{made:?}").contains("c0de"), "{made:?}");
    let answer = |re| {
        ServerFrame::InviteLinks(InvitesPage {
            re: Some(re),
            invites: Vec::new(),
            more: true,
        })
    };
    let answer_reset = |re| {
        ServerFrame::ResetLink(NewResetLink {
            re: Some(re),
            username: Username::existing("bob"),
            path: "/reset/c0de".to_owned(),
            expires: 9,
        })
    };
    let bob = Username::existing("bob");
    let (command, reset) = answered(&mut peer, client.reset_link(&bob), answer_reset).await;
    let expect = json!({"type": "reset_link", "username": "bob"});
    assert_eq!(shown(&command, false), expect);
    let reset = reset.unwrap();
    assert_eq!(reset.path, "/reset/c0de");
    assert!(!format!("{reset:?}").contains("c0de"), "{reset:?}");
    let answer_audit = |re| {
        ServerFrame::Audit(AuditPage {
            re: Some(re),
            entries: Vec::new(),
            more: true,
        })
    };
    let audit = client.audit(Some("a1".to_owned()), Some(9));
    let (command, page) = answered(&mut peer, audit, answer_audit).await;
    let expect = json!({"type": "audit", "before": "a1", "limit": 9});
    assert_eq!(shown(&command, false), expect);
    assert!(page.unwrap().more);
    let list = client.invite_links(Some("a1".to_owned()), None);
    let (command, page) = answered(&mut peer, list, answer).await;
    let expect = json!({"type": "invite_links", "after": "a1"});
    assert_eq!(shown(&command, false), expect);
    assert!(page.unwrap().more);
}

#[tokio::test]
async fn a_search_has_results() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("a", 4)]).await;
    connected(&mut events).await;
    let search = Search {
        query: "cat".to_owned(),
        ..Search::default()
    };
    let ServerFrame::Chat(found) = chat("a", 3, "bob", "cat") else {
        unreachable!("a chat is a chat")
    };
    let page = |re| ResultsPage {
        re: Some(re),
        messages: vec![found.clone()],
        cursor: Some("c".to_owned()),
    };
    let (command, results) = answered(&mut peer, client.search(search), |re| {
        ServerFrame::Results(page(re))
    })
    .await;
    assert_eq!(
        shown(&command, false),
        json!({"type": "search", "query": "cat"})
    );
    let results = results.unwrap();
    assert_eq!(results.messages, [found]);
    assert_eq!(results.cursor.as_deref(), Some("c"));
}

#[tokio::test]
async fn a_refusal_is_an_error_and_an_answer_of_another_kind_too() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("a", 4)]).await;
    connected(&mut events).await;
    let refusal = |re| {
        let mut error = ErrorFrame::new(ErrorCode::Forbidden, "Only an owner may.");
        error.re = Some(re);
        ServerFrame::Error(error)
    };
    let a = room("a");
    let (_, done) = answered(&mut peer, client.topic(&a, "x"), refusal).await;
    let Err(CommandError::Refused(error)) = done else {
        panic!("not refused: {done:?}")
    };
    assert_eq!(error.code, ErrorCode::Forbidden);
    let pong = |re| ServerFrame::Pong { re: Some(re) };
    let (_, done) = answered(&mut peer, client.topic(&a, "x"), pong).await;
    assert_eq!(done, Err(CommandError::UnexpectedAnswer));
    assert!(matches!(
        client.edit(&a, 1, " ").await,
        Err(CommandError::Text(_))
    ));
}

fn direct(last_seq: u64) -> RoomInfo {
    RoomInfo {
        with: Some(Username::existing("bob")),
        ..room_info("@d1", last_seq)
    }
}

async fn dm(peer: &mut Peer, client: &Client, last_seq: u64) -> RoomInfo {
    let bob = Username::existing("bob");
    let (command, room) = answered(peer, client.dm(&bob), |re| ServerFrame::Room {
        re: Some(re),
        room: direct(last_seq),
    })
    .await;
    assert_eq!(command, Command::Dm(Dm { username: bob }));
    room.unwrap()
}

/// The answer of `dm` has the room's last seq; the client's cursor must not move to it.
#[tokio::test]
async fn a_direct_room_that_one_is_in_keeps_its_cursor() {
    let server = Server::start().await;
    let (client, mut events) = server.connect();
    let mut peer = server.welcome(&[("@d1", 4)]).await;
    connected(&mut events).await;
    peer.tell(chat("@d1", 5, "bob", "a")).await;
    assert_eq!(told(&mut events, 1).await, ["5 a"]);
    // Answered from another moment than the events, before or after them.
    for last_seq in [3, 9] {
        assert_eq!(dm(&mut peer, &client, last_seq).await.last_seq, last_seq);
        let Event::Frame(ServerFrame::Room { .. }) = next(&mut events).await else {
            panic!("the room is an event too")
        };
        assert_eq!(events.resume_point().rooms[&room("@d1")], 5);
    }
    peer.tell(chat("@d1", 5, "bob", "a")).await;
    peer.tell(chat("@d1", 6, "bob", "b")).await;
    assert_eq!(told(&mut events, 1).await, ["6 b"]);
}
