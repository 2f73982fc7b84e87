//! Frames of the server.

use chat_shared::limits::Limits;
use chat_shared::protocol::{
    Ack, AuditInfo, AuditPage, BlockedEvent, Bye, ChatEvent, DeletedEvent, EditedEvent, ErrorCode,
    ErrorFrame, EventsPage, HistoryPage, InviteInfo, InvitesPage, Limited, MemberInfo, MembersPage,
    NewInviteLink, NewResetLink, PresenceEvent, ProfileEvent, ReactedEvent, Reaction, ReadEvent,
    ResultsPage, RoomGone, RoomInfo, RoomKind, RoomListing, RoomsPage, RoomsState, ServerFrame,
    SystemEvent, SystemKind, TypingEvent, Welcome,
};
use proptest::collection::{btree_map, vec};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::values::{emoji, id, nonce, role, room, seq, text, username};

prop_compose! {
    fn reaction()(n in seq(), me: bool, who in vec(username(), 0..3)) -> Reaction {
        Reaction { n, me, who }
    }
}

prop_compose! {
    fn chat()(
        room in room(), seq in seq(), rev in of(seq()), ts in seq(), username in username(),
        message in text(), nonce in nonce(), bot: bool, reply_to in of(seq()),
        edited_ts in of(seq()), deleted: bool, mentions in vec(username(), 0..3),
        reactions in btree_map(emoji(), reaction(), 0..3),
    ) -> ChatEvent {
        ChatEvent {
            room, seq, rev, ts, username, message, nonce, bot, reply_to, edited_ts, deleted,
            mentions, reactions,
        }
    }
}

prop_compose! {
    fn system()(
        room in room(), seq in of(seq()), ts in seq(), message in text(),
        event in select(vec![
            SystemKind::Created, SystemKind::Joined, SystemKind::Left, SystemKind::JoinedChat,
            SystemKind::LeftChat, SystemKind::Notice, SystemKind::Invited, SystemKind::Kicked,
            SystemKind::Banned, SystemKind::Unbanned, SystemKind::Muted, SystemKind::Unmuted,
            SystemKind::Role, SystemKind::Topic,
        ]),
        username in of(username()), usernames in vec(username(), 0..3), count in of(seq()),
        by in of(username()), topic in of(text()), role in of(role()), until in of(seq()),
        heir in of(username()),
    ) -> SystemEvent {
        SystemEvent {
            room, seq, ts, event, message, username, usernames, count, by, topic, role, until, heir,
        }
    }
}

prop_compose! {
    fn room_info()(
        room in room(),
        kind in select(vec![RoomKind::Public, RoomKind::Private, RoomKind::Direct]),
        topic in text(), last_seq in seq(), read_seq in seq(), unread in seq(),
        mentions in seq(), role in role(), members in seq(), with in of(username()),
    ) -> RoomInfo {
        RoomInfo { room, kind, topic, last_seq, read_seq, unread, mentions, role, members, with }
    }
}

prop_compose! {
    fn welcome()(
        version: u32, log in text(), username in username(), session in text(), now in seq(),
        heartbeat_ms in seq(), rooms in vec(room_info(), 0..3), more: bool,
        blocked in vec(username(), 0..3),
    ) -> Welcome {
        let limits = Limits::default();
        Welcome {
            version, log, username, session, now, heartbeat_ms, rooms, more, blocked, limits,
        }
    }
}

prop_compose! {
    fn error()(
        re in of(id()), nonce in of(nonce()), room in of(room()), message in text(),
        code in select(vec![
            ErrorCode::BadJson, ErrorCode::BadFrame, ErrorCode::UnknownCommand,
            ErrorCode::BadField, ErrorCode::TooLong, ErrorCode::NotFound, ErrorCode::Forbidden,
            ErrorCode::Taken, ErrorCode::RateLimited, ErrorCode::Quota, ErrorCode::Muted, ErrorCode::Banned,
            ErrorCode::Busy, ErrorCode::Unavailable, ErrorCode::Internal,
        ]),
        retry_after_ms in of(seq()),
    ) -> ErrorFrame {
        ErrorFrame { re, nonce, room, code, message, retry_after_ms }
    }
}

prop_compose! {
    fn member()(
        username in username(), display_name in text(), avatar in text(), role in role(),
        online: bool, bot: bool, muted: bool,
    ) -> MemberInfo {
        MemberInfo { username, display_name, avatar, role, online, bot, muted }
    }
}

prop_compose! {
    fn listing()(
        room in room(), topic in text(), members in seq(), last_seq in seq(), joined: bool,
    ) -> RoomListing {
        RoomListing { room, topic, members, last_seq, joined }
    }
}

prop_compose! {
    fn edited()(
        room in room(), seq in seq(), ts in seq(), target in seq(), username in username(),
        message in text(), deleted: bool, mentions in vec(username(), 0..3),
    ) -> EditedEvent {
        EditedEvent { room, seq, ts, target, username, message, deleted, mentions }
    }
}

prop_compose! {
    fn deleted()(
        room in room(), seq in seq(), ts in seq(), target in seq(), username in username(),
    ) -> DeletedEvent {
        DeletedEvent { room, seq, ts, target, username }
    }
}

prop_compose! {
    fn reacted()(
        room in room(), seq in seq(), ts in seq(), target in seq(), username in username(),
        emoji in emoji(), on: bool,
    ) -> ReactedEvent {
        ReactedEvent { room, seq, ts, target, username, emoji, on }
    }
}

