//! The stored form of events.

use super::*;

fn every_body() -> Vec<EventBody> {
    let username = Username::existing("ann");
    let (name, until, target) = (username.clone(), None, 1);
    vec![
        EventBody::Message {
            text: String::new(),
            reply_to: None,
            bot: false,
            mentions: Vec::new(),
        },
        EventBody::Edited {
            target,
            text: String::new(),
            mentions: Vec::new(),
        },
        EventBody::Deleted { target },
        EventBody::Reacted {
            target,
            emoji: Emoji::parse("👍").unwrap(),
            on: true,
        },
        EventBody::Created {
            room_kind: RoomKind::Public,
            topic: String::new(),
            with: None,
        },
        EventBody::Joined,
        EventBody::Left { heir: None },
        EventBody::Invited {
            username: name.clone(),
        },
        EventBody::Kicked {
            username: name.clone(),
        },
        EventBody::Banned {
            username: name.clone(),
            until,
        },
        EventBody::Unbanned {
            username: name.clone(),
        },
        EventBody::Muted {
            username: name.clone(),
            until,
        },
        EventBody::Unmuted {
            username: name.clone(),
        },
        EventBody::Role {
            username: name,
            role: Role::Member,
        },
        EventBody::Topic {
            topic: String::new(),
        },
        EventBody::OfAccount {
            username,
            change: AccountChange::SessionsEnded { kept: None },
        },
    ]
}

#[test]
fn every_kind_is_known_by_its_name() {
    let kinds = every_body().into_iter().map(|body| {
        let json = serde_json::to_value(&body).unwrap();
        json["kind"].as_str().unwrap().to_owned()
    });
    assert_eq!(kinds.collect::<Vec<_>>(), EVENT_KINDS);
}

#[test]
fn no_event_needs_a_newer_reader_than_this_one() {
    let formats = every_body().into_iter().map(|body| body.format());
    assert_eq!(formats.max(), Some(EVENT_FORMAT_VERSION));
}
