//! Reactions that were stored before emoji had a normal form.

use super::*;
use crate::LogStore as _;
use chat_shared::Emoji;

const EARLIER: &str = "\u{2764}";

fn reacted(seq: Seq, on: bool) -> LogEvent {
    let emoji = Emoji::parse(EARLIER).unwrap();
    let target = 1;
    LogEvent {
        body: EventBody::Reacted { target, emoji, on },
        ..said(seq, "")
    }
}

#[tokio::test]
async fn an_earlier_form_of_an_emoji_is_read_and_removed() {
    let (_dir, store) = open_new();
    let rust = room("rust");
    store
        .append(&rust, 0, vec![said(1, "hello"), reacted(2, true)])
        .await
        .unwrap();
    store
        .write(|conn| {
            let changed = conn.execute("UPDATE reactions SET emoji = ?1", [EARLIER]);
            assert_eq!(changed.unwrap(), 1);
            Ok(())
        })
        .await
        .unwrap();
    let reactions = async |as_of: Seq| {
        let states = store
            .message_states(&rust, vec![said(1, "hello")], as_of, usize::MAX)
            .await
            .unwrap();
        let of = |state: &chat_server_rules::MessageState| {
            let emoji = state
                .reactions()
                .map(|(emoji, ..)| emoji.as_str().to_owned());
            emoji.collect::<Vec<_>>()
        };
        states.first().map(of)
    };
    let normal = format!("{EARLIER}\u{FE0F}");
    assert_eq!(reactions(2).await, Some(vec![normal]));
    store
        .append(&rust, 2, vec![reacted(3, false)])
        .await
        .unwrap();
    assert_eq!(reactions(3).await, Some(vec![]));
}
