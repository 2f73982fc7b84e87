//! What an event changes in what a store keeps beside the log. Every store asks here, so that they
//! can't come to differ.

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Username};

use crate::rules::{EventBody, LogEvent};

/// What one event changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Projection<'a> {
    /// What the room is from here on.
    pub(crate) room: Option<RoomShape<'a>>,
    pub(crate) membership: Option<Membership<'a>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RoomShape<'a> {
    pub(crate) kind: RoomKind,
    pub(crate) topic: &'a str,
}

/// To be applied so that a repetition changes nothing: a member may join again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Membership<'a> {
    Begins(&'a Username),
    Ends(&'a Username),
}

/// What `event` changes in `room`'s projections. The lobby is everyone's: it has no memberships,
/// and it is public whatever its log says.
pub(crate) fn project<'a>(room: &RoomName, event: &'a LogEvent) -> Projection<'a> {
    let (shape, membership) = match &event.body {
        EventBody::Message { .. } => (None, None),
        EventBody::Created {
            room_kind, topic, ..
        } => {
            let kind = if room.is_lobby() {
                RoomKind::Public
            } else {
                *room_kind
            };
            (
                Some(RoomShape { kind, topic }),
                Some(Membership::Begins(&event.sender)),
            )
        }
        EventBody::Joined => (None, Some(Membership::Begins(&event.sender))),
        EventBody::Left { .. } => (None, Some(Membership::Ends(&event.sender))),
        _ => (None, None),
    };
    Projection {
        room: shape,
        membership: membership.filter(|_| !room.is_lobby()),
    }
}

/// What a room is before its log says so. Nobody finds a room by a log that lacks its beginning.
pub(crate) fn kind_before_created(room: &RoomName) -> RoomKind {
    if room.is_lobby() {
        RoomKind::Public
    } else if room.is_direct() {
        RoomKind::Direct
    } else {
        RoomKind::Private
    }
}

/// A room's kind as stores write it.
pub(crate) fn kind_text(kind: RoomKind) -> &'static str {
    match kind {
        RoomKind::Public => "public",
        RoomKind::Private => "private",
        RoomKind::Direct => "direct",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{EventId, EventNonce};

    fn event(body: EventBody) -> LogEvent {
        LogEvent {
            seq: 1,
            ts: 1,
            id: EventId("1".into()),
            sender: Username::existing("ann"),
            nonce: EventNonce::from_seq(1),
            messages: 0,
            body,
        }
    }

    fn check(room: &str, body: EventBody, expect: &Projection<'_>) {
        assert_eq!(
            project(&RoomName::parse(room).unwrap(), &event(body)),
            *expect
        );
    }

    #[test]
    fn each_body() {
        let ann = Username::existing("ann");
        let created = |room_kind| EventBody::Created {
            room_kind,
            topic: "t".into(),
            with: None,
        };
        let shape = |kind| Some(RoomShape { kind, topic: "t" });
        let begins = || Some(Membership::Begins(&ann));
        let nothing = Projection::default();
        let message = EventBody::Message {
            text: "hi".into(),
            reply_to: None,
            bot: false,
            mentions: Vec::new(),
        };

        check("rust", message.clone(), &nothing);
        check(
            "rust",
            EventBody::Joined,
            &Projection {
                room: None,
                membership: begins(),
            },
        );
        check(
            "rust",
            EventBody::Left { heir: None },
            &Projection {
                room: None,
                membership: Some(Membership::Ends(&ann)),
            },
        );
        check(
            "rust",
            created(RoomKind::Private),
            &Projection {
                room: shape(RoomKind::Private),
                membership: begins(),
            },
        );

        check("lobby", message, &nothing);
        check("lobby", EventBody::Joined, &nothing);
        check("lobby", EventBody::Left { heir: None }, &nothing);
        check(
            "lobby",
            created(RoomKind::Private),
            &Projection {
                room: shape(RoomKind::Public),
                membership: None,
            },
        );
    }

    #[test]
    fn kinds_before_created() {
        let kind = |room| kind_before_created(&RoomName::parse(room).unwrap());
        assert_eq!(kind("lobby"), RoomKind::Public);
        assert_eq!(kind("@12"), RoomKind::Direct);
        assert_eq!(kind("rust"), RoomKind::Private);
    }
}