/// Frames that only the user's own connections get, and ephemeral frames.
fn aside() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![
        (room(), vec(username(), 0..3))
            .prop_map(|(room, usernames)| ServerFrame::Typing(TypingEvent { room, usernames })),
        (room(), seq(), seq(), seq()).prop_map(|(room, seq, unread, mentions)| {
            ServerFrame::Read(ReadEvent {
                room,
                seq,
                unread,
                mentions,
            })
        }),
        vec(username(), 0..3)
            .prop_map(|usernames| ServerFrame::Blocked(BlockedEvent { usernames })),
        (username(), text(), text()).prop_map(|(username, display_name, avatar)| {
            ServerFrame::Profile(ProfileEvent {
                username,
                display_name,
                avatar,
            })
        }),
        (of(id()), vec(chat(), 0..3), of(text())).prop_map(|(re, messages, cursor)| {
            ServerFrame::Results(ResultsPage {
                re,
                messages,
                cursor,
            })
        }),
    ]
}

fn event() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![
        chat().prop_map(ServerFrame::Chat),
        edited().prop_map(ServerFrame::Edited),
        deleted().prop_map(ServerFrame::Deleted),
        reacted().prop_map(ServerFrame::Reacted),
        system().prop_map(ServerFrame::System),
    ]
}

prop_compose! {
    fn invite()(
        invite in text(), by in username(), created in seq(), expires in seq(),
        uses: u32, used: u32, room in of(room()),
    ) -> InviteInfo {
        InviteInfo { invite, by, created, expires, uses, used, room }
    }
}

prop_compose! {
    fn audit_entry()(
        (entry, ts, action) in (text(), seq(), text()),
        (by, username, room) in (of(username()), of(username()), of(room())),
        (from, detail) in (of(text()), of(text())),
    ) -> AuditInfo {
        AuditInfo { entry, ts, action, by, username, room, from, detail }
    }
}

fn of_invites() -> impl Strategy<Value = ServerFrame> {
    let new = (of(id()), text(), text(), seq(), any::<u32>(), of(room()));
    prop_oneof![
        (of(id()), username(), text(), seq()).prop_map(|(re, username, path, expires)| {
            ServerFrame::ResetLink(NewResetLink {
                re,
                username,
                path,
                expires,
            })
        }),
        new.prop_map(|(re, invite, path, expires, uses, room)| {
            ServerFrame::InviteLink(NewInviteLink {
                re,
                invite,
                path,
                expires,
                uses,
                room,
            })
        }),
        (of(id()), vec(invite(), 0..3), any::<bool>()).prop_map(|(re, invites, more)| {
            ServerFrame::InviteLinks(InvitesPage { re, invites, more })
        }),
        (of(id()), vec(audit_entry(), 0..3), any::<bool>())
            .prop_map(|(re, entries, more)| ServerFrame::Audit(AuditPage { re, entries, more })),
    ]
}

/// A page with a list, which says whether more follows.
fn listed_page() -> impl Strategy<Value = ServerFrame> {
    prop_oneof![
        (of(id()), room(), vec(event(), 0..3), any::<bool>()).prop_map(
            |(re, room, events, more)| ServerFrame::Events(EventsPage {
                re,
                room,
                events,
                more
            })
        ),
        (of(id()), vec(listing(), 0..3), any::<bool>())
            .prop_map(|(re, rooms, more)| ServerFrame::Rooms(RoomsPage { re, rooms, more })),
        (of(id()), room(), vec(member(), 0..3), any::<bool>()).prop_map(
            |(re, room, members, more)| {
                ServerFrame::Members(MembersPage {
                    re,
                    room,
                    members,
                    more,
                })
            }
        ),
    ]
}

pub(super) fn server_frame() -> impl Strategy<Value = ServerFrame> {
    let rooms_state = (vec(room_info(), 0..3), any::<bool>());
    let presence = (room(), vec(username(), 0..3), vec(username(), 0..3), seq());
    let history = (
        of(id()),
        room(),
        seq(),
        vec(chat(), 0..3),
        any::<(bool, bool)>(),
    );
    prop_oneof![
        welcome().prop_map(ServerFrame::Welcome),
        rooms_state.prop_map(|(rooms, more)| ServerFrame::RoomsState(RoomsState { rooms, more })),
        event(),
        aside(),
        presence.prop_map(|(room, online, offline, count)| {
            ServerFrame::Presence(PresenceEvent {
                room,
                online,
                offline,
                count,
            })
        }),
        (of(id()), room_info()).prop_map(|(re, room)| ServerFrame::Room { re, room }),
        room().prop_map(|room| ServerFrame::RoomGone(RoomGone { room })),
        (room(), seq(), any::<bool>()).prop_map(|(room, last_seq, reset)| {
            ServerFrame::Limited(Limited {
                room,
                last_seq,
                reset,
            })
        }),
        (text(), seq()).prop_map(|(reason, reconnect_after_ms)| {
            ServerFrame::Bye(Bye {
                reason,
                reconnect_after_ms,
            })
        }),
        (of(id()), room(), nonce(), seq(), seq()).prop_map(|(re, room, nonce, seq, ts)| {
            ServerFrame::Ack(Ack {
                re,
                room,
                nonce,
                seq,
                ts,
            })
        }),
        history.prop_map(|(re, room, as_of, messages, (more_before, more_after))| {
            let page = HistoryPage {
                re,
                room,
                as_of,
                messages,
                more_before,
                more_after,
            };
            ServerFrame::History(page)
        }),
        listed_page(),
        of_invites(),
        id().prop_map(|re| ServerFrame::Ok { re }),
        of(id()).prop_map(|re| ServerFrame::Pong { re }),
        error().prop_map(ServerFrame::Error),
    ]
}
