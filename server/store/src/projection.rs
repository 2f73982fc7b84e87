//! The effect of an event on the projections that a store keeps beside the log. All stores use this
//! module, so that they cannot come to differ.

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Seq, Username};

use chat_server_rules::{EventBody, LogEvent, RoomScope};

/// The changes of one event to the projections.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Projection<'a> {
    /// The room's kind from here on.
    pub(crate) kind: Option<RoomKind>,
    pub(crate) topic: Option<&'a str>,
    pub(crate) memberships: Vec<Membership<'a>>,
    /// A message, and whom it mentions from here on.
    pub(crate) mentions: Option<(Seq, &'a [Username])>,
    /// A message that is deleted.
    pub(crate) deleted: Option<Seq>,
}

/// To be applied so that a repetition changes nothing: a member may join again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Membership<'a> {
    Begins(&'a Username),
    Ends(&'a Username),
}

/// Returns the changes of `event` to the projections of `room`. The lobby is everyone's: it has no
/// memberships, and it is public whatever its log says.
pub(crate) fn project<'a>(room: &RoomName, event: &'a LogEvent) -> Projection<'a> {
    let mut projection = Projection::default();
    match &event.body {
        EventBody::Message { mentions, .. } if !mentions.is_empty() => {
            projection.mentions = Some((event.seq, mentions));
        }
        EventBody::Edited {
            target, mentions, ..
        } => projection.mentions = Some((*target, mentions)),
        EventBody::Deleted { target } => {
            projection.mentions = Some((*target, &[]));
            projection.deleted = Some(*target);
        }
        EventBody::Created {
            room_kind,
            topic,
            with,
        } => {
            projection.kind = Some(*room_kind);
            projection.topic = Some(topic);
            let members = std::iter::once(&event.sender).chain(with);
            projection.memberships = members.map(Membership::Begins).collect();
        }
        EventBody::Topic { topic } => projection.topic = Some(topic),
        EventBody::Joined => projection.memberships = vec![Membership::Begins(&event.sender)],
        EventBody::Left { .. } => projection.memberships = vec![Membership::Ends(&event.sender)],
        EventBody::Invited { username } => {
            projection.memberships = vec![Membership::Begins(username)];
        }
        EventBody::Kicked { username } | EventBody::Banned { username, .. } => {
            projection.memberships = vec![Membership::Ends(username)];
        }
        EventBody::Message { .. }
        | EventBody::Reacted { .. }
        | EventBody::Unbanned { .. }
        | EventBody::Muted { .. }
        | EventBody::Unmuted { .. }
        | EventBody::Role { .. }
        | EventBody::OfAccount { .. } => {}
    }
    let scope = RoomScope::of(room);
    if scope.has_everyone() {
        projection.memberships.clear();
    }
    if scope.is_always_public() {
        projection.kind = projection.kind.map(|_| RoomKind::Public);
    }
    projection
}

/// The kind of a room before its log says so. Nobody finds a room by a log that lacks its beginning.
pub(crate) fn kind_before_created(room: &RoomName) -> RoomKind {
    if RoomScope::of(room).is_always_public() {
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
    use chat_server_rules::{EventId, EventNonce};

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
    fn bodies_of_messages() {
        let bob = Username::existing("bob");
        let said = |mentions| EventBody::Message {
            text: "hi".into(),
            reply_to: None,
            bot: false,
            mentions,
        };
        let names = [bob.clone()];
        let mentions = |seq, who| Projection {
            mentions: Some((seq, who)),
            ..Projection::default()
        };
        check("rust", said(vec![]), &Projection::default());
        check("rust", said(vec![bob.clone()]), &mentions(1, &names));
        let edited = EventBody::Edited {
            target: 7,
            text: "ho".into(),
            mentions: vec![],
        };
        check("rust", edited, &mentions(7, &[]));
        let deleted = Projection {
            deleted: Some(7),
            ..mentions(7, &[])
        };
        check("rust", EventBody::Deleted { target: 7 }, &deleted);
    }

    #[test]
    fn bodies_of_memberships() {
        let (ann, bob) = (Username::existing("ann"), Username::existing("bob"));
        let of = |membership| Projection {
            memberships: vec![membership],
            ..Projection::default()
        };
        let (username, until) = (bob.clone(), None);
        check("rust", EventBody::Joined, &of(Membership::Begins(&ann)));
        let left = || EventBody::Left { heir: None };
        check("rust", left(), &of(Membership::Ends(&ann)));
        let invited = EventBody::Invited {
            username: username.clone(),
        };
        check("rust", invited, &of(Membership::Begins(&bob)));
        let kicked = EventBody::Kicked {
            username: username.clone(),
        };
        check("rust", kicked, &of(Membership::Ends(&bob)));
        let banned = EventBody::Banned { username, until };
        check("rust", banned, &of(Membership::Ends(&bob)));

        check("lobby", EventBody::Joined, &Projection::default());
        check("lobby", left(), &Projection::default());
    }

    #[test]
    fn bodies_of_rooms() {
        let bob = Username::existing("bob");
        let created = |room_kind, with: Option<&Username>| EventBody::Created {
            room_kind,
            topic: "t".into(),
            with: with.cloned(),
        };
        let check_created = |room, body: EventBody, kind, members: &[&str]| {
            let names: Vec<_> = members
                .iter()
                .map(|name| Username::existing(name))
                .collect();
            let expect = Projection {
                kind: Some(kind),
                topic: Some("t"),
                memberships: names.iter().map(Membership::Begins).collect(),
                ..Projection::default()
            };
            check(room, body, &expect);
        };
        let private = || created(RoomKind::Private, None);
        check_created("rust", private(), RoomKind::Private, &["ann"]);
        let direct = created(RoomKind::Direct, Some(&bob));
        check_created("@12", direct, RoomKind::Direct, &["ann", "bob"]);
        check_created("lobby", private(), RoomKind::Public, &[]);

        let topic = EventBody::Topic { topic: "t".into() };
        let renamed = Projection {
            topic: Some("t"),
            ..Projection::default()
        };
        check("rust", topic, &renamed);
    }

    #[test]
    fn kinds_before_created() {
        let kind = |room| kind_before_created(&RoomName::parse(room).unwrap());
        assert_eq!(kind("lobby"), RoomKind::Public);
        assert_eq!(kind("@12"), RoomKind::Direct);
        assert_eq!(kind("rust"), RoomKind::Private);
    }
}
