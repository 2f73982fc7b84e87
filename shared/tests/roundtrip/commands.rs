//! Frames of clients.

use std::collections::BTreeMap;

use chat_shared::protocol::{
    About, AboutFor, AdminRight, Audit, Block, Command, Create, Delete, Dm, Edit, Events, GiveRole,
    Hello, History, InviteLink, InviteLinks, Join, Leave, Members, Profile, React, Read, ResetLink,
    Resume, RevokeInvite, Rooms, Search, Send, Topic, Typing,
};
use proptest::collection::btree_map;
use proptest::option::of;
use proptest::prelude::*;

use super::values::{emoji, nonce, role, room, seq, text, username};

pub(super) fn command() -> impl Strategy<Value = Command> {
    let limit = || of(any::<u32>());
    let history = (room(), of(seq()), of(seq()), of(seq()), limit());
    let create = (room(), of(text()), any::<bool>(), of(nonce()));
    prop_oneof![
        (room(), text(), nonce(), of(seq())).prop_map(|(room, text, nonce, reply_to)| {
            Command::Send(Send {
                room,
                text,
                nonce,
                reply_to,
            })
        }),
        history.prop_map(|(room, before, after, around, limit)| {
            Command::History(History {
                room,
                before,
                after,
                around,
                limit,
            })
        }),
        (room(), seq(), limit()).prop_map(|(room, after, limit)| Command::Events(Events {
            room,
            after,
            limit
        })),
        (of(text()), of(text()), limit()).prop_map(|(prefix, after, limit)| Command::Rooms(
            Rooms {
                prefix,
                after,
                limit
            }
        )),
        (room(), of(username()), limit())
            .prop_map(|(room, after, limit)| Command::Members(Members { room, after, limit })),
        create.prop_map(|(room, topic, private, nonce)| {
            Command::Create(Create {
                room,
                topic,
                private,
                nonce,
            })
        }),
        (room(), of(nonce())).prop_map(|(room, nonce)| Command::Join(Join { room, nonce })),
        (room(), of(nonce())).prop_map(|(room, nonce)| Command::Leave(Leave { room, nonce })),
        btree_map(room(), seq(), 0..3).prop_map(|rooms| Command::Resume(Resume { rooms })),
        Just(Command::Ping),
        of_messages(),
        of_people(),
        of_invites(),
    ]
}

fn of_invites() -> impl Strategy<Value = Command> {
    prop_oneof![
        (of(any::<u32>()), of(seq()), of(room())).prop_map(|(uses, for_s, room)| {
            Command::InviteLink(InviteLink { uses, for_s, room })
        }),
        (of(text()), of(any::<u32>()))
            .prop_map(|(after, limit)| Command::InviteLinks(InviteLinks { after, limit })),
        username().prop_map(|username| Command::ResetLink(ResetLink { username })),
        (of(text()), of(any::<u32>()))
            .prop_map(|(before, limit)| Command::Audit(Audit { before, limit })),
        username().prop_map(|username| Command::MakeAdmin(AdminRight { username })),
        username().prop_map(|username| Command::UnmakeAdmin(AdminRight { username })),
        text().prop_map(|invite| Command::RevokeInvite(RevokeInvite { invite })),
    ]
}

fn of_messages() -> impl Strategy<Value = Command> {
    let search = (
        text(),
        of(room()),
        of(username()),
        of(text()),
        of(any::<u32>()),
    );
    prop_oneof![
        (room(), seq(), text(), of(nonce())).prop_map(|(room, seq, text, nonce)| {
            Command::Edit(Edit {
                room,
                seq,
                text,
                nonce,
            })
        }),
        (room(), seq(), of(nonce())).prop_map(|(room, seq, nonce)| Command::Delete(Delete {
            room,
            seq,
            nonce
        })),
        (room(), seq(), emoji(), any::<bool>(), of(nonce())).prop_map(
            |(room, seq, emoji, on, nonce)| {
                Command::React(React {
                    room,
                    seq,
                    emoji,
                    on,
                    nonce,
                })
            }
        ),
        search.prop_map(|(query, room, from, cursor, limit)| {
            Command::Search(Search {
                query,
                room,
                from,
                cursor,
                limit,
            })
        }),
        room().prop_map(|room| Command::Typing(Typing { room })),
        (room(), seq()).prop_map(|(room, seq)| Command::Read(Read { room, seq })),
    ]
}

prop_compose! {
    fn about()(room in room(), username in username(), nonce in of(nonce())) -> About {
        About { room, username, nonce }
    }
}

prop_compose! {
    fn about_for()(
        room in room(), username in username(), for_s in of(seq()), nonce in of(nonce()),
    ) -> AboutFor {
        AboutFor { room, username, for_s, nonce }
    }
}

fn of_people() -> impl Strategy<Value = Command> {
    prop_oneof![
        about().prop_map(Command::Invite),
        about().prop_map(Command::Kick),
        about().prop_map(Command::Unban),
        about().prop_map(Command::Unmute),
        about_for().prop_map(Command::Ban),
        about_for().prop_map(Command::Mute),
        (room(), username(), role(), of(nonce())).prop_map(|(room, username, role, nonce)| {
            Command::Role(GiveRole {
                room,
                username,
                role,
                nonce,
            })
        }),
        (room(), text(), of(nonce())).prop_map(|(room, topic, nonce)| Command::Topic(Topic {
            room,
            topic,
            nonce
        })),
        username().prop_map(|username| Command::Dm(Dm { username })),
        username().prop_map(|username| Command::Block(Block { username })),
        username().prop_map(|username| Command::Unblock(Block { username })),
        text().prop_map(|display_name| Command::Profile(Profile { display_name })),
    ]
}

prop_compose! {
    pub(super) fn hello()(
        version: u32, token in of(text()), client in of(text()), log in of(text()),
        resume in btree_map(room(), seq(), 0..3),
    ) -> Hello {
        let resume: BTreeMap<_, _> = resume;
        Hello { version, token, client, log, resume }
    }
}
